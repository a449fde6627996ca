/*
 * Making paging files: from the name of a disk to an open file that Mm sends its requests to.
 *
 * A file of the RAM file system cannot hold one: its bytes lie in pageable memory themselves.
 */
#include "io/iop.h"
#include "ntdddisk.h"

static PAGED_CODE_SECTION NTSTATUS IopAskDisk(PDEVICE_OBJECT Device, ULONG Code, PVOID Answer, ULONG Length)
{
    IO_STATUS_BLOCK Iosb;
    NTSTATUS Status;
    KEVENT Event;
    PIRP Irp;

    PAGED_CODE();
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp = IoBuildDeviceIoControlRequest(Code, Device, NULL, 0, Answer, Length, FALSE, &Event, &Iosb);
    if (Irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = IofCallDriver(Device, Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Status = Iosb.Status;
    }
    return Status;
}

/*
 * What `mem` calls it: the driver's name, and the number of its device unless that is the first one.
 */
static PAGED_CODE_SECTION VOID IopNamePagingFile(PCUNICODE_STRING Device, PDEVICE_OBJECT DeviceObject, PCHAR Name,
                                                 SIZE_T Size)
{
    WCHAR Last = Device->Buffer[Device->Length / sizeof(WCHAR) - 1];
    SIZE_T Length;

    PAGED_CODE();
    IopDriverNameAt(DeviceObject->DriverObject->DriverStart, Name, Size - 1);
    Length = strlen(Name);
    if (Last > L'0' && Last <= L'9') {
        Name[Length] = (CHAR)Last;
        Name[Length + 1] = 0;
    }
}

/* The sizes in pages, against what the disk has. */
static PAGED_CODE_SECTION NTSTATUS IopSizePagingFile(PDEVICE_OBJECT Device, PULONG64 Minimum, PULONG64 Maximum)
{
    GET_LENGTH_INFORMATION Length;
    NTSTATUS Status = IopAskDisk(Device, IOCTL_DISK_GET_LENGTH_INFO, &Length, sizeof(Length));
    ULONG64 Pages;

    PAGED_CODE();
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Pages = min((ULONG64)Length.Length.QuadPart >> PAGE_SHIFT, MAXULONG);
    *Maximum = *Maximum == 0 ? Pages : *Maximum >> PAGE_SHIFT;
    *Minimum = *Minimum == 0 ? *Maximum : *Minimum >> PAGE_SHIFT;
    if (*Minimum == 0 || *Minimum > *Maximum) {
        return STATUS_INVALID_PARAMETER;
    }
    return *Maximum > Pages ? STATUS_DISK_FULL : STATUS_SUCCESS;
}

PAGED_CODE_SECTION NTSTATUS IoCreatePagingFile(PCUNICODE_STRING Name, ULONG64 Minimum, ULONG64 Maximum)
{
    CHAR Short[MM_PAGING_FILE_NAME];
    PDEVICE_OBJECT Device;
    PFILE_OBJECT File;
    NTSTATUS Status;

    PAGED_CODE();
    Status = IoOpenFileObject(Name, FILE_READ_DATA | FILE_WRITE_DATA, &File, &Device);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Device->DeviceType != FILE_DEVICE_DISK || File->FileName.Length != 0) {
        Status = STATUS_INVALID_DEVICE_REQUEST;
    }
    if (NT_SUCCESS(Status)) {
        Status = IopAskDisk(Device, IOCTL_DISK_IS_WRITABLE, NULL, 0);
    }
    if (NT_SUCCESS(Status)) {
        Status = IopSizePagingFile(Device, &Minimum, &Maximum);
    }
    if (NT_SUCCESS(Status)) {
        IopNamePagingFile(Name, Device, Short, sizeof(Short));
        Status = MmCreatePagingFile(Device, File, Short, (ULONG)Minimum, (ULONG)Maximum);
    }
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(File);
    }
    return Status;
}
