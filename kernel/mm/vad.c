/*
 * Virtual address descriptors: which ranges of a process are reserved and committed; allocate and free them
 * ("NtAllocateVirtualMemory", "NtFreeVirtualMemory"). Views are in view.c, protections in protect.c.
 *
 * A VAD is one reservation. In a VAD that was committed as a whole an empty entry means a committed, untouched page,
 * and a page taken out of it is marked decommitted; in one that was only reserved an empty entry means nothing, and
 * each committed page has an entry. Commit is charged when it is promised, and with it the page tables that the range
 * may come to need, out of both budgets: a fault that makes one then waits for a frame at most, and never for a budget.
 *
 * Every change runs under the range lock. The working-set lock is let go of on the way, to wait for a transfer or a
 * frame, so faults and the trimmer come between; another change does not.
 */
#include "mm/mi.h"

#define MI_VAD_TAG 'daVM'
#define ALLOCATION_GRANULARITY 0x10000ull
#define PAGES_PER_TABLE 512
#define USER_END (MM_HIGHEST_USER_ADDRESS + 1)

VOID MiLockRanges(PMM_ADDRESS_SPACE Space)
{
    ExAcquireFastMutex(&Space->RangeLock);
    MiLockWorkingSet(&Space->WorkingSet);
}

VOID MiUnlockRanges(PMM_ADDRESS_SPACE Space)
{
    MiUnlockWorkingSet(&Space->WorkingSet);
    ExReleaseFastMutex(&Space->RangeLock);
}

static LONG MiCompareVad(const VOID *Key, const RTL_AVL_NODE *Node)
{
    const MMVAD *Vad = CONTAINING_RECORD(Node, MMVAD, Node);
    ULONG_PTR Address = (ULONG_PTR)Key;

    if (Address < Vad->Start)
        return -1;
    return Address >= Vad->End;
}

PMMVAD MiFindVad(PMM_ADDRESS_SPACE Space, ULONG_PTR Address)
{
    PRTL_AVL_NODE Node = RtlAvlFind(&Space->Vads, (const VOID *)Address, MiCompareVad);

    return Node != NULL ? CONTAINING_RECORD(Node, MMVAD, Node) : NULL;
}

/* A free range of Size bytes at the lowest place there is. 0: none. */
static ULONG_PTR MiFindGap(PMM_ADDRESS_SPACE Space, ULONG_PTR Size)
{
    ULONG_PTR Start = ALLOCATION_GRANULARITY;

    for (PRTL_AVL_NODE Node = RtlAvlFirst(&Space->Vads); Node != NULL; Node = RtlAvlNext(Node)) {
        PMMVAD Vad = CONTAINING_RECORD(Node, MMVAD, Node);
        if (Vad->Start >= Start && Vad->Start - Start >= Size)
            return Start;
        Start = ALIGN_UP_BY(Vad->End, ALLOCATION_GRANULARITY);
    }
    return USER_END >= Start && USER_END - Start >= Size ? Start : 0;
}

/*
 * Tables that a range can need at the worst: as many of each level as it lies in. A table that serves several ranges is
 * counted by each, so there are never more tables than the ranges together have paid for.
 */
static ULONG64 MiTablesFor(ULONG_PTR Start, ULONG_PTR End)
{
    ULONG64 Tables = 0;

    for (ULONG Shift = PAGE_SHIFT + 9; Shift <= PAGE_SHIFT + 27; Shift += 9)
        Tables += ((End - 1) >> Shift) - (Start >> Shift) + 1;
    return Tables;
}

VOID MiMakeTables(PMM_ADDRESS_SPACE Space, ULONG_PTR Start, ULONG_PTR End)
{
    for (ULONG_PTR At = Start; At < End; At = (At | (PAGES_PER_TABLE * PAGE_SIZE - 1)) + 1)
        while (MiMakePte(Space->DirectoryTableBase, At, &Space->PageTablePages) == NULL) {
            MiUnlockWorkingSet(&Space->WorkingSet);
            MiWaitForFrames();
            MiLockWorkingSet(&Space->WorkingSet);
        }
}

