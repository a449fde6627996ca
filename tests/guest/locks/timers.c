/*
 * Timers that are started, cancelled, started again and waited for by many threads at once, while others are due. By
 * interrupt time no timer is early, and whatever was not cancelled comes: its signal once, its DPC once.
 */
#include "locks.h"

#define TIMERS 16               /* of each worker */
#define SHORT_ROUNDS 3000       /* of each worker */
#define MOST_TICKS 2

typedef struct _ALARM {
    KTIMER Timer;
    KDPC Dpc;
    KEVENT DpcDone;             /* synchronisation event */
    BOOLEAN Started;
    ULONGLONG NotBefore;        /* interrupt time, or */
    LONGLONG NotBeforeDate;     /* system time, or 0 */
} ALARM;

static ALARM Alarms[MOST_WORKERS][TIMERS];
static volatile LONG Early, Lost, Twice;

static VOID CheckTime(const ALARM *Alarm)
{
    LARGE_INTEGER Date;

    KeQuerySystemTime(&Date);
    if (KeQueryInterruptTime() < Alarm->NotBefore || Date.QuadPart < Alarm->NotBeforeDate) {
        InterlockedIncrement(&Early);
    }
}

static VOID Ring(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    ALARM *Alarm = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    CheckTime(Alarm);
    if (KeSetEvent(&Alarm->DpcDone, 0, FALSE) != 0) {
        InterlockedIncrement(&Twice);
    }
}

static VOID Start(PWORKER Worker, ALARM *Alarm)
{
    LARGE_INTEGER DueTime = {.QuadPart = -(LONGLONG)Random(Worker, MOST_TICKS * TICK)};

    KeSetTargetProcessorDpc(&Alarm->Dpc, (CCHAR)Random(Worker, KeQueryActiveProcessorCount(NULL)));
    Alarm->NotBefore = KeQueryInterruptTime() - (ULONGLONG)DueTime.QuadPart;
    Alarm->NotBeforeDate = 0;
    if (Random(Worker, 4) == 0) {
        LARGE_INTEGER Date;
        KeQuerySystemTime(&Date);
        DueTime.QuadPart = Alarm->NotBeforeDate = Date.QuadPart - DueTime.QuadPart;
        Alarm->NotBefore = 0;
    }
    if (KeSetTimer(&Alarm->Timer, DueTime, &Alarm->Dpc)) {
        InterlockedIncrement(&Twice);   /* it was not started, so it cannot have been in the queue */
    }
    Alarm->Started = TRUE;
}

/* Waits for the signal if Wait, and for the DPC. */
static VOID Finish(PWORKER Worker, ALARM *Alarm, BOOLEAN Wait)
{
    LARGE_INTEGER Patience = {.QuadPart = PATIENCE}, Poll = {.QuadPart = 0};

    if (Wait) {
        if (KeWaitForSingleObject(&Alarm->Timer, Executive, KernelMode, FALSE, &Patience) != STATUS_SUCCESS) {
            InterlockedIncrement(&Lost);
        }
        CheckTime(Alarm);
    } else if (KeCancelTimer(&Alarm->Timer)) {
        Alarm->Started = FALSE;
        return;
    }
    if (KeWaitForSingleObject(&Alarm->DpcDone, Executive, KernelMode, FALSE, &Patience) != STATUS_SUCCESS) {
        InterlockedIncrement(&Lost);
    }
    if (KeWaitForSingleObject(&Alarm->DpcDone, Executive, KernelMode, FALSE, &Poll) == STATUS_SUCCESS) {
        InterlockedIncrement(&Twice);
    }
    Alarm->Started = FALSE;
    Worker->Done++;
}

static VOID UseTimers(PWORKER Worker)
{
    ALARM *Mine = Alarms[Worker->Number];

    for (ULONG Index = 0; Index < TIMERS; Index++) {
        KeInitializeTimerEx(&Mine[Index].Timer, Index % 2 == 0 ? NotificationTimer : SynchronizationTimer);
        KeInitializeDpc(&Mine[Index].Dpc, Ring, &Mine[Index]);
        KeInitializeEvent(&Mine[Index].DpcDone, SynchronizationEvent, FALSE);
        Mine[Index].Started = FALSE;
    }
    for (ULONG64 Round = 0; TestGoesOn(Round, SHORT_ROUNDS); Round++) {
        ALARM *Alarm = &Mine[Random(Worker, TIMERS)];

        ULONG How = Random(Worker, 32);

        if (!Alarm->Started) {
            Start(Worker, Alarm);
        } else if (How < 2 || KeReadStateEvent(&Alarm->DpcDone) != 0) {
            Finish(Worker, Alarm, How != 0);
        }
        if (Random(Worker, 64) == 0) {
            LARGE_INTEGER Interval = {.QuadPart = -(LONGLONG)Random(Worker, TICK)};
            ULONGLONG NotBefore = KeQueryInterruptTime() - (ULONGLONG)Interval.QuadPart;
            KeDelayExecutionThread(KernelMode, FALSE, &Interval);
            if (KeQueryInterruptTime() < NotBefore) {
                InterlockedIncrement(&Early);
            }
            LocksWander(Worker);
        }
    }
    for (ULONG Index = 0; Index < TIMERS; Index++) {
        if (Mine[Index].Started) {
            Finish(Worker, &Mine[Index], TRUE);
        }
    }
}

