/*
 * Levels and waiting: IRQL, DPCs, spin locks, events, semaphores, mutexes and timers as a driver uses them.
 */
#include "testcase.h"

TEST_SUITE(dispatch, "1 2 4");

static LARGE_INTEGER Milliseconds(LONG Count)
{
    return (LARGE_INTEGER){.QuadPart = -10000ll * Count};
}

TEST_CASE(RaiseAndLower, "L17 raising reports the old level, and CR8 holds the new one") {
    KIRQL First, Second;

    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeRaiseIrql(APC_LEVEL, &First);
    EXPECT_EQUAL(KeGetCurrentIrql(), APC_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &Second);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    EXPECT_EQUAL(Second, APC_LEVEL);
    KeLowerIrql(Second);
    KeLowerIrql(First);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT_EQUAL(First, PASSIVE_LEVEL);
}

static KEVENT Happened;
static volatile LONG SeenIrql, Runs;

static VOID NoteIrql(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    SeenIrql = KeGetCurrentIrql();
    InterlockedIncrement(&Runs);
    KeSetEvent(&Happened, 0, FALSE);
}

TEST_CASE(DpcRunsAtDispatch, "L17 a DPC runs at DISPATCH_LEVEL, once however often it was queued meanwhile") {
    static KDPC Dpc;
    KIRQL OldIrql;

    KeInitializeEvent(&Happened, NotificationEvent, FALSE);
    KeInitializeDpc(&Dpc, NoteIrql, NULL);
    SeenIrql = -1;
    Runs = 0;
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    EXPECT(KeInsertQueueDpc(&Dpc, NULL, NULL));
    EXPECT(!KeInsertQueueDpc(&Dpc, NULL, NULL));
    EXPECT_EQUAL(Runs, 0);
    KeLowerIrql(OldIrql);
    KeWaitForSingleObject(&Happened, Executive, KernelMode, FALSE, NULL);
    EXPECT_EQUAL(SeenIrql, DISPATCH_LEVEL);
    EXPECT_EQUAL(Runs, 1);
}

TEST_CASE(RemovedDpcDoesNotRun, "a DPC that was taken out of the queue does not run") {
    static KDPC Dpc;
    KIRQL OldIrql;

    KeInitializeDpc(&Dpc, NoteIrql, NULL);
    Runs = 0;
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    EXPECT(KeInsertQueueDpc(&Dpc, NULL, NULL));
    EXPECT(KeRemoveQueueDpc(&Dpc));
    KeLowerIrql(OldIrql);
    KeFlushQueuedDpcs();
    EXPECT_EQUAL(Runs, 0);
}

TEST_CASE(TimerRunsItsDpc, "a timer signals and queues its DPC; a cancelled one does neither") {
    static KTIMER Timer;
    static KDPC Dpc;
    LARGE_INTEGER Long = Milliseconds(60000);

    KeInitializeEvent(&Happened, NotificationEvent, FALSE);
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&Dpc, NoteIrql, NULL);
    Runs = 0;
    KeSetTimer(&Timer, Milliseconds(20), &Dpc);
    EXPECT_STATUS(KeWaitForSingleObject(&Timer, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    EXPECT_STATUS(KeWaitForSingleObject(&Happened, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    EXPECT_EQUAL(Runs, 1);
    EXPECT(!KeSetTimer(&Timer, Long, &Dpc));
    EXPECT(KeCancelTimer(&Timer));
    EXPECT(!KeCancelTimer(&Timer));
    EXPECT(!KeReadStateTimer(&Timer));
}

TEST_CASE(WaitTimesOut, "a wait ends with STATUS_TIMEOUT, at once when the time is zero") {
    LARGE_INTEGER Now = Milliseconds(0), Soon = Milliseconds(20);
    KEVENT Event;

    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    EXPECT_STATUS(KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Now), STATUS_TIMEOUT);
    EXPECT_STATUS(KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Soon), STATUS_TIMEOUT);
    EXPECT_EQUAL(KeSetEvent(&Event, 0, FALSE), 0);
    EXPECT_STATUS(KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Now), STATUS_SUCCESS);
    EXPECT_EQUAL(KeReadStateEvent(&Event), 0);
}

