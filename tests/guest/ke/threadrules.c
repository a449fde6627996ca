/* System threads, priorities and affinity, routine by routine ("PsCreateSystemThread", "KeSetPriorityThread", ...). */
#include "ke.h"

static KEVENT Begin, Go;
static volatile LONG Seen;

static VOID WaitForGo(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeSetEvent(&Begin, 0, FALSE);
    KeTestWait(&Go);
}

/* A thread that waits for Go; it has begun when this returns. */
static PVOID StartWaiting(VOID)
{
    PVOID Thread;

    KeInitializeEvent(&Begin, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Go, NotificationEvent, FALSE);
    Thread = KeTestStart(WaitForGo, NULL);
    if (Thread != NULL)
        KeTestWait(&Begin);
    return Thread;
}

static VOID Finish(PVOID Thread)
{
    KeSetEvent(&Go, 0, FALSE);
    KeTestJoin(Thread);
}

TEST_CASE(ThreadBegins, "PsCreateSystemThread: the routine gets its context, at PASSIVE_LEVEL, in the system process") {
    VOID Look(PVOID Context) {
        EXPECT(Context == &Seen);
        EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT(PsGetCurrentProcess() == PsInitialSystemProcess);
        EXPECT(!KeAreApcsDisabled());
        InterlockedIncrement(&Seen);
    }

    Seen = 0;
    KeTestJoin(KeTestStart(Look, (PVOID)&Seen));
    EXPECT_EQUAL(Seen, 1);
}

TEST_CASE(ThreadHasPriorityEight, "a new system thread has priority 8 (DDK 8)") {
    PVOID Thread = StartWaiting();

    REQUIRE(Thread != NULL);
    KeTestSleep(20);
    EXPECT_EQUAL(KeQueryPriorityThread(Thread), 8);
    Finish(Thread);
}

TEST_CASE(TerminateDoesNotReturn, "PsTerminateSystemThread ends the calling thread and does not return") {
    VOID End(PVOID Context) {
        UNREFERENCED_PARAMETER(Context);
        Seen = 1;
        PsTerminateSystemThread(STATUS_SUCCESS);
        Seen = 2;
    }

    KeTestJoin(KeTestStart(End, NULL));
    EXPECT_EQUAL(Seen, 1);
}

TEST_CASE(ReturningEndsAThread, "a system thread ends by returning, too (DDK 8)") {
    VOID Return(PVOID Context) {
        UNREFERENCED_PARAMETER(Context);
        Seen = 3;
    }

    KeTestJoin(KeTestStart(Return, NULL));
    EXPECT_EQUAL(Seen, 3);
}

TEST_CASE(ProgramsThreadIsRefused, "PsTerminateSystemThread refuses a thread that is no system thread") {
    EXPECT_STATUS(PsTerminateSystemThread(STATUS_SUCCESS), STATUS_INVALID_PARAMETER);
}

TEST_CASE(ThreadHandle, "PsCreateSystemThread's handle can be waited for, and its ClientId names the thread") {
    HANDLE Handle;
    CLIENT_ID Id;
    PETHREAD Thread;

    KeInitializeEvent(&Begin, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Go, NotificationEvent, TRUE);
    REQUIRE(NT_SUCCESS(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, &Id, WaitForGo, NULL)));
    REQUIRE(NT_SUCCESS(ObReferenceObjectByHandle(Handle, 0, *PsThreadType, KernelMode, (PVOID *)&Thread, NULL)));
    EXPECT(PsGetThreadId(Thread) == Id.UniqueThread);
    EXPECT(PsGetThreadProcessId(Thread) == Id.UniqueProcess);
    EXPECT_STATUS(ZwWaitForSingleObject(Handle, FALSE, NULL), STATUS_SUCCESS);
    ZwClose(Handle);
    ObDereferenceObject(Thread);
}

TEST_CASE(HandleOfAnotherType, "ObReferenceObjectByHandle checks the type: a thread is no event") {
    PVOID Object;
    HANDLE Handle;

    KeInitializeEvent(&Begin, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Go, NotificationEvent, TRUE);
    REQUIRE(NT_SUCCESS(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, WaitForGo, NULL)));
    EXPECT_STATUS(ObReferenceObjectByHandle(Handle, 0, *ExEventObjectType, KernelMode, &Object, NULL),
                  STATUS_OBJECT_TYPE_MISMATCH);
    ZwWaitForSingleObject(Handle, FALSE, NULL);
    ZwClose(Handle);
}

