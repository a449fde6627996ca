/*
 * What the pages of a process may be used for, and changing it ("VirtualProtect", "Memory Protection Constants").
 */
#include "mm/mi.h"

#define READABLE (MI_PROTECT_USER | MI_PROTECT_READ)

BOOLEAN MiProtectionFromPage(ULONG Page, PULONG Protection)
{
    switch (Page & ~(ULONG)PAGE_GUARD) {
    case PAGE_NOACCESS: *Protection = 0; break;
    case PAGE_READONLY: *Protection = READABLE; break;
    case PAGE_READWRITE: *Protection = READABLE | MI_PROTECT_WRITE; break;
    case PAGE_WRITECOPY: *Protection = READABLE | MI_PROTECT_COPY; break;
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ: *Protection = READABLE | MI_PROTECT_EXECUTE; break;
    default: return FALSE;
    }
    if (Page & PAGE_GUARD)
        *Protection |= MI_PROTECT_GUARD;
    return Page != (PAGE_GUARD | PAGE_NOACCESS);
}

ULONG MiPageFromProtection(ULONG Protection)
{
    ULONG Guard = (Protection & MI_PROTECT_GUARD) ? PAGE_GUARD : 0;

    if (Protection & MI_PROTECT_COPY)
        return PAGE_WRITECOPY | Guard;
    if (Protection & MI_PROTECT_WRITE)
        return PAGE_READWRITE | Guard;
    if (Protection & MI_PROTECT_EXECUTE)
        return PAGE_EXECUTE_READ | Guard;
    return (Protection & MI_PROTECT_READ) ? PAGE_READONLY | Guard : PAGE_NOACCESS;
}

/*
 * Whether the page cannot leave the working set: VirtualLock holds it, or an MDL does and it is the process' own.
 * Working-set lock held.
 */
static BOOLEAN MiIsHeld(PMMPTE Pte)
{
    KIRQL Irql = MiLockPfn();
    MMPTE Value = MiReadPte(Pte);
    BOOLEAN Held = FALSE;

    if (MiIsValid(Value)) {
        PMMPFN Pfn = MiPfn(MiFrameOf(Value));
        Held = MiIsPinned(Value) ||
               (!(Pfn->Flags & MI_FRAME_SHARED) && Pfn->ReferenceCount > ((Pfn->Flags & MI_FRAME_WRITING) ? 1 : 0));
    }
    MiUnlockPfn(Irql);
    return Held;
}

/* A valid page that shall not be any more leaves the working set. Working-set lock held. */
static VOID MiUnmapPage(PMM_ADDRESS_SPACE Space, PMMPTE Pte, ULONG_PTR Address)
{
    MMPTE Old = MiReadPte(Pte);
    PMMPFN Pfn = MiPfn(MiFrameOf(Old));
    BOOLEAN Shared = (Pfn->Flags & MI_FRAME_SHARED) != 0;
    KIRQL Irql;

    Old = MiExchangePte(Pte, Shared ? MiMakeView(MiProtectionOf(Old)) : MiMakeTransition(MiFrameOf(Old), MiProtectionOf(Old)));
    MiFlushRange(Space->WorkingSet.Process, Address, 1);
    Irql = MiLockPfn();
    if (Shared) {
        MiUnshareFrame(&Space->WorkingSet, Pte, Old);
    } else {
        MiRemoveFromRing(Pfn);
        if (MiIsDirty(Old))
            Pfn->Flags |= MI_FRAME_DIRTY;
        MiRetireFrame(Pfn);
    }
    MiUnlockPfn(Irql);
}

/* The protection that a page of a view gets when Wanted is asked for: what is copied already is the process' own. */
static ULONG MiProtectionInView(PMMVAD Vad, MMPTE Pte, ULONG Wanted)
{
    BOOLEAN Own = Pte.Value != 0 && !MiMapsSharedFrame(Pte) && (MiIsValid(Pte) || MiKindOf(Pte) != MiPteView);

    if (Vad->Segment == NULL)
        return Wanted;
    if (Own && (Wanted & MI_PROTECT_COPY))
        return (Wanted & ~(ULONG)MI_PROTECT_COPY) | MI_PROTECT_WRITE;
    if (!Own && (Wanted & MI_PROTECT_WRITE) && !Vad->Writable)
        return (Wanted & ~(ULONG)MI_PROTECT_WRITE) | MI_PROTECT_COPY;
    return Wanted;
}

