/* Mutexes, mutants and semaphores, routine by routine ("Mutex Objects", "Semaphore Objects"). */
#include "ke.h"
#include <excpt.h>

static KMUTEX Mutex;
static KMUTANT Mutant;
static KSEMAPHORE Semaphore;
static KEVENT Owned, GiveBack;
static volatile NTSTATUS Raised;
static volatile LONG Released;

TEST_CASE(StateOfAMutex, "KeReadStateMutex: 1 when free; not 1 as long as somebody owns the mutex") {
    KeInitializeMutex(&Mutex, 0);
    EXPECT_EQUAL(KeReadStateMutex(&Mutex), 1);
    KeTestWait(&Mutex);
    EXPECT(KeReadStateMutex(&Mutex) != 1);
    KeReleaseMutex(&Mutex, FALSE);
    EXPECT_EQUAL(KeReadStateMutex(&Mutex), 1);
}

TEST_CASE(ReleaseReturnsZeroAtLast, "KeReleaseMutex returns 0 when the mutex is free then, and not 0 before") {
    KeInitializeMutex(&Mutex, 0);
    KeTestWait(&Mutex);
    KeTestWait(&Mutex);
    EXPECT(KeReleaseMutex(&Mutex, FALSE) != 0);
    EXPECT_EQUAL(KeReleaseMutex(&Mutex, FALSE), 0);
}

TEST_CASE(TimeoutLeavesAMutexAlone, "a wait for a mutex that times out does not own it") {
    VOID Hold(PVOID Context) {
        UNREFERENCED_PARAMETER(Context);
        KeTestWait(&Mutex);
        KeSetEvent(&Owned, 0, FALSE);
        KeTestWait(&GiveBack);
        KeReleaseMutex(&Mutex, FALSE);
    }
    LARGE_INTEGER Soon = KeTestMilliseconds(10);
    PVOID Thread;

    KeInitializeMutex(&Mutex, 0);
    KeInitializeEvent(&Owned, SynchronizationEvent, FALSE);
    KeInitializeEvent(&GiveBack, SynchronizationEvent, FALSE);
    Thread = KeTestStart(Hold, NULL);
    KeTestWait(&Owned);
    EXPECT_STATUS(KeWaitForMutexObject(&Mutex, Executive, KernelMode, FALSE, &Soon), STATUS_TIMEOUT);
    KeSetEvent(&GiveBack, 0, FALSE);
    EXPECT_STATUS(KeTestWait(&Mutex), STATUS_SUCCESS);
    EXPECT_EQUAL(KeReleaseMutex(&Mutex, FALSE), 0);
    KeTestJoin(Thread);
}

TEST_CASE(MutexLimit, "a mutex owned 2^31 times over cannot be owned again: STATUS_MUTANT_LIMIT_EXCEEDED is raised") {
    KeInitializeMutant(&Mutant, TRUE);
    Mutant.Header.SignalState = MINLONG;        /* as after so many waits */
    Raised = STATUS_SUCCESS;
    __try {
        KeTestWait(&Mutant);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Raised = GetExceptionCode();
    }
    EXPECT_STATUS(Raised, STATUS_MUTANT_LIMIT_EXCEEDED);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    Mutant.Header.SignalState = 0;
    EXPECT_EQUAL(KeReleaseMutant(&Mutant, 0, FALSE, FALSE), 0);
}

TEST_CASE(MutantWithAnOwner, "KeInitializeMutant: InitialOwner makes the calling thread the owner") {
    KeInitializeMutant(&Mutant, TRUE);
    EXPECT(KeReadStateMutex(&Mutant) != 1);
    EXPECT_EQUAL(KeReleaseMutant(&Mutant, 0, FALSE, FALSE), 0);
    EXPECT_EQUAL(KeReadStateMutex(&Mutant), 1);
}

TEST_CASE(MutantLeavesApcsOn, "owning a mutant, unlike a mutex, does not keep APCs away") {
    VOID Own(PVOID Context) {
        UNREFERENCED_PARAMETER(Context);
        KeTestWait(&Mutant);
        EXPECT(!KeAreApcsDisabled());
        KeReleaseMutant(&Mutant, 0, FALSE, FALSE);
        KeTestWait(&Mutex);
        EXPECT(KeAreApcsDisabled());
        KeReleaseMutex(&Mutex, FALSE);
        EXPECT(!KeAreApcsDisabled());
    }

    KeInitializeMutant(&Mutant, FALSE);
    KeInitializeMutex(&Mutex, 0);
    KeTestJoin(KeTestStart(Own, NULL));
}

TEST_CASE(AbandonedRelease, "KeReleaseMutant with Abandoned frees the mutant at once, and the next owner is told") {
    KeInitializeMutant(&Mutant, TRUE);
    KeTestWait(&Mutant);
    KeReleaseMutant(&Mutant, 0, TRUE, FALSE);
    EXPECT_EQUAL(KeReadStateMutex(&Mutant), 1);
    EXPECT_STATUS(KeTestPoll(&Mutant), STATUS_ABANDONED);
    EXPECT_EQUAL(KeReleaseMutant(&Mutant, 0, FALSE, FALSE), 0);
    EXPECT_STATUS(KeTestPoll(&Mutant), STATUS_SUCCESS);
    KeReleaseMutant(&Mutant, 0, FALSE, FALSE);
}

