/*
 * Pages that belong to MDLs, and where they can be shown ("MmAllocatePagesForMdlEx", "MmAllocateMappingAddress").
 */
#include "memory.h"

static PHYSICAL_ADDRESS Physical(ULONG64 Address)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)Address};
}

/* All zeroes, and each byte where the MDL says. */
static VOID CheckPages(PMDL Mdl, MEMORY_CACHING_TYPE CacheType)
{
    ULONG Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(0, MmGetMdlByteCount(Mdl));
    volatile ULONG64 *Shown = MmMapLockedPagesSpecifyCache(Mdl, KernelMode, CacheType, NULL, FALSE, NormalPagePriority);

    REQUIRE(Shown != NULL);
    for (ULONG Page = 0; Page < Pages; Page++) {
        volatile ULONG64 *At = Shown + Page * PAGE_WORDS;
        EXPECT_EQUAL(At[0] | At[PAGE_WORDS - 1], 0);
        At[0] = Page;
        EXPECT_EQUAL(MmGetPhysicalAddress((PVOID)At).QuadPart >> PAGE_SHIFT, MmGetMdlPfnArray(Mdl)[Page]);
        EXPECT_EQUAL(At[0], Page);
    }
    MmUnmapLockedPages((PVOID)Shown, Mdl);
}

TEST_CASE(PagesForMdl, "MmAllocatePagesForMdlEx: zeroed pages at no address, within bounds, all of them or fewer as asked") {
    static const MEMORY_CACHING_TYPE Types[] = {MmCached, MmNonCached, MmWriteCombined};
    PMDL Mdl;

    for (ULONG i = 0; i < ARRAYSIZE(Types); i++) {
        Mdl = MmAllocatePagesForMdlEx(Physical(0), Physical(MAXULONG), Physical(0), 20 * PAGE_SIZE - 5, Types[i], 0);
        REQUIRE(Mdl != NULL);
        EXPECT_EQUAL(MmGetMdlByteCount(Mdl), 20 * PAGE_SIZE - 5);
        CheckPages(Mdl, Types[i]);
        MmFreePagesFromMdl(Mdl);
        ExFreePool(Mdl);
    }
    Mdl = MmAllocatePagesForMdl(Physical(0x400000), Physical(0x7FFFFF), Physical(0x400000), 8 * PAGE_SIZE);
    REQUIRE(Mdl != NULL);
    for (ULONG Page = 0; Page < MmGetMdlByteCount(Mdl) / PAGE_SIZE; Page++) {
        EXPECT(MmGetMdlPfnArray(Mdl)[Page] >= 0x400000 >> PAGE_SHIFT);
    }
    CheckPages(Mdl, MmCached);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
    /* Runs of four. */
    Mdl = MmAllocatePagesForMdlEx(Physical(0), Physical(MAXULONG), Physical(4 * PAGE_SIZE), 12 * PAGE_SIZE, MmCached,
                                  MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS | MM_ALLOCATE_FULLY_REQUIRED);
    REQUIRE(Mdl != NULL);
    for (ULONG Page = 0; Page < 12; Page++) {
        EXPECT_EQUAL(MmGetMdlPfnArray(Mdl)[Page], MmGetMdlPfnArray(Mdl)[Page & ~3u] + Page % 4);
    }
    CheckPages(Mdl, MmCached);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
}

TEST_CASE(NoPagesForMdl, "too many pages are fewer, or none when all are required; bounds that hold nothing give none") {
    ULONG64 Available = (ULONG64)Statistics().ResidentAvailable;
    PMDL Mdl;

    EXPECT(MmAllocatePagesForMdl(Physical(0), Physical(MAXULONG), Physical(0), 0) == NULL);
    EXPECT(MmAllocatePagesForMdl(Physical(1ull << 44), Physical(1ull << 45), Physical(0), PAGE_SIZE) == NULL);
    EXPECT(MmAllocatePagesForMdl(Physical(0x8000), Physical(0x7FFF), Physical(0), PAGE_SIZE) == NULL);
    EXPECT(MmAllocatePagesForMdlEx(Physical(0), Physical(MAXULONG), Physical(0), 1ull << 40, MmCached,
                                   MM_ALLOCATE_FULLY_REQUIRED) == NULL);
    EXPECT(MmAllocatePagesForMdlEx(Physical(0), Physical(MAXULONG), Physical(0), PAGE_SIZE,
                                   (MEMORY_CACHING_TYPE)9, 0) == NULL);
    Mdl = MmAllocatePagesForMdl(Physical(0), Physical(MAXULONG), Physical(0), 1ull << 40);
    if (EXPECT(Mdl != NULL)) {
        EXPECT(MmGetMdlByteCount(Mdl) >= PAGE_SIZE && MmGetMdlByteCount(Mdl) % PAGE_SIZE == 0);
        MmFreePagesFromMdl(Mdl);
        ExFreePool(Mdl);
    }
    EXPECT_EQUAL(Statistics().ResidentAvailable, Available);
}

