/*
 * What priorities, affinities and ideal processors mean where there are several processors. Threads that keep a
 * processor busy are told to stop; who ought to run beside them says so.
 */
#include "testcase.h"

#define PATIENCE 100000000ull           /* 100 ns; longer than any host is busy with other things */
#define MOST 16
#define EXTRA MOST                      /* one more busy thread than there are processors */

static volatile LONG StopBusy[MOST + 1], Busy[MOST + 1];
static volatile ULONG64 Rounds[MOST + 1];
static KEVENT Go, Done;
static volatile ULONG RanOn;
static volatile ULONG64 RoundsThen;     /* of the extra one, when that was */

static ULONG Processors(VOID)
{
    return KeQueryActiveProcessorCount(NULL);
}

static PVOID StartThread(PKSTART_ROUTINE Routine, PVOID Context)
{
    PVOID Thread = NULL;
    HANDLE Handle;

    if (EXPECT_STATUS(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, Context),
                      STATUS_SUCCESS)) {
        EXPECT_STATUS(ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &Thread, NULL),
                      STATUS_SUCCESS);
        ZwClose(Handle);
    }
    return Thread;
}

static VOID Join(PVOID Thread)
{
    if (Thread != NULL) {
        KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Thread);
    }
}

static BOOLEAN WaitForDone(VOID)
{
    LARGE_INTEGER Patience = {.QuadPart = -(LONGLONG)PATIENCE};
    return KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, &Patience) == STATUS_SUCCESS;
}

/* Context: which one, on which processor, with which priority: a byte each. Busy there until it is told to stop. */
static VOID KeepBusy(PVOID Context)
{
    ULONG Which = (ULONG)(ULONG_PTR)Context & 0xFF, Number = (ULONG)(ULONG_PTR)Context >> 8 & 0xFF;

    KeSetSystemAffinityThread((KAFFINITY)1 << Number);
    KeSetPriorityThread(KeGetCurrentThread(), (KPRIORITY)((ULONG_PTR)Context >> 16));
    Busy[Which] = 1;
    while (!StopBusy[Which]) {
        Rounds[Which] = Rounds[Which] + 1;
    }
}

static PVOID StartBusy(ULONG Which, ULONG Number, KPRIORITY Priority)
{
    PVOID Thread = StartThread(KeepBusy, (PVOID)(ULONG_PTR)((ULONG)Priority << 16 | Number << 8 | Which));
    LARGE_INTEGER Pause = {.QuadPart = -10000};

    while (Thread != NULL && !Busy[Which]) {
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
    }
    return Thread;
}

/* Last on processor 0, may run anywhere. */
static VOID WaitThenSayWhere(PVOID Context)
{
    KeSetPriorityThread(KeGetCurrentThread(), (KPRIORITY)(ULONG_PTR)Context);
    KeSetSystemAffinityThread(1);
    KeRevertToUserAffinityThread();
    KeSetEvent(&Done, 0, FALSE);
    KeWaitForSingleObject(&Go, Executive, KernelMode, FALSE, NULL);
    RoundsThen = Rounds[EXTRA];
    RanOn = KeGetCurrentProcessorNumber();
    KeSetEvent(&Done, 0, FALSE);
}

static VOID Prepare(VOID)
{
    KeInitializeEvent(&Go, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Done, SynchronizationEvent, FALSE);
    RtlZeroMemory((PVOID)StopBusy, sizeof(StopBusy));
    RtlZeroMemory((PVOID)Busy, sizeof(Busy));
    RanOn = MAXULONG;
}

TEST_CASE(DisplacesTheLowest, "a readied thread displaces the lowest priority among all processors that it may run on") {
    KPRIORITY Before = KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);
    ULONG Low = Processors() - 1;
    PVOID Threads[MOST], Waiting;

    Prepare();
    Waiting = StartThread(WaitThenSayWhere, (PVOID)10);
    EXPECT(WaitForDone());
    for (ULONG Number = 0; Number <= Low; Number++) {
        Threads[Number] = StartBusy(Number, Number, Number == Low ? 6 : 14);
    }
    KeSetEvent(&Go, 0, FALSE);
    EXPECT(WaitForDone());
    EXPECT_EQUAL(RanOn, Low);
    for (ULONG Number = 0; Number <= Low; Number++) {
        StopBusy[Number] = 1;
        Join(Threads[Number]);
    }
    Join(Waiting);
    KeSetPriorityThread(KeGetCurrentThread(), Before);
}

