/* Levels, locks, waits, thread switches, DPCs, APCs, timers: counts of instructions on one processor. */
#include "bench.h"
#include <kapc.h>

#define PRIORITY 17             /* above everybody else, and where there is no boost */

static VOID BenchLevels(VOID)
{
    KSPIN_LOCK Lock;
    ULONG64 Count;
    KIRQL Irql;

    BEST(Count, KeRaiseIrql(DISPATCH_LEVEL, &Irql); KeLowerIrql(Irql));
    BenchReport("raise-lower-irql", Count);
    KeInitializeSpinLock(&Lock);
    BEST(Count, KeAcquireSpinLock(&Lock, &Irql); KeReleaseSpinLock(&Lock, Irql));
    BenchReport("spin-lock-pair", Count);
}

static KEVENT BenchPing, BenchPong;
static volatile BOOLEAN BenchStop;

static VOID BenchPartner(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeSetPriorityThread(KeGetCurrentThread(), PRIORITY);
    for (;;) {
        KeWaitForSingleObject(&BenchPing, Executive, KernelMode, FALSE, NULL);
        if (BenchStop)
            return;
        KeSetEvent(&BenchPong, 0, FALSE);
    }
}

static VOID BenchEvents(VOID)
{
    PVOID Thread;
    ULONG64 Count;

    KeInitializeEvent(&BenchPing, SynchronizationEvent, FALSE);
    KeInitializeEvent(&BenchPong, NotificationEvent, TRUE);
    BEST(Count, KeWaitForSingleObject(&BenchPong, Executive, KernelMode, FALSE, NULL));
    BenchReport("satisfied-wait", Count);
    BEST(Count, KeSetEvent(&BenchPing, 0, FALSE);
         KeWaitForSingleObject(&BenchPing, Executive, KernelMode, FALSE, NULL));
    BenchReport("set-and-satisfied-wait", Count);

    KeInitializeEvent(&BenchPong, SynchronizationEvent, FALSE);
    BenchStop = FALSE;
    Thread = BenchStart(BenchPartner, NULL);
    if (Thread == NULL)
        return;
    BEST(Count, KeSetEvent(&BenchPing, 0, FALSE);
         KeWaitForSingleObject(&BenchPong, Executive, KernelMode, FALSE, NULL));
    BenchReport("event-ping-pong", Count);
    BenchStop = TRUE;
    KeSetEvent(&BenchPing, 0, FALSE);
    BenchJoin(Thread);
}

static VOID BenchYield(VOID)
{
    LARGE_INTEGER None = {.QuadPart = 0};

    KeDelayExecutionThread(KernelMode, FALSE, &None);
}

static VOID BenchYielder(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeSetPriorityThread(KeGetCurrentThread(), PRIORITY);
    while (!BenchStop)
        BenchYield();
}

/* Two threads of one priority that yield to each other: a round is two switches. */
static VOID BenchSwitch(VOID)
{
    LARGE_INTEGER Moment = {.QuadPart = -100000};
    PVOID Thread;
    ULONG64 Count;

    BenchStop = FALSE;
    Thread = BenchStart(BenchYielder, NULL);
    if (Thread == NULL)
        return;
    /* Until it has the same priority. */
    KeDelayExecutionThread(KernelMode, FALSE, &Moment);
    BEST(Count, BenchYield());
    BenchReport("thread-switch", Count / 2);
    BenchStop = TRUE;
    BenchJoin(Thread);
}

static volatile ULONG64 BenchRanAt, BenchQueuedAt;
static KDPC BenchDpcObject;

static VOID BenchDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    BenchRanAt = Now();
}

static BOOLEAN BenchService(PKINTERRUPT Interrupt, PVOID Context)
{
    UNREFERENCED_PARAMETER(Interrupt);
    UNREFERENCED_PARAMETER(Context);
    BenchQueuedAt = Now();
    KeInsertQueueDpc(&BenchDpcObject, NULL, NULL);
    return TRUE;
}

/* From KeInsertQueueDpc to the deferred routine: called by a thread, and by a service routine. */
static VOID BenchDeferred(VOID)
{
    ULONG64 Best = ~0ull;

    KeInitializeDpc(&BenchDpcObject, BenchDpc, NULL);
    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        ULONG64 Start = Now();
        BenchRanAt = 0;
        KeInsertQueueDpc(&BenchDpcObject, NULL, NULL);
        while (BenchRanAt == 0)
            YieldProcessor();
        Best = min(Best, BenchRanAt - Start);
    }
    BenchReport("dpc-queue-to-run", Best - BenchOverhead);

    if (!BenchOpenLine(BenchService))
        return;
    Best = ~0ull;
    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        BenchRanAt = 0;
        BenchRaise(BenchApicId());
        while (BenchRanAt == 0)
            YieldProcessor();
        Best = min(Best, BenchRanAt - BenchQueuedAt);
    }
    BenchReport("isr-to-dpc", Best - BenchOverhead);
    BenchCloseLine();
}

static VOID BenchApc(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext, PVOID *Argument1, PVOID *Argument2)
{
    UNREFERENCED_PARAMETER(Apc);
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    BenchRanAt = Now();
}

/* From KeInsertQueueApc for the calling thread to the special APC's routine. */
static VOID BenchDelivery(VOID)
{
    ULONG64 Best = ~0ull;
    KAPC Apc;

    KeInitializeApc(&Apc, KeGetCurrentThread(), OriginalApcEnvironment, BenchApc, NULL, NULL, KernelMode, NULL);
    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        ULONG64 Start = Now();
        KeInsertQueueApc(&Apc, NULL, NULL, 0);
        Best = min(Best, BenchRanAt - Start);
    }
    BenchReport("apc-delivery", Best - BenchOverhead);
}

static VOID BenchTimers(VOID)
{
    LARGE_INTEGER Second = {.QuadPart = -10000000};
    ULONG64 Count;
    KTIMER Timer;

    KeInitializeTimer(&Timer);
    BEST(Count, KeSetTimer(&Timer, Second, NULL); KeCancelTimer(&Timer));
    BenchReport("timer-set-and-cancel", Count);
}

VOID BenchDispatcher(VOID)
{
    KeSetPriorityThread(KeGetCurrentThread(), PRIORITY);
    BenchLevels();
    BenchEvents();
    BenchSwitch();
    BenchDeferred();
    BenchDelivery();
    BenchTimers();
}
