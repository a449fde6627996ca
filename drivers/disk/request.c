/*
 * The dispatch routines: what is asked is checked here, and goes on to the device.
 */
#include "disk.h"

#include <ntdddisk.h>

NTSTATUS DiskComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS DiskOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return DiskComplete(Irp, STATUS_SUCCESS, 0);
}

/*
 * IRP_MJ_READ and IRP_MJ_WRITE: whole sectors within the disk, anything else is STATUS_INVALID_PARAMETER;
 * STATUS_MEDIA_WRITE_PROTECTED. IRQL: <= DISPATCH_LEVEL; page-ins come at APC_LEVEL.
 */
NTSTATUS DiskTransfer(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDISK Disk = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG64 Offset = (ULONG64)Stack->Parameters.Read.ByteOffset.QuadPart;   /* Write has the same layout */
    ULONG Length = Stack->Parameters.Read.Length;

    if ((Offset | Length) % VIRTIO_SECTOR_SIZE != 0 || Offset > Disk->Length || Length > Disk->Length - Offset)
        return DiskComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    if (Stack->MajorFunction == IRP_MJ_WRITE && (Disk->Features & VIRTIO_FEATURE_READ_ONLY))
        return DiskComplete(Irp, STATUS_MEDIA_WRITE_PROTECTED, 0);
    if (Length == 0)
        return DiskComplete(Irp, STATUS_SUCCESS, 0);
    DiskStart(Disk, Irp);
    return STATUS_PENDING;
}

/*
 * IRP_MJ_FLUSH_BUFFERS: what was written is on the medium when this is done. A device that keeps nothing back has none.
 */
NTSTATUS DiskFlush(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDISK Disk = DeviceObject->DeviceExtension;

    if ((Disk->Features & VIRTIO_FEATURE_FLUSH) == 0)
        return DiskComplete(Irp, STATUS_SUCCESS, 0);
    DiskStart(Disk, Irp);
    return STATUS_PENDING;
}

/* As the device says it, or as the usual PC BIOS would. */
static VOID DiskDescribeGeometry(PDISK Disk, PDISK_GEOMETRY Geometry)
{
    Geometry->MediaType = FixedMedia;
    Geometry->BytesPerSector = VIRTIO_SECTOR_SIZE;
    Geometry->TracksPerCylinder = 255;
    Geometry->SectorsPerTrack = 63;
    if (Disk->Features & VIRTIO_FEATURE_GEOMETRY) {
        Geometry->TracksPerCylinder = max(DiskReadUchar(Disk, VIRTIO_BLOCK_HEADS), 1u);
        Geometry->SectorsPerTrack = max(DiskReadUchar(Disk, VIRTIO_BLOCK_SECTORS), 1u);
    }
    Geometry->Cylinders.QuadPart = (LONGLONG)(Disk->Length / VIRTIO_SECTOR_SIZE / Geometry->TracksPerCylinder /
                                              Geometry->SectorsPerTrack);
}

/* IRQL: PASSIVE_LEVEL. */
NTSTATUS DiskControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDISK Disk = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Room = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_DISK_GET_LENGTH_INFO:
        if (Room < sizeof(GET_LENGTH_INFORMATION))
            return DiskComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        ((PGET_LENGTH_INFORMATION)Buffer)->Length.QuadPart = (LONGLONG)Disk->Length;
        return DiskComplete(Irp, STATUS_SUCCESS, sizeof(GET_LENGTH_INFORMATION));
    case IOCTL_DISK_GET_DRIVE_GEOMETRY:
        if (Room < sizeof(DISK_GEOMETRY))
            return DiskComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        DiskDescribeGeometry(Disk, Buffer);
        return DiskComplete(Irp, STATUS_SUCCESS, sizeof(DISK_GEOMETRY));
    case IOCTL_DISK_IS_WRITABLE:
        return DiskComplete(Irp, Disk->Features & VIRTIO_FEATURE_READ_ONLY ? STATUS_MEDIA_WRITE_PROTECTED
                                                                            : STATUS_SUCCESS, 0);
    default:
        return DiskComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}
