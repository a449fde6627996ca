/*
 * The system service that makes paging files: parameters and privilege; the rest is Io's and Mm's.
 */
#include "ps/capture.h"
#include "ps/psp.h"
#include "ps/service.h"
#include "io/io.h"

#define PSP_LONGEST_DEVICE 512          /* bytes of a device's name */

/*
 * PageFileName is the full name of a disk. Sizes are in bytes; a maximum of 0 is all of the disk, a minimum of 0 the
 * maximum. Priority must be 0. Needs SeCreatePagefilePrivilege. For statuses see IoCreatePagingFile.
 */
PAGED_CODE_SECTION NTSTATUS NtCreatePagingFile(USER_ADDRESS PageFileName, USER_ADDRESS MinimumSize,
                                               USER_ADDRESS MaximumSize, ULONG Priority)
{
    LARGE_INTEGER Minimum, Maximum;
    UNICODE_STRING Name;
    NTSTATUS Status;

    PAGED_CODE();
    Status = PsCheckPrivilege(SeCreatePagefilePrivilege);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Priority != 0)
        return STATUS_INVALID_PARAMETER;
    Status = MmCopyFromUser(&Minimum, MinimumSize, sizeof(Minimum));
    if (NT_SUCCESS(Status))
        Status = MmCopyFromUser(&Maximum, MaximumSize, sizeof(Maximum));
    if (NT_SUCCESS(Status) && (Minimum.QuadPart < 0 || Maximum.QuadPart < 0))
        Status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(Status))
        Status = PsCaptureUnicodeString(PageFileName, PSP_LONGEST_DEVICE, &Name);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreatePagingFile(&Name, (ULONG64)Minimum.QuadPart, (ULONG64)Maximum.QuadPart);
    PsReleaseString(&Name);
    return Status;
}
