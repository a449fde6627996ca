/*
 * User stacks. Mm makes and grows them; a thread has one from its start to its end.
 */
#include "ps/psp.h"

PAGED_CODE_SECTION NTSTATUS PspCreateUserStack(PETHREAD Thread, SIZE_T Size)
{
    PMM_ADDRESS_SPACE Space = &Thread->ThreadsProcess->AddressSpace;
    ULONG_PTR Base;
    SIZE_T Total;
    NTSTATUS Status;

    PAGED_CODE();
    if (Size > PSP_MAXIMUM_STACK)
        return STATUS_INVALID_PARAMETER;
    Status = MmCreateUserStack(Space, Size != 0 ? Size : PSP_DEFAULT_STACK, &Base, &Total);
    if (!NT_SUCCESS(Status))
        return Status;
    Thread->UserStackBase = Base;
    Thread->UserStackSize = Total;
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
