/*
 * Timers ("Timer Objects and DPCs"): signalled at a time, once or periodically, with a DPC if wanted.
 *
 * Due times are kept as interrupt time. A relative one counts from the performance counter's time, not from the last
 * tick, which may be long past where a processor is held up: so no timer is early by any clock. The clock interrupt
 * sees that a timer is due and queues one DPC of the system's, which takes the due timers off the wheel under the
 * dispatcher lock. Resolution is the clock tick.
 */
#include "ke/ki.h"
#include "ke/timerwheel.h"
#include "hal/hal.h"

static KI_TIMER_WHEEL KiTimerWheel;         /* dispatcher lock, except as timerwheel.h says */
static KDPC KiTimerDpc;

#define KI_TIME_PER_MILLISECOND 10000

ULONGLONG KiDueTime(LARGE_INTEGER DueTime)
{
    ULONGLONG SystemTime = (ULONGLONG)DueTime.QuadPart;
    ULONG64 Counter;

    if (DueTime.QuadPart == 0)
        return KiInterruptTime;
    if (DueTime.QuadPart < 0)
        return HalQueryTime(&Counter) + (0 - SystemTime);
    return SystemTime > KiBootTime ? SystemTime - KiBootTime : 0;
}

BOOLEAN KiStartTimer(PKTIMER Timer, ULONGLONG DueTime)
{
    Timer->Header.SignalState = 0;
    Timer->DueTime.QuadPart = DueTime;
    if (DueTime <= KiInterruptTime)
        return FALSE;
    KiWheelInsert(&KiTimerWheel, Timer);
    Timer->Header.Inserted = TRUE;
    /*
     * The clock interrupt of processor 0 may have passed the due time just before the timer was on the wheel. It
     * advances the time and then looks at the wheel; here it is the reverse, with a fence in both, so one sees the
     * other.
     */
    KeMemoryBarrier();
    if (DueTime <= KiInterruptTime)
        KeInsertQueueDpc(&KiTimerDpc, NULL, NULL);
    return TRUE;
}

VOID KiStopTimer(PKTIMER Timer)
{
    KiWheelRemove(&KiTimerWheel, Timer);
    Timer->Header.Inserted = FALSE;
}

/* A timer's time has come: waiters, the next period, the DPC. Not on the wheel; dispatcher lock held. */
static VOID KiSignalTimer(PKTIMER Timer)
{
    LARGE_INTEGER SystemTime;
    PKDPC Dpc = Timer->Dpc;

    Timer->Header.SignalState = 1;
    if (!IsListEmpty(&Timer->Header.WaitListHead))
        KiWakeWaiters(&Timer->Header, 0);
    if (Timer->Period != 0) {
        /* Counted from the due time, so that a periodic timer does not drift; periods that have passed are lost. */
        LONG SignalState = Timer->Header.SignalState;
        ULONGLONG Period = (ULONGLONG)Timer->Period * KI_TIME_PER_MILLISECOND;
        ULONGLONG DueTime = Timer->DueTime.QuadPart, Now = KiInterruptTime;

        do {
            DueTime += ((Now - DueTime) / Period + 1) * Period;
            Now = KiInterruptTime;
        } while (!KiStartTimer(Timer, DueTime));
        Timer->Header.SignalState = SignalState;
    }
    if (Dpc != NULL) {
        KeQuerySystemTime(&SystemTime);
        KeInsertQueueDpc(Dpc, ULongToPtr(SystemTime.LowPart), ULongToPtr((ULONG)SystemTime.HighPart));
    }
}

/* The system's timer DPC. IRQL: DISPATCH_LEVEL. */
static KDEFERRED_ROUTINE KiExpireTimers;
static VOID KiExpireTimers(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PKTIMER Timer;
    KIRQL Irql = KiLockDispatcher();

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(DeferredContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    while ((Timer = KiWheelTakeDue(&KiTimerWheel, KiInterruptTime)) != NULL) {
        Timer->Header.Inserted = FALSE;
        KiSignalTimer(Timer);
    }
    KiExitDispatcher(Irql);
}

VOID KiCheckTimers(ULONGLONG Before, ULONGLONG Now)
{
    if (KiWheelIsDue(&KiTimerWheel, Before, Now))
        KeInsertQueueDpc(&KiTimerDpc, NULL, NULL);
}

VOID KiInitializeTimers(VOID)
{
    KiWheelInitialize(&KiTimerWheel, KI_TIME_INCREMENT);
    KeInitializeDpc(&KiTimerDpc, KiExpireTimers, NULL);
}

VOID KiInitializeTimer(PKTIMER Timer, TIMER_TYPE Type)
{
    KiInitializeHeader(&Timer->Header, Type == NotificationTimer ? TimerNotificationObject : TimerSynchronizationObject,
                       0);
    Timer->DueTime.QuadPart = 0;
    Timer->Dpc = NULL;
    Timer->Period = 0;
}

/* A notification timer, not started. IRQL: <= DISPATCH_LEVEL. The timer lies in resident memory. */
VOID KeInitializeTimer(PKTIMER Timer)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    KiInitializeTimer(Timer, NotificationTimer);
}
NT_EXPORT(KeInitializeTimer);

VOID KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    KiInitializeTimer(Timer, Type);
}
NT_EXPORT(KeInitializeTimerEx);

BOOLEAN KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    return KeSetTimerEx(Timer, DueTime, 0, Dpc);
}
NT_EXPORT(KeSetTimer);

/*
 * Starts a timer, anew if it is started: not signalled until DueTime (negative: from now; else a system time), when the
 * DPC, if any, is queued; then again every Period milliseconds unless that is 0. Returns whether it was started before.
 * A due time that has come expires the timer at once. IRQL: <= DISPATCH_LEVEL.
 */
BOOLEAN KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    KIRQL Irql = KiLockDispatcher();
    BOOLEAN WasStarted = Timer->Header.Inserted;

    ASSERT(Period >= 0);
    if (WasStarted)
        KiStopTimer(Timer);
    Timer->Header.Absolute = DueTime.QuadPart > 0;
    Timer->Dpc = Dpc;
    Timer->Period = Period;
    if (!KiStartTimer(Timer, KiDueTime(DueTime)))
        KiSignalTimer(Timer);
    KiExitDispatcher(Irql);
    return WasStarted;
}
NT_EXPORT(KeSetTimerEx);

/*
 * "KeSetCoalescableTimer": the same for a timer that may come up to TolerableDelay milliseconds late, together with
 * others. Nothing is put together here: a tick serves all that are due. IRQL: <= DISPATCH_LEVEL.
 */
BOOLEAN KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period, ULONG TolerableDelay, PKDPC Dpc)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(TolerableDelay);
    return KeSetTimerEx(Timer, DueTime, (LONG)Period, Dpc);
}
NT_EXPORT(KeSetCoalescableTimer);

/*
 * Stops a timer; returns whether it was started. A DPC that it has queued already still runs; the signal state stays.
 * IRQL: <= DISPATCH_LEVEL.
 */
BOOLEAN KeCancelTimer(PKTIMER Timer)
{
    KIRQL Irql = KiLockDispatcher();
    BOOLEAN WasStarted = Timer->Header.Inserted;

    if (WasStarted)
        KiStopTimer(Timer);
    KiExitDispatcher(Irql);
    return WasStarted;
}
NT_EXPORT(KeCancelTimer);

/* TRUE: signalled. IRQL: <= DISPATCH_LEVEL. */
BOOLEAN KeReadStateTimer(PKTIMER Timer)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    return *(volatile LONG *)&Timer->Header.SignalState != 0;
}
NT_EXPORT(KeReadStateTimer);
