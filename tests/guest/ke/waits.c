/* Events, mutexes, semaphores and waiting ("Introduction to Kernel Dispatcher Objects"). */
#include "ke.h"
#include <excpt.h>

static KEVENT Events[5], Ready;
static volatile LONG Released;
static volatile NTSTATUS Outcome;

static VOID MakeEvents(EVENT_TYPE Type)
{
    for (ULONG Index = 0; Index < ARRAYSIZE(Events); Index++)
        KeInitializeEvent(&Events[Index], Type, FALSE);
    Released = 0;
}

static VOID WaitForFirst(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeTestWait(&Events[0]);
    InterlockedIncrement(&Released);
}

/* Three threads wait for Events[0]; returns when they surely do. */
static VOID StartWaiters(PVOID Threads[3])
{
    for (ULONG Index = 0; Index < 3; Index++)
        Threads[Index] = KeTestStart(WaitForFirst, NULL);
    KeTestSleep(30);
}

TEST_CASE(NotificationEventReleasesAll, "a notification event releases every waiter and stays signalled") {
    PVOID Threads[3];

    MakeEvents(NotificationEvent);
    StartWaiters(Threads);
    EXPECT_EQUAL(Released, 0);
    EXPECT_EQUAL(KeSetEvent(&Events[0], 0, FALSE), 0);
    for (ULONG Index = 0; Index < 3; Index++)
        KeTestJoin(Threads[Index]);
    EXPECT_EQUAL(Released, 3);
    EXPECT(KeReadStateEvent(&Events[0]) != 0);
    EXPECT(KeResetEvent(&Events[0]) != 0);
    EXPECT_EQUAL(KeReadStateEvent(&Events[0]), 0);
}

TEST_CASE(SynchronizationEventReleasesOne, "a synchronization event releases one waiter for each set") {
    PVOID Threads[3];

    MakeEvents(SynchronizationEvent);
    StartWaiters(Threads);
    for (LONG Count = 1; Count <= 3; Count++) {
        KeSetEvent(&Events[0], 0, FALSE);
        KeTestSleep(30);
        EXPECT_EQUAL(Released, Count);
        EXPECT_EQUAL(KeReadStateEvent(&Events[0]), 0);
    }
    for (ULONG Index = 0; Index < 3; Index++)
        KeTestJoin(Threads[Index]);
}

TEST_CASE(PulseReleasesThoseWhoWait, "a pulse releases who waits now and leaves the event not signalled") {
    PVOID Threads[3];

    MakeEvents(NotificationEvent);
    EXPECT_EQUAL(KePulseEvent(&Events[0], 0, FALSE), 0);
    EXPECT_EQUAL(KeReadStateEvent(&Events[0]), 0);
    StartWaiters(Threads);
    KePulseEvent(&Events[0], 0, FALSE);
    for (ULONG Index = 0; Index < 3; Index++)
        KeTestJoin(Threads[Index]);
    EXPECT_EQUAL(Released, 3);
    EXPECT_STATUS(KeTestPoll(&Events[0]), STATUS_TIMEOUT);
}

static VOID Answer(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);
    KeSetEvent(&Ready, 0, FALSE);
    KeTestWait(&Events[0]);
    InterlockedIncrement(&Released);
    KeSetEvent(&Events[1], 0, FALSE);
}

TEST_CASE(SetAndWaitAreOne, "KeSetEvent with Wait is atomic with the wait that follows, whoever it releases") {
    PVOID Thread;

    MakeEvents(SynchronizationEvent);
    KeInitializeEvent(&Ready, SynchronizationEvent, FALSE);
    Thread = KeTestStart(Answer, NULL);
    KeTestWait(&Ready);
    KeTestSleep(20);
    KeSetEvent(&Events[0], 0, TRUE);
    /* The released thread has a far higher priority, and other processors may be free: all the same it has to wait. */
    KeStallExecutionProcessor(2000);
    EXPECT_EQUAL(Released, 0);
    EXPECT_STATUS(KeTestWait(&Events[1]), STATUS_SUCCESS);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT_EQUAL(Released, 1);
    KeTestJoin(Thread);
}

