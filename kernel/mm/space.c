/*
 * Address spaces of processes: a top-level table whose upper half is the system's, a working set, a tree of VADs.
 */
#include "mm/mi.h"

PMM_ADDRESS_SPACE (*MmProcessSpace)(PKPROCESS Process);

#define TOP_ENTRIES 512
#define USER_TOP_ENTRIES 256
#define MINIMUM_WORKING_SET 8

NTSTATUS MmCreateAddressSpace(PMM_ADDRESS_SPACE Space, PKPROCESS Process)
{
    PMMPTE Top, SystemTop = MiDirectAddress(MiKernelRoot >> PAGE_SHIFT);
    PFN_NUMBER Frame;

    if (!MiChargePermanent(1))
        return STATUS_INSUFFICIENT_RESOURCES;
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

VOID MmDeleteAddressSpace(PMM_ADDRESS_SPACE Space)
{
    PRTL_AVL_NODE Node;

    ExAcquireFastMutex(&Space->RangeLock);
    MiLockWorkingSet(&Space->WorkingSet);
    /* Another process may hold a reference to this one and come yet to change its memory: it finds this. */
    Space->Deleting = TRUE;
    while ((Node = RtlAvlFirst(&Space->Vads)) != NULL)
        MiReleaseVad(Space, CONTAINING_RECORD(Node, MMVAD, Node));
    MiUnlockWorkingSet(&Space->WorkingSet);
    ExReleaseFastMutex(&Space->RangeLock);
    MiRemoveWorkingSet(&Space->WorkingSet);
    ASSERT(Space->WorkingSet.Size == 0 && Space->CommittedPages == 0 && Space->PageTablePages == 0 &&
           Space->LockedPages == 0);
    MiFreePermanentFrame(Space->DirectoryTableBase >> PAGE_SHIFT);
}