TEST_CASE(TimersComeOnceAndNotEarly, "no timer is early, none that is not cancelled is lost, and each queues its DPC once") {
    ULONG64 Expired;

    Early = Lost = Twice = 0;
    Expired = LocksRun(UseTimers);
    KeFlushQueuedDpcs();
    EXPECT_EQUAL(Early, 0);
    EXPECT_EQUAL(Lost, 0);
    EXPECT_EQUAL(Twice, 0);
    TestNote("%I64u timers expired", Expired);
}

/* Periodic timers ------------------------------------------------------------------------------------------------ */

#define SHORT_PERIODS 60

typedef struct _BEAT {
    KTIMER Timer;
    KDPC Dpc;
    ULONGLONG First;            /* interrupt time: not before */
    ULONGLONG Period;
    volatile LONG64 Count;
    volatile ULONGLONG LastSlot;        /* the period that it was counted in */
} BEAT;

static BEAT Beats[MOST_WORKERS];

/* A DPC that comes late counts for the period that it comes in: those before it are lost, as documented. */
static VOID CountBeat(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    BEAT *Beat = Context;
    ULONGLONG Now = KeQueryInterruptTime(), Slot;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Slot = Now < Beat->First ? 0 : 1 + (Now - Beat->First) / Beat->Period;
    if (Slot == 0 || (ULONGLONG)Beat->Count >= Slot) {
        InterlockedIncrement(&Early);
    }
    Beat->LastSlot = Slot;
    InterlockedIncrement64(&Beat->Count);
}

/* Each worker has one; it uses the processor meanwhile, and goes away now and then. */
static VOID KeepTime(PWORKER Worker)
{
    BEAT *Beat = &Beats[Worker->Number];
    LONG Milliseconds = 10 + (LONG)Random(Worker, 30);
    LARGE_INTEGER DueTime = {.QuadPart = -(LONGLONG)Random(Worker, TICK)};

    KeInitializeTimerEx(&Beat->Timer, SynchronizationTimer);
    KeInitializeDpc(&Beat->Dpc, CountBeat, Beat);
    KeSetTargetProcessorDpc(&Beat->Dpc, (CCHAR)Random(Worker, KeQueryActiveProcessorCount(NULL)));
    Beat->Period = (ULONGLONG)Milliseconds * 10000;
    Beat->Count = 0;
    Beat->First = KeQueryInterruptTime() - (ULONGLONG)DueTime.QuadPart;
    KeSetTimerEx(&Beat->Timer, DueTime, Milliseconds, &Beat->Dpc);
    for (ULONG64 Round = 0; TestGoesOn(Round, SHORT_PERIODS); Round++) {
        LARGE_INTEGER Patience = {.QuadPart = PATIENCE};
        LONG64 Before = Beat->Count;

        if (KeWaitForSingleObject(&Beat->Timer, Executive, KernelMode, FALSE, &Patience) != STATUS_SUCCESS) {
            InterlockedIncrement(&Lost);
            break;
        }
        /* The DPC of a period that was waited for comes too: now, or it was there before the wait. */
        for (ULONG Look = 0; Beat->Count == Before && Look < 1000; Look++) {
            LARGE_INTEGER Pause = {.QuadPart = -(LONGLONG)TICK};
            KeDelayExecutionThread(KernelMode, FALSE, &Pause);
        }
        if (Beat->Count == Before) {
            InterlockedIncrement(&Lost);
        }
        Worker->Done++;
        if (Random(Worker, 8) == 0) {
            LocksWander(Worker);
        }
    }
    KeCancelTimer(&Beat->Timer);
}

TEST_CASE(PeriodicTimersGoOn, "a periodic timer is never early, never comes twice for a period, and does not stop") {
    ULONG64 Periods;

    Early = Lost = 0;
    Periods = LocksRun(KeepTime);
    KeFlushQueuedDpcs();
    EXPECT_EQUAL(Early, 0);
    EXPECT_EQUAL(Lost, 0);
    TestNote("%I64u periods", Periods);
}
