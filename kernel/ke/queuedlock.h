/*
 * The queue itself of queued spin locks (queuedlock.c, numberedlock.c): a processor that waits watches a word in its
 * own entry. The lock word is the tail of the line, 0 when free. Fences: as in spinlock.h; a waiter goes on when it
 * sees the bit cleared, which the holder did behind everything else (release), and reads nothing before (acquire).
 */
#pragma once

#include "ke/rules.h"
#include "ke/spinlock.h"

#define KI_QUEUE_WAITS 1ull        /* in KSPIN_LOCK_QUEUE.Lock: not yet the holder */

FORCEINLINE VOID KiAcquireQueuedLock(PKSPIN_LOCK SpinLock, PKSPIN_LOCK_QUEUE Queue)
{
    PKSPIN_LOCK_QUEUE Before;

    Queue->Next = NULL;
    Queue->Lock = (PKSPIN_LOCK)((ULONG_PTR)SpinLock | KI_QUEUE_WAITS);
    Before = (PKSPIN_LOCK_QUEUE)__atomic_exchange_n(SpinLock, (KSPIN_LOCK)(ULONG_PTR)Queue, __ATOMIC_SEQ_CST);
    if (Before != NULL) {
        __atomic_store_n(&Before->Next, Queue, __ATOMIC_RELEASE);
        while ((ULONG_PTR)__atomic_load_n(&Queue->Lock, __ATOMIC_ACQUIRE) & KI_QUEUE_WAITS)
            KiPause();
    } else {
        Queue->Lock = SpinLock;
    }
}

FORCEINLINE VOID KiReleaseQueuedLock(PKSPIN_LOCK_QUEUE Queue, PVOID Caller)
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

/* Takes the lock if nobody holds it. If it is this processor that does, its place in the line stays as it is. */
FORCEINLINE BOOLEAN KiTryQueuedLock(PKSPIN_LOCK SpinLock, PKSPIN_LOCK_QUEUE Queue)
{
    if (*(volatile KSPIN_LOCK *)SpinLock != 0)
        return FALSE;
    Queue->Next = NULL;
    Queue->Lock = SpinLock;
    return __sync_bool_compare_and_swap(SpinLock, 0, (KSPIN_LOCK)(ULONG_PTR)Queue);
}
