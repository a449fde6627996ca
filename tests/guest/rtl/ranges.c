/* Range lists, routine by routine ("RtlAddRange" and its neighbours). */
#include "testcase.h"

static RTL_RANGE_LIST List, Other, Result;

/* The ranges of a list, in order, are these pairs of first and last. */
static VOID ExpectRanges(PRTL_RANGE_LIST Ranges, const ULONGLONG *Pairs, ULONG Count)
{
    RTL_RANGE_LIST_ITERATOR Iterator;
    PRTL_RANGE Range;
    NTSTATUS Status = RtlGetFirstRange(Ranges, &Iterator, &Range);
    ULONG Seen = 0;

    for (; NT_SUCCESS(Status); Status = RtlGetNextRange(&Iterator, &Range, TRUE), Seen++) {
        if (Seen < Count) {
            EXPECT_EQUAL(Range->Start, Pairs[2 * Seen]);
            EXPECT_EQUAL(Range->End, Pairs[2 * Seen + 1]);
        }
    }
    EXPECT_EQUAL(Seen, Count);
}

static VOID Begin(VOID)
{
    RtlInitializeRangeList(&List);
    RtlInitializeRangeList(&Other);
    RtlInitializeRangeList(&Result);
}

static VOID End(VOID)
{
    RtlFreeRangeList(&List);
    RtlFreeRangeList(&Other);
    RtlFreeRangeList(&Result);
}

static NTSTATUS Add(PRTL_RANGE_LIST Ranges, ULONGLONG Start, ULONGLONG Last, ULONG Flags)
{
    return RtlAddRange(Ranges, Start, Last, 0, Flags, NULL, &List);
}

TEST_CASE(RangesInOrder, "RtlAddRange keeps ranges in the order of their starts") {
    static const ULONGLONG Expected[] = {1, 5, 10, 15, 20, 25};

    Begin();
    EXPECT_STATUS(Add(&List, 20, 25, 0), STATUS_SUCCESS);
    EXPECT_STATUS(Add(&List, 1, 5, 0), STATUS_SUCCESS);
    EXPECT_STATUS(Add(&List, 10, 15, 0), STATUS_SUCCESS);
    ExpectRanges(&List, Expected, 3);
    End();
}

TEST_CASE(RangeConflicts, "RtlAddRange: an overlap is a conflict, unless both are shared or it is asked for") {
    Begin();
    EXPECT_STATUS(Add(&List, 10, 20, 0), STATUS_SUCCESS);
    EXPECT_STATUS(Add(&List, 20, 30, 0), STATUS_RANGE_LIST_CONFLICT);
    EXPECT_STATUS(Add(&List, 20, 30, RTL_RANGE_LIST_ADD_SHARED), STATUS_RANGE_LIST_CONFLICT);
    EXPECT_STATUS(Add(&List, 20, 30, RTL_RANGE_LIST_ADD_IF_CONFLICT), STATUS_SUCCESS);
    EXPECT_STATUS(Add(&Other, 10, 20, RTL_RANGE_LIST_ADD_SHARED), STATUS_SUCCESS);
    EXPECT_STATUS(Add(&Other, 15, 30, RTL_RANGE_LIST_ADD_SHARED), STATUS_SUCCESS);
    EXPECT_STATUS(Add(&Other, 9, 8, 0), STATUS_INVALID_PARAMETER);
    End();
}

TEST_CASE(RangeDeletes, "RtlDeleteRange takes exactly that range of that owner: else STATUS_RANGE_NOT_FOUND") {
    Begin();
    Add(&List, 10, 20, 0);
    EXPECT_STATUS(RtlDeleteRange(&List, 10, 19, &List), STATUS_RANGE_NOT_FOUND);
    EXPECT_STATUS(RtlDeleteRange(&List, 10, 20, &Other), STATUS_RANGE_NOT_FOUND);
    EXPECT_STATUS(RtlDeleteRange(&List, 10, 20, &List), STATUS_SUCCESS);
    ExpectRanges(&List, NULL, 0);
    End();
}

TEST_CASE(RangeAvailable, "RtlIsRangeAvailable: free between ranges, not across; shared ones if so asked") {
    BOOLEAN Available;

    Begin();
    Add(&List, 10, 20, 0);
    Add(&List, 40, 50, RTL_RANGE_LIST_ADD_SHARED);
    EXPECT_STATUS(RtlIsRangeAvailable(&List, 21, 39, 0, 0, NULL, NULL, &Available), STATUS_SUCCESS);
    EXPECT(Available);
    RtlIsRangeAvailable(&List, 20, 39, 0, 0, NULL, NULL, &Available);
    EXPECT(!Available);
    RtlIsRangeAvailable(&List, 45, 60, 0, 0, NULL, NULL, &Available);
    EXPECT(!Available);
    RtlIsRangeAvailable(&List, 45, 60, RTL_RANGE_LIST_SHARED_OK, 0, NULL, NULL, &Available);
    EXPECT(Available);
    End();
}

