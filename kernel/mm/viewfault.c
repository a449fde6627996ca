/*
 * Faults in views: a page of a segment becomes mapped, and a page that is to be copied when it is written is copied.
 *
 * The usual case, a page that is in a frame, takes one look under the PFN lock. Else the working-set lock is let go of,
 * the page is brought into a frame and held there by a reference, and then the VAD is looked up again: it may be gone,
 * or be a view of something else by now. If it is the same, the page is mapped before the reference goes, so a page
 * that was waited for cannot be taken away before it has been used; who waits long gets on.
 *
 * The segment lives on meanwhile by a reference of its own. It is let go of without a lock, since the last one ends
 * pages and may wait for their transfers.
 */
#include "mm/mi.h"

static ULONG64 MiPageOfView(PMMVAD Vad, ULONG_PTR Address)
{
    return Vad->FirstPage + ((Address - Vad->Start) >> PAGE_SHIFT);
}

/* Maps a frame that is held, if the address still means that page. Working-set lock held. */
static VOID MiMapHeldFrame(PMM_ADDRESS_SPACE Space, PMM_SEGMENT Segment, ULONG64 Page, ULONG_PTR Address, PMMPFN Pfn)
{
    PMMVAD Vad = MiFindVad(Space, Address);
    PMMPTE Pte = MiFindPte(Space->DirectoryTableBase, Address);
    ULONG Protection;
    MMPTE Value;
    KIRQL Irql;

    if (Vad == NULL || Vad->Deleting || Vad->Segment != Segment || MiPageOfView(Vad, Address) != Page || Pte == NULL)
        return;
    Value = MiReadPte(Pte);
    if (Value.Value != 0 && (MiIsValid(Value) || MiKindOf(Value) != MiPteView))
        return;
    Protection = Value.Value == 0 ? Vad->Protection : MiProtectionOf(Value);
    if (Protection == 0 || (Protection & MI_PROTECT_GUARD))
        return;
    Irql = MiLockPfn();
    MiShareFrame(&Space->WorkingSet, Pte, Address, Pfn, Protection);
    MiUnlockPfn(Irql);
}

/*
 * The page is not in a frame: waits for it. Working-set lock held, let go of on the way. MI_RETRY, or what went wrong.
 */
static NTSTATUS MiWaitForSegmentPage(PMM_ADDRESS_SPACE Space, PMM_SEGMENT Segment, ULONG64 Page, ULONG_PTR Address)
{
    PMMPFN Pfn;
    NTSTATUS Status;

    MmReferenceSegment(Segment);
    MiUnlockWorkingSet(&Space->WorkingSet);
    Status = MiBringSegmentPage(Segment, Page, &Pfn);
    if (NT_SUCCESS(Status)) {
        KIRQL Irql;
        MiLockWorkingSet(&Space->WorkingSet);
        MiMapHeldFrame(Space, Segment, Page, Address, Pfn);
        MiUnlockWorkingSet(&Space->WorkingSet);
        Irql = MiLockPfn();
        MiDereferenceFrame(Pfn);
        MiUnlockPfn(Irql);
        Status = MI_RETRY;
    }
    MmDereferenceSegment(Segment);
    MiLockWorkingSet(&Space->WorkingSet);
    /* A view reaches beyond what is committed of its segment. */
    return Status == STATUS_END_OF_FILE ? STATUS_ACCESS_VIOLATION : Status;
}

NTSTATUS MiViewFault(PMM_ADDRESS_SPACE Space, PMMVAD Vad, PMMPTE Pte, ULONG_PTR Address, ULONG Protection)
{
    ULONG64 Page = MiPageOfView(Vad, Address);
    KIRQL Irql = MiLockPfn();
    PMMPTE Prototype = MiFindPrototype(Vad->Segment, Page);
    MMPTE Value = Prototype != NULL ? *Prototype : MiMakeZero();

    if (MiKindOf(Value) == MiPteTransition && !(MiPfn(MiFrameOf(Value))->Flags & MI_FRAME_READING)) {
        MiShareFrame(&Space->WorkingSet, Pte, Address, MiPfn(MiFrameOf(Value)), Protection);
        MiUnlockPfn(Irql);
        InterlockedIncrement64((PLONG64)&MiSoftFaults);
        return STATUS_SUCCESS;
    }
    MiUnlockPfn(Irql);
    return MiWaitForSegmentPage(Space, Vad->Segment, Page, Address);
}

/*
 * What is copied cannot change or go meanwhile: the entry that maps it is under the lock that is held. The other
 * processors drop the old translation before the writer goes on, so no thread of the process reads old bytes after it.
 */
NTSTATUS MiCopyOnWrite(PMM_ADDRESS_SPACE Space, PMMPTE Pte, ULONG_PTR Address)
{
    ULONG Protection = (MiProtectionOf(MiReadPte(Pte)) & ~(ULONG)MI_PROTECT_COPY) | MI_PROTECT_WRITE;
    PFN_NUMBER Frame = MiTakePermanentFrame();
    PMMPFN Pfn = MiPfn(Frame);
    ULONG_PTR Page = Address & ~(ULONG_PTR)(PAGE_SIZE - 1);
    MMPTE Old, New;
    KIRQL Irql;

    if (Frame == MI_NO_FRAME) {
        MiUnlockWorkingSet(&Space->WorkingSet);
        MiWaitForFrames();
        MiLockWorkingSet(&Space->WorkingSet);
        return MI_RETRY;
    }
    RtlCopyMemory(MiDirectAddress(Frame), MiDirectAddress(MiFrameOf(MiReadPte(Pte))), PAGE_SIZE);
    New = MiMakeValid(Frame, Protection);
    New.Value |= MiReadPte(Pte).Value & MI_PTE_PINNED;
    Old = MiExchangePte(Pte, New);
    MiFlushTlb(Space->WorkingSet.Process, &Page, 1);
    Irql = MiLockPfn();
    if (MiIsPinned(Old)) {
        /* VirtualLock's hold moves to the copy, which it has paid for with the original. */
        MiTakeResident(1);
        Pfn->Flags |= MI_FRAME_CHARGED;
        MiReferenceFrame(Pfn);
        Space->LockedPages++;
    }
    MiUnshareFrame(&Space->WorkingSet, Pte, Old);
    Pfn->Pte = Pte;
    Pfn->OriginalPte = MiMakeDemandZero(Protection);
    Pfn->VirtualPage = Page;
    Pfn->Owner = MiMakeOwner(&Space->WorkingSet, NULL);
    Pfn->Flags |= MI_FRAME_DIRTY;
    MiInsertInRing(&Space->WorkingSet, Pfn);
    MiUnlockPfn(Irql);
    return STATUS_SUCCESS;
}
