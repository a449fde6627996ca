/*
 * Virtual address descriptors: which ranges of a process are reserved and committed; allocate, free and protect them
 * ("NtAllocateVirtualMemory", "NtFreeVirtualMemory", "VirtualProtect").
 *
 * A VAD is one reservation. In a VAD that was committed as a whole an empty entry means a committed, untouched page, and a
 * page taken out of it is marked decommitted; in one that was only reserved an empty entry means nothing, and each committed
 * page has an entry. Commit is charged when it is promised, and with it the page tables that the range may come to need,
 * out of both budgets: a fault that makes one then waits for a frame at most, and never for a budget.
 *
 * Every change runs under the range lock. The working-set lock is let go of on the way, to wait for a transfer or a frame, so
 * faults and the trimmer come between; another change does not.
 */
#include "mm/mi.h"

#define MI_VAD_TAG 'daVM'
#define ALLOCATION_GRANULARITY 0x10000ull
#define PAGES_PER_TABLE 512
#define USER_END (MM_HIGHEST_USER_ADDRESS + 1)

static VOID MiLockRanges(PMM_ADDRESS_SPACE Space)
{
    ExAcquireFastMutex(&Space->RangeLock);
    MiLockWorkingSet(&Space->WorkingSet);
}

static VOID MiUnlockRanges(PMM_ADDRESS_SPACE Space)
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

/* PAGE_... to MI_PROTECT_...; FALSE: no such protection, or writable and executable at once. */
static BOOLEAN MiProtectionFromPage(ULONG Page, PULONG Protection)
{
    switch (Page) {
    case PAGE_NOACCESS: *Protection = 0; return TRUE;
    case PAGE_READONLY: *Protection = MI_PROTECT_USER | MI_PROTECT_READ; return TRUE;
    case PAGE_READWRITE: *Protection = MI_PROTECT_USER | MI_PROTECT_READ | MI_PROTECT_WRITE; return TRUE;
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ: *Protection = MI_PROTECT_USER | MI_PROTECT_READ | MI_PROTECT_EXECUTE; return TRUE;
    default: return FALSE;
    }
}

static ULONG MiPageFromProtection(ULONG Protection)
{
    if (Protection & MI_PROTECT_WRITE)
        return PAGE_READWRITE;
    if (Protection & MI_PROTECT_EXECUTE)
        return PAGE_EXECUTE_READ;
    return (Protection & MI_PROTECT_READ) ? PAGE_READONLY : PAGE_NOACCESS;
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
 * Tables that a range can need at the worst: as many of each level as it lies in. A table that serves several ranges is counted
 * by each, so there are never more tables than the ranges together have paid for.
 */
static ULONG64 MiTablesFor(ULONG_PTR Start, ULONG_PTR End)
{
    ULONG64 Tables = 0;

    for (ULONG Shift = PAGE_SHIFT + 9; Shift <= PAGE_SHIFT + 27; Shift += 9)
        Tables += ((End - 1) >> Shift) - (Start >> Shift) + 1;
    return Tables;
}

/* The tables of [Start, End), which lies in one VAD. Working-set lock held, let go of to wait for frames. */
static VOID MiMakeTables(PMM_ADDRESS_SPACE Space, ULONG_PTR Start, ULONG_PTR End)
{
    for (ULONG_PTR At = Start; At < End; At = (At | (PAGES_PER_TABLE * PAGE_SIZE - 1)) + 1)
        while (MiMakePte(Space->DirectoryTableBase, At, &Space->PageTablePages) == NULL) {
            MiUnlockWorkingSet(&Space->WorkingSet);
            MiWaitForFrames();
            MiLockWorkingSet(&Space->WorkingSet);
        }
}

static NTSTATUS MiReserve(PMM_ADDRESS_SPACE Space, PULONG_PTR Base, PSIZE_T Size, BOOLEAN Commit, ULONG Protection)
{
    PMMVAD Vad = ExAllocatePoolZero(NonPagedPool, sizeof(MMVAD), MI_VAD_TAG);
    ULONG_PTR Start = *Base & ~(ALLOCATION_GRANULARITY - 1), Length;
    PRTL_AVL_NODE Next;
    ULONG64 Pages;

    if (Vad == NULL)
        return STATUS_NO_MEMORY;
    Length = ROUND_TO_PAGES(*Size + (*Base - Start));
    if (*Base == 0) {
        Start = MiFindGap(Space, Length);
        if (Start == 0) {
            ExFreePoolWithTag(Vad, MI_VAD_TAG);
            return STATUS_NO_MEMORY;
        }
    }
    Next = RtlAvlLowerBound(&Space->Vads, (const VOID *)Start, MiCompareVad);
    if (Start < MM_LOWEST_USER_ADDRESS || Start + Length > USER_END ||
        (Next != NULL && CONTAINING_RECORD(Next, MMVAD, Node)->Start < Start + Length)) {
        ExFreePoolWithTag(Vad, MI_VAD_TAG);
        return STATUS_CONFLICTING_ADDRESSES;
    }
    Pages = Length >> PAGE_SHIFT;
    Vad->Start = Start;
    Vad->End = Start + Length;
    Vad->Protection = Protection;
    Vad->Committed = Commit;
    Vad->TablesCharged = MiTablesFor(Start, Vad->End);
    if (!MiChargePermanent(Vad->TablesCharged)) {
        ExFreePoolWithTag(Vad, MI_VAD_TAG);
        return STATUS_COMMITMENT_LIMIT;
    }
    if (Commit && !MiChargeCommit(Pages)) {
        MiReturnPermanent(Vad->TablesCharged);
        ExFreePoolWithTag(Vad, MI_VAD_TAG);
        return STATUS_COMMITMENT_LIMIT;
    }
    if (Commit)
        Space->CommittedPages += Pages;
    RtlAvlInsert(&Space->Vads, &Vad->Node, (const VOID *)Start, MiCompareVad);
    *Base = Start;
    *Size = Length;
    return STATUS_SUCCESS;
}

/* Is a page of the VAD committed, as its entry says? */
static BOOLEAN MiIsCommitted(PMMVAD Vad, PMMPTE Pte)
{
    MMPTE Value = Pte != NULL ? MiReadPte(Pte) : MiMakeZero();

    if (Value.Value == 0)
        return Vad->Committed;
    return MiIsValid(Value) || MiKindOf(Value) != MiPteDecommitted;
}

/* Commits the pages of [Start, End) that are not yet; all or none. */
static NTSTATUS MiCommitRange(PMM_ADDRESS_SPACE Space, PMMVAD Vad, ULONG_PTR Start, ULONG_PTR End, ULONG Protection)
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

/* The VAD that holds all of [Start, End), or NULL. */
static PMMVAD MiFindVadForRange(PMM_ADDRESS_SPACE Space, ULONG_PTR Start, ULONG_PTR End)
{
    PMMVAD Vad = MiFindVad(Space, Start);

    return Vad != NULL && End <= Vad->End ? Vad : NULL;
}

static BOOLEAN MiIsUserRange(ULONG_PTR Base, SIZE_T Size)
{
    return Size != 0 && Size <= USER_END && Base <= USER_END - Size;
}

NTSTATUS MmAllocateVirtualMemory(PMM_ADDRESS_SPACE Space, PULONG_PTR Base, PSIZE_T Size, ULONG Type, ULONG Protect)
{
    ULONG Protection;
    NTSTATUS Status;

    if (!MiProtectionFromPage(Protect, &Protection))
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
        Status = Vad == NULL ? STATUS_CONFLICTING_ADDRESSES : MiCommitRange(Space, Vad, Start, End, Protection);
        if (NT_SUCCESS(Status)) {
            *Base = Start;
            *Size = End - Start;
        }
    }
    MiUnlockRanges(Space);
    return Status;
}

