/*
 * VirtualLock: pages of a process that stay in its working set until it unlocks them ("VirtualLock", "VirtualUnlock").
 * A quota bounds what one process may hold; the resident budget bounds all of them together. The hold is a mark in the
 * entry, so several processes can have one on the same shared page.
 */
#include "mm/mi.h"

#define LOCK_QUOTA_PAGES 256            /* each process */

VOID MiUnpinFrame(PMM_WORKING_SET WorkingSet, PMMPFN Pfn)
{
    MiDereferenceFrame(Pfn);
    CONTAINING_RECORD(WorkingSet, MM_ADDRESS_SPACE, WorkingSet)->LockedPages--;
}

static NTSTATUS MiPinPage(PMM_ADDRESS_SPACE Space, ULONG_PTR Address)
{
    NTSTATUS Status;
    BOOLEAN Locked;
    PMMPTE Pte;
    PMMPFN Pfn;
    KIRQL Irql;

    do
        Status = MiResolveFault(&Space->WorkingSet, Space, Address, 0);
    while (Status == MI_RETRY);
    if (!NT_SUCCESS(Status))
        return Status;
    Pte = MiFindPte(Space->DirectoryTableBase, Address);
    Pfn = MiPfn(MiFrameOf(MiReadPte(Pte)));
    if (MiIsPinned(MiReadPte(Pte)))
        return STATUS_SUCCESS;
    if (Space->LockedPages >= LOCK_QUOTA_PAGES)
        return STATUS_WORKING_SET_QUOTA;
    Irql = MiLockPfn();
    Locked = MiLockFrame(Pfn);
    MiUnlockPfn(Irql);
    if (!Locked)
        return STATUS_WORKING_SET_QUOTA;
    __atomic_or_fetch(&Pte->Value, MI_PTE_PINNED, __ATOMIC_RELAXED);
    Space->LockedPages++;
    return STATUS_SUCCESS;
}

/* Unpins what is pinned of [Start, End); FALSE when some page was not. Working-set lock held. */
static BOOLEAN MiUnpinRange(PMM_ADDRESS_SPACE Space, ULONG_PTR Start, ULONG_PTR End)
{
    BOOLEAN All = TRUE;

    for (ULONG_PTR At = Start; At < End; At += PAGE_SIZE) {
        PMMPTE Pte = MiFindPte(Space->DirectoryTableBase, At);
        KIRQL Irql;
        if (Pte == NULL || !MiIsValid(MiReadPte(Pte)) || !MiIsPinned(MiReadPte(Pte))) {
            All = FALSE;
            continue;
        }
        __atomic_and_fetch(&Pte->Value, ~MI_PTE_PINNED, __ATOMIC_RELAXED);
        Irql = MiLockPfn();
        MiUnpinFrame(&Space->WorkingSet, MiPfn(MiFrameOf(MiReadPte(Pte))));
        MiUnlockPfn(Irql);
    }
    return All;
}

static BOOLEAN MiRoundRange(PULONG_PTR Base, SIZE_T Size, PULONG_PTR End)
{
    if (Size == 0 || Size > MM_HIGHEST_USER_ADDRESS || *Base > MM_HIGHEST_USER_ADDRESS + 1 - Size)
        return FALSE;
    *End = ROUND_TO_PAGES(*Base + Size);
    *Base &= ~(ULONG_PTR)(PAGE_SIZE - 1);
    return TRUE;
}

/* When it fails, nothing of the range is left locked. */
NTSTATUS MmLockVirtualMemory(PMM_ADDRESS_SPACE Space, ULONG_PTR Base, SIZE_T Size)
{
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG_PTR End, At;

    if (!MiRoundRange(&Base, Size, &End))
        return STATUS_INVALID_PARAMETER;
    if ((End - Base) >> PAGE_SHIFT > LOCK_QUOTA_PAGES)
        return STATUS_WORKING_SET_QUOTA;
    ExAcquireFastMutex(&Space->RangeLock);
    MiLockWorkingSet(&Space->WorkingSet);
    if (Space->Deleting)
        Status = STATUS_PROCESS_IS_TERMINATING;
    for (At = Base; At < End && NT_SUCCESS(Status); At += PAGE_SIZE)
        Status = MiPinPage(Space, At);
    if (!NT_SUCCESS(Status) && At != Base)
        MiUnpinRange(Space, Base, At - PAGE_SIZE);
    MiUnlockWorkingSet(&Space->WorkingSet);
    ExReleaseFastMutex(&Space->RangeLock);
    return Status;
}

NTSTATUS MmUnlockVirtualMemory(PMM_ADDRESS_SPACE Space, ULONG_PTR Base, SIZE_T Size)
{
    NTSTATUS Status = STATUS_PROCESS_IS_TERMINATING;
    ULONG_PTR End;

    if (!MiRoundRange(&Base, Size, &End))
        return STATUS_INVALID_PARAMETER;
    /* Nobody can have locked so much; and nobody shall keep the kernel busy with half the address space. */
    if ((End - Base) >> PAGE_SHIFT > LOCK_QUOTA_PAGES)
        return STATUS_NOT_LOCKED;
    ExAcquireFastMutex(&Space->RangeLock);
    MiLockWorkingSet(&Space->WorkingSet);
    if (!Space->Deleting)
        Status = MiUnpinRange(Space, Base, End) ? STATUS_SUCCESS : STATUS_NOT_LOCKED;
    MiUnlockWorkingSet(&Space->WorkingSet);
    ExReleaseFastMutex(&Space->RangeLock);
    return Status;
}
