/*
 * Segments: pages that do not belong to one address space. A file of the RAM file system has one, and so has memory
 * that is shared without a file. Their entries, the prototypes, say where each page is: in a frame, in a slot, nowhere
 * yet.
 *
 *   Height 0          Height 1                Height 2
 *   Root = page 0     Root = table            Root = table
 *                       512 pages               512 tables of 512 pages each
 *
 * A prototype is never valid in the processor's sense. It says transition as long as the page is in a frame, mapped or
 * not; the frame says which (MMPFN.ShareCount), so a page is mapped and unmapped without touching its prototype. All of
 * this is under the PFN lock. Tables are resident; a page with neither frame nor slot is nothing but an entry.
 *
 * Who adds pages or cuts them off holds the segment's lock, so no table comes or goes beside him. The first table moves
 * the prototype of page 0: frames name their prototype, so it is changed there, too, and whoever waits for a transfer
 * looks for the prototype anew.
 */
#include "mm/mi.h"
#include "rtl/export.h"

#define MI_SEGMENT_TAG 'geSM'
#define SLOT_BITS 9
#define SLOTS 512
#define MAXIMUM_HEIGHT 4
#define PAGE_PROTECTION (MI_PROTECT_READ | MI_PROTECT_WRITE)    /* of a prototype: what counts is said by each view */

C_ASSERT(1ull << (SLOT_BITS * MAXIMUM_HEIGHT) == MM_SEGMENT_PAGES);

LIST_ENTRY MiSegmentList = {&MiSegmentList, &MiSegmentList};

static PMMPTE MiTableOf(MMPTE Entry)
{
    return MiDirectAddress(MiFrameOf(Entry));
}

NTSTATUS MmCreateSegment(PMM_SEGMENT *Segment)
{
    PMM_SEGMENT New = ExAllocatePoolZero(NonPagedPool, sizeof(*New), MI_SEGMENT_TAG);
    KIRQL Irql;

    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->References = 1;
    ExInitializeFastMutex(&New->Lock);
    Irql = MiLockPfn();
    InsertTailList(&MiSegmentList, &New->Links);
    MiUnlockPfn(Irql);
    *Segment = New;
    return STATUS_SUCCESS;
}

VOID MmReferenceSegment(PMM_SEGMENT Segment)
{
    InterlockedIncrement(&Segment->References);
}

VOID MmDereferenceSegment(PMM_SEGMENT Segment)
{
    KIRQL Irql;

    if (InterlockedDecrement(&Segment->References) != 0)
        return;
    MmCutSegment(Segment, 0);
    Irql = MiLockPfn();
    RemoveEntryList(&Segment->Links);
    MiUnlockPfn(Irql);
    ExFreePoolWithTag(Segment, MI_SEGMENT_TAG);
}

NTSTATUS MmEnterSegment(PMM_SEGMENT Segment, MM_SEGMENT_USE Use)
{
    NTSTATUS Status = STATUS_SUCCESS;
    KIRQL Irql = MiLockPfn();

    if ((Use == MmSegmentWritten && Segment->Uses[MmSegmentImage] != 0) ||
        (Use == MmSegmentImage && Segment->Uses[MmSegmentWritten] != 0))
        Status = STATUS_SHARING_VIOLATION;
    else
        Segment->Uses[Use]++;
    MiUnlockPfn(Irql);
    if (NT_SUCCESS(Status))
        MmReferenceSegment(Segment);
    return Status;
}

VOID MmLeaveSegment(PMM_SEGMENT Segment, MM_SEGMENT_USE Use)
{
    KIRQL Irql = MiLockPfn();

    ASSERT(Segment->Uses[Use] != 0);
    Segment->Uses[Use]--;
    MiUnlockPfn(Irql);
    MmDereferenceSegment(Segment);
}

BOOLEAN MmIsSegmentUsed(PMM_SEGMENT Segment, MM_SEGMENT_USE Use)
{
    ULONG Uses = 0;

    for (ULONG i = 0; i < MmSegmentUses; i++)
        if (i == (ULONG)Use || Use == MmSegmentUses)
            Uses += Segment->Uses[i];
    return Uses != 0;
}

