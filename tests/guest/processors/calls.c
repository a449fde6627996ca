/* Processors that call each other, run each other's DPCs and threads, and have one idea of time. */
#include "testcase.h"

TEST_SUITE(processors, "1 2 4");

/* Every call interrupts every processor and waits for it, so fewer of them are as much work where there are more. */
#define CALLS (200 / KeQueryActiveProcessorCount(NULL))
#define PATIENCE 100000000ull           /* 100 ns: 10 s of the guest's time; a busy host may not run a processor for long */

static volatile LONG Arrived, AtWrongLevel, NotTogether;
static volatile LONG CallsOn[16];
static LONG Expected;

/* Waits for the other processors inside the call: they are all in it at once, or somebody waits in vain. */
static ULONG_PTR MeetInside(ULONG_PTR Context)
{
    LARGE_INTEGER Frequency, Start = KeQueryPerformanceCounter(&Frequency);

    if (KeGetCurrentIrql() != IPI_LEVEL) {
        InterlockedIncrement(&AtWrongLevel);
    }
    InterlockedIncrement(&CallsOn[KeGetCurrentProcessorNumber()]);
    InterlockedIncrement(&Arrived);
    while (Arrived < Expected) {
        YieldProcessor();
        if (KeQueryPerformanceCounter(NULL).QuadPart - Start.QuadPart > Frequency.QuadPart * 10) {
            InterlockedIncrement(&NotTogether);
            break;
        }
    }
    return Context + KeGetCurrentProcessorNumber();
}

TEST_CASE(GenericCallRunsEverywhere, "KeIpiGenericCall runs its routine on all processors at once, at IPI_LEVEL") {
    KIRQL Irql;

    Expected = (LONG)KeQueryActiveProcessorCount(NULL);
    EXPECT_EQUAL(KeQueryActiveProcessors(), ((KAFFINITY)1 << Expected) - 1);
    RtlZeroMemory((PVOID)CallsOn, sizeof(CallsOn));
    for (ULONG Call = 0; Call < CALLS; Call++) {
        ULONG_PTR Result;
        Arrived = 0;
        KeRaiseIrql(DISPATCH_LEVEL, &Irql);     /* so that it is one processor that calls and looks */
        Result = KeIpiGenericCall(MeetInside, 1000);
        EXPECT_EQUAL(Result, 1000 + KeGetCurrentProcessorNumber());
        KeLowerIrql(Irql);
        EXPECT_EQUAL(Arrived, Expected);
    }
    EXPECT_EQUAL(AtWrongLevel, 0);
    EXPECT_EQUAL(NotTogether, 0);
    for (LONG Number = 0; Number < Expected; Number++) {
        EXPECT_EQUAL(CallsOn[Number], CALLS);
    }
}

static volatile LONG Counted;

static ULONG_PTR Count(ULONG_PTR Context)
{
    UNREFERENCED_PARAMETER(Context);
    InterlockedIncrement(&Counted);
    return 0;
}

static VOID CallOften(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG Call = 0; Call < CALLS; Call++) {
        KeIpiGenericCall(Count, 0);
    }
}

TEST_CASE(GenericCallsExclude, "calls of KeIpiGenericCall from several processors at once all run, one after the other") {
    Counted = 0;
    TestOnThreads(4, CallOften, NULL);
    EXPECT_EQUAL(Counted, 4 * CALLS * (LONG)KeQueryActiveProcessorCount(NULL));
}

typedef struct _TARGETED {
    KDPC Dpc;
    KEVENT Done;
    ULONG Number;
    KIRQL Irql;
} TARGETED;

static VOID NoteProcessor(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    TARGETED *Targeted = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Targeted->Number = KeGetCurrentProcessorNumber();
    Targeted->Irql = KeGetCurrentIrql();
    KeSetEvent(&Targeted->Done, 0, FALSE);
}

TEST_CASE(DpcTarget, "KeSetTargetProcessorDpc: the DPC runs on that processor, at DISPATCH_LEVEL, whoever queues it") {
    static TARGETED Targeted;

    for (ULONG Round = 0; Round < 10; Round++) {
        for (ULONG Number = 0; Number < KeQueryActiveProcessorCount(NULL); Number++) {
            KeInitializeEvent(&Targeted.Done, NotificationEvent, FALSE);
            KeInitializeDpc(&Targeted.Dpc, NoteProcessor, &Targeted);
            KeSetTargetProcessorDpc(&Targeted.Dpc, (CCHAR)Number);
            EXPECT(KeInsertQueueDpc(&Targeted.Dpc, NULL, NULL));
            KeWaitForSingleObject(&Targeted.Done, Executive, KernelMode, FALSE, NULL);
            EXPECT_EQUAL(Targeted.Number, Number);
            EXPECT_EQUAL(Targeted.Irql, DISPATCH_LEVEL);
        }
    }
    KeFlushQueuedDpcs();
}

