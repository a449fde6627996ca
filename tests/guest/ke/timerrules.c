/* Timers, routine by routine ("Timer Objects and DPCs", "KeSetTimerEx", "KeCancelTimer"). */
#include "ke.h"

static KTIMER Timer;
static KDPC Dpc;
static volatile LONG Runs;

static VOID CountRun(PKDPC Object, PVOID Context, PVOID First, PVOID Second)
{
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    InterlockedIncrement(&Runs);
}

static LARGE_INTEGER Hour(VOID)
{
    return KeTestMilliseconds(3600 * 1000);
}

static VOID MakeTimer(TIMER_TYPE Type)
{
    Runs = 0;
    KeInitializeTimerEx(&Timer, Type);
    KeInitializeDpc(&Dpc, CountRun, NULL);
}

TEST_CASE(NewTimer, "KeInitializeTimer: a timer begins not signalled and not in the queue") {
    KeInitializeTimer(&Timer);
    EXPECT(!KeReadStateTimer(&Timer));
    EXPECT(!KeCancelTimer(&Timer));
}

TEST_CASE(SetTimerSaysIfItWasQueued, "KeSetTimer returns TRUE when the timer was in the queue already, else FALSE") {
    MakeTimer(NotificationTimer);
    EXPECT(!KeSetTimer(&Timer, Hour(), NULL));
    EXPECT(KeSetTimer(&Timer, Hour(), NULL));
    EXPECT(KeCancelTimer(&Timer));
    EXPECT(!KeSetTimer(&Timer, Hour(), NULL));
    KeCancelTimer(&Timer);
}

TEST_CASE(ExpiredIsNotQueued, "a timer that has expired is not queued: KeSetTimer and KeCancelTimer return FALSE") {
    MakeTimer(NotificationTimer);
    KeSetTimer(&Timer, KeTestMilliseconds(1), NULL);
    KeTestWait(&Timer);
    EXPECT(!KeCancelTimer(&Timer));
    EXPECT(!KeSetTimer(&Timer, KeTestMilliseconds(1), NULL));
    KeTestWait(&Timer);
}

TEST_CASE(SettingResetsTheSignal, "KeSetTimer sets an expired timer to not signalled") {
    MakeTimer(NotificationTimer);
    KeSetTimer(&Timer, KeTestMilliseconds(1), NULL);
    KeTestWait(&Timer);
    EXPECT(KeReadStateTimer(&Timer));
    KeSetTimer(&Timer, Hour(), NULL);
    EXPECT(!KeReadStateTimer(&Timer));
    KeCancelTimer(&Timer);
}

TEST_CASE(CancelLeavesTheSignal, "KeCancelTimer does not change the signal state") {
    MakeTimer(NotificationTimer);
    KeSetTimer(&Timer, KeTestMilliseconds(1), NULL);
    KeTestWait(&Timer);
    KeCancelTimer(&Timer);
    EXPECT(KeReadStateTimer(&Timer));
    KeSetTimer(&Timer, Hour(), NULL);
    KeCancelTimer(&Timer);
    EXPECT(!KeReadStateTimer(&Timer));
}

TEST_CASE(CancelledDoesNotExpire, "a timer that was cancelled signals nothing and queues no DPC") {
    MakeTimer(NotificationTimer);
    KeSetTimer(&Timer, KeTestMilliseconds(30), &Dpc);
    EXPECT(KeCancelTimer(&Timer));
    KeTestSleep(60);
    EXPECT(!KeReadStateTimer(&Timer));
    EXPECT_EQUAL(Runs, 0);
}

TEST_CASE(NotificationTimerStays, "a notification timer stays signalled until it is set again") {
    MakeTimer(NotificationTimer);
    KeSetTimer(&Timer, KeTestMilliseconds(1), NULL);
    KeTestWait(&Timer);
    EXPECT_STATUS(KeTestPoll(&Timer), STATUS_SUCCESS);
    EXPECT_STATUS(KeTestPoll(&Timer), STATUS_SUCCESS);
}

TEST_CASE(SynchronizationTimerIsTaken, "a wait for a synchronization timer takes its signal") {
    MakeTimer(SynchronizationTimer);
    KeSetTimer(&Timer, KeTestMilliseconds(1), NULL);
    EXPECT_STATUS(KeTestWait(&Timer), STATUS_SUCCESS);
    EXPECT_STATUS(KeTestPoll(&Timer), STATUS_TIMEOUT);
}