PMMPTE MiFindPrototype(PMM_SEGMENT Segment, ULONG64 Page)
{
    PMMPTE Entry = &Segment->Root;

    if (Page >> (SLOT_BITS * Segment->Height) != 0)
        return NULL;
    for (ULONG Level = Segment->Height; Level > 0; Level--) {
        if (Entry->Value == 0)
            return NULL;
        Entry = &MiTableOf(*Entry)[(Page >> (SLOT_BITS * (Level - 1))) & (SLOTS - 1)];
    }
    return Entry;
}

/*
 * A table, paid for, takes the place of an entry: of a hole, or (Raise) of the root, which becomes its first part.
 * Waits for a frame. STATUS_COMMITMENT_LIMIT.
 */
static NTSTATUS MiAddTable(PMM_SEGMENT Segment, PMMPTE Entry, BOOLEAN Raise)
{
    PFN_NUMBER Frame;
    PMMPTE Table;
    KIRQL Irql;

    if (!MiChargePermanent(1))
        return STATUS_COMMITMENT_LIMIT;
    Frame = MiWaitForPermanentFrame();
    Table = MiDirectAddress(Frame);
    Irql = MiLockPfn();
    if (Raise) {
        Table[0] = *Entry;
        if (Segment->Height == 0 && MiKindOf(Table[0]) == MiPteTransition)
            MiPfn(MiFrameOf(Table[0]))->Pte = &Table[0];
        Segment->Height++;
    }
    *Entry = MiMakeTable(Frame, FALSE);
    Segment->Tables++;
    MiUnlockPfn(Irql);
    return STATUS_SUCCESS;
}

/* Makes the tables that lead to a page. Segment's lock held. */
static NTSTATUS MiAddTables(PMM_SEGMENT Segment, ULONG64 Page)
{
    NTSTATUS Status = STATUS_SUCCESS;
    PMMPTE Entry = &Segment->Root;

    while (Page >> (SLOT_BITS * Segment->Height) != 0 && NT_SUCCESS(Status)) {
        if (Entry->Value != 0)
            Status = MiAddTable(Segment, Entry, TRUE);
        else
            Segment->Height++;          /* an empty tree just becomes higher */
    }
    for (ULONG Level = Segment->Height; Level > 0 && NT_SUCCESS(Status); Level--) {
        if (Entry->Value == 0)
            Status = MiAddTable(Segment, Entry, FALSE);
        if (NT_SUCCESS(Status))
            Entry = &MiTableOf(*Entry)[(Page >> (SLOT_BITS * (Level - 1))) & (SLOTS - 1)];
    }
    return Status;
}

/* Gives a table back that has become empty. */
static VOID MiDropTable(PMM_SEGMENT Segment, PMMPTE Entry)
{
    KIRQL Irql = MiLockPfn();
    PFN_NUMBER Frame = MiFrameOf(*Entry);

    *Entry = MiMakeZero();
    Segment->Tables--;
    MiUnlockPfn(Irql);
    MiFreePermanentFrame(Frame);
}

static BOOLEAN MiIsEmptyTable(const MMPTE *Table)
{
    for (ULONG i = 0; i < SLOTS; i++)
        if (Table[i].Value != 0)
            return FALSE;
    return TRUE;
}

/* Ends the pages from First on below an entry whose first page is Base, and every table that is empty then. */
static VOID MiSweep(PMM_SEGMENT Segment, PMMPTE Entry, ULONG Level, ULONG64 Base, ULONG64 First)
{
    ULONG64 Step;

    if (Entry->Value == 0)
        return;
    if (Level == 0) {
        if (Base >= First) {
            MiEndPage(Entry);
            Segment->Pages--;
            MiReturnCommit(1);
        }
        return;
    }
    Step = 1ull << (SLOT_BITS * (Level - 1));
    for (ULONG64 i = First > Base ? min((First - Base) / Step, SLOTS) : 0; i < SLOTS; i++)
        MiSweep(Segment, &MiTableOf(*Entry)[i], Level - 1, Base + i * Step, First);
    if (MiIsEmptyTable(MiTableOf(*Entry)))
        MiDropTable(Segment, Entry);
}