static KSPIN_LOCK Lock;
static volatile ULONG Counter;

static VOID CountUnderLock(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 5000; Round++) {
        KIRQL OldIrql;
        KeAcquireSpinLock(&Lock, &OldIrql);
        Counter = Counter + 1;
        KeReleaseSpinLock(&Lock, OldIrql);
    }
}

TEST_CASE(SpinLockExcludes, "a spin lock lets one processor in, at DISPATCH_LEVEL") {
    KIRQL OldIrql;

    KeInitializeSpinLock(&Lock);
    KeAcquireSpinLock(&Lock, &OldIrql);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLock(&Lock, OldIrql);
    Counter = 0;
    TestOnThreads(4, CountUnderLock, NULL);
    EXPECT_EQUAL(Counter, 20000);
}

static KMUTEX Mutex;

static VOID CountUnderMutex(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 500; Round++) {
        KeWaitForSingleObject(&Mutex, Executive, KernelMode, FALSE, NULL);
        Counter = Counter + 1;
        KeReleaseMutex(&Mutex, FALSE);
    }
}

TEST_CASE(MutexExcludes, "a mutex lets one thread in, and its owner again") {
    KeInitializeMutex(&Mutex, 0);
    Counter = 0;
    TestOnThreads(4, CountUnderMutex, NULL);
    EXPECT_EQUAL(Counter, 2000);
    KeWaitForSingleObject(&Mutex, Executive, KernelMode, FALSE, NULL);
    EXPECT_STATUS(KeWaitForSingleObject(&Mutex, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    KeReleaseMutex(&Mutex, FALSE);
    EXPECT_EQUAL(KeReadStateMutex(&Mutex), 0);
    KeReleaseMutex(&Mutex, FALSE);
    EXPECT_EQUAL(KeReadStateMutex(&Mutex), 1);
}

static KSEMAPHORE Items;
static volatile LONG Taken;

static VOID TakeItems(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 10; Round++) {
        KeWaitForSingleObject(&Items, Executive, KernelMode, FALSE, NULL);
        InterlockedIncrement(&Taken);
        KeReleaseSemaphore(&Items, 0, 1, FALSE);
    }
}

TEST_CASE(SemaphoreCounts, "a semaphore gives out as many as it was given") {
    KeInitializeSemaphore(&Items, 2, 8);
    Taken = 0;
    TestOnThreads(4, TakeItems, NULL);
    EXPECT_EQUAL(Taken, 40);
    EXPECT_EQUAL(KeReadStateSemaphore(&Items), 2);
    EXPECT_EQUAL(KeReleaseSemaphore(&Items, 0, 3, FALSE), 2);
    EXPECT_EQUAL(KeReadStateSemaphore(&Items), 5);
}

TEST_CASE(WaitForAll, "waiting for all takes none before all are there; waiting for any says which") {
    LARGE_INTEGER Now = Milliseconds(0);
    KEVENT First, Second;
    PVOID Both[] = {&First, &Second};

    KeInitializeEvent(&First, SynchronizationEvent, TRUE);
    KeInitializeEvent(&Second, SynchronizationEvent, FALSE);
    EXPECT_STATUS(KeWaitForMultipleObjects(2, Both, WaitAll, Executive, KernelMode, FALSE, &Now, NULL), STATUS_TIMEOUT);
    EXPECT(KeReadStateEvent(&First) != 0);
    KeSetEvent(&Second, 0, FALSE);
    EXPECT_STATUS(KeWaitForMultipleObjects(2, Both, WaitAll, Executive, KernelMode, FALSE, &Now, NULL), STATUS_SUCCESS);
    EXPECT_EQUAL(KeReadStateEvent(&First), 0);
    KeSetEvent(&Second, 0, FALSE);
    EXPECT_STATUS(KeWaitForMultipleObjects(2, Both, WaitAny, Executive, KernelMode, FALSE, &Now, NULL), STATUS_WAIT_1);
}
