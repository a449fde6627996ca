/*
 * ramdisk: a disk in memory that was set aside at boot. The first paging file lies on it.
 *
 * That is why nothing in this driver is pageable, not even DriverEntry: a page of it that was out could only be
 * brought in by a read of this very disk. All sections have their default names, and the loader keeps them resident.
 *
 * For the same reason the transfer routine is short. It is the far end of every hard page fault: one look at the stack
 * location, one comparison, one copy. It waits for nothing and takes no lock; two transfers to different places do not
 * disturb each other, and Mm does not read a slot while it writes it.
 */
#include <ntddk.h>
#include <ntdddisk.h>
#include <tidepool.h>

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD RamDiskUnload;
static DRIVER_DISPATCH RamDiskOpenClose;
static DRIVER_DISPATCH RamDiskRead;
static DRIVER_DISPATCH RamDiskWrite;
static DRIVER_DISPATCH RamDiskControl;

#define RAMDISK_DEVICE_NAME L"\\Device\\RamDisk0"

#define RAMDISK_SECTOR_SIZE 512

/* The name under which the memory was set aside. */
#define RAMDISK_RESERVED_NAME "ramdisk"

/* The device extension. Constant once the device is there. */
typedef struct _RAMDISK {
    PUCHAR Memory;
    SIZE_T Length;      /* bytes */
} RAMDISK, *PRAMDISK;

static NTSTATUS RamDiskComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* Maps the memory and makes the device on it. IRQL: PASSIVE_LEVEL. */
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(RAMDISK_DEVICE_NAME);
    PDEVICE_OBJECT DeviceObject;
    PHYSICAL_ADDRESS Base;
    PRAMDISK Disk;
    SIZE_T Length;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);

    Status = MmQueryReservedMemory(RAMDISK_RESERVED_NAME, &Base, &Length);
    if (!NT_SUCCESS(Status)) {
        DbgPrint("ramdisk: no memory was set aside for it at boot: look at pagefile= on the kernel command line\n");
        return Status;
    }
    /* Exclusive, and without a name for programs: what lies in a paging file is nobody else's to read. */
    Status = IoCreateDevice(DriverObject, sizeof(RAMDISK), &DeviceName, FILE_DEVICE_DISK, 0, TRUE, &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    Disk = DeviceObject->DeviceExtension;
    Disk->Length = Length;
    Disk->Memory = MmMapIoSpace(Base, Length, MmCached);
    if (Disk->Memory == NULL) {
        DbgPrint("ramdisk: there is no address space to map its %Iu bytes\n", Length);
        IoDeleteDevice(DeviceObject);
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    /* The caller's pages are described by an MDL: a page-in lands in the frame it is for, with no buffer between. */
    DeviceObject->Flags |= DO_DIRECT_IO;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = RamDiskOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = RamDiskOpenClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = RamDiskRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = RamDiskWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = RamDiskControl;
    DriverObject->DriverUnload = RamDiskUnload;
    return STATUS_SUCCESS;
}

/* Nobody has the device open, so no paging file is on it. IRQL: PASSIVE_LEVEL. */
static VOID RamDiskUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_OBJECT DeviceObject = DriverObject->DeviceObject;
    PRAMDISK Disk = DeviceObject->DeviceExtension;

    MmUnmapIoSpace(Disk->Memory, Disk->Length);
    IoDeleteDevice(DeviceObject);
}

static NTSTATUS RamDiskOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return RamDiskComplete(Irp, STATUS_SUCCESS, 0);
}

/*
 * Where in the disk a transfer lies, and where the caller's bytes are. Any byte offset and length will do. Returns
 * STATUS_INVALID_PARAMETER when it leaves the disk, STATUS_INSUFFICIENT_RESOURCES when a request of several pages
 * cannot be mapped. IRQL: <= DISPATCH_LEVEL.
 */
static NTSTATUS RamDiskLocate(PRAMDISK Disk, PIRP Irp, LARGE_INTEGER ByteOffset, ULONG Length, PUCHAR *OnDisk,
                              PVOID *Buffer)
{
    ULONGLONG Offset = (ULONGLONG)ByteOffset.QuadPart;

    if (Offset > Disk->Length || Length > Disk->Length - Offset)
        return STATUS_INVALID_PARAMETER;
    *OnDisk = Disk->Memory + Offset;
    if (Length == 0)
        return STATUS_SUCCESS;      /* no bytes, no MDL */
    *Buffer = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, HighPagePriority);
    return *Buffer == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

/* IRQL: <= DISPATCH_LEVEL; page-ins come at APC_LEVEL. */
static NTSTATUS RamDiskRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Length = Stack->Parameters.Read.Length;
    PUCHAR OnDisk;
    PVOID Buffer = NULL;
    NTSTATUS Status;

    Status = RamDiskLocate(DeviceObject->DeviceExtension, Irp, Stack->Parameters.Read.ByteOffset, Length, &OnDisk,
                           &Buffer);
    if (!NT_SUCCESS(Status))
        return RamDiskComplete(Irp, Status, 0);
    RtlCopyMemory(Buffer, OnDisk, Length);
    return RamDiskComplete(Irp, STATUS_SUCCESS, Length);
}

/* IRQL: <= DISPATCH_LEVEL; page-outs come at PASSIVE_LEVEL from the modified-page writer. */
static NTSTATUS RamDiskWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Length = Stack->Parameters.Write.Length;
    PUCHAR OnDisk;
    PVOID Buffer = NULL;
    NTSTATUS Status;

    Status = RamDiskLocate(DeviceObject->DeviceExtension, Irp, Stack->Parameters.Write.ByteOffset, Length, &OnDisk,
                           &Buffer);
    if (!NT_SUCCESS(Status))
        return RamDiskComplete(Irp, Status, 0);
    RtlCopyMemory(OnDisk, Buffer, Length);
    return RamDiskComplete(Irp, STATUS_SUCCESS, Length);
}

/*
 * How large a paging file may be here, and that it can be written; heads and tracks are made up. IRQL: PASSIVE_LEVEL.
 */
static NTSTATUS RamDiskControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRAMDISK Disk = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Room = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    PGET_LENGTH_INFORMATION Length = Irp->AssociatedIrp.SystemBuffer;
    PDISK_GEOMETRY Geometry = Irp->AssociatedIrp.SystemBuffer;

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_DISK_GET_LENGTH_INFO:
        if (Room < sizeof(*Length))
            return RamDiskComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        Length->Length.QuadPart = (LONGLONG)Disk->Length;
        return RamDiskComplete(Irp, STATUS_SUCCESS, sizeof(*Length));
    case IOCTL_DISK_GET_DRIVE_GEOMETRY:
        if (Room < sizeof(*Geometry))
            return RamDiskComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        *Geometry = (DISK_GEOMETRY){.Cylinders.QuadPart = (LONGLONG)(Disk->Length / PAGE_SIZE), .MediaType = FixedMedia,
                                    .TracksPerCylinder = 1, .SectorsPerTrack = PAGE_SIZE / RAMDISK_SECTOR_SIZE,
                                    .BytesPerSector = RAMDISK_SECTOR_SIZE};
        return RamDiskComplete(Irp, STATUS_SUCCESS, sizeof(*Geometry));
    case IOCTL_DISK_IS_WRITABLE:
        return RamDiskComplete(Irp, STATUS_SUCCESS, 0);
    default:
        return RamDiskComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}
