/*
 * Pageable memory: what leaves comes back the same, in as few transfers as promised, whoever asks for it and however
 * many ask at once.
 */
#include "testcase.h"

#include "mm/mm.h"

TEST_SUITE(pager, "1 2 4");

#define TAG 'tseT'
#define PAGE_WORDS (PAGE_SIZE / sizeof(ULONG))
#define SECTION_PAGES 16

/* A section of sixteen pages, to count requests by. */
#pragma data_seg("PAGELONG")
static volatile ULONG LongTable[SECTION_PAGES * PAGE_WORDS] = {1};
#pragma data_seg()

#pragma bss_seg("PAGEBSS")
static volatile ULONG EmptyTable[4 * PAGE_WORDS];
#pragma bss_seg()

static MM_STATISTICS Statistics(VOID)
{
    MM_STATISTICS Now;

    MmQueryStatistics(&Now);
    return Now;
}

TEST_CASE(PagedPoolKeepsItsContent, "L19 paged pool goes out and comes back as it was") {
    ULONG Pages = 64;
    volatile ULONG *Block = ExAllocatePoolWithTag(PagedPool, Pages * PAGE_SIZE, TAG);

    REQUIRE(Block != NULL);
    for (ULONG Page = 0; Page < Pages; Page++) {
        Block[Page * PAGE_WORDS + Page] = ~Page;
    }
    MmTrimAllSystemPageableMemory(TRUE);
    for (ULONG Page = 0; Page < Pages; Page++) {
        EXPECT_EQUAL(Block[Page * PAGE_WORDS + Page], ~Page);
    }
    ExFreePoolWithTag((PVOID)Block, TAG);
}

TEST_CASE(NonpagedPoolStays, "L19 nonpaged pool is resident at every level") {
    volatile ULONG *Block = ExAllocatePoolWithTag(NonPagedPool, 3 * PAGE_SIZE, TAG);
    KIRQL OldIrql;

    REQUIRE(Block != NULL);
    Block[2 * PAGE_WORDS] = 0x5A5A;
    MmTrimAllSystemPageableMemory(TRUE);
    KeRaiseIrql(HIGH_LEVEL, &OldIrql);
    EXPECT_EQUAL(Block[2 * PAGE_WORDS], 0x5A5A);
    KeLowerIrql(OldIrql);
    ExFreePoolWithTag((PVOID)Block, TAG);
}

TEST_CASE(SectionComesInAtOnce, "L20 locking a section of sixteen pages that is out is one request, not sixteen") {
    PMM_SECTION Section = MmFindSection((PVOID)LongTable);
    ULONG64 Reads, PagesIn;
    PVOID Handle;

    REQUIRE(Section != NULL);
    EXPECT(Section->PageCount >= SECTION_PAGES);
    /* Once before, so that what the lock itself needs has been in. */
    MmUnlockPagableImageSection(MmLockPagableDataSection((PVOID)LongTable));
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Section->ResidentPages, 0);
    Reads = Statistics().PageReads;
    PagesIn = Section->PageIns;
    Handle = MmLockPagableDataSection((PVOID)LongTable);
    REQUIRE(Handle != NULL);
    EXPECT_EQUAL(Section->PageIns - PagesIn, Section->PageCount);
    /* The kernel's own pageable code was trimmed too, and may have come in by requests of its own. */
    EXPECT(Statistics().PageReads - Reads <= 4);
    MmUnlockPagableImageSection(Handle);
    EXPECT_EQUAL(LongTable[0], 1);
}

TEST_CASE(CleanPageIsNotWrittenAgain, "a page that was only read still owns its slot and is dropped without a write") {
    PMM_SECTION Section = MmFindSection((PVOID)LongTable);
    ULONG64 PageOuts;

    REQUIRE(Section != NULL);
    LongTable[5] = LongTable[5] + 1;
    MmTrimAllSystemPageableMemory(TRUE);
    PageOuts = Section->PageOuts;
    EXPECT(LongTable[5] != 0);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Section->ResidentPages, 0);
    EXPECT_EQUAL(Section->PageOuts, PageOuts);
    LongTable[5] = LongTable[5] - 1;
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Section->PageOuts, PageOuts + 1);
}

