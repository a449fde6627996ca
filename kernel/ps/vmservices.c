/*
 * System services over a program's own memory: addresses and sizes come in and go back by reference, as documented for
 * NtAllocateVirtualMemory and its neighbours. The work is Mm's.
 */
#include "ps/psp.h"
#include "ps/service.h"
#include "rtl/export.h"

/* What every one of these services is given. */
typedef struct _PSP_REGION {
    PEPROCESS Process;                  /* referenced */
    ULONG_PTR Base;
    SIZE_T Size;
} PSP_REGION, *PPSP_REGION;

PAGED_CODE_SECTION NTSTATUS PspReferenceSpace(HANDLE Handle, PEPROCESS *Process)
{
    NTSTATUS Status = PspReferenceProcess(Handle, PROCESS_VM_OPERATION, Process);

    if (NT_SUCCESS(Status) && (*Process == PsInitialSystemProcess || (*Process)->Terminating)) {
        Status = (*Process)->Terminating ? STATUS_PROCESS_IS_TERMINATING : STATUS_ACCESS_DENIED;
        ObDereferenceObject(*Process);
    }
    return Status;
}

static PAGED_CODE_SECTION NTSTATUS PspCaptureRegion(HANDLE Process, USER_ADDRESS Base, USER_ADDRESS Size,
                                                    PPSP_REGION Region)
{
    NTSTATUS Status;

    PAGED_CODE();
    Status = MmCopyFromUser(&Region->Base, Base, sizeof(Region->Base));
    if (NT_SUCCESS(Status))
        Status = MmCopyFromUser(&Region->Size, Size, sizeof(Region->Size));
    if (NT_SUCCESS(Status))
        Status = PspReferenceSpace(Process, &Region->Process);
    return Status;
}

/* Tells the program which pages it was. A failure to do so does not undo what was done, as documented. */
static PAGED_CODE_SECTION NTSTATUS PspReturnRegion(PPSP_REGION Region, NTSTATUS Status, USER_ADDRESS Base,
                                                   USER_ADDRESS Size)
{
    ObDereferenceObject(Region->Process);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmCopyToUser(Base, &Region->Base, sizeof(Region->Base));
    if (NT_SUCCESS(Status))
        Status = MmCopyToUser(Size, &Region->Size, sizeof(Region->Size));
    return Status;
}

PAGED_CODE_SECTION NTSTATUS NtAllocateVirtualMemory(HANDLE Process, USER_ADDRESS BaseAddress, ULONG_PTR ZeroBits,
                                                    USER_ADDRESS RegionSize, ULONG AllocationType, ULONG Protect)
{
    PSP_REGION Region;
    NTSTATUS Status;

    /* Addresses with so many zero bits in front are for 16-bit programs; there are none here. */
    if (ZeroBits != 0)
        return STATUS_INVALID_PARAMETER;
    Status = PspCaptureRegion(Process, BaseAddress, RegionSize, &Region);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmAllocateVirtualMemory(&Region.Process->AddressSpace, &Region.Base, &Region.Size, AllocationType,
                                     Protect);
    return PspReturnRegion(&Region, Status, BaseAddress, RegionSize);
}
NT_EXPORT(ZwAllocateVirtualMemory);

PAGED_CODE_SECTION NTSTATUS NtFreeVirtualMemory(HANDLE Process, USER_ADDRESS BaseAddress, USER_ADDRESS RegionSize,
                                                ULONG FreeType)
{
    PSP_REGION Region;
    NTSTATUS Status = PspCaptureRegion(Process, BaseAddress, RegionSize, &Region);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmFreeVirtualMemory(&Region.Process->AddressSpace, &Region.Base, &Region.Size, FreeType);
    return PspReturnRegion(&Region, Status, BaseAddress, RegionSize);
}
NT_EXPORT(ZwFreeVirtualMemory);

PAGED_CODE_SECTION NTSTATUS NtProtectVirtualMemory(HANDLE Process, USER_ADDRESS BaseAddress, USER_ADDRESS RegionSize,
                                                   ULONG NewProtect, USER_ADDRESS OldProtect)
{
    PSP_REGION Region;
    ULONG Old = 0;
    NTSTATUS Status = MmCopyToUser(OldProtect, &Old, sizeof(Old));

    if (NT_SUCCESS(Status))
        Status = PspCaptureRegion(Process, BaseAddress, RegionSize, &Region);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmProtectVirtualMemory(&Region.Process->AddressSpace, &Region.Base, &Region.Size, NewProtect, &Old);
    if (NT_SUCCESS(Status))
        Status = MmCopyToUser(OldProtect, &Old, sizeof(Old));
    return PspReturnRegion(&Region, Status, BaseAddress, RegionSize);
}

/* MapType is 1, "in the working set": there is no other lock here. */
#define MAP_PROCESS 1

PAGED_CODE_SECTION NTSTATUS NtLockVirtualMemory(HANDLE Process, USER_ADDRESS BaseAddress, USER_ADDRESS RegionSize,
                                                ULONG MapType)
{
    PSP_REGION Region;
    NTSTATUS Status;

    if (MapType != MAP_PROCESS)
        return STATUS_INVALID_PARAMETER;
    Status = PspCaptureRegion(Process, BaseAddress, RegionSize, &Region);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmLockVirtualMemory(&Region.Process->AddressSpace, Region.Base, Region.Size);
    return PspReturnRegion(&Region, Status, BaseAddress, RegionSize);
}

PAGED_CODE_SECTION NTSTATUS NtUnlockVirtualMemory(HANDLE Process, USER_ADDRESS BaseAddress, USER_ADDRESS RegionSize,
                                                  ULONG MapType)
{
    PSP_REGION Region;
    NTSTATUS Status;

    if (MapType != MAP_PROCESS)
        return STATUS_INVALID_PARAMETER;
    Status = PspCaptureRegion(Process, BaseAddress, RegionSize, &Region);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmUnlockVirtualMemory(&Region.Process->AddressSpace, Region.Base, Region.Size);
    return PspReturnRegion(&Region, Status, BaseAddress, RegionSize);
}

PAGED_CODE_SECTION NTSTATUS NtQueryVirtualMemory(HANDLE Process, USER_ADDRESS BaseAddress, ULONG Class,
                                                 USER_ADDRESS Information, SIZE_T Length, USER_ADDRESS ReturnLength)
{
    MEMORY_BASIC_INFORMATION Basic;
    SIZE_T Returned = sizeof(Basic);
    PEPROCESS Referenced;
    NTSTATUS Status;

    PAGED_CODE();
    if (Class != MemoryBasicInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (Length < sizeof(Basic))
        return STATUS_INFO_LENGTH_MISMATCH;
    Status = PspReferenceSpace(Process, &Referenced);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmQueryVirtualMemory(&Referenced->AddressSpace, BaseAddress.Value, &Basic);
    ObDereferenceObject(Referenced);
    if (NT_SUCCESS(Status))
        Status = MmCopyToUser(Information, &Basic, sizeof(Basic));
    if (NT_SUCCESS(Status) && ReturnLength.Value != 0)
        Status = MmCopyToUser(ReturnLength, &Returned, sizeof(Returned));
    return Status;
}
