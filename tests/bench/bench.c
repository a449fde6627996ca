/*
 * What the basic operations cost, for `make bench`: DriverEntry measures and prints a line each, `bench NAME COUNT`.
 *
 * Under QEMU's -icount the time-stamp counter advances by one per instruction, so the figures are instruction counts and the
 * same on every machine. Each is the best of several rounds less the cost of reading the counter: a clock tick falls into
 * some round, not into all.
 */
#include <ntddk.h>
#include <kapc.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD BenchUnload;

#define ROUNDS 16
#define PAGES 64
#define SECTION_PAGES 16
#define TAG 'hcnB'

#pragma data_seg("PAGEBIG")
static volatile UCHAR BenchSection[SECTION_PAGES * PAGE_SIZE] = {1};
#pragma data_seg()

static ULONG64 BenchOverhead;

static ULONG64 Now(VOID)
{
    ULONG Low, High;
    __asm__ volatile("rdtsc" : "=a"(Low), "=d"(High) : : "memory");
    return Low | (ULONG64)High << 32;
}

static VOID Report(PCSTR Name, ULONG64 Count)
{
    DbgPrint("bench %s %I64u\n", Name, Count);
}

/* The least of ROUNDS runs of Statement, each between two readings of the counter. */
#define BEST(Result, Statement)                                 \
    do {                                                        \
        ULONG64 Best = ~0ull;                                   \
        for (ULONG Round = 0; Round < ROUNDS; Round++) {        \
            ULONG64 Start = Now(), Took;                        \
            Statement;                                          \
            Took = Now() - Start;                               \
            Best = min(Best, Took);                             \
        }                                                       \
        (Result) = Best - min(Best, BenchOverhead);             \
    } while (0)

static VOID BenchLevels(VOID)
{
    KSPIN_LOCK Lock;
    ULONG64 Count;
    KIRQL Irql;

    BEST(Count, KeRaiseIrql(DISPATCH_LEVEL, &Irql); KeLowerIrql(Irql));
    Report("raise-lower-irql", Count);
    KeInitializeSpinLock(&Lock);
    BEST(Count, KeAcquireSpinLock(&Lock, &Irql); KeReleaseSpinLock(&Lock, Irql));
    Report("spin-lock-pair", Count);
}

static ULONG64 Touch(volatile UCHAR *Pages, ULONG64 Count)
{
    ULONG64 Best = ~0ull;

    for (ULONG64 i = 0; i < Count; i++) {
        ULONG64 Start = Now();
        (void)Pages[i * PAGE_SIZE];
        Best = min(Best, Now() - Start);
    }
    return Best - BenchOverhead;
}

static VOID Idle(VOID)
{
    LARGE_INTEGER Pause = {.QuadPart = -10 * 1000 * 200};

    KeDelayExecutionThread(KernelMode, FALSE, &Pause);
}

/*
 * Count pages of paged pool: touched fresh (demand-zero, of zeroed frames and of others), sent out of the working set and
 * touched again (soft faults), sent out in clusters, and touched again one by one (hard faults). Suffix tells how many times
 * as many pages as usual there are, or how much else.
 */
static VOID BenchPages(ULONG64 Count, PCSTR Suffix)
{
    volatile UCHAR *Pages = ExAllocatePoolWithTag(PagedPool, Count * PAGE_SIZE, TAG);
    CHAR Name[64];
    ULONG64 Start;

    if (Pages == NULL) {
        DbgPrint("bench: there are no %I64u pages\n", Count);
        return;
    }
    MmTrimAllSystemPageableMemory(TRUE);
    Idle();
    /* What is not zeroed yet, the zero-page thread has done by now. */
    strcpy(Name, "demand-zero-zeroed");
    Report(strcat(Name, Suffix), Touch(Pages, Count));
    for (ULONG64 i = 0; i < Count; i++)
        Pages[i * PAGE_SIZE] = 1;
    MmTrimAllSystemPageableMemory(FALSE);
    strcpy(Name, "soft-fault");
    Report(strcat(Name, Suffix), Touch(Pages, Count));
    for (ULONG64 i = 0; i < Count; i++)
        Pages[i * PAGE_SIZE] = 2;
    Start = Now();
    MmTrimAllSystemPageableMemory(TRUE);
    strcpy(Name, "page-out");
    Report(strcat(Name, Suffix), (Now() - Start - BenchOverhead) / Count);
    strcpy(Name, "hard-page-in");
    Report(strcat(Name, Suffix), Touch(Pages, Count));
    ExFreePoolWithTag((PVOID)Pages, TAG);
}

