/*
 * The workers, and what goes on around them meanwhile: a thread of real-time priority that changes their priorities,
 * has DPCs run on processors of its choice, makes threads that end at once, takes back translations, and calls all
 * processors together. The workers themselves go from processor to processor (LocksWander).
 */
#include "locks.h"

TEST_SUITE(locks, "1 2 4");

WORKER LocksWorkers[MOST_WORKERS];
ULONG LocksCount;

static WORKER_ROUTINE *Routine;
static volatile LONG NextWorker, LeftToEnd;
/* The threads that may be meddled with. FAST_MUTEX: a thread is there from its beginning to its end. */
static FAST_MUTEX ThreadsMutex;
static PKTHREAD Threads[MOST_WORKERS];

static VOID SetThread(ULONG Number, PKTHREAD Thread)
{
    ExAcquireFastMutex(&ThreadsMutex);
    Threads[Number] = Thread;
    ExReleaseFastMutex(&ThreadsMutex);
}

VOID LocksWander(PWORKER Worker)
{
    KeRevertToUserAffinityThread();
    if (Random(Worker, 2) == 0) {
        KeSetSystemAffinityThread((KAFFINITY)1 << Random(Worker, KeQueryActiveProcessorCount(NULL)));
    }
}

static VOID StopShortly(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument2);
    Dawdle((ULONG)(ULONG_PTR)Argument1);
}

static VOID EndAtOnce(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
}

static ULONG_PTR DoNothing(ULONG_PTR Context)
{
    return Context;
}

static VOID Meddle(PWORKER Me, PRKDPC Dpc)
{
    ULONG Processors = KeQueryActiveProcessorCount(NULL), Number = Random(Me, LocksCount);
    HANDLE Handle;
    PVOID Page;

    switch (Random(Me, 8)) {
    case 0:
        if (NT_SUCCESS(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, EndAtOnce, NULL))) {
            ZwClose(Handle);
        }
        break;
    case 1:
        Page = MmMapIoSpace((PHYSICAL_ADDRESS){.QuadPart = 0x10000}, PAGE_SIZE, MmNonCached);
        if (Page != NULL) {
            MmUnmapIoSpace(Page, PAGE_SIZE);
        }
        break;
    case 2:
        KeIpiGenericCall(DoNothing, 0);
        break;
    case 3:
    case 4:
        KeSetTargetProcessorDpc(Dpc, (CCHAR)Random(Me, Processors));
        KeSetImportanceDpc(Dpc, (KDPC_IMPORTANCE)Random(Me, 3));
        KeInsertQueueDpc(Dpc, (PVOID)(ULONG_PTR)Random(Me, 200), NULL);
        break;
    default:
        KeEnterCriticalRegion();
        ExAcquireFastMutexUnsafe(&ThreadsMutex);    /* at PASSIVE_LEVEL, which KeSetPriorityThread wants */
        if (Threads[Number] != NULL) {
            KeSetPriorityThread(Threads[Number], 1 + (KPRIORITY)Random(Me, 20));
        }
        ExReleaseFastMutexUnsafe(&ThreadsMutex);
        KeLeaveCriticalRegion();
        break;
    }
}

static VOID Turmoil(PVOID Context)
{
    WORKER Me = {.Seed = (ULONG)(ULONG_PTR)Context};
    KDPC Dpc;

    KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY + 6);
    KeInitializeDpc(&Dpc, StopShortly, NULL);
    while (LeftToEnd != 0) {
        LARGE_INTEGER Pause = {.QuadPart = -TICK * (LONG)Random(&Me, 3) - 1};
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
        Meddle(&Me, &Dpc);
    }
    KeRemoveQueueDpc(&Dpc);
    KeFlushQueuedDpcs();
}

/* LocksCount workers and, last, the turmoil. */
static VOID Begin(PVOID Context)
{
    ULONG Number = (ULONG)InterlockedIncrement(&NextWorker) - 1;

    if (Number == LocksCount) {
        Turmoil(Context);
        return;
    }
    SetThread(Number, KeGetCurrentThread());
    Routine(&LocksWorkers[Number]);
    SetThread(Number, NULL);
    InterlockedDecrement(&LeftToEnd);
}

ULONG64 LocksRun(WORKER_ROUTINE *WorkerRoutine)
{
    ULONG Seed = TestSeed();
    ULONG64 Done = 0;

    ExInitializeFastMutex(&ThreadsMutex);
    LocksCount = min(max(2 * KeQueryActiveProcessorCount(NULL), 4), MOST_WORKERS - 1);
    for (ULONG Number = 0; Number < LocksCount; Number++) {
        LocksWorkers[Number] = (WORKER){.Number = Number, .Seed = Seed + Number * 7919};
    }
    Routine = WorkerRoutine;
    NextWorker = 0;
    LeftToEnd = (LONG)LocksCount;
    TestOnThreads(LocksCount + 1, Begin, (PVOID)(ULONG_PTR)(Seed + 1));
    for (ULONG Number = 0; Number < LocksCount; Number++) {
        Done += LocksWorkers[Number].Done;
    }
    return Done;
}