TEST_CASE(ReleaseOfAnAbandonedMutant, "releasing an abandoned mutant that nobody owns raises STATUS_ABANDONED") {
    KeInitializeMutant(&Mutant, TRUE);
    KeReleaseMutant(&Mutant, 0, TRUE, FALSE);
    Raised = STATUS_SUCCESS;
    __try {
        KeReleaseMutant(&Mutant, 0, FALSE, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Raised = GetExceptionCode();
    }
    EXPECT_STATUS(Raised, STATUS_ABANDONED);
}

TEST_CASE(AbandonedAmongSeveral, "a wait for any that an abandoned mutant ends: STATUS_ABANDONED_WAIT_0 + index") {
    PVOID Objects[2] = {&Owned, &Mutant};

    KeInitializeEvent(&Owned, NotificationEvent, FALSE);
    KeInitializeMutant(&Mutant, TRUE);
    KeReleaseMutant(&Mutant, 0, TRUE, FALSE);
    EXPECT_STATUS(KeWaitForMultipleObjects(2, Objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL),
                  STATUS_ABANDONED_WAIT_0 + 1);
    KeReleaseMutant(&Mutant, 0, FALSE, FALSE);
}

TEST_CASE(AbandonedAmongAll, "a wait for all that has taken an abandoned mutant says so, too") {
    PVOID Objects[2] = {&Owned, &Mutant};
    NTSTATUS Status;

    KeInitializeEvent(&Owned, NotificationEvent, TRUE);
    KeInitializeMutant(&Mutant, TRUE);
    KeReleaseMutant(&Mutant, 0, TRUE, FALSE);
    Status = KeWaitForMultipleObjects(2, Objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
    EXPECT(Status >= STATUS_ABANDONED_WAIT_0 && Status <= STATUS_ABANDONED_WAIT_63);
    KeReleaseMutant(&Mutant, 0, FALSE, FALSE);
}

TEST_CASE(ReleaseReturnsTheCountBefore, "KeReleaseSemaphore returns the previous count and adds Adjustment") {
    KeInitializeSemaphore(&Semaphore, 0, 10);
    EXPECT_EQUAL(KeReadStateSemaphore(&Semaphore), 0);
    EXPECT_EQUAL(KeReleaseSemaphore(&Semaphore, 0, 3, FALSE), 0);
    EXPECT_EQUAL(KeReleaseSemaphore(&Semaphore, 0, 1, FALSE), 3);
    EXPECT_EQUAL(KeReadStateSemaphore(&Semaphore), 4);
}

TEST_CASE(WaitsTakeFromASemaphore, "each wait takes one off a semaphore's count; at zero it is not signalled") {
    KeInitializeSemaphore(&Semaphore, 2, 2);
    EXPECT_STATUS(KeTestPoll(&Semaphore), STATUS_SUCCESS);
    EXPECT_EQUAL(KeReadStateSemaphore(&Semaphore), 1);
    EXPECT_STATUS(KeTestPoll(&Semaphore), STATUS_SUCCESS);
    EXPECT_STATUS(KeTestPoll(&Semaphore), STATUS_TIMEOUT);
}

TEST_CASE(SemaphoreUpToItsLimit, "KeReleaseSemaphore adds up to the limit, and no negative number") {
    KeInitializeSemaphore(&Semaphore, 0, 3);
    EXPECT_EQUAL(KeReleaseSemaphore(&Semaphore, 0, 3, FALSE), 0);
    Raised = STATUS_SUCCESS;
    __try {
        KeReleaseSemaphore(&Semaphore, 0, -1, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Raised = GetExceptionCode();
    }
    EXPECT_STATUS(Raised, STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    EXPECT_EQUAL(KeReadStateSemaphore(&Semaphore), 3);
}

TEST_CASE(SemaphoreReleasesAsMany, "KeReleaseSemaphore by two lets two of three waiters go on") {
    VOID TakeOne(PVOID Context) {
        UNREFERENCED_PARAMETER(Context);
        KeTestWait(&Semaphore);
        InterlockedIncrement(&Released);
    }
    PVOID Threads[3];

    Released = 0;
    KeInitializeSemaphore(&Semaphore, 0, 3);
    for (ULONG Index = 0; Index < 3; Index++)
        Threads[Index] = KeTestStart(TakeOne, NULL);
    KeTestSleep(30);
    KeReleaseSemaphore(&Semaphore, 0, 2, FALSE);
    KeTestSleep(30);
    EXPECT_EQUAL(Released, 2);
    EXPECT_EQUAL(KeReadStateSemaphore(&Semaphore), 0);
    KeReleaseSemaphore(&Semaphore, 0, 1, FALSE);
    for (ULONG Index = 0; Index < 3; Index++)
        KeTestJoin(Threads[Index]);
}

TEST_CASE(ReleaseAndWaitAreOne, "KeReleaseSemaphore with Wait is atomic with the wait that follows") {
    VOID Reply(PVOID Context) {
        UNREFERENCED_PARAMETER(Context);
        KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);
        KeSetEvent(&Owned, 0, FALSE);
        KeTestWait(&Semaphore);
        InterlockedIncrement(&Released);
        KeSetEvent(&GiveBack, 0, FALSE);
    }
    PVOID Thread;

    Released = 0;
    KeInitializeSemaphore(&Semaphore, 0, 1);
    KeInitializeEvent(&Owned, SynchronizationEvent, FALSE);
    KeInitializeEvent(&GiveBack, SynchronizationEvent, FALSE);
    Thread = KeTestStart(Reply, NULL);
    KeTestWait(&Owned);
    KeTestSleep(20);
    KeReleaseSemaphore(&Semaphore, 0, 1, TRUE);
    KeStallExecutionProcessor(2000);
    EXPECT_EQUAL(Released, 0);
    EXPECT_STATUS(KeTestWait(&GiveBack), STATUS_SUCCESS);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeTestJoin(Thread);
}
