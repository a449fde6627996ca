/*
 * Moving bytes between programs and the kernel: the range is checked here, the copying with its recovery is in
 * ke/trap.S.
 */
#include "mm/mi.h"
#include "ke/trap.h"

/* A kernel-mode caller vouches for its addresses; anyone else's must lie in user space entirely. */
static BOOLEAN MiRangeAllowed(USER_ADDRESS Address, SIZE_T Length)
{
    if (ExGetPreviousMode() == KernelMode)
        return TRUE;
    return Address.Value >= MM_LOWEST_USER_ADDRESS && Length <= MM_HIGHEST_USER_ADDRESS &&
           Address.Value <= MM_HIGHEST_USER_ADDRESS + 1 - Length;
}

NTSTATUS MmCopyFromUser(PVOID Destination, USER_ADDRESS Source, SIZE_T Length)
{
    if (Length == 0)
        return STATUS_SUCCESS;
    if (!MiRangeAllowed(Source, Length))
        return STATUS_ACCESS_VIOLATION;
    return KiUserCopy(Destination, (const VOID *)Source.Value, Length);
}

NTSTATUS MmCopyToUser(USER_ADDRESS Destination, const VOID *Source, SIZE_T Length)
{
    if (Length == 0)
        return STATUS_SUCCESS;
    if (!MiRangeAllowed(Destination, Length))
        return STATUS_ACCESS_VIOLATION;
    return KiUserCopy((PVOID)Destination.Value, Source, Length);
}

NTSTATUS MmUserStringLength(USER_ADDRESS String, SIZE_T Maximum, PSIZE_T Length)
{
    NTSTATUS Status;

    /* The scan stops at the first byte behind user space by a fault, so only the beginning is checked. */
    if (!MiRangeAllowed(String, 1))
        return STATUS_ACCESS_VIOLATION;
    Status = KiUserStringLength((PCSTR)String.Value, Maximum, Length);
    if (NT_SUCCESS(Status) && *Length == Maximum)
        return STATUS_BUFFER_OVERFLOW;
    return Status;
}
