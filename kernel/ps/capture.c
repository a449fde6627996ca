/* Capture of strings and the privilege check that most system services begin with. */
#include "ps/capture.h"
#include "ps/psp.h"

PAGED_CODE_SECTION NTSTATUS PsCaptureUnicodeString(USER_ADDRESS Source, USHORT MaximumBytes, PUNICODE_STRING String)
{
    UNICODE_STRING Captured;
    NTSTATUS Status;

    PAGED_CODE();
    Status = MmCopyFromUser(&Captured, Source, sizeof(Captured));
    if (!NT_SUCCESS(Status))
        return Status;
    if (Captured.Length == 0 || Captured.Length % sizeof(WCHAR) != 0 || Captured.Length > MaximumBytes)
        return STATUS_INVALID_PARAMETER;
    String->Buffer = ExAllocatePoolWithTag(PagedPool, Captured.Length + sizeof(WCHAR), PSP_TAG);
    if (String->Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    String->Length = Captured.Length;
    String->MaximumLength = (USHORT)(Captured.Length + sizeof(WCHAR));
    Status = MmCopyFromUser(String->Buffer, (USER_ADDRESS){(ULONG_PTR)Captured.Buffer}, Captured.Length);
    if (!NT_SUCCESS(Status)) {
        PsReleaseString(String);
        return Status;
    }
    String->Buffer[Captured.Length / sizeof(WCHAR)] = UNICODE_NULL;
    return STATUS_SUCCESS;
}

PAGED_CODE_SECTION VOID PsReleaseString(PUNICODE_STRING String)
{
    ExFreePoolWithTag(String->Buffer, PSP_TAG);
}

PAGED_CODE_SECTION NTSTATUS PsCaptureString(USER_ADDRESS Source, PCHAR Buffer, SIZE_T Size)
{
    SIZE_T Length;
    NTSTATUS Status;

    PAGED_CODE();
    Status = MmUserStringLength(Source, Size - 1, &Length);
    if (Status != STATUS_SUCCESS)
        return Status;
    Status = MmCopyFromUser(Buffer, Source, Length);
    /* The program may have changed it since it was measured: end it where it was measured. */
    Buffer[Length] = '\0';
    return Status;
}

PAGED_CODE_SECTION NTSTATUS PsCheckPrivilege(LUID Privilege)
{
    return SeSinglePrivilegeCheck(Privilege, ExGetPreviousMode()) ? STATUS_SUCCESS : STATUS_PRIVILEGE_NOT_HELD;
}

PAGED_CODE_SECTION NTSTATUS PspReferenceProcess(HANDLE Handle, ACCESS_MASK Access, PEPROCESS *Process)
{
    if (Handle == NtCurrentProcess()) {
        *Process = PsGetCurrentProcess();
        ObReferenceObject(*Process);
        return STATUS_SUCCESS;
    }
    return ObReferenceObjectByHandle(Handle, Access, PspProcessType, ExGetPreviousMode(), (PVOID *)Process, NULL);
}
