/*
 * Who gets which frame: zeroed ones for pages that begin as zeroes, and of those on standby the ones that matter least.
 */
#include "memory.h"

TEST_SUITE(memory, "1 2 4");

#define SECTION_PAGES 16
#define PLAIN_PAGES 64

#pragma data_seg("PAGERANK")
static volatile ULONG64 RankTable[SECTION_PAGES * PAGE_WORDS] = {1};
#pragma data_seg()

/* Waits until the zero-page thread has left no frame that is worth its while. */
static BOOLEAN WaitForZeroedFrames(VOID)
{
    LARGE_INTEGER Pause = {.QuadPart = -10 * 1000 * 10};

    for (ULONG Look = 0; Look < 1000; Look++) {
        if (Statistics().FreeFrames < 32) {
            return TRUE;
        }
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
    }
    return FALSE;
}

/*
 * Nearly all of the memory that is available, so that the second round has to get frames that the first has written to.
 */
TEST_CASE(FreeFramesAreZeroed, "an idle processor zeroes free frames, and goes idle again when that is done") {
    for (ULONG Round = 0; Round < 2; Round++) {
        MM_STATISTICS Before = Statistics();
        ULONG64 Pages = (Before.ZeroedFrames + Before.FreeFrames) / 8 * 7, Wrong = 0;
        volatile ULONG64 *Block = ExAllocatePoolWithTag(PagedPool, Pages * PAGE_SIZE, MEMORY_TAG);
        REQUIRE(Block != NULL);
        for (ULONG64 Page = 0; Page < Pages; Page++) {
            volatile ULONG64 *First = Block + Page * PAGE_WORDS, *Last = First + PAGE_WORDS - 1;
            Wrong += *First != 0 || *Last != 0;
            *First = *Last = 0xEEEEEEEEEEEEEEEEull;
        }
        EXPECT_EQUAL(Wrong, 0);
        ExFreePoolWithTag((PVOID)Block, MEMORY_TAG);
        EXPECT(WaitForZeroedFrames());
        EXPECT(Statistics().ZeroedFrames > Pages / 2);
    }
}

TEST_CASE(StandbyByRank, "pages that were there for a lock leave standby after pages that a touch brought in") {
    PMM_SECTION Section = MmFindSection((PVOID)RankTable);
    volatile ULONG64 *Plain = ExAllocatePoolWithTag(PagedPool, PLAIN_PAGES * PAGE_SIZE, MEMORY_TAG), *Press;
    ULONG64 Pages, HardBefore, In;
    MM_STATISTICS Now;
    PVOID Handle;

    REQUIRE(Section != NULL && Plain != NULL);
    for (ULONG Page = 0; Page < PLAIN_PAGES; Page++) {
        Plain[Page * PAGE_WORDS] = Page;
    }
    Handle = MmLockPagableDataSection((PVOID)RankTable);
    MmUnlockPagableImageSection(Handle);
    MmTrimAllSystemPageableMemory(TRUE);
    /* The section first, so that it would be the first to go if all pages on standby were alike. */
    MmLockPagableSectionByHandle(Handle);
    MmUnlockPagableImageSection(Handle);
    MmTrimAllSystemPageableMemory(FALSE);
    for (ULONG Page = 0; Page < PLAIN_PAGES; Page++) {
        EXPECT_EQUAL(Plain[Page * PAGE_WORDS], Page);
    }
    MmTrimAllSystemPageableMemory(FALSE);
    Now = Statistics();
    EXPECT(Now.StandbyFrames >= SECTION_PAGES + PLAIN_PAGES);
    In = Section->PageIns;
    /* As many frames as are left, and some of those on standby. */
    Pages = Now.ZeroedFrames + Now.FreeFrames + PLAIN_PAGES / 2;
    Press = ExAllocatePoolWithTag(PagedPool, Pages * PAGE_SIZE, MEMORY_TAG);
    if (EXPECT(Press != NULL)) {
        for (ULONG64 Page = 0; Page < Pages; Page++) {
            Press[Page * PAGE_WORDS] = Page;
        }
        for (ULONG Page = 0; Page < SECTION_PAGES; Page++) {
            EXPECT_EQUAL(RankTable[Page * PAGE_WORDS], Page == 0);
        }
        EXPECT_EQUAL(Section->PageIns, In);
        HardBefore = Statistics().HardFaults;
        for (ULONG Page = 0; Page < PLAIN_PAGES; Page++) {
            EXPECT_EQUAL(Plain[Page * PAGE_WORDS], Page);
        }
        EXPECT(Statistics().HardFaults > HardBefore);
        ExFreePoolWithTag((PVOID)Press, MEMORY_TAG);
    }
    ExFreePoolWithTag((PVOID)Plain, MEMORY_TAG);
}

static PHYSICAL_ADDRESS Physical(ULONG64 Address)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)Address};
}

TEST_CASE(CacheTypes, "MmMapIoSpace shows the same bytes with every documented cache type, and refuses what is none") {
    static const MEMORY_CACHING_TYPE Types[] = {MmCached, MmNonCached, MmWriteCombined, MmHardwareCoherentCached};
    volatile ULONG64 *Block = ExAllocatePoolWithTag(NonPagedPool, PAGE_SIZE, MEMORY_TAG);

    REQUIRE(Block != NULL);
    for (ULONG i = 0; i < ARRAYSIZE(Types); i++) {
        PHYSICAL_ADDRESS Place = MmGetPhysicalAddress((PVOID)Block);
        volatile ULONG64 *Shown;
        Place.QuadPart += 8;
        Shown = MmMapIoSpace(Place, 16, Types[i]);
        REQUIRE(Shown != NULL);
        Shown[1] = 0x1234 + i;
        EXPECT_EQUAL(Block[2], 0x1234 + i);
        EXPECT_EQUAL(MmGetPhysicalAddress((PVOID)Shown).QuadPart, Place.QuadPart);
        MmUnmapIoSpace((PVOID)Shown, 16);
    }
    EXPECT(MmMapIoSpace(MmGetPhysicalAddress((PVOID)Block), 16, (MEMORY_CACHING_TYPE)17) == NULL);
    EXPECT(MmMapIoSpace(Physical(1ull << 52), 16, MmNonCached) == NULL);
    EXPECT(MmMapIoSpace(Physical((1ull << 52) - 8), 16, MmNonCached) == NULL);
    EXPECT(MmMapIoSpace(Physical(0x1000), 0, MmNonCached) == NULL);
    ExFreePoolWithTag((PVOID)Block, MEMORY_TAG);
}