TEST_CASE(BssIsDemandZero, "L9 uninitialised pageable data reads as zeroes and keeps what is written") {
    EXPECT_EQUAL(EmptyTable[3 * PAGE_WORDS], 0);
    EmptyTable[3 * PAGE_WORDS] = 77;
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(EmptyTable[3 * PAGE_WORDS], 77);
    EmptyTable[3 * PAGE_WORDS] = 0;
}

static KEVENT Start;
static volatile LONG WrongWords;

static VOID ReadAll(PVOID Context)
{
    volatile ULONG *Block = Context;

    KeWaitForSingleObject(&Start, Executive, KernelMode, FALSE, NULL);
    for (ULONG Page = 0; Page < SECTION_PAGES; Page++) {
        if (Block[Page * PAGE_WORDS] != Page * 3) {
            InterlockedIncrement(&WrongWords);
        }
    }
}

static VOID ReadOrStart(PVOID Context)
{
    /* The last of the threads lets all of them go. */
    static volatile LONG Here;

    if (InterlockedIncrement(&Here) % 6 == 0) {
        KeSetEvent(&Start, 0, FALSE);
    }
    ReadAll(Context);
}

TEST_CASE(ManyThreadsOnePage, "threads that fault on the same pages at once wait for one transfer and see the same") {
    volatile ULONG *Block = ExAllocatePoolWithTag(PagedPool, SECTION_PAGES * PAGE_SIZE, TAG);
    ULONG64 PagesIn;

    REQUIRE(Block != NULL);
    KeInitializeEvent(&Start, NotificationEvent, FALSE);
    WrongWords = 0;
    for (ULONG Page = 0; Page < SECTION_PAGES; Page++) {
        Block[Page * PAGE_WORDS] = Page * 3;
    }
    MmTrimAllSystemPageableMemory(TRUE);
    PagesIn = Statistics().PagesIn;
    TestOnThreads(6, ReadOrStart, (PVOID)Block);
    EXPECT_EQUAL(WrongWords, 0);
    /* Each page once, and some of the kernel's own. If every thread read them it would be six times as many. */
    EXPECT(Statistics().PagesIn - PagesIn < 4 * SECTION_PAGES);
    ExFreePoolWithTag((PVOID)Block, TAG);
}

static VOID TrimOften(PVOID Context)
{
    volatile ULONG *Block = Context;
    static volatile LONG Turn;
    BOOLEAN Trims = InterlockedIncrement(&Turn) % 4 == 0;

    for (ULONG Round = 0; Round < 20; Round++) {
        if (Trims) {
            MmTrimAllSystemPageableMemory(TRUE);
            continue;
        }
        for (ULONG Page = 0; Page < SECTION_PAGES; Page++) {
            InterlockedIncrement((volatile LONG *)&Block[Page * PAGE_WORDS + 1]);
        }
    }
}

TEST_CASE(WritesSurviveTrimming, "no write is lost while another processor sends the same pages out") {
    volatile ULONG *Block = ExAllocatePoolWithTag(PagedPool, SECTION_PAGES * PAGE_SIZE, TAG);

    REQUIRE(Block != NULL);
    for (ULONG Page = 0; Page < SECTION_PAGES; Page++) {
        Block[Page * PAGE_WORDS + 1] = 0;
    }
    TestOnThreads(4, TrimOften, (PVOID)Block);
    for (ULONG Page = 0; Page < SECTION_PAGES; Page++) {
        EXPECT_EQUAL(Block[Page * PAGE_WORDS + 1], 60);
    }
    ExFreePoolWithTag((PVOID)Block, TAG);
}

