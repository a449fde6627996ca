/* Semaphores ("Semaphore Objects"): a count that waits take from and releases add to. */
#include "ke/ki.h"
#include "executive.h"

/* Count: how many waits succeed at once; Limit: what the count may never exceed. IRQL: any. */
VOID KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    ASSERT(Limit > 0 && Count >= 0 && Count <= Limit);
    KiInitializeHeader(&Semaphore->Header, SemaphoreObject, Count);
    Semaphore->Limit = Limit;
}
NT_EXPORT(KeInitializeSemaphore);

/*
 * Adds Adjustment to the count; returns the previous count. Raises STATUS_SEMAPHORE_LIMIT_EXCEEDED, and adds nothing,
 * when the sum would exceed the limit or Adjustment is negative. IRQL: <= DISPATCH_LEVEL; with Wait <= APC_LEVEL.
 */
LONG KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait)
{
    KIRQL Irql = KiLockDispatcherOrWait(Wait);
    LONG OldCount = Semaphore->Header.SignalState;

    if (Adjustment < 0 || Adjustment > Semaphore->Limit - OldCount) {
        KiExitDispatcher(Irql);
        ExRaiseStatus(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    }
    Semaphore->Header.SignalState = OldCount + Adjustment;
    if (!IsListEmpty(&Semaphore->Header.WaitListHead))
        KiWakeWaiters(&Semaphore->Header, Increment);
    KiExitDispatcherOrWait(Irql, Wait);
    return OldCount;
}
NT_EXPORT(KeReleaseSemaphore);

LONG KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    return *(volatile LONG *)&Semaphore->Header.SignalState;
}
NT_EXPORT(KeReadStateSemaphore);
