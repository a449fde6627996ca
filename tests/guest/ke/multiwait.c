/* KeWaitForSingleObject and KeWaitForMultipleObjects: timeouts, several objects, objects of every kind. */
#include "ke.h"

static KEVENT Events[4];
static KMUTEX Mutex;
static KSEMAPHORE Semaphore;
static KTIMER Timer;
static KWAIT_BLOCK Blocks[MAXIMUM_WAIT_OBJECTS];
static PVOID Objects[MAXIMUM_WAIT_OBJECTS];
static LARGE_INTEGER Now;

static VOID MakeEvents(EVENT_TYPE Type, BOOLEAN State)
{
    for (ULONG Index = 0; Index < ARRAYSIZE(Events); Index++) {
        KeInitializeEvent(&Events[Index], Type, State);
        Objects[Index] = &Events[Index];
    }
}

static NTSTATUS WaitForThem(ULONG Count, WAIT_TYPE Type, PLARGE_INTEGER Timeout)
{
    return KeWaitForMultipleObjects(Count, Objects, Type, Executive, KernelMode, FALSE, Timeout, Blocks);
}

TEST_CASE(ZeroTimeout, "a timeout of zero: the wait returns at once, with STATUS_TIMEOUT if it cannot succeed") {
    MakeEvents(NotificationEvent, FALSE);
    EXPECT_STATUS(WaitForThem(4, WaitAny, &Now), STATUS_TIMEOUT);
    EXPECT_STATUS(WaitForThem(4, WaitAll, &Now), STATUS_TIMEOUT);
    EXPECT_STATUS(KeTestPoll(&Events[0]), STATUS_TIMEOUT);
    KeSetEvent(&Events[3], 0, FALSE);
    EXPECT_STATUS(WaitForThem(4, WaitAny, &Now), STATUS_WAIT_3);
}

TEST_CASE(RelativeTimeout, "a negative timeout counts from now; it ends the wait with STATUS_TIMEOUT, not before") {
    LARGE_INTEGER Timeout = KeTestMilliseconds(30);
    ULONGLONG Begin = KeQueryInterruptTime();

    MakeEvents(NotificationEvent, FALSE);
    EXPECT_STATUS(WaitForThem(4, WaitAny, &Timeout), STATUS_TIMEOUT);
    EXPECT(KeQueryInterruptTime() - Begin >= 300000);
    EXPECT_EQUAL(Timeout.QuadPart, -300000);        /* the caller's, not written to */
}

TEST_CASE(AbsoluteTimeout, "a positive timeout is a system time; one that has passed ends the wait at once") {
    LARGE_INTEGER Timeout, End;

    MakeEvents(NotificationEvent, FALSE);
    KeQuerySystemTime(&Timeout);
    Timeout.QuadPart += 300000;
    EXPECT_STATUS(KeWaitForSingleObject(&Events[0], Executive, KernelMode, FALSE, &Timeout), STATUS_TIMEOUT);
    KeQuerySystemTime(&End);
    EXPECT(End.QuadPart >= Timeout.QuadPart);
    EXPECT_STATUS(KeWaitForSingleObject(&Events[0], Executive, KernelMode, FALSE, &Timeout), STATUS_TIMEOUT);
}

TEST_CASE(SignalledBeforeTheTimeout, "a wait that succeeds at once returns STATUS_SUCCESS, whatever its timeout") {
    LARGE_INTEGER Past = {.QuadPart = 1};

    MakeEvents(SynchronizationEvent, TRUE);
    EXPECT_STATUS(KeWaitForSingleObject(&Events[0], Executive, KernelMode, FALSE, &Past), STATUS_SUCCESS);
    EXPECT_STATUS(KeWaitForSingleObject(&Events[0], Executive, KernelMode, FALSE, &Past), STATUS_TIMEOUT);
}

