/*
 * Range lists: ranges of 64-bit addresses with owners, in order of their starts. Two ranges may overlap only when both
 * are shared, or when the second was added in spite of it. The caller synchronises.
 *
 * IRQL: <= APC_LEVEL, all routines: the ranges are in paged pool.
 */
#include "rtl/rangelistp.h"

#define RTLP_RANGE_TAG 'gnaR'

typedef struct _RTLP_RANGE {
    LIST_ENTRY Link;            /* RTL_RANGE_LIST.ListHead */
    RTL_RANGE Range;
} RTLP_RANGE, *PRTLP_RANGE;

#define RtlpRangeAt(Entry) (&CONTAINING_RECORD((Entry), RTLP_RANGE, Link)->Range)

VOID RtlInitializeRangeList(PRTL_RANGE_LIST RangeList)
{
    InitializeListHead(&RangeList->ListHead);
    RangeList->Flags = 0;
    RangeList->Count = 0;
    RangeList->Stamp = 0;
}
NT_EXPORT(RtlInitializeRangeList);

static VOID RtlpRemoveRange(PRTL_RANGE_LIST RangeList, PLIST_ENTRY Entry)
{
    RemoveEntryList(Entry);
    RangeList->Count--;
    RangeList->Stamp++;
    ExFreePool(CONTAINING_RECORD(Entry, RTLP_RANGE, Link));
}

/* Empties the list, which can be used again. */
VOID RtlFreeRangeList(PRTL_RANGE_LIST RangeList)
{
    while (!IsListEmpty(&RangeList->ListHead)) {
        RtlpRemoveRange(RangeList, RangeList->ListHead.Flink);
    }
}
NT_EXPORT(RtlFreeRangeList);

/* The first range from Entry on that overlaps Start..End, or the list's head. */
static PLIST_ENTRY RtlpNextOverlap(PRTL_RANGE_LIST RangeList, PLIST_ENTRY Entry, ULONGLONG Start, ULONGLONG End)
{
    for (; Entry != &RangeList->ListHead; Entry = Entry->Flink) {
        if (RtlpRangeAt(Entry)->Start > End) {
            return &RangeList->ListHead;
        }
        if (RtlpRangeAt(Entry)->End >= Start) {
            break;
        }
    }
    return Entry;
}

/*
 * Adds Start..End. STATUS_INVALID_PARAMETER: it ends before it starts. STATUS_RANGE_LIST_CONFLICT: it overlaps another
 * range, they are not both shared (RTL_RANGE_LIST_ADD_SHARED), and RTL_RANGE_LIST_ADD_IF_CONFLICT is not given.
 * STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS RtlAddRange(PRTL_RANGE_LIST RangeList, ULONGLONG Start, ULONGLONG End, UCHAR Attributes, ULONG Flags,
                     PVOID UserData, PVOID Owner)
{
    PLIST_ENTRY Head = &RangeList->ListHead, Entry;
    UCHAR RangeFlags = Flags & RTL_RANGE_LIST_ADD_SHARED ? RTL_RANGE_SHARED : 0;
    PRTLP_RANGE New;

    if (End < Start) {
        return STATUS_INVALID_PARAMETER;
    }
    for (Entry = RtlpNextOverlap(RangeList, Head->Flink, Start, End); Entry != Head;
         Entry = RtlpNextOverlap(RangeList, Entry->Flink, Start, End)) {
        if ((RtlpRangeAt(Entry)->Flags & RangeFlags & RTL_RANGE_SHARED) == 0) {
            if (!(Flags & RTL_RANGE_LIST_ADD_IF_CONFLICT)) {
                return STATUS_RANGE_LIST_CONFLICT;
            }
            RangeFlags |= RTL_RANGE_CONFLICT;
        }
    }
    New = ExAllocatePoolWithTag(PagedPool, sizeof(*New), RTLP_RANGE_TAG);
    if (New == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    New->Range = (RTL_RANGE){.Start = Start, .End = End, .UserData = UserData, .Owner = Owner, .Attributes = Attributes,
                             .Flags = RangeFlags};
    for (Entry = Head->Flink; Entry != Head && RtlpRangeAt(Entry)->Start <= Start; Entry = Entry->Flink) {
    }
    InsertTailList(Entry, &New->Link);
    RangeList->Count++;
    RangeList->Stamp++;
    return STATUS_SUCCESS;
}
NT_EXPORT(RtlAddRange);

/* Removes exactly this range of this owner. STATUS_RANGE_NOT_FOUND. */
NTSTATUS RtlDeleteRange(PRTL_RANGE_LIST RangeList, ULONGLONG Start, ULONGLONG End, PVOID Owner)
{
    PLIST_ENTRY Head = &RangeList->ListHead;

    for (PLIST_ENTRY Entry = Head->Flink; Entry != Head; Entry = Entry->Flink) {
        PRTL_RANGE Range = RtlpRangeAt(Entry);
        if (Range->Start == Start && Range->End == End && Range->Owner == Owner) {
            RtlpRemoveRange(RangeList, Entry);
            return STATUS_SUCCESS;
        }
    }
    return STATUS_RANGE_NOT_FOUND;
}
NT_EXPORT(RtlDeleteRange);

