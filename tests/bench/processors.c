/*
 * What one processor wants of another, in counts of the time-stamp counter: only the ratios mean something, each to the
 * round trip of a bare interrupt, taken in turn with it. The median of many, because the host gives the emulator's
 * processors their turn when it likes.
 */
#include "bench.h"

#define SAMPLES 401
#define MANY_PAGES 64

static ULONG64 BenchSamples[SAMPLES];
static volatile LONG BenchAnswered;
static KEVENT BenchGo;
static volatile BOOLEAN BenchOver;

static ULONG64 BenchMedian(VOID)
{
    for (ULONG i = 1; i < SAMPLES; i++) {
        ULONG64 Value = BenchSamples[i];
        ULONG At = i;
        for (; At > 0 && BenchSamples[At - 1] > Value; At--)
            BenchSamples[At] = BenchSamples[At - 1];
        BenchSamples[At] = Value;
    }
    return BenchSamples[SAMPLES / 2];
}

/* The median time of Statement, with a pause before each, so that the others are idle again. */
#define MEDIAN(Result, Statement)                               \
    do {                                                        \
        for (ULONG Sample = 0; Sample < SAMPLES; Sample++) {    \
            ULONG64 Start;                                      \
            KeStallExecutionProcessor(200);                     \
            BenchAnswered = 0;                                  \
            Start = Now();                                      \
            Statement;                                          \
            BenchSamples[Sample] = Now() - Start;               \
        }                                                       \
        (Result) = BenchMedian();                               \
    } while (0)

/*
 * Without a pause: the emulator makes that a turn through its one big lock, which the processor that answers wants,
 * too.
 */
static VOID BenchAwaitAnswer(VOID)
{
    while (!BenchAnswered)
        ;
}

static BOOLEAN BenchAnswer(PKINTERRUPT Interrupt, PVOID Context)
{
    UNREFERENCED_PARAMETER(Interrupt);
    UNREFERENCED_PARAMETER(Context);
    /* A latched chain is walked until nobody claims: claim one interrupt once. */
    return InterlockedExchange(&BenchAnswered, 1) == 0;
}

/* A thread that stays on the last processor, tells its APIC identifier, and answers when it is woken. */
static VOID BenchOther(PVOID Context)
{
    KeSetSystemAffinityThread((KAFFINITY)1 << (KeQueryActiveProcessorCount(NULL) - 1));
    KeSetPriorityThread(KeGetCurrentThread(), 17);
    *(PULONG)Context = BenchApicId();
    BenchAnswered = 1;
    while (!BenchOver) {
        KeWaitForSingleObject(&BenchGo, Executive, KernelMode, FALSE, NULL);
        BenchAnswered = 1;
    }
}

/* Unmapping a range of device memory takes its translations back on all processors. The APIC's page will do for it. */
static ULONG64 BenchShootDown(ULONG Pages)
{
    PHYSICAL_ADDRESS Base = {.QuadPart = 0xFEE00000};

    for (ULONG Sample = 0; Sample < SAMPLES; Sample++) {
        PVOID Mapping = MmMapIoSpace(Base, Pages * PAGE_SIZE, MmNonCached);
        ULONG64 Start;
        if (Mapping == NULL)
            return 0;
        KeStallExecutionProcessor(200);
        Start = Now();
        MmUnmapIoSpace(Mapping, Pages * PAGE_SIZE);
        BenchSamples[Sample] = Now() - Start;
    }
    return BenchMedian();
}

VOID BenchProcessors(VOID)
{
    ULONG64 Count;
    ULONG ApicId;
    PVOID Thread;

    KeSetSystemAffinityThread(1);
    KeSetPriorityThread(KeGetCurrentThread(), 17);
    KeInitializeEvent(&BenchGo, SynchronizationEvent, FALSE);
    if (!BenchOpenLine(BenchAnswer))
        return;
    BenchOver = FALSE;
    BenchAnswered = 0;
    Thread = BenchStart(BenchOther, &ApicId);
    if (Thread != NULL) {
        BenchAwaitAnswer();
        MEDIAN(Count, BenchRaise(ApicId); BenchAwaitAnswer());
        BenchReport("ipi-round-trip", Count);
        MEDIAN(Count, KeSetEvent(&BenchGo, 0, FALSE); BenchAwaitAnswer());
        BenchReport("reschedule", Count);
        BenchReport("shoot-down-1", BenchShootDown(1));
        BenchReport("shoot-down-64", BenchShootDown(MANY_PAGES));
        BenchOver = TRUE;
        KeSetEvent(&BenchGo, 0, FALSE);
        BenchJoin(Thread);
    }
    BenchCloseLine();
}
