/* Events ("Event Objects"). A notification event stays signalled; a synchronization event lets one waiter through. */
#include "ke/ki.h"

/* IRQL: any. The event lies in resident memory. */
VOID KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    KiInitializeHeader(&Event->Header, Type == NotificationEvent ? EventNotificationObject : EventSynchronizationObject,
                       State != FALSE);
}
NT_EXPORT(KeInitializeEvent);

/*
 * Signals the event; the threads it releases get the priority boost Increment. Returns the previous state (nonzero: was
 * signalled). IRQL: <= DISPATCH_LEVEL; with Wait, which joins it to the KeWaitFor... call that follows, <= APC_LEVEL.
 */
LONG KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    KIRQL Irql = KiLockDispatcherOrWait(Wait);
    LONG OldState = Event->Header.SignalState;

    Event->Header.SignalState = 1;
    if (!IsListEmpty(&Event->Header.WaitListHead))
        KiWakeWaiters(&Event->Header, Increment);
    KiExitDispatcherOrWait(Irql, Wait);
    return OldState;
}
NT_EXPORT(KeSetEvent);

/* Signals the event for those who wait now and resets it again. Returns and IRQL as KeSetEvent. */
LONG KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    KIRQL Irql = KiLockDispatcherOrWait(Wait);
    LONG OldState = Event->Header.SignalState;

    Event->Header.SignalState = 1;
    KiWakeWaiters(&Event->Header, Increment);
    Event->Header.SignalState = 0;
    KiExitDispatcherOrWait(Irql, Wait);
    return OldState;
}
NT_EXPORT(KePulseEvent);

/* Not signalled any more; returns the previous state. IRQL: <= DISPATCH_LEVEL. */
LONG KeResetEvent(PRKEVENT Event)
{
    KIRQL Irql = KiLockDispatcher();
    LONG OldState = Event->Header.SignalState;

    Event->Header.SignalState = 0;
    KiExitDispatcher(Irql);
    return OldState;
}
NT_EXPORT(KeResetEvent);

/* As KeResetEvent without the previous state: one store, ordered by whoever signals. IRQL: <= DISPATCH_LEVEL. */
VOID KeClearEvent(PRKEVENT Event)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    __atomic_store_n(&Event->Header.SignalState, 0, __ATOMIC_SEQ_CST);
}
NT_EXPORT(KeClearEvent);

LONG KeReadStateEvent(PRKEVENT Event)
{
    return *(volatile LONG *)&Event->Header.SignalState;
}
NT_EXPORT(KeReadStateEvent);