/* Segment's lock held. The depth is the height of the tree, MAXIMUM_HEIGHT at most. */
static VOID MiSweepSegment(PMM_SEGMENT Segment, ULONG64 First)
{
    KIRQL Irql;

    MiSweep(Segment, &Segment->Root, Segment->Height, 0, First);
    Irql = MiLockPfn();
    if (Segment->Root.Value == 0)
        Segment->Height = 0;
    MiUnlockPfn(Irql);
}

VOID MmCutSegment(PMM_SEGMENT Segment, ULONG64 First)
{
    ExAcquireFastMutex(&Segment->Lock);
    ASSERT(!MmIsSegmentUsed(Segment, MmSegmentUses));
    MiSweepSegment(Segment, First);
    ExReleaseFastMutex(&Segment->Lock);
}

ULONG64 MmSegmentPages(PMM_SEGMENT Segment)
{
    return Segment->Pages;
}

/* How many pages are missing in [First, Last]; fills them when Fill says so. */
static ULONG64 MiCountHoles(PMM_SEGMENT Segment, ULONG64 First, ULONG64 Last, BOOLEAN Fill)
{
    ULONG64 Holes = 0;

    for (ULONG64 Page = First; Page <= Last; Page++) {
        KIRQL Irql = MiLockPfn();
        PMMPTE Prototype = MiFindPrototype(Segment, Page);
        if (Prototype == NULL || Prototype->Value == 0)
            Holes++;
        if (Fill && Prototype->Value == 0)
            *Prototype = MiMakeDemandZero(PAGE_PROTECTION);
        MiUnlockPfn(Irql);
    }
    return Holes;
}

ULONG64 MmSegmentHoles(PMM_SEGMENT Segment, ULONG64 First, ULONG64 Last)
{
    ULONG64 Holes;

    ExAcquireFastMutex(&Segment->Lock);
    Holes = MiCountHoles(Segment, First, Last, FALSE);
    ExReleaseFastMutex(&Segment->Lock);
    return Holes;
}

NTSTATUS MmExtendSegment(PMM_SEGMENT Segment, ULONG64 First, ULONG64 Last)
{
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG64 Holes;

    if (Last >= MM_SEGMENT_PAGES)
        return STATUS_SECTION_TOO_BIG;
    if (Last - First >= (ULONG64)MiCommitLimit)
        return STATUS_COMMITMENT_LIMIT; /* no need to count */
    ExAcquireFastMutex(&Segment->Lock);
    /* What can fail comes first: promises, then tables. Pages that are there already cost neither. */
    Holes = MiCountHoles(Segment, First, Last, FALSE);
    if (!MiChargeCommit(Holes)) {
        Status = STATUS_COMMITMENT_LIMIT;
    } else if (Holes != 0) {
        for (ULONG64 Page = First; Page <= Last && NT_SUCCESS(Status); Page = (Page | (SLOTS - 1)) + 1)
            Status = MiAddTables(Segment, min(Page | (SLOTS - 1), Last));
        if (NT_SUCCESS(Status)) {
            Segment->Pages += MiCountHoles(Segment, First, Last, TRUE);
        } else {
            MiReturnCommit(Holes);
            MiSweepSegment(Segment, MM_SEGMENT_PAGES);
        }
    }
    ExReleaseFastMutex(&Segment->Lock);
    return Status;
}

/* For the tests' drivers. */
NT_EXPORT(MmCreateSegment);
NT_EXPORT(MmDereferenceSegment);
NT_EXPORT(MmEnterSegment);
NT_EXPORT(MmLeaveSegment);
NT_EXPORT(MmIsSegmentUsed);
NT_EXPORT(MmExtendSegment);
NT_EXPORT(MmSegmentHoles);
NT_EXPORT(MmSegmentPages);
NT_EXPORT(MmCutSegment);