static VOID WaitForSome(PVOID Context)
{
    static KWAIT_BLOCK Blocks[ARRAYSIZE(Events)];
    PVOID Objects[ARRAYSIZE(Events)];

    for (ULONG Index = 0; Index < ARRAYSIZE(Events); Index++)
        Objects[Index] = &Events[Index];
    Outcome = KeWaitForMultipleObjects(ARRAYSIZE(Events), Objects, (WAIT_TYPE)(ULONG_PTR)Context, Executive, KernelMode,
                                       FALSE, NULL, Blocks);
    InterlockedIncrement(&Released);
}

TEST_CASE(WaitAllTakesAllAtOnce, "a wait for all ends when all are signalled together, and takes nothing before") {
    PVOID Thread;

    MakeEvents(SynchronizationEvent);
    Thread = KeTestStart(WaitForSome, (PVOID)(ULONG_PTR)WaitAll);
    KeTestSleep(20);
    for (ULONG Index = 0; Index < 4; Index++)
        KeSetEvent(&Events[Index], 0, FALSE);
    KeTestSleep(20);
    EXPECT_EQUAL(Released, 0);
    EXPECT_STATUS(KeTestPoll(&Events[2]), STATUS_SUCCESS);      /* another may take one from under the wait */
    KeSetEvent(&Events[4], 0, FALSE);
    KeTestSleep(20);
    EXPECT_EQUAL(Released, 0);
    KeSetEvent(&Events[2], 0, FALSE);
    KeTestJoin(Thread);
    EXPECT_STATUS(Outcome, STATUS_SUCCESS);
    for (ULONG Index = 0; Index < ARRAYSIZE(Events); Index++)
        EXPECT_EQUAL(KeReadStateEvent(&Events[Index]), 0);
}

TEST_CASE(WaitAnySaysWhich, "a wait for any returns the index of the object that ended it and takes only that") {
    PVOID Thread;

    MakeEvents(SynchronizationEvent);
    Thread = KeTestStart(WaitForSome, (PVOID)(ULONG_PTR)WaitAny);
    KeTestSleep(20);
    KeSetEvent(&Events[3], 0, FALSE);
    KeTestJoin(Thread);
    EXPECT_STATUS(Outcome, STATUS_WAIT_3);
    KeSetEvent(&Events[4], 0, FALSE);
    KeSetEvent(&Events[1], 0, FALSE);
    Thread = KeTestStart(WaitForSome, (PVOID)(ULONG_PTR)WaitAny);
    KeTestJoin(Thread);
    EXPECT_STATUS(Outcome, STATUS_WAIT_1);
    EXPECT(KeReadStateEvent(&Events[4]) != 0);
}

TEST_CASE(WaitForAThread, "a thread object is signalled when the thread has ended, and stays so") {
    PVOID Thread;

    MakeEvents(NotificationEvent);
    Thread = KeTestStart(WaitForFirst, NULL);
    EXPECT_STATUS(KeTestPoll(Thread), STATUS_TIMEOUT);
    KeSetEvent(&Events[0], 0, FALSE);
    EXPECT_STATUS(KeTestWait(Thread), STATUS_SUCCESS);
    EXPECT_STATUS(KeTestPoll(Thread), STATUS_SUCCESS);
    ObDereferenceObject(Thread);
}

static KMUTEX Mutex;
static KMUTANT Mutant;

static VOID HoldMutexForAWhile(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeTestWait(&Mutex);
    KeSetEvent(&Ready, 0, FALSE);
    KeTestSleep(30);
    KeReleaseMutex(&Mutex, FALSE);
}

