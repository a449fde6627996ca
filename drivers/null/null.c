/*
 * null: the smallest complete driver. Reads find the end of the file, writes are taken and forgotten.
 *
 * Nothing here runs above PASSIVE_LEVEL: there is no device that could interrupt, and no lock. So everything that
 * DriverEntry leaves behind may be pageable: the routines are in PAGE and come into memory when someone opens NUL. What
 * stays for good are the device object and a few strings.
 */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD NullUnload;
static DRIVER_DISPATCH NullDispatch;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, NullUnload)
#pragma alloc_text(PAGE, NullDispatch)
#endif

#define NULL_DEVICE_NAME L"\\Device\\Null"
#define NULL_LINK_NAME L"\\DosDevices\\NUL"

/* Makes the device and its name for programs. IRQL: PASSIVE_LEVEL. */
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING DeviceName, LinkName;
    PDEVICE_OBJECT DeviceObject;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);

    RtlInitUnicodeString(&DeviceName, NULL_DEVICE_NAME);
    RtlInitUnicodeString(&LinkName, NULL_LINK_NAME);
    Status = IoCreateDevice(DriverObject, 0, &DeviceName, FILE_DEVICE_NULL, 0, FALSE, &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&LinkName, &DeviceName);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(DeviceObject);
        return Status;
    }

    DriverObject->MajorFunction[IRP_MJ_CREATE] = NullDispatch;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = NullDispatch;
    DriverObject->MajorFunction[IRP_MJ_READ] = NullDispatch;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = NullDispatch;
    DriverObject->DriverUnload = NullUnload;
    return STATUS_SUCCESS;
}

/* Takes back what DriverEntry made. Nobody has the device open. IRQL: PASSIVE_LEVEL. */
static VOID NullUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING LinkName;

    PAGED_CODE();

    RtlInitUnicodeString(&LinkName, NULL_LINK_NAME);
    IoDeleteSymbolicLink(&LinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

/* Every request is done at once. IRQL: PASSIVE_LEVEL. */
static NTSTATUS NullDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG_PTR Information = 0;

    UNREFERENCED_PARAMETER(DeviceObject);
    PAGED_CODE();

    if (Stack->MajorFunction == IRP_MJ_READ)
        Status = STATUS_END_OF_FILE;
    else if (Stack->MajorFunction == IRP_MJ_WRITE)
        Information = Stack->Parameters.Write.Length;

    /* Once the request is completed it is no longer ours, so the status is kept apart. */
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}