TEST_CASE(TimedOutWaitTakesNothing, "a wait for all that times out has taken none of its objects") {
    LARGE_INTEGER Soon = KeTestMilliseconds(20);

    MakeEvents(SynchronizationEvent, TRUE);
    KeResetEvent(&Events[2]);
    KeInitializeSemaphore(&Semaphore, 1, 1);
    Objects[3] = &Semaphore;
    EXPECT_STATUS(WaitForThem(4, WaitAll, &Soon), STATUS_TIMEOUT);
    EXPECT(KeReadStateEvent(&Events[0]) != 0 && KeReadStateEvent(&Events[1]) != 0);
    EXPECT_EQUAL(KeReadStateSemaphore(&Semaphore), 1);
}

TEST_CASE(AnyTakesTheFirst, "WaitAny returns the lowest index of those signalled and takes that object alone") {
    MakeEvents(SynchronizationEvent, TRUE);
    KeResetEvent(&Events[0]);
    EXPECT_STATUS(WaitForThem(4, WaitAny, NULL), STATUS_WAIT_1);
    EXPECT_EQUAL(KeReadStateEvent(&Events[1]), 0);
    EXPECT(KeReadStateEvent(&Events[2]) != 0 && KeReadStateEvent(&Events[3]) != 0);
}

TEST_CASE(AllTakesEach, "WaitAll returns STATUS_SUCCESS and has taken every object") {
    MakeEvents(SynchronizationEvent, TRUE);
    EXPECT_STATUS(WaitForThem(4, WaitAll, NULL), STATUS_SUCCESS);
    for (ULONG Index = 0; Index < 4; Index++)
        EXPECT_EQUAL(KeReadStateEvent(&Events[Index]), 0);
}

TEST_CASE(OneObjectTwice, "an object may be named twice in a wait for any, and ends it with its first index") {
    MakeEvents(SynchronizationEvent, FALSE);
    Objects[2] = &Events[1];
    KeSetEvent(&Events[1], 0, FALSE);
    EXPECT_STATUS(WaitForThem(3, WaitAny, NULL), STATUS_WAIT_1);
    EXPECT_EQUAL(KeReadStateEvent(&Events[1]), 0);
}

TEST_CASE(OneObjectTwiceBlocked, "an object twice, with a wait that blocks: nothing is left on the object's list") {
    VOID SetLater(PVOID Context) {
        KeTestSleep(20);
        KeSetEvent(Context, 0, FALSE);
    }
    PVOID Thread;

    MakeEvents(SynchronizationEvent, FALSE);
    Objects[2] = &Events[1];
    Thread = KeTestStart(SetLater, &Events[1]);
    EXPECT_STATUS(WaitForThem(3, WaitAny, NULL), STATUS_WAIT_1);
    EXPECT(IsListEmpty(&Events[1].Header.WaitListHead));
    KeTestJoin(Thread);
}

TEST_CASE(SixtyFourObjects, "MAXIMUM_WAIT_OBJECTS objects: the last one's index is STATUS_WAIT_63") {
    static KEVENT Many[MAXIMUM_WAIT_OBJECTS];

    for (ULONG Index = 0; Index < MAXIMUM_WAIT_OBJECTS; Index++) {
        KeInitializeEvent(&Many[Index], NotificationEvent, Index == MAXIMUM_WAIT_OBJECTS - 1);
        Objects[Index] = &Many[Index];
    }
    EXPECT_STATUS(WaitForThem(MAXIMUM_WAIT_OBJECTS, WaitAny, NULL), STATUS_WAIT_63);
    EXPECT_STATUS(WaitForThem(MAXIMUM_WAIT_OBJECTS, WaitAll, &Now), STATUS_TIMEOUT);
}

TEST_CASE(ThreeObjectsWithoutBlocks, "THREAD_WAIT_OBJECTS objects need no array of wait blocks, also to block") {
    VOID SetLater(PVOID Context) {
        KeTestSleep(20);
        KeSetEvent(Context, 0, FALSE);
    }
    PVOID Thread;

    MakeEvents(SynchronizationEvent, FALSE);
    Thread = KeTestStart(SetLater, &Events[2]);
    EXPECT_STATUS(KeWaitForMultipleObjects(THREAD_WAIT_OBJECTS, Objects, WaitAny, Executive, KernelMode, FALSE, NULL,
                                           NULL), STATUS_WAIT_2);
    KeTestJoin(Thread);
}

