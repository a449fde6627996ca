/*
 * The end of a page: whatever its entry says, frame and slot are given back.
 */
#include "mm/mi.h"

/* A frame whose page is gone. PFN lock held; the frame is on no list and in no ring. */
static VOID MiDropFrame(PMMPFN Pfn)
{
    if (Pfn->Flags & MI_FRAME_PINNED)
        MiUnpinFrame(Pfn);
    MiFreeSlotOf(Pfn->OriginalPte);
    Pfn->OriginalPte = MiMakeZero();
    MiReleaseFrame(Pfn);
}

BOOLEAN MiDeletePage(ULONG_PTR Address, PMMPTE Pte, MMPTE NewPte, PMI_TRANSFER *Transfer)
{
    MMPTE Old;
    PMMPFN Pfn;
    KIRQL Irql;

    if (MiIsValid(MiReadPte(Pte))) {
        Old = MiExchangePte(Pte, NewPte);
        Pfn = MiPfn(MiFrameOf(Old));
        MiFlushOne(Address);
        Irql = MiLockPfn();
        MiCountResident(MiSectionOfFrame(Pfn), -1);
        if (Pfn->Flags & MI_FRAME_IN_RING)
            MiRemoveFromRing(Pfn);
        MiDropFrame(Pfn);
        MiUnlockPfn(Irql);
        return TRUE;
    }
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

VOID MiDeletePages(PMM_WORKING_SET WorkingSet, ULONG64 Root, ULONG_PTR Address, ULONG64 Pages, MMPTE NewPte)
{
    for (; Pages != 0; Pages--, Address += PAGE_SIZE) {
        PMMPTE Pte = MiFindPte(Root, Address);
        PMI_TRANSFER Transfer;
        if (Pte == NULL) {
            if (NewPte.Value == 0)
                continue;
            KiBugCheck(MEMORY_MANAGEMENT, Address, NewPte.Value, 0, 0, NULL, "no page table for %p", (PVOID)Address);
        }
        while (!MiDeletePage(Address, Pte, NewPte, &Transfer)) {
            MiUnlockWorkingSet(WorkingSet);
            MiWaitForTransfer(Transfer);
            MiLockWorkingSet(WorkingSet);
        }
    }
}
