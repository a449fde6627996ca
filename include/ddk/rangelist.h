/*
 * Range lists ("RtlAddRange" and its neighbours): ranges of 64-bit addresses, each with an owner, kept in order.
 */
#pragma once

#include "ntdef.h"
#include "ntstatus.h"

/* RTL_RANGE.Flags */
#define RTL_RANGE_SHARED 0x01
#define RTL_RANGE_CONFLICT 0x02
/* RtlAddRange */
#define RTL_RANGE_LIST_ADD_IF_CONFLICT 0x00000001
#define RTL_RANGE_LIST_ADD_SHARED 0x00000002
/* RtlIsRangeAvailable */
#define RTL_RANGE_LIST_SHARED_OK 0x00000001
#define RTL_RANGE_LIST_NULL_CONFLICT_OK 0x00000002

typedef struct _RTL_RANGE {
    ULONGLONG Start;
    ULONGLONG End;              /* the last one in it */
    PVOID UserData;
    PVOID Owner;
    UCHAR Attributes;
    UCHAR Flags;
} RTL_RANGE, *PRTL_RANGE;
typedef struct _RTL_RANGE_LIST {
    LIST_ENTRY ListHead;
    ULONG Flags;
    ULONG Count;
    ULONG Stamp;                /* changes with the list */
} RTL_RANGE_LIST, *PRTL_RANGE_LIST;
typedef struct _RANGE_LIST_ITERATOR {
    PLIST_ENTRY RangeListHead;
    PLIST_ENTRY MergedHead;
    PVOID Current;
    ULONG Stamp;
} RTL_RANGE_LIST_ITERATOR, *PRTL_RANGE_LIST_ITERATOR;
typedef BOOLEAN RTL_CONFLICT_RANGE_CALLBACK(PVOID Context, PRTL_RANGE Range);
typedef RTL_CONFLICT_RANGE_CALLBACK *PRTL_CONFLICT_RANGE_CALLBACK;

VOID RtlInitializeRangeList(PRTL_RANGE_LIST RangeList);
VOID RtlFreeRangeList(PRTL_RANGE_LIST RangeList);
NTSTATUS RtlAddRange(PRTL_RANGE_LIST RangeList, ULONGLONG Start, ULONGLONG End, UCHAR Attributes, ULONG Flags,
                     PVOID UserData, PVOID Owner);
NTSTATUS RtlDeleteRange(PRTL_RANGE_LIST RangeList, ULONGLONG Start, ULONGLONG End, PVOID Owner);
NTSTATUS RtlDeleteOwnersRanges(PRTL_RANGE_LIST RangeList, PVOID Owner);
NTSTATUS RtlIsRangeAvailable(PRTL_RANGE_LIST RangeList, ULONGLONG Start, ULONGLONG End, ULONG Flags,
                             UCHAR AttributeAvailableMask, PVOID Context, PRTL_CONFLICT_RANGE_CALLBACK Callback,
                             PBOOLEAN Available);
NTSTATUS RtlFindRange(PRTL_RANGE_LIST RangeList, ULONGLONG Minimum, ULONGLONG Maximum, ULONG Length, ULONG Alignment,
                      ULONG Flags, UCHAR AttributeAvailableMask, PVOID Context, PRTL_CONFLICT_RANGE_CALLBACK Callback,
                      PULONGLONG Start);
NTSTATUS RtlCopyRangeList(PRTL_RANGE_LIST CopyRangeList, PRTL_RANGE_LIST RangeList);
NTSTATUS RtlMergeRangeLists(PRTL_RANGE_LIST MergedRangeList, PRTL_RANGE_LIST RangeList1, PRTL_RANGE_LIST RangeList2,
                            ULONG Flags);
NTSTATUS RtlInvertRangeList(PRTL_RANGE_LIST InvertedRangeList, PRTL_RANGE_LIST RangeList);
NTSTATUS RtlGetFirstRange(PRTL_RANGE_LIST RangeList, PRTL_RANGE_LIST_ITERATOR Iterator, PRTL_RANGE *Range);
NTSTATUS RtlGetLastRange(PRTL_RANGE_LIST RangeList, PRTL_RANGE_LIST_ITERATOR Iterator, PRTL_RANGE *Range);
NTSTATUS RtlGetNextRange(PRTL_RANGE_LIST_ITERATOR Iterator, PRTL_RANGE *Range, BOOLEAN MoveForwards);