TEST_CASE(EveryKindOfObject, "one wait takes an event, a mutex, a semaphore, a timer and a thread that has ended") {
    VOID Nothing(PVOID Context) {
        UNREFERENCED_PARAMETER(Context);
    }
    LARGE_INTEGER Soon = KeTestMilliseconds(10);
    PVOID Thread = KeTestStart(Nothing, NULL);

    REQUIRE(Thread != NULL);
    MakeEvents(SynchronizationEvent, TRUE);
    KeInitializeMutex(&Mutex, 0);
    KeInitializeSemaphore(&Semaphore, 1, 1);
    KeInitializeTimerEx(&Timer, SynchronizationTimer);
    KeSetTimer(&Timer, Soon, NULL);
    Objects[1] = &Mutex;
    Objects[2] = &Semaphore;
    Objects[3] = &Timer;
    Objects[4] = Thread;
    EXPECT_STATUS(WaitForThem(5, WaitAll, NULL), STATUS_SUCCESS);
    EXPECT_EQUAL(KeReadStateEvent(&Events[0]), 0);
    EXPECT_EQUAL(KeReadStateSemaphore(&Semaphore), 0);
    EXPECT(!KeReadStateTimer(&Timer));
    EXPECT_STATUS(KeTestPoll(Thread), STATUS_SUCCESS);
    EXPECT_EQUAL(KeReleaseMutex(&Mutex, FALSE), 0);
    ObDereferenceObject(Thread);
}

TEST_CASE(OwnMutexAmongAll, "WaitAll counts a mutex that one owns already as signalled, and owns it once more") {
    MakeEvents(NotificationEvent, TRUE);
    KeInitializeMutex(&Mutex, 0);
    KeTestWait(&Mutex);
    Objects[1] = &Mutex;
    EXPECT_STATUS(WaitForThem(2, WaitAll, &Now), STATUS_SUCCESS);
    EXPECT(KeReleaseMutex(&Mutex, FALSE) != 0);
    EXPECT_EQUAL(KeReleaseMutex(&Mutex, FALSE), 0);
}

TEST_CASE(RunningProcessIsNotSignalled, "a process object is not signalled while the process runs") {
    EXPECT_STATUS(KeTestPoll(PsGetCurrentProcess()), STATUS_TIMEOUT);
    EXPECT_STATUS(KeTestPoll(PsInitialSystemProcess), STATUS_TIMEOUT);
}

TEST_CASE(WaitAtApcLevel, "a wait may block at APC_LEVEL, and returns there") {
    LARGE_INTEGER Soon = KeTestMilliseconds(10);
    KIRQL OldIrql;

    MakeEvents(NotificationEvent, FALSE);
    KeRaiseIrql(APC_LEVEL, &OldIrql);
    EXPECT_STATUS(KeWaitForSingleObject(&Events[0], Executive, KernelMode, FALSE, &Soon), STATUS_TIMEOUT);
    EXPECT_EQUAL(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(OldIrql);
}

TEST_CASE(HandOverAmongSeveral, "two who wait for any of the same objects are each released by another one") {
    static volatile LONG Seen;

    VOID TakeAny(PVOID Context) {
        KWAIT_BLOCK Own[4];
        PVOID Mine[4] = {&Events[0], &Events[1], &Events[2], &Events[3]};
        NTSTATUS Status = KeWaitForMultipleObjects(4, Mine, WaitAny, Executive, KernelMode, FALSE, NULL, Own);
        UNREFERENCED_PARAMETER(Context);
        InterlockedOr(&Seen, 1 << Status);
    }
    PVOID Threads[2];

    Seen = 0;
    MakeEvents(SynchronizationEvent, FALSE);
    Threads[0] = KeTestStart(TakeAny, NULL);
    Threads[1] = KeTestStart(TakeAny, NULL);
    KeTestSleep(30);
    KeSetEvent(&Events[1], 0, FALSE);
    KeSetEvent(&Events[3], 0, FALSE);
    KeTestJoin(Threads[0]);
    KeTestJoin(Threads[1]);
    EXPECT_EQUAL(Seen, (1 << 1) | (1 << 3));
    EXPECT_EQUAL(KeReadStateEvent(&Events[1]) + KeReadStateEvent(&Events[3]), 0);
}
