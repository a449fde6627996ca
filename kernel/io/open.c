/*
 * Opening files: NtCreateFile, NtOpenFile, NtDeleteFile, and the forms for the kernel and for drivers.
 */
#include "io/iop.h"
#include "ps/service.h"

#define IOP_VALID_OPTIONS                                                                                      \
    (FILE_DIRECTORY_FILE | FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY | FILE_SYNCHRONOUS_IO_ALERT |                 \
     FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE | FILE_DELETE_ON_CLOSE)
/* Rights that hold SYNCHRONIZE. */
#define IOP_MAY_WAIT (SYNCHRONIZE | GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL | MAXIMUM_ALLOWED)
#define IOP_SYNCHRONOUS (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)

/* The rules of NtCreateFile about its own arguments. */
static PAGED_CODE_SECTION NTSTATUS IopCheckOpen(PIOP_OPEN Open, ACCESS_MASK DesiredAccess)
{
    ULONG Options = Open->CreateOptions;

    if ((Options & ~IOP_VALID_OPTIONS) != 0 || Open->Disposition > FILE_MAXIMUM_DISPOSITION ||
        (Open->ShareAccess & ~(FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    /* A thread that waits for the file needs the right to wait. */
    if ((Options & IOP_SYNCHRONOUS) != 0 &&
        ((DesiredAccess & IOP_MAY_WAIT) == 0 || (Options & IOP_SYNCHRONOUS) == IOP_SYNCHRONOUS)) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((Options & FILE_DELETE_ON_CLOSE) != 0 && (DesiredAccess & (DELETE | GENERIC_ALL | MAXIMUM_ALLOWED)) == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((Options & FILE_DIRECTORY_FILE) != 0 &&
        ((Options & FILE_NON_DIRECTORY_FILE) != 0 ||
         (Open->Disposition != FILE_OPEN && Open->Disposition != FILE_CREATE && Open->Disposition != FILE_OPEN_IF))) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

static PAGED_CODE_SECTION NTSTATUS IopCreateFile(USER_ADDRESS FileHandle, ACCESS_MASK DesiredAccess,
                                                 USER_ADDRESS ObjectAttributes, USER_ADDRESS IoStatusBlock,
                                                 PIOP_OPEN Open)
{
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    IO_STATUS_BLOCK Iosb = {{0}, 0};
    HANDLE Handle;
    NTSTATUS Status;

    PAGED_CODE();
    Open->Mark = IOP_OPEN_MARK;
    Status = IopCheckOpen(Open, DesiredAccess);
    if (NT_SUCCESS(Status)) {
        /* Whether the results can be delivered is seen before anything is made. */
        Status = MmCopyToUser(IoStatusBlock, &Iosb, sizeof(Iosb));
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObOpenObjectByName((POBJECT_ATTRIBUTES)ObjectAttributes.Value, IopFileObjectType, Mode, NULL,
                                DesiredAccess, Open, &Handle);
    Iosb.Status = Status;
    Iosb.Information = Open->Information;
    if (!NT_SUCCESS(Status)) {
        MmCopyToUser(IoStatusBlock, &Iosb, sizeof(Iosb));   /* the status itself is what counts */
        return Status;
    }
    Status = MmCopyToUser(FileHandle, &Handle, sizeof(Handle));
    if (NT_SUCCESS(Status)) {
        Status = MmCopyToUser(IoStatusBlock, &Iosb, sizeof(Iosb));
    }
    if (!NT_SUCCESS(Status)) {
        ObCloseHandle(Handle, Mode);
        return Status;
    }
    return Iosb.Status;
}

PAGED_CODE_SECTION NTSTATUS NtCreateFile(USER_ADDRESS FileHandle, ACCESS_MASK DesiredAccess,
                                         USER_ADDRESS ObjectAttributes, USER_ADDRESS IoStatusBlock,
                                         USER_ADDRESS AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                                         ULONG CreateDisposition, ULONG CreateOptions, USER_ADDRESS EaBuffer,
                                         ULONG EaLength)
{
    IOP_OPEN Open = {.CreateOptions = CreateOptions, .Disposition = CreateDisposition, .FileAttributes = FileAttributes,
                     .ShareAccess = ShareAccess};
    NTSTATUS Status;

    if (EaBuffer.Value != 0 || EaLength != 0) {
        return STATUS_EAS_NOT_SUPPORTED;
    }
    if (AllocationSize.Value != 0) {
        Status = MmCopyFromUser(&Open.AllocationSize, AllocationSize, sizeof(Open.AllocationSize));
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        if (Open.AllocationSize.QuadPart < 0) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    return IopCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, &Open);
}
NT_EXPORT(ZwCreateFile);

PAGED_CODE_SECTION NTSTATUS NtOpenFile(USER_ADDRESS FileHandle, ACCESS_MASK DesiredAccess,
                                       USER_ADDRESS ObjectAttributes, USER_ADDRESS IoStatusBlock, ULONG ShareAccess,
                                       ULONG OpenOptions)
{
    IOP_OPEN Open = {.CreateOptions = OpenOptions, .Disposition = FILE_OPEN, .ShareAccess = ShareAccess};

    return IopCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, &Open);
}
NT_EXPORT(ZwOpenFile);

/* Opens it for deletion on close, and closes it. */
PAGED_CODE_SECTION NTSTATUS NtDeleteFile(USER_ADDRESS ObjectAttributes)
{
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    IOP_OPEN Open = {.Mark = IOP_OPEN_MARK, .CreateOptions = FILE_DELETE_ON_CLOSE, .Disposition = FILE_OPEN,
                     .ShareAccess = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE};
    HANDLE Handle;
    NTSTATUS Status;

    PAGED_CODE();
    Status = ObOpenObjectByName((POBJECT_ATTRIBUTES)ObjectAttributes.Value, IopFileObjectType, Mode, NULL, DELETE,
                                &Open, &Handle);
    return NT_SUCCESS(Status) ? ObCloseHandle(Handle, Mode) : Status;
}
NT_EXPORT(ZwDeleteFile);

PAGED_CODE_SECTION NTSTATUS IoOpenFileObject(PCUNICODE_STRING Name, ACCESS_MASK DesiredAccess, PFILE_OBJECT *File,
                                             PDEVICE_OBJECT *Device)
{
    IOP_OPEN Open = {.Mark = IOP_OPEN_MARK, .CreateOptions = FILE_NON_DIRECTORY_FILE, .Disposition = FILE_OPEN,
                     .ShareAccess = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE};
    NTSTATUS Status = ObReferenceObjectByName((PUNICODE_STRING)Name, OBJ_CASE_INSENSITIVE, NULL, DesiredAccess,
                                              IopFileObjectType, KernelMode, &Open, (PVOID *)File);

    if (NT_SUCCESS(Status)) {
        *Device = IoGetRelatedDeviceObject(*File);
    }
    return Status;
}

/*
 * The device at the top of a named device's stack ("IoGetDeviceObjectPointer"): it stays as long as the file object
 * does. IRQL: PASSIVE_LEVEL.
 */
PAGED_CODE_SECTION NTSTATUS IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess,
                                                     PFILE_OBJECT *FileObject, PDEVICE_OBJECT *DeviceObject)
{
    PAGED_CODE();
    return IoOpenFileObject(ObjectName, DesiredAccess, FileObject, DeviceObject);
}
NT_EXPORT(IoGetDeviceObjectPointer);
