/* Timers, delays and DPCs ("Timer Objects and DPCs", "DPC Objects and DPCs"). */
#include "ke.h"

#define MILLISECOND 10000ull

static KTIMER Timer;
static KDPC Dpcs[3];
static volatile LONG Runs;
static CHAR Order[16];
static volatile ULONG Processor;

static VOID NoteRun(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second)
{
    LONG Number = InterlockedIncrement(&Runs);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    if (Number <= (LONG)ARRAYSIZE(Order))
        Order[Number - 1] = (CHAR)(ULONG_PTR)Context;
    Processor = KeGetCurrentProcessorNumber();
}

TEST_CASE(DelayIsNotShort, "a delay lasts as long as it was asked to, by interrupt time, and little longer") {
    ULONGLONG Begin = KeQueryInterruptTime(), Lasted;

    KeTestSleep(50);
    Lasted = KeQueryInterruptTime() - Begin;
    EXPECT(Lasted >= 50 * MILLISECOND);
    EXPECT(Lasted < 500 * MILLISECOND);
}

TEST_CASE(AbsoluteTimes, "a positive time is a system time; one that has passed does not delay") {
    LARGE_INTEGER When;
    ULONGLONG Begin = KeQueryInterruptTime();

    KeQuerySystemTime(&When);
    When.QuadPart += 30 * MILLISECOND;
    KeDelayExecutionThread(KernelMode, FALSE, &When);
    EXPECT(KeQueryInterruptTime() - Begin >= 30 * MILLISECOND);
    Begin = KeQueryInterruptTime();
    When.QuadPart -= 10000 * MILLISECOND;
    KeDelayExecutionThread(KernelMode, FALSE, &When);
    EXPECT(KeQueryInterruptTime() - Begin < 100 * MILLISECOND);
    KeInitializeTimer(&Timer);
    EXPECT(!KeSetTimer(&Timer, When, NULL));
    EXPECT(KeReadStateTimer(&Timer));
}

TEST_CASE(PeriodicTimer, "a periodic timer signals and queues its DPC every period until it is cancelled") {
    ULONGLONG Begin = KeQueryInterruptTime();
    LONG Seen;

    KeInitializeTimerEx(&Timer, SynchronizationTimer);
    KeInitializeDpc(&Dpcs[0], NoteRun, NULL);
    Runs = 0;
    EXPECT(!KeSetTimerEx(&Timer, KeTestMilliseconds(20), 20, &Dpcs[0]));
    for (ULONG Round = 0; Round < 4; Round++)
        EXPECT_STATUS(KeTestWait(&Timer), STATUS_SUCCESS);
    EXPECT(KeQueryInterruptTime() - Begin >= 80 * MILLISECOND);
    EXPECT(KeCancelTimer(&Timer));
    KeFlushQueuedDpcs();
    Seen = Runs;
    EXPECT(Seen >= 4);
    KeTestSleep(60);
    EXPECT_EQUAL(Runs, Seen);
}

TEST_CASE(SynchronizationTimerReleasesOne, "a synchronization timer lets one wait through, a notification timer all") {
    KeInitializeTimerEx(&Timer, SynchronizationTimer);
    KeSetTimer(&Timer, KeTestMilliseconds(10), NULL);
    EXPECT_STATUS(KeTestWait(&Timer), STATUS_SUCCESS);
    EXPECT_STATUS(KeTestPoll(&Timer), STATUS_TIMEOUT);
    KeInitializeTimerEx(&Timer, NotificationTimer);
    KeSetTimer(&Timer, KeTestMilliseconds(10), NULL);
    EXPECT_STATUS(KeTestWait(&Timer), STATUS_SUCCESS);
    EXPECT_STATUS(KeTestPoll(&Timer), STATUS_SUCCESS);
    EXPECT(!KeSetTimer(&Timer, KeTestMilliseconds(10000), NULL));
    EXPECT_STATUS(KeTestPoll(&Timer), STATUS_TIMEOUT);          /* starting resets it */
    EXPECT(KeSetTimer(&Timer, KeTestMilliseconds(10), NULL));   /* it was started, and is now to an earlier time */
    EXPECT_STATUS(KeTestWait(&Timer), STATUS_SUCCESS);
}

#define MANY 200

TEST_CASE(ManyTimersInAnyOrder, "any number of timers, each at its time and in the order of their times") {
    static KTIMER Timers[MANY];
    static BOOLEAN Cancelled[MANY];
    ULONG Wrong = 0;

    for (ULONG Index = 0; Index < MANY; Index++) {
        KeInitializeTimer(&Timers[Index]);
        KeSetTimer(&Timers[Index], KeTestMilliseconds((LONG)(1 + Index * 7919 % MANY)), NULL);
    }
    /*
     * On a slow machine a short one may have expired by now; then it is signalled, and cancelling says that it was too
     * late.
     */
    for (ULONG Index = 0; Index < MANY; Index++)
        Cancelled[Index] = Index % 3 == 0 && KeCancelTimer(&Timers[Index]);
    KeTestSleep(MANY + 20);
    for (ULONG Index = 0; Index < MANY; Index++)
        Wrong += KeReadStateTimer(&Timers[Index]) == Cancelled[Index];
    EXPECT_EQUAL(Wrong, 0);
}

TEST_CASE(DpcOrder, "DPCs run in the order they were queued; one of high importance runs first") {
    KIRQL OldIrql;

    for (ULONG Index = 0; Index < 3; Index++)
        KeInitializeDpc(&Dpcs[Index], NoteRun, (PVOID)(ULONG_PTR)('a' + Index));
    KeSetImportanceDpc(&Dpcs[2], HighImportance);
    Runs = 0;
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    for (ULONG Index = 0; Index < 3; Index++)
        EXPECT(KeInsertQueueDpc(&Dpcs[Index], NULL, NULL));
    KeLowerIrql(OldIrql);
    KeFlushQueuedDpcs();
    EXPECT_EQUAL(Runs, 3);
    EXPECT(Order[0] == 'c' && Order[1] == 'a' && Order[2] == 'b');
}

TEST_CASE(DpcOfLowImportanceRunsInTheEnd, "a DPC of low importance runs by the next tick at the latest") {
    KeInitializeDpc(&Dpcs[0], NoteRun, NULL);
    KeSetImportanceDpc(&Dpcs[0], LowImportance);
    Runs = 0;
    EXPECT(KeInsertQueueDpc(&Dpcs[0], NULL, NULL));
    KeTestSleep(30);
    EXPECT_EQUAL(Runs, 1);
}

TEST_CASE(DpcOnEachProcessor, "a DPC with a target runs on that processor, wherever it is queued") {
    for (ULONG Number = 0; Number < KeQueryActiveProcessorCount(NULL); Number++) {
        KeInitializeDpc(&Dpcs[0], NoteRun, NULL);
        KeSetTargetProcessorDpc(&Dpcs[0], (CCHAR)Number);
        Runs = 0;
        Processor = ~0u;
        EXPECT(KeInsertQueueDpc(&Dpcs[0], NULL, NULL));
        KeFlushQueuedDpcs();
        EXPECT_EQUAL(Runs, 1);
        EXPECT_EQUAL(Processor, Number);
    }
}
