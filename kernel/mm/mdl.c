/*
 * Memory descriptor lists: pages of a buffer made to stay, and shown in system space ("Using MDLs").
 */
#include "mm/mi.h"
#include "rtl/export.h"

/* The address space that holds the buffer: the current process', or NULL for the system's. */
static PMM_ADDRESS_SPACE MiSpaceOfAddress(ULONG_PTR Address)
{
    return Address >= MM_SYSTEM_RANGE_START ? NULL : MmProcessSpace(KiCurrentThread()->ApcState.Process);
}

/* Brings one page in for the given use and references its frame. Working-set lock held, let go of on the way. */
static NTSTATUS MiProbeAndLockPage(PMM_WORKING_SET WorkingSet, PMM_ADDRESS_SPACE Space, ULONG_PTR Address, ULONG Reason,
                                   PPFN_NUMBER Frame)
{
    BOOLEAN Locked;
    PMMPTE Pte;
    MMPTE Value;
    PMMPFN Pfn;
    KIRQL Irql;

    for (;;) {
        NTSTATUS Status;
        Pte = MiFindPte(Space != NULL ? Space->DirectoryTableBase : MiKernelRoot, Address);
        Value = Pte != NULL ? MiReadPte(Pte) : MiMakeZero();
        if (MiIsValid(Value) && MiPermitsNow(MiProtectionOf(Value), Reason & MM_FAULT_WRITE))
            break;
        Status = MiResolveFault(WorkingSet, Space, Address, Reason);
        if (!NT_SUCCESS(Status))
            return Status == STATUS_IN_PAGE_ERROR ? Status : STATUS_ACCESS_VIOLATION;
    }
    *Frame = MiFrameOf(Value);
    if (*Frame > MiHighestFrame)
        return STATUS_SUCCESS;          /* device memory: nothing to hold */
    Pfn = MiPfn(*Frame);
    Irql = MiLockPfn();
    Locked = MiLockFrame(Pfn);
    /* The device writes behind the entry's dirty bit. */
    if (Locked && (Reason & MM_FAULT_WRITE))
        Pfn->Flags |= MI_FRAME_DIRTY;
    MiUnlockPfn(Irql);
    return Locked ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID MiUnlockFrames(PPFN_NUMBER Frames, ULONG Count)
{
    for (ULONG i = 0; i < Count; i++) {
        KIRQL Irql;
        PMMPFN Pfn = MiPfn(Frames[i]);
        if (Frames[i] > MiHighestFrame)
            continue;
        Irql = MiLockPfn();
        MiDereferenceFrame(Pfn);
        MiUnlockPfn(Irql);
    }
}

/* Fills in the frames of memory that never leaves; FALSE: some of it is not there. IRQL: <= DISPATCH_LEVEL. */
static BOOLEAN MiFindFrames(PMDL Mdl)
{
    ULONG_PTR Start = (ULONG_PTR)Mdl->StartVa;
    ULONG Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(Mdl->ByteOffset, Mdl->ByteCount);
    BOOLEAN All = TRUE;

    for (ULONG i = 0; i < Pages; i++) {
        PVOID Page = (PVOID)(Start + (ULONG_PTR)i * PAGE_SIZE);
        All &= MmIsAddressValid(Page);
        MmGetMdlPfnArray(Mdl)[i] = (PFN_NUMBER)(MmGetPhysicalAddress(Page).QuadPart >> PAGE_SHIFT);
    }
    return All;
}

/* Nonpaged pool and the direct map: no working-set lock has to be taken for them. */
static BOOLEAN MiIsAlwaysThere(ULONG_PTR Address)
{
    return (Address >= MM_DIRECT_MAP && Address < MM_DIRECT_MAP + MM_DIRECT_MAP_SIZE) ||
           (Address >= (ULONG_PTR)MmNonPagedPoolStart && Address < (ULONG_PTR)MmNonPagedPoolEnd);
}

/* MmProbeAndLockPages with a status instead of an exception. IRQL: <= APC_LEVEL; DISPATCH_LEVEL for nonpaged pool. */
NTSTATUS MmTryProbeAndLockPages(PMDL Mdl, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    ULONG_PTR Start = (ULONG_PTR)MmGetMdlVirtualAddress(Mdl);
    ULONG Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(Start, Mdl->ByteCount), Done;
    PMM_ADDRESS_SPACE Space = MiSpaceOfAddress(Start);
    PMM_WORKING_SET WorkingSet = Space != NULL ? &Space->WorkingSet : &MiSystemWorkingSet;
    ULONG Reason = Operation == IoReadAccess ? 0 : MM_FAULT_WRITE;
    NTSTATUS Status = STATUS_SUCCESS;

    if (Mdl->ByteCount == 0 || Start + Mdl->ByteCount < Start || (Start < MM_SYSTEM_RANGE_START && Space == NULL))
        return STATUS_ACCESS_VIOLATION;
    if (AccessMode != KernelMode && (Start < MM_LOWEST_USER_ADDRESS || Start + Mdl->ByteCount - 1 > MM_HIGHEST_USER_ADDRESS))
        return STATUS_ACCESS_VIOLATION;
    if (MiIsAlwaysThere(Start)) {
        if (!MiFindFrames(Mdl))
            return STATUS_ACCESS_VIOLATION;
        for (Done = 0; Done < Pages; Done++) {
            KIRQL Irql = MiLockPfn();
            if (MmGetMdlPfnArray(Mdl)[Done] <= MiHighestFrame)
                MiReferenceFrame(MiPfn(MmGetMdlPfnArray(Mdl)[Done]));
            MiUnlockPfn(Irql);
        }
    } else {
        MiLockWorkingSet(WorkingSet);
        for (Done = 0; Done < Pages && NT_SUCCESS(Status); Done += NT_SUCCESS(Status))
            Status = MiProbeAndLockPage(WorkingSet, Space, ((Start >> PAGE_SHIFT) + Done) << PAGE_SHIFT, Reason,
                                        &MmGetMdlPfnArray(Mdl)[Done]);
        MiUnlockWorkingSet(WorkingSet);
        if (!NT_SUCCESS(Status)) {
            MiUnlockFrames(MmGetMdlPfnArray(Mdl), Done);
            return Status;
        }
    }
    Mdl->Process = Space != NULL ? (PEPROCESS)KiCurrentThread()->ApcState.Process : NULL;
    Mdl->MdlFlags |= MDL_PAGES_LOCKED | (Operation == IoReadAccess ? 0 : MDL_WRITE_OPERATION);
    return STATUS_SUCCESS;
}

/*
 * Documentation: "MmProbeAndLockPages": raises the status to the caller's __try. IRQL: <= APC_LEVEL for pageable
 * memory.
 */
VOID MmProbeAndLockPages(PMDL Mdl, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    NTSTATUS Status = MmTryProbeAndLockPages(Mdl, AccessMode, Operation);

    if (!NT_SUCCESS(Status))
        ExRaiseStatus(Status);
}
NT_EXPORT(MmProbeAndLockPages);

/* Documentation: "MmUnlockPages". Unmaps the pages when they were mapped. IRQL: <= DISPATCH_LEVEL. */
VOID MmUnlockPages(PMDL Mdl)
{
    ULONG Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(Mdl), Mdl->ByteCount);

    ASSERT(Mdl->MdlFlags & MDL_PAGES_LOCKED);
    if (Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        MmUnmapLockedPages(Mdl->MappedSystemVa, Mdl);
    MiUnlockFrames(MmGetMdlPfnArray(Mdl), Pages);
    Mdl->MdlFlags &= ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
}
NT_EXPORT(MmUnlockPages);

/*
 * Documentation: "MmBuildMdlForNonPagedPool": fills in the frames of memory that never leaves. IRQL: <= DISPATCH_LEVEL.
 */
VOID MmBuildMdlForNonPagedPool(PMDL Mdl)
{
    BOOLEAN All = MiFindFrames(Mdl);

    ASSERT(All);
    UNREFERENCED_PARAMETER(All);
    Mdl->Process = NULL;
    Mdl->MappedSystemVa = MmGetMdlVirtualAddress(Mdl);
    Mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
}
NT_EXPORT(MmBuildMdlForNonPagedPool);