static VOID LockOften(PVOID Context)
{
    PVOID Handle = Context;

    for (ULONG Round = 0; Round < 200; Round++) {
        MmLockPagableSectionByHandle(Handle);
        if (LongTable[SECTION_PAGES * PAGE_WORDS - 1] != 0) {
            InterlockedIncrement(&WrongWords);
        }
        MmUnlockPagableImageSection(Handle);
        if (Round % 50 == 0) {
            MmTrimAllSystemPageableMemory(TRUE);
        }
    }
}

TEST_CASE(LocksFromManyThreads, "L23 counts are right when several processors lock, unlock and trim at once") {
    PMM_SECTION Section = MmFindSection((PVOID)LongTable);
    PVOID Handle = MmLockPagableDataSection((PVOID)LongTable);

    REQUIRE(Section != NULL && Handle != NULL);
    WrongWords = 0;
    MmUnlockPagableImageSection(Handle);
    TestOnThreads(4, LockOften, Handle);
    EXPECT_EQUAL(WrongWords, 0);
    EXPECT_EQUAL(Section->LockCount, 0);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Section->ResidentPages, 0);
}

TEST_CASE(ReadAheadInSections, "a fault in a section brings its neighbours along, which count as come in when they are used") {
    volatile MM_SECTION *Section = MmFindSection((PVOID)LongTable);
    ULONG64 Reads, PageIns;
    ULONG Sum = 0;

    REQUIRE(Section != NULL);
    MmTrimAllSystemPageableMemory(TRUE);
    REQUIRE(Section->ResidentPages == 0);
    Reads = Statistics().PageReads;
    PageIns = Section->PageIns;
    Sum += LongTable[0];
    EXPECT_EQUAL(Section->ResidentPages, 1);
    EXPECT_EQUAL(Section->PageIns, PageIns + 1);
    for (ULONG Page = 1; Page < SECTION_PAGES; Page++) {
        Sum += LongTable[Page * PAGE_WORDS];
    }
    EXPECT(Sum != 0);
    EXPECT_EQUAL(Section->ResidentPages, SECTION_PAGES);
    EXPECT_EQUAL(Section->PageIns, PageIns + SECTION_PAGES);
    /* Sixteen without; some of the kernel's own code may have come in meanwhile. */
    EXPECT(Statistics().PageReads - Reads <= 12);
}

TEST_CASE(PagingFilesGrow, "a paging file grows before a promise is refused, and gives back what it has grown by") {
    MM_PAGING_FILE_STATISTICS File;
    MM_STATISTICS Before = Statistics();
    SIZE_T Bytes = (SIZE_T)(Before.CommitLimit - Before.CommittedPages + 300) * PAGE_SIZE;
    PVOID Block;

    REQUIRE(MmQueryPagingFiles(&File, 1) == 1);
    EXPECT_EQUAL(File.Bad, 0);
    if (File.Slots == File.Maximum) {
        return;                         /* the ramdisk's does not */
    }
    EXPECT_EQUAL(File.Slots, File.Minimum);
    Block = ExAllocatePoolWithTag(PagedPool, Bytes, TAG);
    EXPECT(Block != NULL);
    MmQueryPagingFiles(&File, 1);
    EXPECT(File.Slots >= File.Minimum + 300);
    EXPECT(Statistics().CommitLimit > Before.CommitLimit);
    /* Promised, so it cannot shrink yet by much. */
    MmShrinkPagingFiles();
    EXPECT(Statistics().CommitLimit >= Statistics().CommittedPages);
    MmQueryPagingFiles(&File, 1);
    EXPECT(File.Slots >= File.Minimum + 290);
    if (Block != NULL) {
        ExFreePoolWithTag(Block, TAG);
    }
    MmShrinkPagingFiles();
    MmQueryPagingFiles(&File, 1);
    EXPECT_EQUAL(File.Slots, File.Minimum);
    EXPECT(ExAllocatePoolWithTag(PagedPool, (SIZE_T)File.Maximum * 4 * PAGE_SIZE, TAG) == NULL);
    MmQueryPagingFiles(&File, 1);
    EXPECT_EQUAL(File.Slots, File.Minimum);
}
