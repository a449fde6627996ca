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
    PFN_NUMBER Frame = MiAllocatePermanentFrame();
    PMMPTE Top, SystemTop = MiDirectAddress(MiKernelRoot >> PAGE_SHIFT);

    if (Frame == MI_NO_FRAME)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Space, sizeof(*Space));
    Top = MiDirectAddress(Frame);
    for (ULONG i = USER_TOP_ENTRIES; i < TOP_ENTRIES; i++)
        Top[i] = SystemTop[i];
    Space->DirectoryTableBase = Frame << PAGE_SHIFT;
    MiInitializeWorkingSet(&Space->WorkingSet, Process);
    Space->WorkingSet.MinimumSize = MINIMUM_WORKING_SET;
    return STATUS_SUCCESS;
}

INIT_CODE BOOLEAN MmMapIdentityPage(ULONG_PTR Address)
{
    ULONG64 Tables = 0;
    PMMPTE Pte = MiMakePte(MiKernelRoot, Address, &Tables);

    if (Pte == NULL) {
        MiFreeUserTables(MiKernelRoot, &Tables);
        return FALSE;
    }
    MiWritePte(Pte, MiMakePermanent(Address >> PAGE_SHIFT, MI_PROTECT_READ | MI_PROTECT_EXECUTE));
    return TRUE;
}

/* The processors that ran in it have the system process loaded, as their idle threads do, and are told. */
INIT_CODE VOID MmUnmapIdentityPage(ULONG_PTR Address)
{
    ULONG64 Tables = 0;

    MiWritePte(MiSystemPte(Address), MiMakeZero());
    MiFlushRange(NULL, Address, 1);
    MiFreeUserTables(MiKernelRoot, &Tables);
}

VOID MmDeleteAddressSpace(PMM_ADDRESS_SPACE Space)
{
    PRTL_AVL_NODE Node;

    Space->Deleting = TRUE;
    while ((Node = RtlAvlFirst(&Space->Vads)) != NULL) {
        ULONG_PTR Base = CONTAINING_RECORD(Node, MMVAD, Node)->Start;
        SIZE_T Size = 0;
        NTSTATUS Status = MmFreeVirtualMemory(Space, &Base, &Size, MEM_RELEASE);
        ASSERT(NT_SUCCESS(Status));
        UNREFERENCED_PARAMETER(Status);
    }
    MiRemoveWorkingSet(&Space->WorkingSet);
    MiFreeUserTables(Space->DirectoryTableBase, &Space->PageTablePages);
    ASSERT(Space->WorkingSet.Size == 0 && Space->CommittedPages == 0 && Space->PageTablePages == 0);
    MiFreePermanentFrame(Space->DirectoryTableBase >> PAGE_SHIFT);
}
