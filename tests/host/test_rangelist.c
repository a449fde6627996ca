/*
 * Range lists: what may overlap, what is in the way, the order of iteration, what happens without memory.
 */
#include "tap.h"
#include "rangelist.h"

static RTL_RANGE_LIST List;

static NTSTATUS Add(ULONGLONG Start, ULONGLONG End, ULONG Flags, PVOID Owner)
{
    return RtlAddRange(&List, Start, End, 0, Flags, NULL, Owner);
}

static BOOLEAN IsAvailable(ULONGLONG Start, ULONGLONG End, ULONG Flags, UCHAR Mask,
                           PRTL_CONFLICT_RANGE_CALLBACK Callback)
{
    BOOLEAN Available = 2;

    CHECK_EQUAL(RtlIsRangeAvailable(&List, Start, End, Flags, Mask, &List, Callback, &Available), STATUS_SUCCESS);
    CHECK(Available == TRUE || Available == FALSE);
    return Available;
}

CASE(RangesDoNotOverlap)
{
    RtlInitializeRangeList(&List);
    CHECK_EQUAL(Add(10, 9, 0, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQUAL(Add(100, 199, 0, &List), STATUS_SUCCESS);
    CHECK_EQUAL(Add(199, 300, 0, &List), STATUS_RANGE_LIST_CONFLICT);
    CHECK_EQUAL(Add(0, 100, 0, &List), STATUS_RANGE_LIST_CONFLICT);
    CHECK_EQUAL(Add(150, 150, 0, &List), STATUS_RANGE_LIST_CONFLICT);
    CHECK_EQUAL(Add(0, MAXULONGLONG, 0, &List), STATUS_RANGE_LIST_CONFLICT);
    CHECK_EQUAL(Add(200, MAXULONGLONG, 0, &List), STATUS_SUCCESS);
    CHECK_EQUAL(Add(0, 99, 0, &List), STATUS_SUCCESS);
    CHECK_EQUAL(List.Count, 3);
    RtlFreeRangeList(&List);
    CHECK_EQUAL(List.Count, 0);
    CHECK_EQUAL(Add(150, 150, 0, &List), STATUS_SUCCESS);
    RtlFreeRangeList(&List);
    CHECK_EQUAL(PoolBlocks, 0);
}

CASE(SharedRangesOverlap)
{
    RTL_RANGE_LIST_ITERATOR Iterator;
    PRTL_RANGE Range;

    RtlInitializeRangeList(&List);
    CHECK_EQUAL(Add(10, 20, RTL_RANGE_LIST_ADD_SHARED, NULL), STATUS_SUCCESS);
    CHECK_EQUAL(Add(15, 30, 0, NULL), STATUS_RANGE_LIST_CONFLICT);
    CHECK_EQUAL(Add(15, 30, RTL_RANGE_LIST_ADD_SHARED, NULL), STATUS_SUCCESS);
    CHECK_EQUAL(Add(18, 40, RTL_RANGE_LIST_ADD_IF_CONFLICT, NULL), STATUS_SUCCESS);
    CHECK_EQUAL(RtlGetLastRange(&List, &Iterator, &Range), STATUS_SUCCESS);
    CHECK_EQUAL(Range->Flags, RTL_RANGE_CONFLICT);
    CHECK_EQUAL(RtlGetNextRange(&Iterator, &Range, FALSE), STATUS_SUCCESS);
    CHECK_EQUAL(Range->Flags, RTL_RANGE_SHARED);
    CHECK_EQUAL(Range->Start, 15);
    RtlFreeRangeList(&List);
    CHECK_EQUAL(PoolBlocks, 0);
}

static RTL_RANGE SeenInTheWay;

static BOOLEAN LetPass(PVOID Context, PRTL_RANGE Range)
{
    CHECK(Context == &List);
    SeenInTheWay = *Range;
    return Range->UserData != NULL;
}

CASE(AvailabilityKnowsWhatIsInTheWay)
{
    BOOLEAN Available;

    RtlInitializeRangeList(&List);
    CHECK_EQUAL(RtlIsRangeAvailable(&List, 2, 1, 0, 0, NULL, NULL, &Available), STATUS_INVALID_PARAMETER);
    CHECK(IsAvailable(0, MAXULONGLONG, 0, 0, NULL));
    CHECK_EQUAL(RtlAddRange(&List, 10, 19, 4, RTL_RANGE_LIST_ADD_SHARED, NULL, &List), STATUS_SUCCESS);
    CHECK_EQUAL(RtlAddRange(&List, 30, 39, 1, 0, &List, NULL), STATUS_SUCCESS);
    CHECK(IsAvailable(0, 9, 0, 0, NULL));
    CHECK(IsAvailable(20, 29, 0, 0, NULL));
    CHECK(!IsAvailable(5, 10, 0, 0, NULL));
    CHECK(!IsAvailable(39, 50, 0, 0, NULL));
    CHECK(IsAvailable(5, 25, RTL_RANGE_LIST_SHARED_OK, 0, NULL));
    CHECK(!IsAvailable(5, 35, RTL_RANGE_LIST_SHARED_OK, 0, NULL));
    CHECK(IsAvailable(25, 35, RTL_RANGE_LIST_NULL_CONFLICT_OK, 0, NULL));
    CHECK(!IsAvailable(5, 35, RTL_RANGE_LIST_NULL_CONFLICT_OK, 0, NULL));
    CHECK(IsAvailable(5, 25, 0, 6, NULL));
    CHECK(!IsAvailable(5, 35, 0, 6, NULL));
    CHECK(IsAvailable(5, 35, 0, 5, NULL));
    CHECK(IsAvailable(25, 35, 0, 0, LetPass));
    CHECK_EQUAL(SeenInTheWay.Start, 30);
    CHECK(!IsAvailable(5, 35, 0, 0, LetPass));
    CHECK_EQUAL(SeenInTheWay.Start, 10);
    RtlFreeRangeList(&List);
}

CASE(IterationGoesByStart)
{
    static const ULONGLONG Starts[] = {500, 100, 300, 200, 400};
    RTL_RANGE_LIST_ITERATOR Iterator;
    PRTL_RANGE Range;
    NTSTATUS Status;
    ULONG Seen = 0;

    RtlInitializeRangeList(&List);
    CHECK_EQUAL(RtlGetFirstRange(&List, &Iterator, &Range), STATUS_NO_MORE_ENTRIES);
    CHECK(Range == NULL);
    CHECK_EQUAL(RtlGetNextRange(&Iterator, &Range, TRUE), STATUS_NO_MORE_ENTRIES);
    for (ULONG Index = 0; Index < ARRAYSIZE(Starts); Index++) {
        CHECK_EQUAL(Add(Starts[Index], Starts[Index] + 9, 0, &List), STATUS_SUCCESS);
    }
    for (Status = RtlGetFirstRange(&List, &Iterator, &Range); NT_SUCCESS(Status);
         Status = RtlGetNextRange(&Iterator, &Range, TRUE)) {
        CHECK_EQUAL(Range->Start, 100 * ++Seen);
        CHECK_EQUAL(Range->End, 100 * Seen + 9);
        CHECK(Range->Owner == &List);
    }
    CHECK_EQUAL(Status, STATUS_NO_MORE_ENTRIES);
    CHECK_EQUAL(Seen, 5);
    CHECK_EQUAL(RtlGetFirstRange(&List, &Iterator, &Range), STATUS_SUCCESS);
    CHECK_EQUAL(Add(600, 600, 0, NULL), STATUS_SUCCESS);
    CHECK_EQUAL(RtlGetNextRange(&Iterator, &Range, TRUE), STATUS_INVALID_PARAMETER);
    RtlFreeRangeList(&List);
}

CASE(DeletionNeedsTheExactRange)
{
    RtlInitializeRangeList(&List);
    CHECK_EQUAL(Add(10, 19, 0, &List), STATUS_SUCCESS);
    CHECK_EQUAL(Add(20, 29, 0, NULL), STATUS_SUCCESS);
    CHECK_EQUAL(Add(30, 39, 0, &List), STATUS_SUCCESS);
    CHECK_EQUAL(RtlDeleteRange(&List, 10, 18, &List), STATUS_RANGE_NOT_FOUND);
    CHECK_EQUAL(RtlDeleteRange(&List, 10, 19, NULL), STATUS_RANGE_NOT_FOUND);
    CHECK_EQUAL(RtlDeleteRange(&List, 10, 19, &List), STATUS_SUCCESS);
    CHECK_EQUAL(RtlDeleteRange(&List, 10, 19, &List), STATUS_RANGE_NOT_FOUND);
    CHECK_EQUAL(Add(10, 19, 0, &List), STATUS_SUCCESS);
    CHECK_EQUAL(RtlDeleteOwnersRanges(&List, &List), STATUS_SUCCESS);
    CHECK_EQUAL(List.Count, 1);
    CHECK(!IsAvailable(20, 20, 0, 0, NULL));
    CHECK(IsAvailable(10, 19, 0, 0, NULL));
    RtlFreeRangeList(&List);
    CHECK_EQUAL(PoolBlocks, 0);
}

CASE(NoMemoryChangesNothing)
{
    RtlInitializeRangeList(&List);
    CHECK_EQUAL(Add(10, 19, 0, NULL), STATUS_SUCCESS);
    PoolAllocationsLeft = 0;
    CHECK_EQUAL(Add(20, 29, 0, NULL), STATUS_INSUFFICIENT_RESOURCES);
    PoolAllocationsLeft = -1;
    CHECK_EQUAL(List.Count, 1);
    CHECK(IsAvailable(20, 29, 0, 0, NULL));
    RtlFreeRangeList(&List);
}
