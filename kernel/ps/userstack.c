/*
 * User stacks: committed pages above one that is only reserved, so that running over the end is a fault and not the
 * corruption of what lies below. Pages take frames when they are first touched.
 */
#include "ps/psp.h"

PAGED_CODE_SECTION NTSTATUS PspCreateUserStack(PETHREAD Thread, SIZE_T Size)
{
    PMM_ADDRESS_SPACE Space = &Thread->ThreadsProcess->AddressSpace;
    ULONG_PTR Base = 0, Committed;
    SIZE_T Total, Usable;
    NTSTATUS Status;

    PAGED_CODE();
    if (Size > PSP_MAXIMUM_STACK)
        return STATUS_INVALID_PARAMETER;
    Usable = ROUND_TO_PAGES(Size != 0 ? Size : PSP_DEFAULT_STACK);
    Total = Usable + PAGE_SIZE;
    Status = MmAllocateVirtualMemory(Space, &Base, &Total, MEM_RESERVE, PAGE_READWRITE);
    if (!NT_SUCCESS(Status))
        return Status;
    Committed = Base + PAGE_SIZE;
    Status = MmAllocateVirtualMemory(Space, &Committed, &Usable, MEM_COMMIT, PAGE_READWRITE);
    if (!NT_SUCCESS(Status)) {
        Total = 0;
        MmFreeVirtualMemory(Space, &Base, &Total, MEM_RELEASE);
        return Status;
    }
    Thread->UserStackBase = Base;
    Thread->UserStackSize = Usable + PAGE_SIZE;
    return STATUS_SUCCESS;
}

/* Fails harmlessly when the program has released the memory itself. */
PAGED_CODE_SECTION VOID PspDeleteUserStack(PETHREAD Thread)
{
    ULONG_PTR Base = Thread->UserStackBase;
    SIZE_T Size = 0;

    if (Base != 0)
        MmFreeVirtualMemory(&Thread->ThreadsProcess->AddressSpace, &Base, &Size, MEM_RELEASE);
}