/* With no zeroed frame left: large blocks have taken them, and what is freed is free, not zeroed. */
static VOID BenchUnzeroed(VOID)
{
    volatile UCHAR *Pages = ExAllocatePoolWithTag(PagedPool, PAGES * PAGE_SIZE, TAG);

    MmTrimAllSystemPageableMemory(TRUE);
    for (ULONG64 Most = 1 << 20; Most > PAGES / 4; Most /= 2) {
        PVOID Block = ExAllocatePoolWithTag(NonPagedPool, Most * PAGE_SIZE, TAG);
        if (Block != NULL)
            ExFreePoolWithTag(Block, TAG);
    }
    if (Pages != NULL) {
        Report("demand-zero-fault", Touch(Pages, PAGES));
        ExFreePoolWithTag((PVOID)Pages, TAG);
    }
}

static VOID BenchSections(VOID)
{
    PVOID Handle = MmLockPagableDataSection((PVOID)BenchSection);
    ULONG64 Count, Best = ~0ull;

    BEST(Count, MmLockPagableSectionByHandle(Handle); MmUnlockPagableImageSection(Handle));
    Report("lock-unlock-by-handle-counted", Count);
    MmUnlockPagableImageSection(Handle);
    BEST(Count, MmLockPagableSectionByHandle(Handle); MmUnlockPagableImageSection(Handle));
    Report("lock-unlock-by-handle", Count);
    BEST(Count, MmUnlockPagableImageSection(MmLockPagableDataSection((PVOID)BenchSection)));
    Report("lock-unlock-by-address", Count);
    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        ULONG64 Start;
        MmTrimAllSystemPageableMemory(TRUE);
        Start = Now();
        MmLockPagableSectionByHandle(Handle);
        Best = min(Best, Now() - Start);
        MmUnlockPagableImageSection(Handle);
    }
    Report("lock-16-pages-out", Best - BenchOverhead);
}

static KEVENT BenchPing, BenchPong;
static volatile BOOLEAN BenchStop;

static VOID BenchPartner(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeSetPriorityThread(KeGetCurrentThread(), 17);
    for (;;) {
        KeWaitForSingleObject(&BenchPing, Executive, KernelMode, FALSE, NULL);
        if (BenchStop)
            PsTerminateSystemThread(STATUS_SUCCESS);
        KeSetEvent(&BenchPong, 0, FALSE);
    }
}

static VOID BenchEvents(VOID)
{
    KPRIORITY Old = KeSetPriorityThread(KeGetCurrentThread(), 17);
    HANDLE Handle;
    PVOID Thread;
    ULONG64 Count;

    KeInitializeEvent(&BenchPing, SynchronizationEvent, FALSE);
    KeInitializeEvent(&BenchPong, SynchronizationEvent, FALSE);
    BenchStop = FALSE;
    BEST(Count, KeSetEvent(&BenchPing, 0, FALSE);
         KeWaitForSingleObject(&BenchPing, Executive, KernelMode, FALSE, NULL));
    Report("set-and-satisfied-wait", Count);
    if (NT_SUCCESS(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, BenchPartner, NULL))) {
        ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &Thread, NULL);
        ZwClose(Handle);
        BEST(Count, KeSetEvent(&BenchPing, 0, FALSE);
             KeWaitForSingleObject(&BenchPong, Executive, KernelMode, FALSE, NULL));
        Report("event-ping-pong", Count);
        BenchStop = TRUE;
        KeSetEvent(&BenchPing, 0, FALSE);
        KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Thread);
    }
    KeSetPriorityThread(KeGetCurrentThread(), Old);
}

static volatile ULONG64 BenchRanAt;

static VOID BenchDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    BenchRanAt = Now();
}

/* From KeInsertQueueDpc at a device level, as a service routine does it, to the deferred routine. */
static VOID BenchDeferred(VOID)
{
    ULONG64 Best = ~0ull;
    KDPC Dpc;
    KIRQL Irql;

    KeInitializeDpc(&Dpc, BenchDpc, NULL);
    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        ULONG64 Start;
        KeRaiseIrql(DISPATCH_LEVEL + 3, &Irql);
        Start = Now();
        KeInsertQueueDpc(&Dpc, NULL, NULL);
        KeLowerIrql(Irql);
        Best = min(Best, BenchRanAt - Start);
    }
    Report("isr-to-dpc", Best - BenchOverhead);
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
    Report("apc-delivery", Best - BenchOverhead);
}

static VOID BenchPool(VOID)
{
    ULONG64 Count;

    BEST(Count, ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPool, 64, TAG), TAG));
    Report("nonpaged-pool-pair", Count);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = BenchUnload;
    BEST(BenchOverhead, );
    BenchLevels();
    BenchPages(PAGES, "");
    BenchPages(10 * PAGES, "-10");
    BenchPages(100 * PAGES, "-100");
    BenchUnzeroed();
    BenchSections();
    BenchEvents();
    BenchDeferred();
    BenchDelivery();
    BenchPool();
    return STATUS_SUCCESS;
}

VOID BenchUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}
