/*
 * Address spaces of processes: a top-level table whose upper half is the system's, a working set, a tree of VADs.
 */
#include "mm/mi.h"

PMM_ADDRESS_SPACE (*MmProcessSpace)(PKPROCESS Process);

#define TOP_ENTRIES 512
#define USER_TOP_ENTRIES 256
/*
 * Pages that a process keeps under any pressure, and has paid for: no instruction touches more at once (its own two,
 * two it reads, two it writes), so a thread that has waited for its last page can go on whatever the others do.
 */
#define MINIMUM_WORKING_SET 8

NTSTATUS MmCreateAddressSpace(PMM_ADDRESS_SPACE Space, PKPROCESS Process)
{
    PMMPTE Top, SystemTop = MiDirectAddress(MiKernelRoot >> PAGE_SHIFT);
    PFN_NUMBER Frame;

    if (!MiChargeResident(MINIMUM_WORKING_SET))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!MiChargePermanent(1)) {
        MiReturnResident(MINIMUM_WORKING_SET);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Frame = MiWaitForPermanentFrame();
    RtlZeroMemory(Space, sizeof(*Space));
    ExInitializeFastMutex(&Space->RangeLock);
    Top = MiDirectAddress(Frame);
    for (ULONG i = USER_TOP_ENTRIES; i < TOP_ENTRIES; i++)
        Top[i] = SystemTop[i];
    Space->DirectoryTableBase = Frame << PAGE_SHIFT;
    MiInitializeWorkingSet(&Space->WorkingSet, Process);
    Space->WorkingSet.MinimumSize = MINIMUM_WORKING_SET;
    return STATUS_SUCCESS;
}

/* Tables of the user half of the system process, which it has for this page only. */
#define IDENTITY_TABLES 3

static ULONG64 MiIdentityTables;

/* The processors that ran in the page have the system process loaded, as their idle threads do, and are told. */
INIT_CODE VOID MmUnmapIdentityPage(ULONG_PTR Address)
{
    PMMPTE Pte = MiSystemPte(Address);

    if (Pte != NULL)
        MiWritePte(Pte, MiMakeZero());
    MiFlushRange(&KiSystemProcess, Address, 1);
    MiFreeUserTables(&KiSystemProcess, MiKernelRoot, Address, Address + PAGE_SIZE, 0, MI_USER_TABLES_END,
                     &MiIdentityTables);
    MiReturnPermanent(IDENTITY_TABLES);
}

INIT_CODE BOOLEAN MmMapIdentityPage(ULONG_PTR Address)
{
    PMMPTE Pte;

    if (!MiChargePermanent(IDENTITY_TABLES))
        return FALSE;
    Pte = MiMakePte(MiKernelRoot, Address, &MiIdentityTables);
    if (Pte == NULL) {
        MmUnmapIdentityPage(Address);
        return FALSE;
    }
    MiWritePte(Pte, MiMakePermanent(Address >> PAGE_SHIFT, MI_PROTECT_READ | MI_PROTECT_EXECUTE));
    return TRUE;
}

VOID MmDeleteAddressSpace(PMM_ADDRESS_SPACE Space)
{
    PRTL_AVL_NODE Node;
    MI_VIEW_END End;

    MiLockRanges(Space);
    /* Another process may hold a reference to this one and come yet to change its memory: it finds this. */
    Space->Deleting = TRUE;
    while ((Node = RtlAvlFirst(&Space->Vads)) != NULL) {
        MiReleaseVad(Space, CONTAINING_RECORD(Node, MMVAD, Node), &End);
        MiUnlockRanges(Space);
        if (End.Segment != NULL)
            MmLeaveSegment(End.Segment, End.Use);
        MiLockRanges(Space);
    }
    MiUnlockRanges(Space);
    MiRemoveWorkingSet(&Space->WorkingSet);
    ASSERT(MmWorkingSetSize(Space) == 0 && Space->WorkingSet.Tables == 0 && Space->CommittedPages == 0 && Space->PageTablePages == 0 &&
           Space->LockedPages == 0);
    MiFreePermanentFrame(Space->DirectoryTableBase >> PAGE_SHIFT);
    MiReturnResident(MINIMUM_WORKING_SET);
}
