/*
 * The part of the invariant walker that looks at segments: each prototype and its frame name each other, and pages and
 * tables are as many as the segment counts.
 */
#include "mm/check.h"

typedef struct _MI_SEGMENT_COUNT { ULONG64 Pages, Tables; } MI_SEGMENT_COUNT;

static VOID MiCheckPrototype(PMI_CHECK Check, PMM_SEGMENT Segment, PMMPTE Prototype, ULONG64 Page)
{
    MMPTE Entry = *Prototype;

    if (MiIsValid(Entry) || (MiKindOf(Entry) != MiPteDemandZero && MiKindOf(Entry) != MiPteTransition &&
                             MiKindOf(Entry) != MiPtePagingFile)) {
        MiFinding(Check, "page %I64u of segment %p is %I64x", Page, Segment, Entry.Value);
    } else if (MiKindOf(Entry) == MiPteTransition) {
        PMMPFN Pfn = MiPfn(MiFrameOf(Entry));
        Check->Transition++;
        if (MiFrameOf(Entry) > MiHighestFrame || Pfn->Pte != Prototype || Pfn->Owner != (ULONG_PTR)Segment ||
            !(Pfn->Flags & MI_FRAME_SHARED))
            MiFinding(Check, "page %I64u of segment %p is in frame %I64u, which is not its own", Page, Segment, MiFrameOf(Entry));
    } else {
        MiOwnSlotOf(Check, Entry);
    }
}

static VOID MiCheckPrototypes(PMI_CHECK Check, PMM_SEGMENT Segment, PMMPTE Entry, ULONG Level, ULONG64 Page,
                              MI_SEGMENT_COUNT *Count)
{
    if (Entry->Value == 0)
        return;
    if (Level == 0) {
        Count->Pages++;
        MiCheckPrototype(Check, Segment, Entry, Page);
        return;
    }
    Count->Tables++;
    for (ULONG i = 0; i < 512; i++)
        MiCheckPrototypes(Check, Segment, (PMMPTE)MiDirectAddress(MiFrameOf(*Entry)) + i, Level - 1,
                          Page + ((ULONG64)i << (9 * (Level - 1))), Count);
}

VOID MiCheckSegments(PMI_CHECK Check)
{
    for (PLIST_ENTRY Link = MiSegmentList.Flink; Link != &MiSegmentList; Link = Link->Flink) {
        PMM_SEGMENT Segment = CONTAINING_RECORD(Link, MM_SEGMENT, Links);
        MI_SEGMENT_COUNT Count = {0, 0};
        MiCheckPrototypes(Check, Segment, &Segment->Root, Segment->Height, 0, &Count);
        /* Who is just changing it has the lock, and may be between the two. */
        if (Segment->Lock.Owner == NULL && (Count.Pages != Segment->Pages || Count.Tables != Segment->Tables))
            MiFinding(Check, "segment %p counts %I64u pages and %I64u tables, and has %I64u and %I64u", Segment,
                      Segment->Pages, Segment->Tables, Count.Pages, Count.Tables);
    }
}