NTSTATUS MiInsertVad(PMM_ADDRESS_SPACE Space, const MMVAD *Template, PULONG_PTR Start, ULONG_PTR Length, ULONG64 Commit,
                     PMMVAD *Vad)
{
    PMMVAD New = ExAllocatePoolWithTag(NonPagedPool, sizeof(MMVAD), MI_VAD_TAG);
    PRTL_AVL_NODE Next;
    NTSTATUS Status = STATUS_SUCCESS;

    if (New == NULL)
        return STATUS_NO_MEMORY;
    *New = *Template;
    New->Start = *Start != 0 ? *Start : MiFindGap(Space, Length);
    New->End = New->Start + Length;
    New->TablesCharged = New->Start != 0 ? MiTablesFor(New->Start, New->End) : 0;
    Next = RtlAvlLowerBound(&Space->Vads, (const VOID *)New->Start, MiCompareVad);
    if (New->Start == 0)
        Status = STATUS_NO_MEMORY;
    else if (New->Start < MM_LOWEST_USER_ADDRESS || Length > USER_END || New->Start > USER_END - Length ||
             (Next != NULL && CONTAINING_RECORD(Next, MMVAD, Node)->Start < New->End))
        Status = STATUS_CONFLICTING_ADDRESSES;
    else if (!MiChargePermanent(New->TablesCharged))
        Status = STATUS_COMMITMENT_LIMIT;
    if (NT_SUCCESS(Status) && !MiChargeCommit(Commit)) {
        MiReturnPermanent(New->TablesCharged);
        Status = STATUS_COMMITMENT_LIMIT;
    }
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(New, MI_VAD_TAG);
        return Status;
    }
    if (New->AllocationBase == 0)
        New->AllocationBase = New->Start;
    Space->CommittedPages += Commit;
    RtlAvlInsert(&Space->Vads, &New->Node, (const VOID *)New->Start, MiCompareVad);
    *Start = New->Start;
    *Vad = New;
    return STATUS_SUCCESS;
}

static NTSTATUS MiReserve(PMM_ADDRESS_SPACE Space, PULONG_PTR Base, PSIZE_T Size, BOOLEAN Commit, ULONG Protection)
{
    MMVAD Template = {.Protection = Protection, .Committed = Commit};
    ULONG_PTR Start = *Base & ~(ALLOCATION_GRANULARITY - 1), Length = ROUND_TO_PAGES(*Size + (*Base - Start));
    PMMVAD Vad;
    NTSTATUS Status;

    if (*Base != 0 && Start == 0)
        return STATUS_CONFLICTING_ADDRESSES;
    Status = MiInsertVad(Space, &Template, &Start, Length, Commit ? Length >> PAGE_SHIFT : 0, &Vad);
    if (NT_SUCCESS(Status)) {
        *Base = Start;
        *Size = Length;
    }
    return Status;
}

BOOLEAN MiIsCommitted(PMMVAD Vad, PMMPTE Pte)
{
    MMPTE Value = Pte != NULL ? MiReadPte(Pte) : MiMakeZero();

    if (Value.Value == 0)
        return Vad->Committed;
    return MiIsValid(Value) || MiKindOf(Value) != MiPteDecommitted;
}

NTSTATUS MiCommitRange(PMM_ADDRESS_SPACE Space, PMMVAD Vad, ULONG_PTR Start, ULONG_PTR End, ULONG Protection)
{
    ULONG64 New = 0;

    for (ULONG_PTR At = Start; At < End; At += PAGE_SIZE)
        if (!MiIsCommitted(Vad, MiFindPte(Space->DirectoryTableBase, At)))
            New++;
    if (!MiChargeCommit(New))
        return STATUS_COMMITMENT_LIMIT;
    MiMakeTables(Space, Start, End);
    for (ULONG_PTR At = Start; At < End; At += PAGE_SIZE) {
        PMMPTE Pte = MiFindPte(Space->DirectoryTableBase, At);
        if (!MiIsCommitted(Vad, Pte))
            MiWritePte(Pte, MiMakeDemandZero(Protection));
    }
    Space->CommittedPages += New;
    return STATUS_SUCCESS;
}