TEST_CASE(RangeCopies, "RtlCopyRangeList makes a list that lives without the first, conflicts and all") {
    static const ULONGLONG Expected[] = {10, 20, 15, 30};

    Begin();
    Add(&List, 10, 20, 0);
    Add(&List, 15, 30, RTL_RANGE_LIST_ADD_IF_CONFLICT);
    EXPECT_STATUS(RtlCopyRangeList(&Result, &List), STATUS_SUCCESS);
    RtlFreeRangeList(&List);
    ExpectRanges(&Result, Expected, 2);
    EXPECT_STATUS(RtlCopyRangeList(&Result, &List), STATUS_INVALID_PARAMETER);      /* not empty */
    End();
}

TEST_CASE(RangeInverse, "RtlInvertRangeList makes a list of what is free") {
    static const ULONGLONG Expected[] = {0, 9, 21, 29, 36, MAXULONGLONG};

    Begin();
    Add(&List, 10, 20, 0);
    Add(&List, 30, 35, 0);
    EXPECT_STATUS(RtlInvertRangeList(&Result, &List), STATUS_SUCCESS);
    ExpectRanges(&Result, Expected, 3);
    RtlFreeRangeList(&Result);
    Add(&Other, 0, MAXULONGLONG, 0);
    EXPECT_STATUS(RtlInvertRangeList(&Result, &Other), STATUS_SUCCESS);
    ExpectRanges(&Result, NULL, 0);
    End();
}

TEST_CASE(RangeMerge, "RtlMergeRangeLists joins two lists; an overlap between them is a conflict, and leaves nothing") {
    static const ULONGLONG Expected[] = {10, 20, 30, 40};

    Begin();
    Add(&List, 30, 40, 0);
    Add(&Other, 10, 20, 0);
    EXPECT_STATUS(RtlMergeRangeLists(&Result, &List, &Other, 0), STATUS_SUCCESS);
    ExpectRanges(&Result, Expected, 2);
    RtlFreeRangeList(&Result);
    Add(&Other, 35, 36, 0);
    EXPECT_STATUS(RtlMergeRangeLists(&Result, &List, &Other, 0), STATUS_RANGE_LIST_CONFLICT);
    ExpectRanges(&Result, NULL, 0);
    EXPECT_STATUS(RtlMergeRangeLists(&Result, &List, &Other, RTL_RANGE_LIST_ADD_IF_CONFLICT), STATUS_SUCCESS);
    EXPECT_EQUAL(Result.Count, 3);
    End();
}

TEST_CASE(RangeFind, "RtlFindRange: the highest aligned place that is free; none is STATUS_UNSUCCESSFUL") {
    ULONGLONG Start;

    Begin();
    EXPECT_STATUS(RtlFindRange(&List, 0x1000, 0x1FFF, 0x10, 0x10, 0, 0, NULL, NULL, &Start), STATUS_SUCCESS);
    EXPECT_EQUAL(Start, 0x1FF0);
    Add(&List, 0x1F00, 0x1FFF, 0);
    EXPECT_STATUS(RtlFindRange(&List, 0x1000, 0x1FFF, 0x18, 0x10, 0, 0, NULL, NULL, &Start), STATUS_SUCCESS);
    EXPECT_EQUAL(Start, 0x1EE0);
    Add(&List, 0x1000, 0x1EF8, 0);
    EXPECT_STATUS(RtlFindRange(&List, 0x1000, 0x1FFF, 0x10, 1, 0, 0, NULL, NULL, &Start), STATUS_UNSUCCESSFUL);
    EXPECT_STATUS(RtlFindRange(&List, 0x1000, 0x1FFF, 7, 1, 0, 0, NULL, NULL, &Start), STATUS_SUCCESS);
    EXPECT_EQUAL(Start, 0x1EF9);
    EXPECT_STATUS(RtlFindRange(&List, 0x1000, 0x100F, 0x11, 1, 0, 0, NULL, NULL, &Start), STATUS_INVALID_PARAMETER);
    End();
}

TEST_CASE(RangeIterator, "RtlGetNextRange goes either way, and refuses to go on when the list has changed") {
    RTL_RANGE_LIST_ITERATOR Iterator;
    PRTL_RANGE Range;

    Begin();
    Add(&List, 1, 2, 0);
    Add(&List, 3, 4, 0);
    EXPECT_STATUS(RtlGetLastRange(&List, &Iterator, &Range), STATUS_SUCCESS);
    EXPECT_EQUAL(Range->Start, 3);
    EXPECT_STATUS(RtlGetNextRange(&Iterator, &Range, FALSE), STATUS_SUCCESS);
    EXPECT_EQUAL(Range->Start, 1);
    EXPECT_STATUS(RtlGetNextRange(&Iterator, &Range, FALSE), STATUS_NO_MORE_ENTRIES);
    RtlGetFirstRange(&List, &Iterator, &Range);
    Add(&List, 5, 6, 0);
    EXPECT_STATUS(RtlGetNextRange(&Iterator, &Range, TRUE), STATUS_INVALID_PARAMETER);
    End();
}
