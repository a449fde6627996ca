/*
 * The end of a page: whatever its entry says, frame and slot are given back.
 */
#include "mm/mi.h"

#define DELETE_BATCH 64                 /* pages whose translations are taken back in one round */

/* A frame whose page is gone. PFN lock held; the frame is on no list and in no ring. */
static VOID MiDropFrame(PMMPFN Pfn)
{
    MiFreeSlotOf(Pfn->OriginalPte);
    Pfn->OriginalPte = MiMakeZero();
    MiReleaseFrame(Pfn);
}

/* A page that was valid, and no processor uses it any more. PFN lock held. */
static VOID MiEndOwnPage(PMM_WORKING_SET WorkingSet, PMMPFN Pfn, MMPTE Old)
{
    MiCountResident(MiSectionOfFrame(Pfn), -1);
    if (MiIsPinned(Old))
        MiUnpinFrame(WorkingSet, Pfn);
    if (Pfn->Flags & MI_FRAME_IN_RING)
        MiRemoveFromRing(Pfn);
    MiDropFrame(Pfn);
}

/*
 * The valid pages from Address on, up to a batch of them: entries first, then the TLBs, then the frames. Returns how
 * many there were. Working-set lock held.
 */
static ULONG MiDeleteValidPages(PMM_WORKING_SET WorkingSet, ULONG64 Root, ULONG_PTR Address, ULONG64 Pages, MMPTE NewPte)
{
    MMPTE Old[DELETE_BATCH];
    ULONG Count;

    for (Count = 0; Count < min(Pages, DELETE_BATCH); Count++) {
        PMMPTE Pte = MiFindPte(Root, Address + Count * PAGE_SIZE);
        if (Pte == NULL || !MiIsValid(MiReadPte(Pte)))
            break;
        Old[Count] = MiExchangePte(Pte, NewPte);
    }
    if (Count == 0)
        return 0;
    MiFlushRange(WorkingSet->Process, Address, Count);
    for (ULONG i = 0; i < Count; i++) {
        PMMPFN Pfn = MiPfn(MiFrameOf(Old[i]));
        KIRQL Irql = MiLockPfn();
        if (Pfn->Flags & MI_FRAME_SHARED)
            MiUnshareFrame(WorkingSet, MiFindPte(Root, Address + i * PAGE_SIZE), Old[i]);
        else
            MiEndOwnPage(WorkingSet, Pfn, Old[i]);
        MiUnlockPfn(Irql);
    }
    return Count;
}

/* A page that is not valid: frame, slot and entry are given back. FALSE: a transfer is reading into it; referenced. */
static BOOLEAN MiDeletePage(PMMPTE Pte, MMPTE NewPte, PMI_TRANSFER *Transfer)
{
    MMPTE Old;
    PMMPFN Pfn;
    KIRQL Irql;

    Irql = MiLockPfn();
    Old = MiReadPte(Pte);
    if (MiKindOf(Old) == MiPteTransition) {
        Pfn = MiPfn(MiFrameOf(Old));
        if (Pfn->Flags & MI_FRAME_READING) {
            *Transfer = MiTransfer(Pfn->Transfer);
            MiReferenceTransfer(*Transfer);
            MiUnlockPfn(Irql);
            return FALSE;
        }
        if (Pfn->State != MiFrameTransit)
            MiUnlinkFrame(Pfn);
        MiDropFrame(Pfn);
    } else {
        MiFreeSlotOf(Old);
    }
    MiWritePte(Pte, NewPte);
    MiUnlockPfn(Irql);
    return TRUE;
}

VOID MiEndPage(PMMPTE Pte)
{
    PMI_TRANSFER Transfer;

    while (!MiDeletePage(Pte, MiMakeZero(), &Transfer))
        MiWaitForTransfer(Transfer);
}

VOID MiDeletePages(PMM_WORKING_SET WorkingSet, ULONG64 Root, ULONG_PTR Address, ULONG64 Pages, MMPTE NewPte)
{
    while (Pages != 0) {
        ULONG Count = MiDeleteValidPages(WorkingSet, Root, Address, Pages, NewPte);
        PMMPTE Pte;
        PMI_TRANSFER Transfer;

        Pages -= Count;
        Address += (ULONG_PTR)Count << PAGE_SHIFT;
        if (Count != 0)
            continue;
        Pte = MiFindPte(Root, Address);
        if (Pte != NULL && !MiDeletePage(Pte, NewPte, &Transfer)) {
            /* It is valid, or on its way out again, when the transfer is done. */
            MiUnlockWorkingSet(WorkingSet);
            MiWaitForTransfer(Transfer);
            MiLockWorkingSet(WorkingSet);
            continue;
        }
        if (Pte == NULL && NewPte.Value != 0)
            KiBugCheck(MEMORY_MANAGEMENT, Address, NewPte.Value, 0, 0, NULL, "no page table for %p", (PVOID)Address);
        Pages--;
        Address += PAGE_SIZE;
    }
}