PMMVAD MiNextVad(PMM_ADDRESS_SPACE Space, ULONG_PTR Address)
{
    PRTL_AVL_NODE Node = RtlAvlLowerBound(&Space->Vads, (const VOID *)Address, MiCompareVad);

    return Node != NULL ? CONTAINING_RECORD(Node, MMVAD, Node) : NULL;
}

PMMVAD MiFindVadForRange(PMM_ADDRESS_SPACE Space, ULONG_PTR Start, ULONG_PTR End)
{
    PMMVAD Vad = MiFindVad(Space, Start);

    return Vad != NULL && End <= Vad->End ? Vad : NULL;
}

BOOLEAN MiIsUserRange(ULONG_PTR Base, SIZE_T Size)
{
    return Size != 0 && Size <= USER_END && Base <= USER_END - Size;
}

/* Pages of a segment that was only reserved. The working-set lock is let go of, the range lock keeps the VAD. */
static NTSTATUS MiCommitView(PMM_ADDRESS_SPACE Space, PMMVAD Vad, ULONG_PTR Start, ULONG_PTR End)
{
    ULONG64 First = Vad->FirstPage + ((Start - Vad->Start) >> PAGE_SHIFT);
    NTSTATUS Status;

    MiUnlockWorkingSet(&Space->WorkingSet);
    Status = MmExtendSegment(Vad->Segment, First, First + ((End - Start) >> PAGE_SHIFT) - 1);
    MiLockWorkingSet(&Space->WorkingSet);
    return Status;
}

NTSTATUS MmAllocateVirtualMemory(PMM_ADDRESS_SPACE Space, PULONG_PTR Base, PSIZE_T Size, ULONG Type, ULONG Protect)
{
    ULONG Protection;
    NTSTATUS Status;

    if (!MiProtectionFromPage(Protect, &Protection) || (Protection & MI_PROTECT_COPY))
        return STATUS_INVALID_PAGE_PROTECTION;
    if ((Type & ~(ULONG)(MEM_COMMIT | MEM_RESERVE)) != 0 || (Type & (MEM_COMMIT | MEM_RESERVE)) == 0)
        return STATUS_INVALID_PARAMETER;
    if (!MiIsUserRange(*Base, *Size))
        return STATUS_INVALID_PARAMETER;
    MiLockRanges(Space);
    if (Space->Deleting) {
        Status = STATUS_PROCESS_IS_TERMINATING;
    } else if ((Type & MEM_RESERVE) || *Base == 0) {
        Status = MiReserve(Space, Base, Size, (Type & MEM_COMMIT) != 0, Protection);
    } else {
        ULONG_PTR Start = *Base & ~(ULONG_PTR)(PAGE_SIZE - 1), End = ROUND_TO_PAGES(*Base + *Size);
        PMMVAD Vad = MiFindVadForRange(Space, Start, End);
        Status = Vad == NULL ? STATUS_CONFLICTING_ADDRESSES
                 : Vad->Segment != NULL ? MiCommitView(Space, Vad, Start, End)
                 : MiCommitRange(Space, Vad, Start, End, Protection);
        if (NT_SUCCESS(Status)) {
            *Base = Start;
            *Size = End - Start;
        }
    }
    MiUnlockRanges(Space);
    return Status;
}

/*
 * Gives [Start, End) of a VAD back; entries become NewPte where there is a table, or (decommitted) where one must be
 * made. While the working-set lock is let go of, pages that are still committed may be touched; they go all the same.
 */
