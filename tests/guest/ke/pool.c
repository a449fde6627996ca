/* The pools and what is built on them ("ExAllocatePoolWithTag", "ExAllocatePool2", "Using Lookaside Lists"). */
#include "ke.h"
#include <excpt.h>

#define TAG 'tseT'

static BOOLEAN AllBytesAre(const UCHAR *Bytes, SIZE_T Count, UCHAR Value)
{
    for (SIZE_T Index = 0; Index < Count; Index++)
        if (Bytes[Index] != Value)
            return FALSE;
    return TRUE;
}

static VOID CheckAlignment(POOL_TYPE Type)
{
    for (SIZE_T Bytes = 1; Bytes < 3 * PAGE_SIZE; Bytes += Bytes / 9 + 1) {
        PUCHAR Memory = ExAllocatePoolWithTag(Type, Bytes, TAG);
        REQUIRE(Memory != NULL);
        EXPECT_EQUAL((ULONG_PTR)Memory % 16, 0);
        if (Bytes >= PAGE_SIZE)
            EXPECT_EQUAL(BYTE_OFFSET(Memory), 0);
        else
            EXPECT(PAGE_ALIGN(Memory) == PAGE_ALIGN(Memory + Bytes - 1));
        RtlFillMemory(Memory, Bytes, 0xC3);
        ExFreePoolWithTag(Memory, TAG);
    }
}

TEST_CASE(PoolAlignment, "less than a page: 16-byte aligned and in one page; a page and more: page aligned") {
    CheckAlignment(NonPagedPool);
    CheckAlignment(PagedPool);
    CheckAlignment(NonPagedPoolNx);
}

TEST_CASE(Pool2Zeroes, "ExAllocatePool2 zeroes, also memory that was used before; cache-aligned memory is") {
    static const SIZE_T Sizes[] = {1, 24, 100, 700, 3000, 4096, 9000};

    for (ULONG Index = 0; Index < ARRAYSIZE(Sizes); Index++) {
        for (ULONG Round = 0; Round < 2; Round++) {
            PUCHAR Memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, Sizes[Index], TAG);
            REQUIRE(Memory != NULL);
            EXPECT(AllBytesAre(Memory, Sizes[Index], 0));
            RtlFillMemory(Memory, Sizes[Index], 0xC3);
            ExFreePool(Memory);
            Memory = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_CACHE_ALIGNED, Sizes[Index], TAG);
            REQUIRE(Memory != NULL);
            EXPECT(AllBytesAre(Memory, Sizes[Index], 0));
            EXPECT_EQUAL((ULONG_PTR)Memory % 64, 0);
            RtlFillMemory(Memory, Sizes[Index], 0xC3);
            ExFreePoolWithTag(Memory, TAG);
        }
    }
}

TEST_CASE(Pool2Refuses, "ExAllocatePool2 returns NULL for no size, no tag, no pool, two pools") {
    EXPECT(ExAllocatePool2(POOL_FLAG_NON_PAGED, 0, TAG) == NULL);
    EXPECT(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 0) == NULL);
    EXPECT(ExAllocatePool2(0, 16, TAG) == NULL);
    EXPECT(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 16, TAG) == NULL);
}

static volatile NTSTATUS Raised;

TEST_CASE(PoolExhaustion, "DDK 9: too much memory is NULL, or an exception where the flag asks for one") {
    EXPECT(ExAllocatePoolWithTag(NonPagedPool, 1ull << 40, TAG) == NULL);
    EXPECT(ExAllocatePoolWithTag(PagedPool, 1ull << 46, TAG) == NULL);
    EXPECT(ExAllocatePoolWithTag(NonPagedPool, MAXULONG_PTR, TAG) == NULL);
    EXPECT(ExAllocatePoolWithQuotaTag(PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, MAXULONG_PTR - 100, TAG) == NULL);
    Raised = STATUS_SUCCESS;
    __try {
        ExAllocatePoolWithTag(NonPagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE, 1ull << 40, TAG);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Raised = GetExceptionCode();
    }
    EXPECT_STATUS(Raised, STATUS_INSUFFICIENT_RESOURCES);
}

#define BLOCKS 40

/* Allocates, fills, checks and frees at random; the low bit of the context says which pool. */
static VOID UsePool(PVOID Context)
{
    POOL_TYPE Type = (ULONG_PTR)Context & 1 ? PagedPool : NonPagedPool;
    ULONG Seed = (ULONG)(ULONG_PTR)PsGetCurrentThreadId();
    PUCHAR Blocks[BLOCKS] = {NULL};
    SIZE_T Sizes[BLOCKS];

    for (ULONG Round = 0; Round < 3000; Round++) {
        ULONG Index = RtlRandomEx(&Seed) % BLOCKS;
        if (Blocks[Index] == NULL) {
            Sizes[Index] = 1 + RtlRandomEx(&Seed) % (Round % 20 == 0 ? 9000 : 700);
            Blocks[Index] = ExAllocatePoolWithTag(Type, Sizes[Index], TAG);
            REQUIRE(Blocks[Index] != NULL);
            RtlFillMemory(Blocks[Index], Sizes[Index], (UCHAR)(Index + (ULONG_PTR)&Seed / 64));
        } else {
            EXPECT(AllBytesAre(Blocks[Index], Sizes[Index], (UCHAR)(Index + (ULONG_PTR)&Seed / 64)));
            ExFreePoolWithTag(Blocks[Index], TAG);
            Blocks[Index] = NULL;
        }
    }
    for (ULONG Index = 0; Index < BLOCKS; Index++)
        if (Blocks[Index] != NULL)
            ExFreePool(Blocks[Index]);
}

TEST_CASE(PoolsUnderThreads, "many threads in both pools never get the same memory twice") {
    TestOnThreads(4, UsePool, (PVOID)0);
    TestOnThreads(4, UsePool, (PVOID)1);
}

static NPAGED_LOOKASIDE_LIST Lookaside;

static VOID UseLookaside(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 2000; Round++) {
        PULONG64 Entries[3];
        for (ULONG Index = 0; Index < 3; Index++) {
            Entries[Index] = ExAllocateFromNPagedLookasideList(&Lookaside);
            REQUIRE(Entries[Index] != NULL);
            Entries[Index][1] = (ULONG_PTR)&Entries[Index];
        }
        for (ULONG Index = 0; Index < 3; Index++) {
            EXPECT_EQUAL(Entries[Index][1], (ULONG_PTR)&Entries[Index]);
            ExFreeToNPagedLookasideList(&Lookaside, Entries[Index]);
        }
    }
}

TEST_CASE(LookasideLists, "a lookaside list gives an entry to one at a time, and gives everything back when deleted") {
    ExInitializeNPagedLookasideList(&Lookaside, NULL, NULL, 0, 64, TAG, 0);
    TestOnThreads(4, UseLookaside, NULL);
    ExDeleteNPagedLookasideList(&Lookaside);
}

TEST_CASE(PagedLookasideLists, "the paged kind keeps what was freed for the next") {
    static PAGED_LOOKASIDE_LIST List;
    PVOID Entry;

    ExInitializePagedLookasideList(&List, NULL, NULL, 0, 100, TAG, 0);
    Entry = ExAllocateFromPagedLookasideList(&List);
    REQUIRE(Entry != NULL);
    ExFreeToPagedLookasideList(&List, Entry);
    EXPECT(ExAllocateFromPagedLookasideList(&List) == Entry);
    ExFreeToPagedLookasideList(&List, Entry);
    ExDeletePagedLookasideList(&List);
}