TEST_CASE(TakesTheBestOfAll, "a processor that becomes free takes the highest priority that is ready, wherever it waits") {
    KPRIORITY Before = KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);
    ULONG Free = Processors() - 1;
    PVOID Threads[MOST], Waiting, Low;
    ULONG64 RoundsBefore;

    Prepare();
    Waiting = StartThread(WaitThenSayWhere, (PVOID)10);
    EXPECT(WaitForDone());
    Low = StartBusy(EXTRA, Free, 3);
    for (ULONG Number = 0; Number <= Free; Number++) {
        Threads[Number] = StartBusy(Number, Number, 14);
    }
    KeSetEvent(&Go, 0, FALSE);          /* all are busy with more than that */
    RoundsBefore = Rounds[EXTRA];
    StopBusy[Free] = 1;
    EXPECT(WaitForDone());
    EXPECT_EQUAL(RoundsThen, RoundsBefore);     /* the low one, which waits there, has had no turn before */
    EXPECT_EQUAL(RanOn, Free);
    for (ULONG Number = 0; Number <= Free; Number++) {
        StopBusy[Number] = 1;
        Join(Threads[Number]);
    }
    StopBusy[EXTRA] = 1;
    Join(Low);
    Join(Waiting);
    KeSetPriorityThread(KeGetCurrentThread(), Before);
}

static volatile LONG TimesOn[MOST];

static VOID NoteWhere(PVOID Context)
{
    LARGE_INTEGER Pause = {.QuadPart = -10000};

    KeSetIdealProcessorThread(KeGetCurrentThread(), (CCHAR)(ULONG_PTR)Context);
    for (ULONG Round = 0; Round < 50; Round++) {
        KeSetSystemAffinityThread(1);
        KeRevertToUserAffinityThread();
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
        InterlockedIncrement(&TimesOn[KeGetCurrentProcessorNumber()]);
    }
}

TEST_CASE(IdealProcessor, "KeSetIdealProcessorThread: the thread wakes up there when it is idle; returns the one before") {
    ULONG Last = Processors() - 1;
    CCHAR Before = KeSetIdealProcessorThread(KeGetCurrentThread(), (CCHAR)Last);

    EXPECT_EQUAL(KeSetIdealProcessorThread(KeGetCurrentThread(), 99), Last);     /* there is none: as it was */
    EXPECT_EQUAL(KeSetIdealProcessorThread(KeGetCurrentThread(), Before), Last);
    RtlZeroMemory((PVOID)TimesOn, sizeof(TimesOn));
    Join(StartThread(NoteWhere, (PVOID)(ULONG_PTR)Last));
    EXPECT(TimesOn[Last] > 0);
}

static VOID SayAtOnce(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeSetSystemAffinityThread(1);
    KeSetPriorityThread(KeGetCurrentThread(), 12);
    KeSetEvent(&Done, 0, FALSE);
    KeWaitForSingleObject(&Go, Executive, KernelMode, FALSE, NULL);
    RanOn = 0;
}

TEST_CASE(NoSwitchAtDispatchLevel, "at DISPATCH_LEVEL no thread displaces the one that runs; when it lowers, at once") {
    KPRIORITY Before;
    PVOID Thread;
    KIRQL Irql;

    Prepare();
    KeSetSystemAffinityThread(1);
    Before = KeSetPriorityThread(KeGetCurrentThread(), 11);
    Thread = StartThread(SayAtOnce, NULL);
    EXPECT(WaitForDone());
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    KeSetEvent(&Go, 0, FALSE);
    KeStallExecutionProcessor(30000);   /* the clock comes, and changes nothing */
    EXPECT_EQUAL(RanOn, MAXULONG);
    KeLowerIrql(Irql);
    EXPECT_EQUAL(RanOn, 0);
    Join(Thread);
    KeSetPriorityThread(KeGetCurrentThread(), Before);
    KeRevertToUserAffinityThread();
}