TEST_CASE(WhoIsRunning, "KeGetCurrentThread, PsGetCurrentThread and PsGetCurrentThreadId mean the same thread") {
    EXPECT((PVOID)KeGetCurrentThread() == (PVOID)PsGetCurrentThread());
    EXPECT(PsGetCurrentThreadId() == PsGetThreadId(PsGetCurrentThread()));
    EXPECT(PsGetCurrentProcessId() == PsGetThreadProcessId(PsGetCurrentThread()));
    EXPECT(PsGetCurrentProcessId() == PsGetProcessId(PsGetCurrentProcess()));
}

TEST_CASE(SetPriorityReturnsTheOld, "KeSetPriorityThread returns the old priority, KeQueryPriorityThread the one now") {
    PVOID Thread = StartWaiting();

    REQUIRE(Thread != NULL);
    KeTestSleep(20);
    EXPECT_EQUAL(KeSetPriorityThread(Thread, 20), 8);
    EXPECT_EQUAL(KeQueryPriorityThread(Thread), 20);
    EXPECT_EQUAL(KeSetPriorityThread(Thread, LOW_REALTIME_PRIORITY), 20);
    EXPECT_EQUAL(KeSetPriorityThread(Thread, HIGH_PRIORITY), LOW_REALTIME_PRIORITY);
    EXPECT_EQUAL(KeSetPriorityThread(Thread, LOW_PRIORITY + 1), HIGH_PRIORITY);
    Finish(Thread);
}

TEST_CASE(DelayReturnsSuccess, "KeDelayExecutionThread returns STATUS_SUCCESS when the interval is over, or was none") {
    LARGE_INTEGER Some = KeTestMilliseconds(10), None = {.QuadPart = 0}, Past = {.QuadPart = 1};

    EXPECT_STATUS(KeDelayExecutionThread(KernelMode, FALSE, &Some), STATUS_SUCCESS);
    EXPECT_STATUS(KeDelayExecutionThread(KernelMode, FALSE, &None), STATUS_SUCCESS);
    EXPECT_STATUS(KeDelayExecutionThread(KernelMode, FALSE, &Past), STATUS_SUCCESS);
}

TEST_CASE(AffinityIsReturned, "KeSetSystemAffinityThreadEx returns the mask before, for the Revert routine") {
    KAFFINITY First = KeSetSystemAffinityThreadEx(1), Second;

    EXPECT_EQUAL(KeGetCurrentProcessorNumber(), 0);
    Second = KeSetSystemAffinityThreadEx(1);
    EXPECT_EQUAL(Second, 1);
    KeRevertToUserAffinityThreadEx(First);
    EXPECT_EQUAL(KeSetSystemAffinityThreadEx(1), First);
    KeRevertToUserAffinityThread();
}

TEST_CASE(AffinityEverywhere, "KeSetSystemAffinityThread: the thread is on a processor of the mask when it returns") {
    KAFFINITY Active;
    ULONG Count = KeQueryActiveProcessorCount(&Active);

    EXPECT_EQUAL(Active, Count == 64 ? ~0ull : (1ull << Count) - 1);
    for (ULONG Number = 0; Number < Count; Number++) {
        KeSetSystemAffinityThread((KAFFINITY)1 << Number);
        EXPECT_EQUAL(KeGetCurrentProcessorNumber(), Number);
    }
    KeRevertToUserAffinityThread();
}

TEST_CASE(CriticalRegionsNest, "KeEnterCriticalRegion nests: APCs come back with the last KeLeaveCriticalRegion") {
    VOID Nest(PVOID Context) {
        UNREFERENCED_PARAMETER(Context);
        KeEnterCriticalRegion();
        KeEnterCriticalRegion();
        EXPECT(KeAreApcsDisabled());
        KeLeaveCriticalRegion();
        EXPECT(KeAreApcsDisabled());
        KeLeaveCriticalRegion();
        EXPECT(!KeAreApcsDisabled());
    }

    KeTestJoin(KeTestStart(Nest, NULL));
}

TEST_CASE(ThreadOutlivesItsHandle, "a thread goes on without a handle; its object lasts as long as a reference") {
    PVOID Thread = StartWaiting();      /* its handle is closed */

    REQUIRE(Thread != NULL);
    EXPECT_STATUS(KeTestPoll(Thread), STATUS_TIMEOUT);
    KeSetEvent(&Go, 0, FALSE);
    EXPECT_STATUS(KeTestWait(Thread), STATUS_SUCCESS);
    KeTestSleep(20);
    EXPECT_STATUS(KeTestPoll(Thread), STATUS_SUCCESS);
    ObDereferenceObject(Thread);
}
