/*
 * The part of the invariant walker that looks at what is shared. Segments: each prototype and its frame name each
 * other, pages and tables are as many as the segment counts, each frame is mapped as often as it says. Working sets:
 * each page table with pages of views is in the ring and knows how many. VADs: in order, apart, and together what the
 * process has committed.
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
        if (MiFrameOf(Entry) > MiHighestFrame) {
            MiFinding(Check, "page %I64u of segment %p is in frame %I64u, which does not exist", Page, Segment, MiFrameOf(Entry));
            return;
        }
        if (Pfn->ShareCount != Check->Shares[MiFrameOf(Entry)] || (Pfn->State == MiFrameActive) != (Pfn->ShareCount != 0))
            MiFinding(Check, "page %I64u of segment %p: frame %I64u, state %u, counts %I64u entries that map it, and %u do",
                      Page, Segment, MiFrameOf(Entry), Pfn->State, Pfn->ShareCount, Check->Shares[MiFrameOf(Entry)]);
        if (Pfn->Pte != Prototype || Pfn->Owner != (ULONG_PTR)Segment ||
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
        if (Segment->ViewsSeen > Segment->Uses[0] + Segment->Uses[1] + Segment->Uses[2])
            MiFinding(Check, "segment %p counts %u readers, %u writers and %u images, and has %u views", Segment,
                      Segment->Uses[MmSegmentRead], Segment->Uses[MmSegmentWritten], Segment->Uses[MmSegmentImage],
                      Segment->ViewsSeen);
    }
}

VOID MiForgetViews(VOID)
{
    for (PLIST_ENTRY Link = MiSegmentList.Flink; Link != &MiSegmentList; Link = Link->Flink)
        CONTAINING_RECORD(Link, MM_SEGMENT, Links)->ViewsSeen = 0;
}

VOID MiCheckShareTable(PMI_CHECK Check, PMMPTE Table, ULONG_PTR Base, ULONG64 Shared)
{
    PMMPFN Pfn = MiPfn(((ULONG_PTR)Table - MM_DIRECT_MAP) >> PAGE_SHIFT);

    Check->ShareTables += Shared != 0;
    if (Pfn->ShareCount != Shared || (Shared != 0 && Pfn->Owner != Base))
        MiFinding(Check, "the page table of %p counts %I64u pages of views from %p on, and has %I64u", (PVOID)Base,
                  Pfn->ShareCount, (PVOID)Pfn->Owner, Shared);
}

VOID MiCheckViews(PMI_CHECK Check, PMM_ADDRESS_SPACE Space)
{
    PMM_WORKING_SET WorkingSet = &Space->WorkingSet;
    PFN_NUMBER Frame = WorkingSet->FirstTable;

    if (WorkingSet->SharedSize != Check->Shared || WorkingSet->Tables != Check->ShareTables)
        MiFinding(Check, "a working set counts %I64u pages of views in %I64u tables, and has %I64u in %I64u",
                  WorkingSet->SharedSize, WorkingSet->Tables, Check->Shared, Check->ShareTables);
    for (ULONG64 i = 0; i < WorkingSet->Tables; i++) {
        PMMPFN Pfn = MiPfn(Frame);
        if (Pfn->ShareCount == 0 || MiPfn(Pfn->Flink)->Blink != Frame) {
            MiFinding(Check, "page table %I64u in a working set's ring maps %I64u pages of views; links %u and %u", Frame,
                      Pfn->ShareCount, Pfn->Blink, Pfn->Flink);
            return;
        }
        Frame = Pfn->Flink;
    }
    if (WorkingSet->Tables != 0 && Frame != WorkingSet->FirstTable)
        MiFinding(Check, "a working set counts %I64u tables of views, and its ring does not close with them", WorkingSet->Tables);
}

/* What a VAD has promised. Private memory without a table is all alike. */
static ULONG64 MiCountCommitted(PMM_ADDRESS_SPACE Space, PMMVAD Vad)
{
    ULONG64 Pages = 0;

    for (ULONG_PTR At = Vad->Start; At < Vad->End && Vad->Segment == NULL;) {
        PMMPTE Pte = MiFindPte(Space->DirectoryTableBase, At);
        ULONG_PTR Next = Pte != NULL ? At + PAGE_SIZE : min((At | (512ull * PAGE_SIZE - 1)) + 1, Vad->End);
        if (MiIsCommitted(Vad, Pte))
            Pages += (Next - At) >> PAGE_SHIFT;
        At = Next;
    }
    return Pages + Vad->CopiesCharged;
}

VOID MiCheckVads(PMI_CHECK Check, PMM_ADDRESS_SPACE Space)
{
    ULONG_PTR End = MM_LOWEST_USER_ADDRESS;
    ULONG64 Committed = 0, Tables = 0;

    for (PMMVAD Vad = MiNextVad(Space, 0); Vad != NULL; Vad = MiNextVad(Space, Vad->End)) {
        if (Vad->Start < End || Vad->End <= Vad->Start || Vad->End > MM_HIGHEST_USER_ADDRESS + 1 ||
            Vad->AllocationBase > Vad->Start) {
            MiFinding(Check, "the VAD of %p to %p is out of order", (PVOID)Vad->Start, (PVOID)Vad->End);
            return;
        }
        End = Vad->End;
        Tables += Vad->TablesCharged;
        Committed += MiCountCommitted(Space, Vad);
        if (Vad->Segment != NULL)
            Vad->Segment->ViewsSeen++;
    }
    /* Who is just changing ranges may be between promise and page. */
    if (Space->RangeLock.Owner == NULL && Committed != Space->CommittedPages)
        MiFinding(Check, "a process counts %I64u committed pages, and its VADs have %I64u", Space->CommittedPages, Committed);
    if (Tables < Space->PageTablePages)
        MiFinding(Check, "a process has %I64u page tables and has paid for %I64u", Space->PageTablePages, Tables);
}
