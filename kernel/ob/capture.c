/*
 * Capture: an OBJECT_ATTRIBUTES and its name, copied from a program's memory or from the kernel's into pool, once,
 * before anything is believed of it.
 */
#include "ob/obp.h"

/* Reads from where Mode says that the caller's memory is. IRQL: PASSIVE_LEVEL. */
static NTSTATUS ObpRead(PVOID Destination, const VOID *Source, SIZE_T Length, KPROCESSOR_MODE Mode)
{
    if (Mode == KernelMode) {
        RtlCopyMemory(Destination, Source, Length);
        return STATUS_SUCCESS;
    }
    return MmCopyFromUser(Destination, (USER_ADDRESS){(ULONG_PTR)Source}, Length);
}

/*
 * Copies the attributes and the name they point to. IRQL: PASSIVE_LEVEL. STATUS_INVALID_PARAMETER: wrong length or
 * unknown attribute; STATUS_OBJECT_NAME_INVALID: half a character, or longer than OB_MAXIMUM_NAME;
 * STATUS_ACCESS_VIOLATION; STATUS_INSUFFICIENT_RESOURCES. On success the caller gives the name back with
 * ObpReleaseAttributes.
 */
NTSTATUS ObpCaptureAttributes(POBJECT_ATTRIBUTES ObjectAttributes, KPROCESSOR_MODE Mode, POBP_ATTRIBUTES Captured)
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    NTSTATUS Status = ObpRead(&Attributes, ObjectAttributes, sizeof(Attributes), Mode);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Attributes.Length != sizeof(Attributes) || (Attributes.Attributes & ~OBJ_VALID_ATTRIBUTES) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    Captured->RootDirectory = Attributes.RootDirectory;
    Captured->Attributes = Attributes.Attributes;
    /* A program makes neither kernel handles nor permanent objects. */
    if (Mode != KernelMode) {
        Captured->Attributes &= ~(OBJ_KERNEL_HANDLE | OBJ_PERMANENT);
    }
    RtlZeroMemory(&Captured->Name, sizeof(Captured->Name));
    if (Attributes.ObjectName == NULL) {
        return STATUS_SUCCESS;
    }
    Status = ObpRead(&Name, Attributes.ObjectName, sizeof(Name), Mode);
    if (!NT_SUCCESS(Status) || Name.Length == 0) {
        return Status;
    }
    if (Name.Length % sizeof(WCHAR) != 0 || Name.Length > OB_MAXIMUM_NAME) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    Captured->Name.Buffer = ExAllocatePoolWithTag(NonPagedPool, Name.Length + sizeof(WCHAR), OBP_TAG);
    if (Captured->Name.Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Captured->Name.Length = Name.Length;
    Captured->Name.MaximumLength = (USHORT)(Name.Length + sizeof(WCHAR));
    Status = ObpRead(Captured->Name.Buffer, Name.Buffer, Name.Length, Mode);
    if (!NT_SUCCESS(Status)) {
        ObpReleaseAttributes(Captured);
        return Status;
    }
    Captured->Name.Buffer[Name.Length / sizeof(WCHAR)] = UNICODE_NULL;
    return STATUS_SUCCESS;
}

VOID ObpReleaseAttributes(POBP_ATTRIBUTES Captured)
{
    if (Captured->Name.Buffer != NULL) {
        ExFreePoolWithTag(Captured->Name.Buffer, OBP_TAG);
        Captured->Name.Buffer = NULL;
    }
}