/*
 * Gives [Start, End) of a VAD back; entries become NewPte where there is a table, or (decommitted) where one must be made.
 * While the working-set lock is let go of, pages that are still committed may be touched; they go all the same.
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

VOID MiReleaseVad(PMM_ADDRESS_SPACE Space, PMMVAD Vad)
{
    PRTL_AVL_NODE Before = RtlAvlPrevious(&Vad->Node), After = RtlAvlNext(&Vad->Node);
    ULONG_PTR HoleStart = Before != NULL ? CONTAINING_RECORD(Before, MMVAD, Node)->End : 0;
    ULONG_PTR HoleEnd = After != NULL ? CONTAINING_RECORD(After, MMVAD, Node)->Start : MI_USER_TABLES_END;

    /* In an emptied entry a fault would see a committed, untouched page again. */
    Vad->Deleting = TRUE;
    MiDecommitRange(Space, Vad, Vad->Start, Vad->End, MiMakeZero());
    MiFreeUserTables(Space->WorkingSet.Process, Space->DirectoryTableBase, Vad->Start, Vad->End, HoleStart, HoleEnd,
                     &Space->PageTablePages);
    MiReturnPermanent(Vad->TablesCharged);
    RtlAvlRemove(&Space->Vads, &Vad->Node);
    ExFreePoolWithTag(Vad, MI_VAD_TAG);
}

NTSTATUS MmFreeVirtualMemory(PMM_ADDRESS_SPACE Space, PULONG_PTR Base, PSIZE_T Size, ULONG Type)
{
    ULONG_PTR Start = *Base & ~(ULONG_PTR)(PAGE_SIZE - 1), End;
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
    } else if (End > Vad->End || (Type == MEM_RELEASE && (Start != Vad->Start || End != Vad->End))) {
        Status = STATUS_UNABLE_TO_FREE_VM;
    } else if (Type == MEM_DECOMMIT) {
        MiDecommitRange(Space, Vad, Start, End, Vad->Committed ? MiMakeDecommitted() : MiMakeZero());
    } else {
        MiReleaseVad(Space, Vad);
    }
    MiUnlockRanges(Space);
    if (NT_SUCCESS(Status)) {
        *Base = Start;
        *Size = End - Start;
    }
    return Status;
}

