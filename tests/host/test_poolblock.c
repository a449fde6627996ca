/* Pool pages: the size classes, the blocks of a page, what a damaged header looks like; and the table of large ones. */
#include "tap.h"
#include "executive.h"
#include "ex/poolblock.h"
#include "ex/bigtable.h"

static _Alignas(POOL_PAGE_SIZE) UCHAR PageBytes[POOL_PAGE_SIZE];
#define PAGE ((PPOOL_PAGE)PageBytes)

CASE(EveryBodySizeGetsTheSmallestClassThatHoldsIt)
{
    for (SIZE_T Bytes = 0; Bytes <= POOL_LARGEST_BODY; Bytes++) {
        ULONG Class = PoolClass(Bytes);
        CHECK(PoolCapacity(Class) >= Bytes, "%zu bytes", (size_t)Bytes);
        CHECK(Class == 0 || PoolCapacity(Class - 1) < Bytes, "%zu bytes", (size_t)Bytes);
    }
}

CASE(CacheAlignedClassHoldsTheBody)
{
    for (SIZE_T Bytes = 0; Bytes <= POOL_LARGEST_BODY; Bytes++) {
        ULONG Class = PoolCacheAlignedClass(Bytes);
        CHECK(PoolCapacity(Class) >= Bytes);
        PoolInitializePage(PAGE, Class);
        for (ULONG Index = 0; Index < PAGE->Blocks; Index++)
            CHECK_EQUAL((ULONG_PTR)PoolBody(PoolBlockAt(PAGE, Index)) % POOL_CACHE_LINE, 0);
    }
}

CASE(BlocksOfAPageAreAlignedAndInIt)
{
    for (ULONG Class = 0; Class < POOL_CLASSES; Class++) {
        PoolInitializePage(PAGE, Class);
        CHECK(PAGE->Blocks >= 1);
        for (ULONG Index = 0; Index < PAGE->Blocks; Index++) {
            PUCHAR Body = PoolBody(PoolBlockAt(PAGE, Index));
            CHECK_EQUAL((ULONG_PTR)Body % 16, 0);
            CHECK(Body + PoolCapacity(Class) <= PageBytes + POOL_PAGE_SIZE);
            CHECK(PoolPageOf(Body) == PAGE);
        }
        CHECK((PAGE->Blocks + 1u) * PoolBlockSize[Class] > POOL_PAGE_SIZE - sizeof(POOL_PAGE));
    }
}

CASE(APageGivesEachBlockOnce)
{
    for (ULONG Class = 0; Class < POOL_CLASSES; Class++) {
        PPOOL_HEADER Taken[POOL_PAGE_SIZE / 32];
        ULONG Count = 0;

        PoolInitializePage(PAGE, Class);
        while (!PoolPageIsFull(PAGE)) {
            Taken[Count] = PoolTakeBlock(PAGE);
            memset(PoolBody(Taken[Count]), (int)Count, PoolCapacity(Class));
            Count++;
        }
        CHECK_EQUAL(Count, PAGE->Blocks);
        CHECK_EQUAL(PAGE->Used, Count);
        for (ULONG Index = 0; Index < Count; Index++) {
            PUCHAR Body = PoolBody(Taken[Index]);
            CHECK(PoolIsSound(Body));
            for (SIZE_T Byte = 0; Byte < PoolCapacity(Class); Byte++)
                CHECK_EQUAL(Body[Byte], (UCHAR)Index);
        }
        for (ULONG Index = 0; Index < Count; Index++)
            PoolGiveBlock(PAGE, Taken[Index]);
        CHECK_EQUAL(PAGE->Used, 0);
    }
}

CASE(DamageIsNamed)
{
    PPOOL_HEADER First, Second;

    PoolInitializePage(PAGE, 2);
    First = PoolTakeBlock(PAGE);
    Second = PoolTakeBlock(PAGE);
    CHECK(!PoolIsSound((PUCHAR)PoolBody(First) + 16));
    CHECK_EQUAL(PoolFindFault((PUCHAR)PoolBody(First) + 8), PoolNoBlock);
    CHECK(PoolNextHeaderIsSound(First));
    CHECK(PoolNextHeaderIsSound(Second));
    memset((PUCHAR)PoolBody(First) + PoolCapacity(2), 0x41, sizeof(POOL_HEADER));
    CHECK(!PoolNextHeaderIsSound(First));
    CHECK(!PoolIsSound(PoolBody(Second)));
    CHECK_EQUAL(PoolFindFault(PoolBody(Second)), PoolHeaderDamaged);
    PoolGiveBlock(PAGE, First);
    CHECK(!PoolIsSound(PoolBody(First)));
    CHECK_EQUAL(PoolFindFault(PoolBody(First)), PoolFreedTwice);
    PAGE->Guard = 0;
    CHECK_EQUAL(PoolFindFault(PoolBody(First)), PoolFreedTwice);
    CHECK_EQUAL(PoolFindFault(PoolBody(Second)), PoolNoBlock);
}

#define ADDRESSES 600

CASE(TheTableOfLargeBlocksForgetsNothing)
{
    static EXP_BIG_ENTRY Small[16];
    EXP_BIG_TABLE Table = {Small, ARRAYSIZE(Small), 0};
    BOOLEAN In[ADDRESSES] = {0};
    PVOID Allocated = NULL;
    EXP_BIG_ENTRY Entry;

    RtlZeroMemory(Small, sizeof Small);
    for (ULONG Step = 0; Step < 50000; Step++) {
        ULONG Number = TapRandom(ADDRESSES);
        PVOID Address = (PVOID)((ULONG_PTR)(Number + 1) << 12);

        CHECK_EQUAL(ExpBigRemove(&Table, Address, &Entry), In[Number]);
        if (In[Number]) {
            CHECK(Entry.Address == Address);
            CHECK_EQUAL(Entry.Bytes, Number);
            In[Number] = FALSE;
            continue;
        }
        if (ExpBigIsFull(&Table)) {
            SIZE_T Bytes = Table.Entries * 2 * sizeof(EXP_BIG_ENTRY);
            PEXP_BIG_ENTRY Larger = TapAllocate(Bytes);
            RtlZeroMemory(Larger, Bytes);
            ExpBigGrow(&Table, Larger, Table.Entries * 2);
            if (Allocated != NULL)
                TapFree(Allocated);
            Allocated = Larger;
        }
        ExpBigInsert(&Table, &(EXP_BIG_ENTRY){Address, Number, 0, 0, NULL});
        In[Number] = TRUE;
    }
    if (Allocated != NULL)
        TapFree(Allocated);
}