VOID MiProtectPage(PMM_ADDRESS_SPACE Space, PMMVAD Vad, PMMPTE Pte, ULONG_PTR Address, ULONG Wanted)
{
    for (;;) {
        MMPTE Old = MiReadPte(Pte), New;
        ULONG Protection = MiProtectionInView(Vad, Old, Wanted);
        KIRQL Irql;
        PMMPFN Pfn;
        if (Old.Value == 0) {
            MiWritePte(Pte, Vad->Segment != NULL ? MiMakeView(Protection) : MiMakeDemandZero(Protection));
            return;
        }
        if (MiIsValid(Old) && !MiMayBeValid(Protection)) {
            MiUnmapPage(Space, Pte, Address);
            continue;
        }
        if (MiIsValid(Old)) {
            New = MiMakeValid(MiFrameOf(Old), Protection);
            New.Value |= Old.Value & (MI_PTE_ACCESSED | MI_PTE_DIRTY | MI_PTE_PINNED);
            /* The hardware may set the dirty bit between the read and the write: then look again. */
            if (!__sync_bool_compare_and_swap(&Pte->Value, Old.Value, New.Value))
                continue;
            Irql = MiLockPfn();
            Pfn = MiPfn(MiFrameOf(Old));
            if (!(Pfn->Flags & MI_FRAME_SHARED))
                Pfn->OriginalPte = MiWithProtection(Pfn->OriginalPte, Protection);
            MiUnlockPfn(Irql);
            return;
        }
        Irql = MiLockPfn();
        Old = MiReadPte(Pte);
        if (MiKindOf(Old) == MiPteTransition) {
            Pfn = MiPfn(MiFrameOf(Old));
            Pfn->OriginalPte = MiWithProtection(Pfn->OriginalPte, Protection);
        }
        MiWritePte(Pte, MiWithProtection(Old, Protection));
        MiUnlockPfn(Irql);
        return;
    }
}

/* Whether a view may be used so, and (once) the commit for copies of its pages. Working-set lock held. */
static NTSTATUS MiAllowInView(PMM_ADDRESS_SPACE Space, PMMVAD Vad, ULONG Protection)
{
    ULONG64 Pages = (Vad->End - Vad->Start) >> PAGE_SHIFT;
    BOOLEAN Copies = (Protection & MI_PROTECT_COPY) || ((Protection & MI_PROTECT_WRITE) && !Vad->Writable);

    if (Vad->Segment == NULL)
        return (Protection & MI_PROTECT_COPY) ? STATUS_INVALID_PAGE_PROTECTION : STATUS_SUCCESS;
    /* A view of data that was mapped to be read stays so; an image's pages, and those of a copy, become copies. */
    if ((Protection & MI_PROTECT_WRITE) && !Vad->Writable && !Vad->Image && Vad->CopiesCharged == 0)
        return STATUS_SECTION_PROTECTION;
    if ((Protection & MI_PROTECT_EXECUTE) && !Vad->Image && !(Vad->Protection & MI_PROTECT_EXECUTE))
        return STATUS_SECTION_PROTECTION;
    if (!Copies || Vad->CopiesCharged != 0)
        return STATUS_SUCCESS;
    if (!MiChargeCommit(Pages))
        return STATUS_COMMITMENT_LIMIT;
    Vad->CopiesCharged = Pages;
    Space->CommittedPages += Pages;
    return STATUS_SUCCESS;
}

/* All is looked at before anything is changed. The tables are there; working-set lock held, and not let go of. */
static NTSTATUS MiCheckProtect(PMM_ADDRESS_SPACE Space, PMMVAD Vad, ULONG_PTR Start, ULONG_PTR End, ULONG Protection,
                               PULONG Old)
{
    for (ULONG_PTR At = Start; At < End; At += PAGE_SIZE) {
        PMMPTE Pte = MiFindPte(Space->DirectoryTableBase, At);
        MMPTE Value = MiReadPte(Pte);
        if (!MiIsCommitted(Vad, Pte))
            return STATUS_NOT_COMMITTED;
        if (!MiMayBeValid(Protection) && MiIsHeld(Pte))
            return STATUS_INVALID_PAGE_PROTECTION;
        if (At == Start)
            *Old = MiPageFromProtection(Value.Value != 0 ? MiProtectionOf(Value) : Vad->Protection);
    }
    return MiAllowInView(Space, Vad, Protection);
}

NTSTATUS MmProtectVirtualMemory(PMM_ADDRESS_SPACE Space, PULONG_PTR Base, PSIZE_T Size, ULONG Protect, PULONG Old)
{
    ULONG_PTR Start = *Base & ~(ULONG_PTR)(PAGE_SIZE - 1), End;
    ULONG Protection;
    PMMVAD Vad;
    NTSTATUS Status = STATUS_CONFLICTING_ADDRESSES;

    if (!MiProtectionFromPage(Protect, &Protection))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (!MiIsUserRange(*Base, *Size))
        return STATUS_INVALID_PARAMETER;
    End = ROUND_TO_PAGES(*Base + *Size);
    MiLockRanges(Space);
    Vad = MiFindVadForRange(Space, Start, End);
    if (Vad != NULL) {
        MiMakeTables(Space, Start, End);
        Status = MiCheckProtect(Space, Vad, Start, End, Protection, Old);
    }
    if (NT_SUCCESS(Status)) {
        for (ULONG_PTR At = Start; At < End; At += PAGE_SIZE)
            MiProtectPage(Space, Vad, MiFindPte(Space->DirectoryTableBase, At), At, Protection);
        MiFlushRange(Space->WorkingSet.Process, Start, (End - Start) >> PAGE_SHIFT);
    }
    MiUnlockRanges(Space);
    if (NT_SUCCESS(Status)) {
        *Base = Start;
        *Size = End - Start;
    }
    return Status;
}