/* In a thread of its own, which comes with APCs on. */
static VOID OwnMutexTwice(PVOID Context)
{
    PVOID Thread = KeTestStart(HoldMutexForAWhile, NULL);

    UNREFERENCED_PARAMETER(Context);
    KeTestWait(&Ready);
    EXPECT_STATUS(KeTestPoll(&Mutex), STATUS_TIMEOUT);
    EXPECT(!KeAreApcsDisabled());
    EXPECT_STATUS(KeTestWait(&Mutex), STATUS_SUCCESS);
    EXPECT(KeAreApcsDisabled());
    EXPECT_STATUS(KeTestPoll(&Mutex), STATUS_SUCCESS);
    EXPECT_EQUAL(KeReleaseMutex(&Mutex, FALSE), -1);
    EXPECT_EQUAL(KeReleaseMutex(&Mutex, FALSE), 0);
    EXPECT(!KeAreApcsDisabled());
    KeTestJoin(Thread);
}

TEST_CASE(MutexHasAnOwner, "a mutex is its owner's alone, again and again; APCs are off while it is owned") {
    KeInitializeMutex(&Mutex, 0);
    KeInitializeEvent(&Ready, SynchronizationEvent, FALSE);
    EXPECT_EQUAL(KeReadStateMutex(&Mutex), 1);
    KeTestJoin(KeTestStart(OwnMutexTwice, NULL));
    EXPECT_EQUAL(KeReadStateMutex(&Mutex), 1);
}

static volatile NTSTATUS Raised;

TEST_CASE(OnlyTheOwnerReleases, "releasing a mutex that one does not own raises STATUS_MUTANT_NOT_OWNED") {
    KeInitializeMutex(&Mutex, 0);
    Raised = STATUS_SUCCESS;
    __try {
        KeReleaseMutex(&Mutex, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Raised = GetExceptionCode();
    }
    EXPECT_STATUS(Raised, STATUS_MUTANT_NOT_OWNED);
    EXPECT_EQUAL(KeReadStateMutex(&Mutex), 1);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static VOID EndOwningMutant(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeTestWait(&Mutant);
    KeTestWait(&Mutant);
}

TEST_CASE(AbandonedMutantSaysSo, "who gets a mutant whose owner has ended is told once, and owns it") {
    KeInitializeMutant(&Mutant, FALSE);
    KeTestJoin(KeTestStart(EndOwningMutant, NULL));
    EXPECT_STATUS(KeTestPoll(&Mutant), STATUS_ABANDONED);
    EXPECT_STATUS(KeTestPoll(&Mutant), STATUS_SUCCESS);
    EXPECT_EQUAL(KeReleaseMutant(&Mutant, 0, FALSE, FALSE), -1);
    EXPECT_EQUAL(KeReleaseMutant(&Mutant, 0, FALSE, FALSE), 0);
    EXPECT_EQUAL(KeReadStateMutex(&Mutant), 1);
}

TEST_CASE(SemaphoreHasALimit, "a release past the limit raises STATUS_SEMAPHORE_LIMIT_EXCEEDED and adds nothing") {
    static KSEMAPHORE Semaphore;

    KeInitializeSemaphore(&Semaphore, 1, 3);
    EXPECT_EQUAL(KeReleaseSemaphore(&Semaphore, 0, 1, FALSE), 1);
    Raised = STATUS_SUCCESS;
    __try {
        KeReleaseSemaphore(&Semaphore, 0, 2, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Raised = GetExceptionCode();
    }
    EXPECT_STATUS(Raised, STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    EXPECT_EQUAL(KeReadStateSemaphore(&Semaphore), 2);
    EXPECT_STATUS(KeTestPoll(&Semaphore), STATUS_SUCCESS);
    EXPECT_STATUS(KeTestPoll(&Semaphore), STATUS_SUCCESS);
    EXPECT_STATUS(KeTestPoll(&Semaphore), STATUS_TIMEOUT);
}
