/* The driver itself: its entry routine, its device, its table of dispatch routines. */
#include "fs/fsp.h"

PAGED_CODE_SECTION NTSTATUS FspComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static INIT_CODE NTSTATUS FspDriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Nameless = {0}, DeviceName, LinkName;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    ExInitializeFastMutex(&FspTreeLock);
    FspInitializeSpace();
    DriverObject->MajorFunction[IRP_MJ_CREATE] = FspDispatchCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = FspDispatchCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = FspDispatchClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = FspDispatchRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = FspDispatchWrite;
    DriverObject->MajorFunction[IRP_MJ_QUERY_INFORMATION] = FspDispatchQueryInformation;
    DriverObject->MajorFunction[IRP_MJ_SET_INFORMATION] = FspDispatchSetInformation;
    DriverObject->MajorFunction[IRP_MJ_DIRECTORY_CONTROL] = FspDispatchDirectoryControl;
    DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = FspDispatchFlush;
    Status = FspCreateNode(NULL, &Nameless, TRUE, &FspRoot);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    RtlInitUnicodeString(&DeviceName, L"\\Device\\RamFs");
    Status = IoCreateDevice(DriverObject, 0, &DeviceName, FILE_DEVICE_DISK_FILE_SYSTEM, 0, FALSE, &Device);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    RtlInitUnicodeString(&LinkName, L"\\SystemRoot");
    return IoCreateSymbolicLink(&LinkName, &DeviceName);
}

INIT_CODE NTSTATUS FsInitialize(VOID)
{
    PDRIVER_OBJECT Driver;
    NTSTATUS Status = IoCreateDriverObject("RamFs", NULL, 0, NULL, FspDriverEntry, &Driver);

    return NT_SUCCESS(Status) ? IoInitializeDriver(Driver) : Status;
}
