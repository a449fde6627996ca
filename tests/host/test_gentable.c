/*
 * The generic table: a set with the caller's comparison and memory.
 */
#include "tap.h"
#include "rtl/rtl.h"
#include "executive.h"

typedef struct _ITEM {
    ULONG Key;
    ULONG Value;
} ITEM;

static RTL_GENERIC_TABLE Table;

static RTL_GENERIC_COMPARE_RESULTS Compare(PRTL_GENERIC_TABLE Which, PVOID First, PVOID Second)
{
    ULONG A = ((ITEM *)First)->Key, B = ((ITEM *)Second)->Key;

    CHECK(Which == &Table && Which->TableContext == &Compare);
    return A < B ? GenericLessThan : A > B ? GenericGreaterThan : GenericEqual;
}

static PVOID Allocate(PRTL_GENERIC_TABLE Which, CLONG Size)
{
    CHECK(Which == &Table);
    CHECK_EQUAL(Size, sizeof(ITEM) + 5 * sizeof(PVOID));
    return ExAllocatePoolWithTag(PagedPool, Size, 0);
}

static VOID Free(PRTL_GENERIC_TABLE Which, PVOID Buffer)
{
    CHECK(Which == &Table);
    ExFreePool(Buffer);
}

static VOID Start(VOID)
{
    RtlInitializeGenericTable(&Table, Compare, Allocate, Free, &Compare);
}

static ITEM *Insert(ULONG Key, ULONG Value, BOOLEAN Expected)
{
    ITEM Item = {Key, Value};
    BOOLEAN New = 2;
    ITEM *Found = RtlInsertElementGenericTable(&Table, &Item, sizeof(Item), &New);

    CHECK_EQUAL(New, Expected);
    return Found;
}

static VOID Clear(VOID)
{
    ITEM *Item;

    while ((Item = RtlGetElementGenericTable(&Table, 0)) != NULL) {
        ITEM Copy = *Item;
        CHECK(RtlDeleteElementGenericTable(&Table, &Copy));
    }
    CHECK(RtlIsGenericTableEmpty(&Table));
    CHECK_EQUAL(PoolBlocks, 0);
}

CASE(InsertLookupDelete)
{
    ITEM Wanted = {5, 0};
    ITEM *Five;

    Start();
    CHECK(RtlIsGenericTableEmpty(&Table));
    CHECK(RtlLookupElementGenericTable(&Table, &Wanted) == NULL);
    Five = Insert(5, 50, TRUE);
    Insert(3, 30, TRUE);
    Insert(9, 90, TRUE);
    CHECK_EQUAL(Five->Value, 50);
    CHECK(Insert(5, 51, FALSE) == Five);
    CHECK_EQUAL(Five->Value, 50);
    CHECK(RtlLookupElementGenericTable(&Table, &Wanted) == Five);
    CHECK_EQUAL(RtlNumberGenericTableElements(&Table), 3);
    CHECK(RtlDeleteElementGenericTable(&Table, &Wanted));
    CHECK(!RtlDeleteElementGenericTable(&Table, &Wanted));
    CHECK_EQUAL(RtlNumberGenericTableElements(&Table), 2);
    CHECK_EQUAL(PoolBlocks, 2);
    Clear();
}

CASE(AllocationFails)
{
    Start();
    Insert(1, 1, TRUE);
    PoolAllocationsLeft = 0;
    CHECK(Insert(2, 2, FALSE) == NULL);
    CHECK_EQUAL(RtlNumberGenericTableElements(&Table), 1);
    PoolAllocationsLeft = -1;
    Clear();
}

CASE(Enumeration)
{
    static const ULONG Keys[] = {7, 2, 9, 4, 1, 8};
    static const ULONG Sorted[] = {1, 2, 4, 7, 8, 9};
    PVOID Place = NULL;
    ITEM Four = {4, 0};

    Start();
    CHECK(RtlEnumerateGenericTable(&Table, TRUE) == NULL);
    for (ULONG Index = 0; Index < 6; Index++) {
        Insert(Keys[Index], Index, TRUE);
    }
    for (ULONG Round = 0; Round < 2; Round++) {
        for (ULONG Index = 0; Index < 6; Index++) {
            CHECK_EQUAL(((ITEM *)RtlEnumerateGenericTable(&Table, Index == 0))->Key, Sorted[Index]);
        }
        CHECK(RtlEnumerateGenericTable(&Table, FALSE) == NULL);
        CHECK(RtlEnumerateGenericTable(&Table, FALSE) == NULL);
    }
    for (ULONG Index = 0; Index < 6; Index++) {
        CHECK_EQUAL(((ITEM *)RtlEnumerateGenericTableWithoutSplaying(&Table, &Place))->Key, Sorted[Index]);
    }
    CHECK(RtlEnumerateGenericTableWithoutSplaying(&Table, &Place) == NULL);
    /* What stands at the point of enumeration may go. */
    for (ULONG Index = 0; Index < 3; Index++) {
        RtlEnumerateGenericTable(&Table, Index == 0);
    }
    CHECK(RtlDeleteElementGenericTable(&Table, &Four));
    CHECK_EQUAL(((ITEM *)RtlEnumerateGenericTable(&Table, FALSE))->Key, 7);
    Clear();
}

CASE(ByNumber)
{
    Start();
    for (ULONG Index = 0; Index < 50; Index++) {
        Insert((Index * 37) % 101, Index, TRUE);
    }
    for (ULONG Round = 0; Round < 1000; Round++) {
        ULONG Number = TapRandom(50);
        CHECK_EQUAL(((ITEM *)RtlGetElementGenericTable(&Table, Number))->Value, Number);
    }
    CHECK(RtlGetElementGenericTable(&Table, 50) == NULL);
    {
        ITEM Third = {(3 * 37) % 101, 0};
        CHECK(RtlDeleteElementGenericTable(&Table, &Third));
    }
    CHECK_EQUAL(((ITEM *)RtlGetElementGenericTable(&Table, 2))->Value, 2);
    CHECK_EQUAL(((ITEM *)RtlGetElementGenericTable(&Table, 3))->Value, 4);
    Clear();
}