typedef struct _REPEATED {
    KDPC Dpc;
    KEVENT Done;
    volatile LONG Left, Refused;
} REPEATED;

/* On the next processor each time. */
static VOID QueueItselfAgain(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    REPEATED *Repeated = Context;

    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (InterlockedDecrement(&Repeated->Left) == 0) {
        KeSetEvent(&Repeated->Done, 0, FALSE);
        return;
    }
    KeSetTargetProcessorDpc(Dpc, (CCHAR)((ULONG)Repeated->Left % KeQueryActiveProcessorCount(NULL)));
    if (!KeInsertQueueDpc(Dpc, NULL, NULL)) {
        Repeated->Refused = 1;
        KeSetEvent(&Repeated->Done, 0, FALSE);
    }
}

TEST_CASE(DpcQueuesItself, "a DPC whose routine has begun is in no queue any more: the routine may queue it again") {
    static REPEATED Repeated;

    Repeated.Left = 100;
    Repeated.Refused = 0;
    KeInitializeEvent(&Repeated.Done, NotificationEvent, FALSE);
    KeInitializeDpc(&Repeated.Dpc, QueueItselfAgain, &Repeated);
    EXPECT(KeInsertQueueDpc(&Repeated.Dpc, NULL, NULL));
    KeWaitForSingleObject(&Repeated.Done, Executive, KernelMode, FALSE, NULL);
    EXPECT_EQUAL(Repeated.Refused, 0);
    EXPECT_EQUAL(Repeated.Left, 0);
    KeFlushQueuedDpcs();
}

static volatile LONG Together, Alone;
static volatile LONG SeenOn[16];

/* No thread switch can happen here, so as many threads meet as there are processors that run them. */
static VOID MeetOnProcessors(PVOID Context)
{
    ULONGLONG Start = KeQueryInterruptTime();
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Context);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    InterlockedIncrement(&SeenOn[KeGetCurrentProcessorNumber()]);
    InterlockedIncrement(&Together);
    while (Together < Expected) {
        YieldProcessor();
        if (KeQueryInterruptTime() - Start > PATIENCE) {
            InterlockedIncrement(&Alone);
            break;
        }
    }
    KeLowerIrql(Irql);
}

TEST_CASE(ThreadsSpread, "as many ready threads as there are processors run at once, each on its own") {
    Expected = (LONG)KeQueryActiveProcessorCount(NULL);
    Together = Alone = 0;
    RtlZeroMemory((PVOID)SeenOn, sizeof(SeenOn));
    TestOnThreads((ULONG)Expected, MeetOnProcessors, NULL);
    EXPECT_EQUAL(Alone, 0);
    for (LONG Number = 0; Number < Expected; Number++) {
        EXPECT_EQUAL(SeenOn[Number], 1);
    }
}

static LONGLONG Latest[16];

static ULONG_PTR ReadCounter(ULONG_PTR Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeStallExecutionProcessor(1);
    Latest[KeGetCurrentProcessorNumber()] = KeQueryPerformanceCounter(NULL).QuadPart;
    return 0;
}

TEST_CASE(OneTime, "KeQueryPerformanceCounter runs on all processors together") {
    for (ULONG Round = 0; Round < 20; Round++) {
        LONGLONG Before = KeQueryPerformanceCounter(NULL).QuadPart, After;
        KeIpiGenericCall(ReadCounter, 0);
        After = KeQueryPerformanceCounter(NULL).QuadPart;
        for (ULONG Number = 0; Number < KeQueryActiveProcessorCount(NULL); Number++) {
            EXPECT(Latest[Number] > Before);
            EXPECT(Latest[Number] < After);
        }
    }
}

static volatile LONG Strayed;

static VOID Wander(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 10; Round++) {
        for (ULONG Number = 0; Number < KeQueryActiveProcessorCount(NULL); Number++) {
            KAFFINITY Before = KeSetSystemAffinityThreadEx((KAFFINITY)1 << Number);
            if (KeGetCurrentProcessorNumber() != Number) {
                InterlockedIncrement(&Strayed);
            }
            KeRevertToUserAffinityThreadEx(Before);
        }
    }
}

TEST_CASE(AffinityMoves, "KeSetSystemAffinityThread: the thread runs on a processor of the mask when it returns") {
    Strayed = 0;
    TestOnThreads(4, Wander, NULL);
    EXPECT_EQUAL(Strayed, 0);
    EXPECT_EQUAL(KeSetSystemAffinityThreadEx(1), ~(KAFFINITY)0);
    EXPECT_EQUAL(KeGetCurrentProcessorNumber(), 0);
    KeRevertToUserAffinityThread();
}
