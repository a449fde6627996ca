/* Memory: faults, page-out, section locks, pool. */
#include "bench.h"

#define PAGES 64
#define SECTION_PAGES 16

#pragma data_seg("PAGEBIG")
static volatile UCHAR BenchSection[SECTION_PAGES * PAGE_SIZE] = {1};
#pragma data_seg()

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
 * Count pages of paged pool: touched fresh (demand-zero, of zeroed frames and of others), sent out of the working set
 * and touched again (soft faults), sent out in clusters, and touched again one by one (hard faults). Suffix tells how
 * many times as many pages as usual there are, or how much else.
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
    BenchReport(strcat(Name, Suffix), Touch(Pages, Count));
    for (ULONG64 i = 0; i < Count; i++)
        Pages[i * PAGE_SIZE] = 1;
    MmTrimAllSystemPageableMemory(FALSE);
    strcpy(Name, "soft-fault");
    BenchReport(strcat(Name, Suffix), Touch(Pages, Count));
    for (ULONG64 i = 0; i < Count; i++)
        Pages[i * PAGE_SIZE] = 2;
    Start = Now();
    MmTrimAllSystemPageableMemory(TRUE);
    strcpy(Name, "page-out");
    BenchReport(strcat(Name, Suffix), (Now() - Start - BenchOverhead) / Count);
    strcpy(Name, "hard-page-in");
    BenchReport(strcat(Name, Suffix), Touch(Pages, Count));
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
        BenchReport("demand-zero-fault", Touch(Pages, PAGES));
        ExFreePoolWithTag((PVOID)Pages, TAG);
    }
}

/* Locking the section when all of it is out. */
static ULONG64 LockOut(PVOID Handle, BOOLEAN ByAddress)
{
    ULONG64 Best = ~0ull, Start;

    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        MmTrimAllSystemPageableMemory(TRUE);
        Start = Now();
        if (ByAddress)
            MmLockPagableDataSection((PVOID)BenchSection);
        else
            MmLockPagableSectionByHandle(Handle);
        Best = min(Best, Now() - Start);
        MmUnlockPagableImageSection(Handle);
    }
    return Best - BenchOverhead;
}

static VOID BenchSections(VOID)
{
    PVOID Handle = MmLockPagableDataSection((PVOID)BenchSection);
    PUCHAR Copy;
    ULONG64 Count;

    BEST(Count, MmLockPagableSectionByHandle(Handle); MmUnlockPagableImageSection(Handle));
    BenchReport("lock-unlock-by-handle-counted", Count);
    MmUnlockPagableImageSection(Handle);
    BEST(Count, MmLockPagableSectionByHandle(Handle); MmUnlockPagableImageSection(Handle));
    BenchReport("lock-unlock-by-handle", Count);
    BEST(Count, MmUnlockPagableImageSection(MmLockPagableDataSection((PVOID)BenchSection)));
    BenchReport("lock-unlock-by-address", Count);
    BenchReport("lock-16-pages-out", LockOut(Handle, FALSE));
    BenchReport("lock-16-pages-out-by-address", LockOut(Handle, TRUE));
    /* The part of it that no design saves: the bytes from the ramdisk. */
    Copy = ExAllocatePoolWithTag(NonPagedPool, sizeof(BenchSection), TAG);
    if (Copy != NULL) {
        BEST(Count, RtlCopyMemory(Copy, (PVOID)BenchSection, sizeof(BenchSection)));
        BenchReport("copy-16-pages", Count);
        ExFreePoolWithTag(Copy, TAG);
    }
}

static VOID BenchPool(VOID)
{
    ULONG64 Count;

    BEST(Count, ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPool, 64, TAG), TAG));
    BenchReport("nonpaged-pool-pair", Count);
}

VOID BenchMemory(VOID)
{
    BenchPages(PAGES, "");
    BenchPages(10 * PAGES, "-10");
    BenchPages(100 * PAGES, "-100");
    BenchUnzeroed();
    BenchSections();
    BenchPool();
}
