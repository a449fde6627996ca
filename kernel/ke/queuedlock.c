/*
 * In-stack queued spin locks ("Queued Spin Locks"): processors that wait stand in line, each watching a word in its own
 * handle, so that the lock goes round in the order of arrival and a release disturbs nobody but the next.
 *
 * The handle lies on the stack of the routine that acquires and is used until it releases. A lock that is taken this
 * way is taken no other way.
 */
#include "ke/queuedlock.h"
#include "rtl/export.h"

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

/* The same at the level of KeRaiseIrqlToSynchLevel. IRQL: <= that level. */
VOID KeAcquireInStackQueuedSpinLockRaiseToSynch(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    KE_REQUIRE_IRQL(SYNCH_LEVEL);
    LockHandle->OldIrql = KeRaiseIrqlToSynchLevel();
    KiAcquireQueuedLock(SpinLock, &LockHandle->LockQueue);
}
NT_EXPORT(KeAcquireInStackQueuedSpinLockRaiseToSynch);

/* Releases the lock and goes back to the level before. IRQL: DISPATCH_LEVEL; SYNCH_LEVEL if it was raised to that. */
VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    KE_REQUIRE_IRQL_FROM(DISPATCH_LEVEL);
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
