/*
 * A file's pages: a tree whose inner nodes are pages of 512 slots. Height 0: the root slot is the one page of data;
 * each level more holds 512 times as much. All pages are paged pool, zeroed when they are made and each charged to the
 * file system, so the index of a large file may be out like the file itself.
 *
 * A page that FspAddPages has just made carries FSP_FRESH in its slot until all of them could be made, so that a
 * failure half way finds exactly those and gives them back.
 */
#include "fs/fsp.h"

#define FSP_SLOT_BITS 9
#define FSP_SLOTS (1u << FSP_SLOT_BITS)
#define FSP_MAXIMUM_HEIGHT 4
#define FSP_FRESH 1ull
#define FSP_PAGE(Slot) ((PVOID)((Slot) & ~FSP_FRESH))

C_ASSERT(FSP_LARGEST_FILE <= 1ull << (FSP_SLOT_BITS * FSP_MAXIMUM_HEIGHT + PAGE_SHIFT));

/* Pages that a tree of this height holds. */
static PAGED_CODE_SECTION ULONG64 FspCapacity(ULONG Height)
{
    return 1ull << (FSP_SLOT_BITS * Height);
}

static PAGED_CODE_SECTION NTSTATUS FspNewPage(PULONG_PTR Slot, ULONG_PTR Mark)
{
    NTSTATUS Status = FspCharge(PAGE_SIZE);
    PVOID Page;

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Page = MmAllocatePoolPages(PagedPool, 1);
    if (Page == NULL) {
        FspUncharge(PAGE_SIZE);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Slot = (ULONG_PTR)Page | Mark;
    return STATUS_SUCCESS;
}

static PAGED_CODE_SECTION VOID FspFreePage(PULONG_PTR Slot)
{
    MmFreePoolPages(FSP_PAGE(*Slot), 1);
    FspUncharge(PAGE_SIZE);
    *Slot = 0;
}

PAGED_CODE_SECTION PVOID FspFindPage(const FSP_DATA *Data, ULONG64 Index)
{
    ULONG_PTR Slot = Data->Root;

    if (Index >= FspCapacity(Data->Height)) {
        return NULL;
    }
    for (ULONG Level = Data->Height; Level > 0 && Slot != 0; Level--) {
        Slot = ((PULONG_PTR)Slot)[(Index >> (FSP_SLOT_BITS * (Level - 1))) % FSP_SLOTS];
    }
    return FSP_PAGE(Slot);
}

/* Raises the tree until Index fits. An empty tree just becomes higher. */
static PAGED_CODE_SECTION NTSTATUS FspRaise(PFSP_DATA Data, ULONG64 Index)
{
    while (Index >= FspCapacity(Data->Height)) {
        if (Data->Root != 0) {
            ULONG_PTR New;
            NTSTATUS Status = FspNewPage(&New, 0);
            if (!NT_SUCCESS(Status)) {
                return Status;
            }
            ((PULONG_PTR)New)[0] = Data->Root;
            Data->Root = New;
        }
        Data->Height++;
    }
    return STATUS_SUCCESS;
}

static PAGED_CODE_SECTION NTSTATUS FspAddPage(PFSP_DATA Data, ULONG64 Index)
{
    PULONG_PTR Slot = &Data->Root;
    NTSTATUS Status = FspRaise(Data, Index);

    for (ULONG Level = Data->Height; NT_SUCCESS(Status) && Level > 0; Level--) {
        if (*Slot == 0) {
            Status = FspNewPage(Slot, 0);
            if (!NT_SUCCESS(Status)) {
                return Status;
            }
        }
        Slot = &((PULONG_PTR)*Slot)[(Index >> (FSP_SLOT_BITS * (Level - 1))) % FSP_SLOTS];
    }
    if (NT_SUCCESS(Status) && *Slot == 0) {
        Status = FspNewPage(Slot, FSP_FRESH);
        if (NT_SUCCESS(Status)) {
            Data->Pages++;
        }
    }
    return Status;
}

/* What a walk over a range of a tree does with it. */
typedef enum _FSP_SWEEP { FspSweepFree, FspSweepFreeFresh, FspSweepKeepFresh } FSP_SWEEP;

/* How many of an index page's slots are used; counts no further than Enough. */
static PAGED_CODE_SECTION ULONG FspCountSlots(const ULONG_PTR *Index, ULONG Enough)
{
    ULONG Count = 0;

    for (ULONG I = 0; I < FSP_SLOTS && Count < Enough; I++) {
        Count += Index[I] != 0;
    }
    return Count;
}

/*
 * Does it to the pages from First to Last below a slot of this level whose first page is Base; an index page that ends
 * up empty is freed. The depth is the height of the tree, FSP_MAXIMUM_HEIGHT at most.
 */
static PAGED_CODE_SECTION VOID FspSweep(PFSP_DATA Data, PULONG_PTR Slot, ULONG Level, ULONG64 Base, ULONG64 First,
                                        ULONG64 Last, FSP_SWEEP What)
{
    ULONG64 Step;

    if (*Slot == 0) {
        return;
    }
    if (Level == 0) {
        if (What == FspSweepFree || (What == FspSweepFreeFresh && (*Slot & FSP_FRESH) != 0)) {
            FspFreePage(Slot);
            Data->Pages--;
        } else {
            *Slot &= ~FSP_FRESH;
        }
        return;
    }
    Step = FspCapacity(Level - 1);
    for (ULONG64 I = First > Base ? (First - Base) / Step : 0; I < FSP_SLOTS && Base + I * Step <= Last; I++) {
        FspSweep(Data, &((PULONG_PTR)*Slot)[I], Level - 1, Base + I * Step, First, Last, What);
    }
    if (What != FspSweepKeepFresh && FspCountSlots((PULONG_PTR)*Slot, 1) == 0) {
        FspFreePage(Slot);
    }
}

/* The same for the whole tree, which afterwards is no higher than it has to be. */
static PAGED_CODE_SECTION VOID FspSweepRange(PFSP_DATA Data, ULONG64 First, ULONG64 Last, FSP_SWEEP What)
{
    if (First < FspCapacity(Data->Height)) {
        FspSweep(Data, &Data->Root, Data->Height, 0, First, Last, What);
    }
    while (What != FspSweepKeepFresh && Data->Height > 0) {
        ULONG_PTR Index = Data->Root;
        if (Index != 0) {
            ULONG_PTR Lowest = ((PULONG_PTR)Index)[0];
            if (Lowest == 0 || FspCountSlots((PULONG_PTR)Index, 2) != 1) {
                break;
            }
            FspFreePage(&Data->Root);
            Data->Root = Lowest;
        }
        Data->Height--;
    }
}

PAGED_CODE_SECTION NTSTATUS FspAddPages(PFSP_DATA Data, ULONG64 First, ULONG64 Last)
{
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG64 Before = Data->Pages;

    for (ULONG64 Index = First; NT_SUCCESS(Status) && Index <= Last; Index++) {
        if (FspFindPage(Data, Index) == NULL) {
            Status = FspAddPage(Data, Index);
        }
    }
    if (!NT_SUCCESS(Status)) {
        FspSweepRange(Data, First, Last, FspSweepFreeFresh);
    } else if (Data->Pages != Before) {
        FspSweepRange(Data, First, Last, FspSweepKeepFresh);
    }
    return Status;
}

PAGED_CODE_SECTION VOID FspCutPages(PFSP_DATA Data, ULONG64 First)
{
    FspSweepRange(Data, First, MAXULONGLONG, FspSweepFree);
}

PAGED_CODE_SECTION NTSTATUS FspSetSize(PFSP_NODE Node, ULONG64 Size)
{
    if (Size > FSP_LARGEST_FILE) {
        return STATUS_DISK_FULL;
    }
    if (Size < Node->Size) {
        ULONG Tail = BYTE_OFFSET(Size);
        PUCHAR Page = Tail != 0 ? FspFindPage(&Node->Data, Size >> PAGE_SHIFT) : NULL;
        /* What is cut off must not come back when the file grows again. */
        if (Page != NULL) {
            RtlZeroMemory(Page + Tail, PAGE_SIZE - Tail);
        }
        FspCutPages(&Node->Data, (Size + PAGE_SIZE - 1) >> PAGE_SHIFT);
    }
    Node->Size = Size;
    return STATUS_SUCCESS;
}