/* Removes every range of this owner; there may be none. */
NTSTATUS RtlDeleteOwnersRanges(PRTL_RANGE_LIST RangeList, PVOID Owner)
{
    PLIST_ENTRY Entry = RangeList->ListHead.Flink;

    while (Entry != &RangeList->ListHead) {
        PLIST_ENTRY Next = Entry->Flink;
        if (RtlpRangeAt(Entry)->Owner == Owner) {
            RtlpRemoveRange(RangeList, Entry);
        }
        Entry = Next;
    }
    return STATUS_SUCCESS;
}
NT_EXPORT(RtlDeleteOwnersRanges);

BOOLEAN RtlpFindInTheWay(PRTL_RANGE_LIST RangeList, ULONGLONG Start, ULONGLONG End, ULONG Flags,
                         UCHAR AttributeAvailableMask, PVOID Context, PRTL_CONFLICT_RANGE_CALLBACK Callback,
                         PULONGLONG Lowest)
{
    PLIST_ENTRY Head = &RangeList->ListHead;

    for (PLIST_ENTRY Entry = RtlpNextOverlap(RangeList, Head->Flink, Start, End); Entry != Head;
         Entry = RtlpNextOverlap(RangeList, Entry->Flink, Start, End)) {
        PRTL_RANGE Range = RtlpRangeAt(Entry);
        if (((Flags & RTL_RANGE_LIST_SHARED_OK) && (Range->Flags & RTL_RANGE_SHARED)) ||
            ((Flags & RTL_RANGE_LIST_NULL_CONFLICT_OK) && Range->Owner == NULL) ||
            (Range->Attributes & AttributeAvailableMask) != 0 || (Callback != NULL && Callback(Context, Range))) {
            continue;
        }
        *Lowest = max(Range->Start, Start);     /* they are in the order of their starts */
        return TRUE;
    }
    return FALSE;
}

/*
 * Whether Start..End overlaps nothing that is in the way. Not in the way are: a shared range, with
 * RTL_RANGE_LIST_SHARED_OK; one without an owner, with RTL_RANGE_LIST_NULL_CONFLICT_OK; one that has an attribute of
 * the mask; one for which Callback (optional) returns TRUE. STATUS_INVALID_PARAMETER: it ends before it starts.
 */
NTSTATUS RtlIsRangeAvailable(PRTL_RANGE_LIST RangeList, ULONGLONG Start, ULONGLONG End, ULONG Flags,
                             UCHAR AttributeAvailableMask, PVOID Context, PRTL_CONFLICT_RANGE_CALLBACK Callback,
                             PBOOLEAN Available)
{
    ULONGLONG Lowest;

    if (End < Start) {
        return STATUS_INVALID_PARAMETER;
    }
    *Available = !RtlpFindInTheWay(RangeList, Start, End, Flags, AttributeAvailableMask, Context, Callback, &Lowest);
    return STATUS_SUCCESS;
}
NT_EXPORT(RtlIsRangeAvailable);

/* Where the iterator has come to; STATUS_NO_MORE_ENTRIES and NULL at the end. */
static NTSTATUS RtlpMoveTo(PRTL_RANGE_LIST_ITERATOR Iterator, PLIST_ENTRY Entry, PRTL_RANGE *Range)
{
    if (Entry == Iterator->RangeListHead) {
        Iterator->Current = NULL;
        *Range = NULL;
        return STATUS_NO_MORE_ENTRIES;
    }
    Iterator->Current = Entry;
    *Range = RtlpRangeAt(Entry);
    return STATUS_SUCCESS;
}

static VOID RtlpStartIterator(PRTL_RANGE_LIST RangeList, PRTL_RANGE_LIST_ITERATOR Iterator)
{
    Iterator->RangeListHead = &RangeList->ListHead;
    Iterator->MergedHead = NULL;
    Iterator->Stamp = RangeList->Stamp;
}

/* The range that starts first. STATUS_NO_MORE_ENTRIES: the list is empty. */
NTSTATUS RtlGetFirstRange(PRTL_RANGE_LIST RangeList, PRTL_RANGE_LIST_ITERATOR Iterator, PRTL_RANGE *Range)
{
    RtlpStartIterator(RangeList, Iterator);
    return RtlpMoveTo(Iterator, RangeList->ListHead.Flink, Range);
}
NT_EXPORT(RtlGetFirstRange);

/* The range that starts last. */
NTSTATUS RtlGetLastRange(PRTL_RANGE_LIST RangeList, PRTL_RANGE_LIST_ITERATOR Iterator, PRTL_RANGE *Range)
{
    RtlpStartIterator(RangeList, Iterator);
    return RtlpMoveTo(Iterator, RangeList->ListHead.Blink, Range);
}
NT_EXPORT(RtlGetLastRange);

/*
 * The next one, or, not MoveForwards, the one before. STATUS_NO_MORE_ENTRIES: there is none. STATUS_INVALID_PARAMETER:
 * the list has changed since the iterator began.
 */
NTSTATUS RtlGetNextRange(PRTL_RANGE_LIST_ITERATOR Iterator, PRTL_RANGE *Range, BOOLEAN MoveForwards)
{
    PLIST_ENTRY Current = Iterator->Current;

    if (CONTAINING_RECORD(Iterator->RangeListHead, RTL_RANGE_LIST, ListHead)->Stamp != Iterator->Stamp) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Current == NULL) {
        *Range = NULL;
        return STATUS_NO_MORE_ENTRIES;
    }
    return RtlpMoveTo(Iterator, MoveForwards ? Current->Flink : Current->Blink, Range);
}
NT_EXPORT(RtlGetNextRange);