/* Whether the page is held by an MDL or by VirtualLock, so that it cannot leave the working set. Working-set lock held. */
static BOOLEAN MiIsHeld(PMMPTE Pte)
{
    KIRQL Irql = MiLockPfn();
    MMPTE Value = MiReadPte(Pte);
    BOOLEAN Held = FALSE;

    if (MiIsValid(Value)) {
        PMMPFN Pfn = MiPfn(MiFrameOf(Value));
        Held = Pfn->ReferenceCount > ((Pfn->Flags & MI_FRAME_WRITING) ? 1 : 0);
    }
    MiUnlockPfn(Irql);
    return Held;
}

/*
 * Another protection for one committed page, whatever its state; its old translation is still to be flushed, by the caller,
 * for all pages at once. Working-set lock held. For no access at all the page leaves the working set, so it must not be held.
 */
static VOID MiProtectPage(PMM_ADDRESS_SPACE Space, PMMPTE Pte, ULONG_PTR Address, ULONG Protection)
{
    for (;;) {
        MMPTE Old = MiReadPte(Pte), New;
        KIRQL Irql;
        PMMPFN Pfn;
        if (MiIsValid(Old) && Protection != 0) {
            New = MiMakeValid(MiFrameOf(Old), Protection);
            New.Value |= Old.Value & (MI_PTE_ACCESSED | MI_PTE_DIRTY);
            /* The hardware may set the dirty bit between the read and the write: then look again. */
            if (!__sync_bool_compare_and_swap(&Pte->Value, Old.Value, New.Value))
                continue;
            Irql = MiLockPfn();
            Pfn = MiPfn(MiFrameOf(Old));
            Pfn->OriginalPte = MiWithProtection(Pfn->OriginalPte, Protection);
            MiUnlockPfn(Irql);
            return;
        }
        Irql = MiLockPfn();
        Old = MiReadPte(Pte);
        if (!MiIsValid(Old) && MiKindOf(Old) == MiPteTransition) {
            Pfn = MiPfn(MiFrameOf(Old));
            Pfn->OriginalPte = MiWithProtection(Pfn->OriginalPte, Protection);
        }
        if (!MiIsValid(Old)) {
            MiWritePte(Pte, MiWithProtection(Old, Protection));
            MiUnlockPfn(Irql);
            return;
        }
        /* Valid, and no access wanted: out of the working set first, then as above. */
        Pfn = MiPfn(MiFrameOf(Old));
        MiRemoveFromRing(Pfn);
        MiUnlockPfn(Irql);
        MiExchangePte(Pte, MiMakeTransition(MiFrameNumber(Pfn), MiProtectionOf(Old)));
        MiFlushRange(Space->WorkingSet.Process, Address, 1);
        Irql = MiLockPfn();
        Pfn->Flags |= MI_FRAME_DIRTY;
        MiRetireFrame(Pfn);
        MiUnlockPfn(Irql);
    }
}

NTSTATUS MmProtectVirtualMemory(PMM_ADDRESS_SPACE Space, PULONG_PTR Base, PSIZE_T Size, ULONG Protect, PULONG Old)
{
    ULONG_PTR Start = *Base & ~(ULONG_PTR)(PAGE_SIZE - 1), End;
    ULONG Protection;
    PMMVAD Vad;
    NTSTATUS Status = STATUS_SUCCESS;

    if (!MiProtectionFromPage(Protect, &Protection))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (!MiIsUserRange(*Base, *Size))
        return STATUS_INVALID_PARAMETER;
    End = ROUND_TO_PAGES(*Base + *Size);
    MiLockRanges(Space);
    Vad = MiFindVadForRange(Space, Start, End);
    if (Vad == NULL)
        Status = STATUS_CONFLICTING_ADDRESSES;
    else
        MiMakeTables(Space, Start, End);
    /* All is looked at before anything is changed, and the lock is not let go of from here on. */
    for (ULONG_PTR At = Start; NT_SUCCESS(Status) && At < End; At += PAGE_SIZE) {
        PMMPTE Pte = MiFindPte(Space->DirectoryTableBase, At);
        if (!MiIsCommitted(Vad, Pte))
            Status = STATUS_NOT_COMMITTED;
        else if (Protection == 0 && MiIsHeld(Pte))
            Status = STATUS_INVALID_PAGE_PROTECTION;
        else if (At == Start)
            *Old = MiPageFromProtection(MiReadPte(Pte).Value != 0 ? MiProtectionOf(MiReadPte(Pte)) : Vad->Protection);
    }
    for (ULONG_PTR At = Start; NT_SUCCESS(Status) && At < End; At += PAGE_SIZE) {
        PMMPTE Pte = MiFindPte(Space->DirectoryTableBase, At);
        if (MiReadPte(Pte).Value == 0)
            MiWritePte(Pte, MiMakeDemandZero(Protection));
        else
            MiProtectPage(Space, Pte, At, Protection);
    }
    if (NT_SUCCESS(Status))
        MiFlushRange(Space->WorkingSet.Process, Start, (End - Start) >> PAGE_SHIFT);
    MiUnlockRanges(Space);
    if (NT_SUCCESS(Status)) {
        *Base = Start;
        *Size = End - Start;
    }
    return Status;
}