static VOID MiDecommitRange(PMM_ADDRESS_SPACE Space, PMMVAD Vad, ULONG_PTR Start, ULONG_PTR End, MMPTE NewPte)
{
    ULONG64 Gone = 0;

    if (NewPte.Value != 0)
        MiMakeTables(Space, Start, End);
    for (ULONG_PTR At = Start; At < End; At += PAGE_SIZE)
        if (MiIsCommitted(Vad, MiFindPte(Space->DirectoryTableBase, At)))
            Gone++;
    MiDeletePages(&Space->WorkingSet, Space->DirectoryTableBase, Start, (End - Start) >> PAGE_SHIFT, NewPte);
    MiReturnCommit(Gone);
    Space->CommittedPages -= Gone;
}

/* The pages of a view; what was paid for copies of them goes back whether there are any or not. */
static VOID MiEmptyView(PMM_ADDRESS_SPACE Space, PMMVAD Vad)
{
    MiDeletePages(&Space->WorkingSet, Space->DirectoryTableBase, Vad->Start, (Vad->End - Vad->Start) >> PAGE_SHIFT,
                  MiMakeZero());
    MiReturnCommit(Vad->CopiesCharged);
    Space->CommittedPages -= Vad->CopiesCharged;
}

VOID MiReleaseVad(PMM_ADDRESS_SPACE Space, PMMVAD Vad, PMI_VIEW_END End)
{
    PRTL_AVL_NODE Before = RtlAvlPrevious(&Vad->Node), After = RtlAvlNext(&Vad->Node);
    ULONG_PTR HoleStart = Before != NULL ? CONTAINING_RECORD(Before, MMVAD, Node)->End : 0;
    ULONG_PTR HoleEnd = After != NULL ? CONTAINING_RECORD(After, MMVAD, Node)->Start : MI_USER_TABLES_END;

    /* In an emptied entry a fault would see a committed, untouched page again. */
    Vad->Deleting = TRUE;
    if (Vad->Segment != NULL)
        MiEmptyView(Space, Vad);
    else
        MiDecommitRange(Space, Vad, Vad->Start, Vad->End, MiMakeZero());
    MiFreeUserTables(Space->WorkingSet.Process, Space->DirectoryTableBase, Vad->Start, Vad->End, HoleStart, HoleEnd,
                     &Space->PageTablePages);
    MiReturnPermanent(Vad->TablesCharged);
    RtlAvlRemove(&Space->Vads, &Vad->Node);
    End->Segment = Vad->Segment;
    End->Use = MiUseOfView(Vad);
    ExFreePoolWithTag(Vad, MI_VAD_TAG);
}

NTSTATUS MmFreeVirtualMemory(PMM_ADDRESS_SPACE Space, PULONG_PTR Base, PSIZE_T Size, ULONG Type)
{
    ULONG_PTR Start = *Base & ~(ULONG_PTR)(PAGE_SIZE - 1), End;
    MI_VIEW_END ViewEnd;
    PMMVAD Vad;
    NTSTATUS Status = STATUS_SUCCESS;

    if (Type != MEM_DECOMMIT && Type != MEM_RELEASE)
        return STATUS_INVALID_PARAMETER;
    if (*Size != 0 && !MiIsUserRange(*Base, *Size))
        return STATUS_INVALID_PARAMETER;
    MiLockRanges(Space);
    Vad = MiFindVad(Space, Start);
    End = *Size != 0 ? ROUND_TO_PAGES(*Base + *Size) : Vad != NULL ? Vad->End : 0;
    if (Vad == NULL) {
        Status = STATUS_NOT_MAPPED_VIEW;
    } else if (Vad->Segment != NULL || Vad->Image) {
        Status = STATUS_UNABLE_TO_DELETE_SECTION;
    } else if (End > Vad->End || (Type == MEM_RELEASE && (Start != Vad->Start || End != Vad->End))) {
        Status = STATUS_UNABLE_TO_FREE_VM;
    } else if (Type == MEM_DECOMMIT) {
        MiDecommitRange(Space, Vad, Start, End, Vad->Committed ? MiMakeDecommitted() : MiMakeZero());
    } else {
        MiReleaseVad(Space, Vad, &ViewEnd);
    }
    MiUnlockRanges(Space);
    if (NT_SUCCESS(Status)) {
        *Base = Start;
        *Size = End - Start;
    }
    return Status;
}
