/*
 * In-stack queued spin locks ("Queued Spin Locks"): processors that wait stand in line, each watching a word in its own
 * handle, so that the lock goes round in the order of arrival and a release disturbs nobody but the next.
 *
 * The lock word is the tail of the line, 0 when free. The handle lies on the stack of the routine that acquires and is
 * used until it releases. A lock that is taken this way is taken no other way. Fences: as in spinlock.h; a waiter goes
 * on when it sees the bit cleared, which the holder did behind everything else (release), and reads nothing before
 * (acquire).
 */
#include "ke/rules.h"
#include "ke/spinlock.h"
#include "rtl/export.h"

#define QUEUE_WAITS 1ull        /* in KSPIN_LOCK_QUEUE.Lock: not yet the holder */

static FORCEINLINE VOID KiAcquireQueuedLock(PKSPIN_LOCK SpinLock, PKSPIN_LOCK_QUEUE Queue)
{
    PKSPIN_LOCK_QUEUE Before;

    Queue->Next = NULL;
    Queue->Lock = (PKSPIN_LOCK)((ULONG_PTR)SpinLock | QUEUE_WAITS);
    Before = (PKSPIN_LOCK_QUEUE)__atomic_exchange_n(SpinLock, (KSPIN_LOCK)(ULONG_PTR)Queue, __ATOMIC_SEQ_CST);
    if (Before != NULL) {
        __atomic_store_n(&Before->Next, Queue, __ATOMIC_RELEASE);
        while ((ULONG_PTR)__atomic_load_n(&Queue->Lock, __ATOMIC_ACQUIRE) & QUEUE_WAITS)
            KiPause();
    } else {
        Queue->Lock = SpinLock;
    }
}

static FORCEINLINE VOID KiReleaseQueuedLock(PKSPIN_LOCK_QUEUE Queue, PVOID Caller)
{
    PKSPIN_LOCK SpinLock = Queue->Lock;
    PKSPIN_LOCK_QUEUE Next = __atomic_load_n(&Queue->Next, __ATOMIC_ACQUIRE);

#if DBG
    if (*SpinLock == 0)
        KiSpinLockNotOwned(SpinLock, Caller);
#else
    UNREFERENCED_PARAMETER(Caller);
#endif
    if (Next == NULL) {
        if (__sync_bool_compare_and_swap(SpinLock, (KSPIN_LOCK)(ULONG_PTR)Queue, 0))
            return;
        /* Somebody has become the tail and is about to say so here. */
        while ((Next = __atomic_load_n(&Queue->Next, __ATOMIC_ACQUIRE)) == NULL)
            KiPause();
    }
    __atomic_store_n(&Next->Lock, SpinLock, __ATOMIC_RELEASE);
}

/*
 * Raises to DISPATCH_LEVEL and takes the lock; LockHandle is the caller's until the release. IRQL: <= DISPATCH_LEVEL.
 */
VOID KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    LockHandle->OldIrql = KeGetCurrentIrql();
    KiSetIrql(DISPATCH_LEVEL);
    KE_NOTE_RAISED(__builtin_return_address(0), DISPATCH_LEVEL);
    KiAcquireQueuedLock(SpinLock, &LockHandle->LockQueue);
}
NT_EXPORT(KeAcquireInStackQueuedSpinLock);

/* Releases the lock and goes back to the level before. IRQL: DISPATCH_LEVEL. */
VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    KE_REQUIRE_IRQL_AT(DISPATCH_LEVEL);
    KiReleaseQueuedLock(&LockHandle->LockQueue, __builtin_return_address(0));
    KiSetIrql(LockHandle->OldIrql);
}
NT_EXPORT(KeReleaseInStackQueuedSpinLock);

/* The same for callers at DISPATCH_LEVEL already; the level stays. IRQL: >= DISPATCH_LEVEL. */
VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    KE_REQUIRE_IRQL_FROM(DISPATCH_LEVEL);
    KiAcquireQueuedLock(SpinLock, &LockHandle->LockQueue);
}
NT_EXPORT(KeAcquireInStackQueuedSpinLockAtDpcLevel);

VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    KE_REQUIRE_IRQL_FROM(DISPATCH_LEVEL);
    KiReleaseQueuedLock(&LockHandle->LockQueue, __builtin_return_address(0));
}
NT_EXPORT(KeReleaseInStackQueuedSpinLockFromDpcLevel);