TEST_CASE(SetTimerIsOnce, "KeSetTimer's timer expires once: one signal, one DPC") {
    MakeTimer(SynchronizationTimer);
    KeSetTimer(&Timer, KeTestMilliseconds(10), &Dpc);
    KeTestWait(&Timer);
    KeTestSleep(40);
    KeFlushQueuedDpcs();
    EXPECT_EQUAL(Runs, 1);
    EXPECT_STATUS(KeTestPoll(&Timer), STATUS_TIMEOUT);
}

TEST_CASE(PastDueTime, "a due time that has passed expires the timer at once, and its DPC runs") {
    LARGE_INTEGER Past = {.QuadPart = 1};

    MakeTimer(NotificationTimer);
    EXPECT(!KeSetTimer(&Timer, Past, &Dpc));
    EXPECT(KeReadStateTimer(&Timer));
    KeFlushQueuedDpcs();
    EXPECT_EQUAL(Runs, 1);
}

TEST_CASE(AbsoluteDueTime, "a positive due time is a system time: not before it is the timer signalled") {
    LARGE_INTEGER Due, End;

    MakeTimer(NotificationTimer);
    KeQuerySystemTime(&Due);
    Due.QuadPart += 300000;
    KeSetTimer(&Timer, Due, NULL);
    KeTestWait(&Timer);
    KeQuerySystemTime(&End);
    EXPECT(End.QuadPart >= Due.QuadPart);
}

TEST_CASE(SettingAgainReplaces, "setting a queued timer cancels what it was set to: time, period and DPC") {
    MakeTimer(NotificationTimer);
    KeSetTimerEx(&Timer, KeTestMilliseconds(10), 10, &Dpc);
    KeSetTimer(&Timer, KeTestMilliseconds(50), NULL);
    KeTestWait(&Timer);
    KeTestSleep(40);
    KeFlushQueuedDpcs();
    EXPECT_EQUAL(Runs, 0);
    EXPECT(!KeCancelTimer(&Timer));
}

TEST_CASE(PeriodicStaysQueued, "a periodic timer is in the queue until it is cancelled, also after it has expired") {
    MakeTimer(SynchronizationTimer);
    EXPECT(!KeSetTimerEx(&Timer, KeTestMilliseconds(1), 10, &Dpc));
    for (ULONG Period = 0; Period < 3; Period++)
        KeTestWait(&Timer);
    EXPECT(KeCancelTimer(&Timer));
    KeFlushQueuedDpcs();
    EXPECT(Runs >= 3);
    Runs = 0;
    KeTestSleep(40);
    EXPECT_EQUAL(Runs, 0);
}

TEST_CASE(CoalescableTimer, "KeSetCoalescableTimer: as KeSetTimerEx, and the delay that is tolerated is not taken") {
    MakeTimer(SynchronizationTimer);
    EXPECT(!KeSetCoalescableTimer(&Timer, KeTestMilliseconds(1), 10, 1000000, &Dpc));
    for (ULONG Period = 0; Period < 3; Period++)
        KeTestWait(&Timer);
    EXPECT(KeSetCoalescableTimer(&Timer, KeTestMilliseconds(1), 0, 1000000, &Dpc));
    KeTestWait(&Timer);
    KeFlushQueuedDpcs();
    EXPECT(Runs >= 4);
    EXPECT(!KeCancelTimer(&Timer));
}

static VOID SetAgain(PKDPC Object, PVOID Context, PVOID First, PVOID Second)
{
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    if (InterlockedIncrement(&Runs) < 3)
        KeSetTimer(&Timer, KeTestMilliseconds(1), &Dpc);
    else
        KeSetEvent(Context, 0, FALSE);
}

TEST_CASE(SetFromItsDpc, "a timer's DPC may set the timer again") {
    static KEVENT Done;

    MakeTimer(NotificationTimer);
    KeInitializeEvent(&Done, NotificationEvent, FALSE);
    KeInitializeDpc(&Dpc, SetAgain, &Done);
    KeSetTimer(&Timer, KeTestMilliseconds(1), &Dpc);
    EXPECT_STATUS(KeTestWait(&Done), STATUS_SUCCESS);
    KeFlushQueuedDpcs();
    EXPECT_EQUAL(Runs, 3);
}

TEST_CASE(TimerAtDispatch, "KeSetTimer and KeCancelTimer may be called at DISPATCH_LEVEL, and leave the level") {
    KIRQL OldIrql;

    MakeTimer(NotificationTimer);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    EXPECT(!KeSetTimer(&Timer, Hour(), NULL));
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    EXPECT(KeCancelTimer(&Timer));
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(OldIrql);
}