TEST_CASE(ReservedMapping, "a reserved range takes one MDL after the other, none that is too long, and none while one is there") {
    UCHAR *Block = ExAllocatePoolWithTag(NonPagedPool, 4 * PAGE_SIZE, MEMORY_TAG);
    UCHAR *Range = MmAllocateMappingAddress(3 * PAGE_SIZE, MEMORY_TAG), *Shown;
    PMDL Three, Four;

    REQUIRE(Block != NULL && Range != NULL);
    Three = IoAllocateMdl(Block + 100, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    Four = IoAllocateMdl(Block, 4 * PAGE_SIZE, FALSE, TRUE, NULL);
    REQUIRE(Three != NULL && Four != NULL);
    MmProbeAndLockPages(Three, KernelMode, IoWriteAccess);
    MmProbeAndLockPages(Four, KernelMode, IoWriteAccess);
    EXPECT(MmMapLockedPagesWithReservedMapping(Range, MEMORY_TAG, Four, MmCached) == NULL);
    for (ULONG Round = 0; Round < 3; Round++) {
        Shown = MmMapLockedPagesWithReservedMapping(Range, MEMORY_TAG, Three, Round == 1 ? MmNonCached : MmCached);
        EXPECT(Shown == Range + 100);
        REQUIRE(Shown != NULL);
        EXPECT(MmGetSystemAddressForMdlSafe(Three, NormalPagePriority) == Shown);
        Shown[2 * PAGE_SIZE - 1] = (UCHAR)(0x40 + Round);
        EXPECT_EQUAL(Block[100 + 2 * PAGE_SIZE - 1], 0x40 + Round);
        EXPECT(MmMapLockedPagesWithReservedMapping(Range, MEMORY_TAG, Three, MmCached) == NULL);
        MmUnmapReservedMapping(Range, MEMORY_TAG, Three);
        EXPECT(!MmIsAddressValid(Range));
    }
    MmUnlockPages(Three);
    MmUnlockPages(Four);
    IoFreeMdl(Three);
    IoFreeMdl(Four);
    MmFreeMappingAddress(Range, MEMORY_TAG);
    EXPECT(MmAllocateMappingAddress(0, MEMORY_TAG) == NULL);
    EXPECT(MmAllocateMappingAddress(1ull << 40, MEMORY_TAG) == NULL);
    ExFreePoolWithTag(Block, MEMORY_TAG);
}

TEST_CASE(PartOfAnMdl, "IoBuildPartialMdl of pages at no address describes the same frames, and is mapped by itself") {
    PMDL Whole = MmAllocatePagesForMdl(Physical(0), Physical(MAXULONG), Physical(0), 6 * PAGE_SIZE), Part;
    volatile UCHAR *Shown;

    REQUIRE(Whole != NULL);
    Part = IoAllocateMdl((PVOID)(2 * PAGE_SIZE + 17), PAGE_SIZE, FALSE, FALSE, NULL);
    REQUIRE(Part != NULL);
    IoBuildPartialMdl(Whole, Part, (PVOID)(2 * PAGE_SIZE + 17), PAGE_SIZE);
    EXPECT_EQUAL(MmGetMdlPfnArray(Part)[0], MmGetMdlPfnArray(Whole)[2]);
    EXPECT_EQUAL(MmGetMdlPfnArray(Part)[1], MmGetMdlPfnArray(Whole)[3]);
    Shown = MmGetSystemAddressForMdlSafe(Part, NormalPagePriority | MdlMappingNoExecute);
    if (EXPECT(Shown != NULL)) {
        EXPECT_EQUAL(BYTE_OFFSET(Shown), 17);
        EXPECT_EQUAL(Shown[PAGE_SIZE - 1], 0);
        MmUnmapLockedPages((PVOID)Shown, Part);
    }
    IoFreeMdl(Part);
    MmFreePagesFromMdl(Whole);
    ExFreePool(Whole);
}

TEST_CASE(NonCachedMemory, "MmAllocateNonCachedMemory: zeroed pages, given back whole") {
    volatile ULONG64 *Block = MmAllocateNonCachedMemory(3 * PAGE_SIZE);

    REQUIRE(Block != NULL);
    EXPECT_EQUAL(BYTE_OFFSET(Block), 0);
    EXPECT_EQUAL(Block[0] | Block[3 * PAGE_WORDS - 1], 0);
    MmFreeNonCachedMemory((PVOID)Block, 3 * PAGE_SIZE);
    EXPECT_EQUAL(MmSizeOfMdl((PVOID)0x1FFF, 2), sizeof(MDL) + 2 * sizeof(PFN_NUMBER));
}
