/*
 * Range lists as wholes: copies, inverses, unions, and the highest place that is free. The lists' inside is in
 * rangelist.c; here stands what is made of adding to one and walking another. IRQL: <= APC_LEVEL, all routines.
 */
#include "executive.h"
#include "rangelist.h"
#include "rtl/rangelistp.h"

/* Adds what Source has to List, with these flags more. On failure what has been added is there. */
static NTSTATUS RtlpAddRanges(PRTL_RANGE_LIST List, PRTL_RANGE_LIST Source, ULONG Flags)
{
    RTL_RANGE_LIST_ITERATOR Iterator;
    PRTL_RANGE Range;
    NTSTATUS Status = RtlGetFirstRange(Source, &Iterator, &Range);

    while (NT_SUCCESS(Status)) {
        ULONG Own = Flags | (Range->Flags & RTL_RANGE_SHARED ? RTL_RANGE_LIST_ADD_SHARED : 0) |
                    (Range->Flags & RTL_RANGE_CONFLICT ? RTL_RANGE_LIST_ADD_IF_CONFLICT : 0);
        Status = RtlAddRange(List, Range->Start, Range->End, Range->Attributes, Own, Range->UserData, Range->Owner);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        Status = RtlGetNextRange(&Iterator, &Range, TRUE);
    }
    return STATUS_SUCCESS;
}

/* Makes CopyRangeList, which is initialised and empty, a copy. On failure it is empty again. */
NTSTATUS RtlCopyRangeList(PRTL_RANGE_LIST CopyRangeList, PRTL_RANGE_LIST RangeList)
{
    NTSTATUS Status;

    if (CopyRangeList->Count != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    Status = RtlpAddRanges(CopyRangeList, RangeList, RTL_RANGE_LIST_ADD_IF_CONFLICT);
    if (!NT_SUCCESS(Status)) {
        RtlFreeRangeList(CopyRangeList);
    }
    return Status;
}
NT_EXPORT(RtlCopyRangeList);

/*
 * Puts the ranges of both lists into MergedRangeList, which is initialised and empty. Flags as for RtlAddRange.
 * STATUS_RANGE_LIST_CONFLICT: two overlap, and may not. On failure it is empty again.
 */
NTSTATUS RtlMergeRangeLists(PRTL_RANGE_LIST MergedRangeList, PRTL_RANGE_LIST RangeList1, PRTL_RANGE_LIST RangeList2,
                            ULONG Flags)
{
    NTSTATUS Status = RtlCopyRangeList(MergedRangeList, RangeList1);

    if (NT_SUCCESS(Status)) {
        Status = RtlpAddRanges(MergedRangeList, RangeList2, Flags);
        if (!NT_SUCCESS(Status)) {
            RtlFreeRangeList(MergedRangeList);
        }
    }
    return Status;
}
NT_EXPORT(RtlMergeRangeLists);

/* Puts what RangeList leaves free, as ranges without an owner, into InvertedRangeList, initialised and empty. */
NTSTATUS RtlInvertRangeList(PRTL_RANGE_LIST InvertedRangeList, PRTL_RANGE_LIST RangeList)
{
    RTL_RANGE_LIST_ITERATOR Iterator;
    PRTL_RANGE Range;
    ULONGLONG Free = 0;
    BOOLEAN Full = FALSE;
    NTSTATUS Status, Added = STATUS_SUCCESS;

    if (InvertedRangeList->Count != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    for (Status = RtlGetFirstRange(RangeList, &Iterator, &Range); NT_SUCCESS(Status) && NT_SUCCESS(Added) && !Full;
         Status = RtlGetNextRange(&Iterator, &Range, TRUE)) {
        if (Range->Start > Free) {
            Added = RtlAddRange(InvertedRangeList, Free, Range->Start - 1, 0, 0, NULL, NULL);
        }
        Full = Range->End == MAXULONGLONG;
        if (Range->End >= Free) {
            Free = Range->End + 1;
        }
    }
    if (NT_SUCCESS(Added) && !Full) {
        Added = RtlAddRange(InvertedRangeList, Free, MAXULONGLONG, 0, 0, NULL, NULL);
    }
    if (!NT_SUCCESS(Added)) {
        RtlFreeRangeList(InvertedRangeList);
    }
    return Added;
}
NT_EXPORT(RtlInvertRangeList);

/*
 * Finds Length free addresses within Minimum..Maximum that begin at a multiple of Alignment: the highest there are.
 * What counts as free: RtlIsRangeAvailable. STATUS_INVALID_PARAMETER: there cannot be such a place.
 * STATUS_UNSUCCESSFUL: none is free.
 */
NTSTATUS RtlFindRange(PRTL_RANGE_LIST RangeList, ULONGLONG Minimum, ULONGLONG Maximum, ULONG Length, ULONG Alignment,
                      ULONG Flags, UCHAR AttributeAvailableMask, PVOID Context, PRTL_CONFLICT_RANGE_CALLBACK Callback,
                      PULONGLONG Start)
{
    ULONGLONG Place, Blocked;

    if (Minimum > Maximum || Length == 0 || Alignment == 0 || Maximum - Minimum < Length - 1) {
        return STATUS_INVALID_PARAMETER;
    }
    for (Place = Maximum - (Length - 1); Place >= Minimum; Place = Blocked - Length) {
        Place -= Place % Alignment;
        if (Place < Minimum) {
            break;
        }
        if (!RtlpFindInTheWay(RangeList, Place, Place + (Length - 1), Flags, AttributeAvailableMask, Context, Callback,
                              &Blocked)) {
            *Start = Place;
            return STATUS_SUCCESS;
        }
        if (Blocked < Length) {
            break;
        }
    }
    return STATUS_UNSUCCESSFUL;
}
NT_EXPORT(RtlFindRange);
