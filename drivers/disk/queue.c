/*
 * Requests on their way through the device: descriptors filled in and offered, and what has been done taken back.
 */
#include "disk.h"

static PVIRTIO_DESCRIPTOR DiskDescriptors(PDISK Disk, ULONG Slot)
{
    return &Disk->Descriptors[Slot * DISK_SLOT_DESCRIPTORS];
}

/*
 * Describes the data of the request from byte Done on: as much as MostSegments runs of frames hold, in whole sectors.
 * Returns how many bytes; *Count is how many descriptors it took.
 */
static ULONG DiskDescribeData(PDISK Disk, PMDL Mdl, ULONG Done, ULONG Length, USHORT Flags, PVIRTIO_DESCRIPTOR Data,
                              PULONG Count)
{
    PPFN_NUMBER Frames = MmGetMdlPfnArray(Mdl);
    ULONG At = MmGetMdlByteOffset(Mdl) + Done, Bytes = 0, Used = 0, Surplus;

    while (Bytes < Length) {
        ULONG Part = min(PAGE_SIZE - BYTE_OFFSET(At), Length - Bytes);
        ULONG64 Address = ((ULONG64)Frames[At >> PAGE_SHIFT] << PAGE_SHIFT) + BYTE_OFFSET(At);
        if (Used != 0 && Data[Used - 1].Address + Data[Used - 1].Length == Address) {
            Data[Used - 1].Length += Part;
        } else {
            if (Used == Disk->MostSegments)
                break;
            Data[Used++] = (VIRTIO_DESCRIPTOR){.Address = Address, .Length = Part, .Flags = Flags};
        }
        At += Part;
        Bytes += Part;
    }
    /* Only a buffer that does not begin at a sector of its page can end a full piece within one. */
    for (Surplus = Bytes % VIRTIO_SECTOR_SIZE; Surplus != 0;) {
        ULONG Cut = min(Surplus, Data[Used - 1].Length);
        Data[Used - 1].Length -= Cut;
        Surplus -= Cut;
        Bytes -= Cut;
        if (Data[Used - 1].Length == 0)
            Used--;
    }
    *Count = Used;
    return Bytes;
}

/* Offers a slot's chain to the device. Lock held. */
static VOID DiskOffer(PDISK Disk, ULONG Slot)
{
    Disk->Offers->Ring[Disk->Offers->Index % Disk->QueueSize] = (USHORT)(Slot * DISK_SLOT_DESCRIPTORS);
    /* The device may look at any moment: chain and ring before the index, the index before its flag is read. */
    KeMemoryBarrier();
    Disk->Offers->Index++;
    KeMemoryBarrier();
    if ((Disk->Done->Flags & VIRTIO_USED_NO_NOTIFY) == 0)
        DiskWriteUshort(Disk, VIRTIO_QUEUE_NOTIFY, 0);
}

/* The next piece of the slot's request. Lock held. */
static VOID DiskStartPiece(PDISK Disk, ULONG Slot)
{
    PIRP Irp = Disk->Slots[Slot].Irp;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PVIRTIO_DESCRIPTOR Chain = DiskDescriptors(Disk, Slot), Result;
    VIRTIO_BLOCK_HEADER *Header = &Disk->Shared[Slot].Header;
    USHORT First = (USHORT)(Slot * DISK_SLOT_DESCRIPTORS);
    ULONG Segments = 0;

    Disk->Slots[Slot].Bytes = 0;
    Header->Sector = 0;
    if (Stack->MajorFunction == IRP_MJ_FLUSH_BUFFERS) {
        Header->Type = VIRTIO_BLOCK_FLUSH;
    } else {
        /* Write has the same layout. */
        ULONG Done = (ULONG)DISK_DONE(Irp), Length = Stack->Parameters.Read.Length - Done;
        BOOLEAN Write = Stack->MajorFunction == IRP_MJ_WRITE;
        Header->Type = Write ? VIRTIO_BLOCK_WRITE : VIRTIO_BLOCK_READ;
        Header->Sector = ((ULONG64)Stack->Parameters.Read.ByteOffset.QuadPart + Done) >> VIRTIO_SECTOR_SHIFT;
        Disk->Slots[Slot].Bytes =
            DiskDescribeData(Disk, Irp->MdlAddress, Done, Length,
                             VIRTIO_DESCRIPTOR_NEXT | (Write ? 0 : VIRTIO_DESCRIPTOR_WRITE), Chain + 1, &Segments);
    }
    for (ULONG i = 0; i <= Segments; i++)
        Chain[i].Next = (USHORT)(First + i + 1);
    Result = &Chain[Segments + 1];
    *Result = (VIRTIO_DESCRIPTOR){.Address = Chain[0].Address + FIELD_OFFSET(DISK_SHARED, Result),
                                  .Length = sizeof(UCHAR), .Flags = VIRTIO_DESCRIPTOR_WRITE};
    Disk->Shared[Slot].Result = VIRTIO_BLOCK_FAILED;
    DiskOffer(Disk, Slot);
}

/* Gives waiting requests the slots that are free, in the order in which they came. Lock held. */
static VOID DiskFillSlots(PDISK Disk)
{
    while (Disk->FreeSlots != 0 && !IsListEmpty(&Disk->Waiting)) {
        ULONG Slot = (ULONG)__builtin_ctz(Disk->FreeSlots);
        Disk->FreeSlots &= Disk->FreeSlots - 1;
        Disk->Slots[Slot].Irp = CONTAINING_RECORD(RemoveHeadList(&Disk->Waiting), IRP, Tail.Overlay.ListEntry);
        DiskStartPiece(Disk, Slot);
    }
}

VOID DiskStart(PDISK Disk, PIRP Irp)
{
    KIRQL Irql;

    DISK_DONE(Irp) = 0;
    IoMarkIrpPending(Irp);
    KeAcquireSpinLock(&Disk->Lock, &Irql);
    InsertTailList(&Disk->Waiting, &Irp->Tail.Overlay.ListEntry);
    DiskFillSlots(Disk);
    KeReleaseSpinLock(&Disk->Lock, Irql);
}

static NTSTATUS DiskStatusOf(UCHAR Result)
{
    switch (Result) {
    case VIRTIO_BLOCK_OK:
        return STATUS_SUCCESS;
    case VIRTIO_BLOCK_UNSUPPORTED:
        return STATUS_INVALID_DEVICE_REQUEST;
    default:
        return STATUS_IO_DEVICE_ERROR;
    }
}

/* A slot's piece is done: goes on with the next one, or ends the request, which joins Ended. Lock held. */
static VOID DiskFinishPiece(PDISK Disk, ULONG Slot, PLIST_ENTRY Ended)
{
    PIRP Irp = Disk->Slots[Slot].Irp;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = DiskStatusOf(Disk->Shared[Slot].Result);

    if (NT_SUCCESS(Status)) {
        DISK_DONE(Irp) += Disk->Slots[Slot].Bytes;
        if (Stack->MajorFunction != IRP_MJ_FLUSH_BUFFERS && DISK_DONE(Irp) < Stack->Parameters.Read.Length) {
            DiskStartPiece(Disk, Slot);
            return;
        }
    }
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = NT_SUCCESS(Status) ? DISK_DONE(Irp) : 0;
    InsertTailList(Ended, &Irp->Tail.Overlay.ListEntry);
    Disk->Slots[Slot].Irp = NULL;
    Disk->FreeSlots |= 1u << Slot;
}

/* Takes back all that the device has done. IRQL: DISPATCH_LEVEL. */
VOID DiskDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PDISK Disk = DeviceObject->DeviceExtension;
    LIST_ENTRY Ended;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    InitializeListHead(&Ended);
    KeAcquireSpinLockAtDpcLevel(&Disk->Lock);
    while (Disk->Seen != Disk->Done->Index) {
        ULONG First, Slot;
        KeMemoryBarrier();                  /* the index before what it counts */
        First = Disk->Done->Ring[Disk->Seen % Disk->QueueSize].Id;
        Slot = First / DISK_SLOT_DESCRIPTORS;
        Disk->Seen++;
        if (First % DISK_SLOT_DESCRIPTORS != 0 || Slot >= Disk->SlotCount || Disk->Slots[Slot].Irp == NULL)
            DbgPrint("disk: device %u says that request %u is done, which it does not have\n", Disk->Number, First);
        else
            DiskFinishPiece(Disk, Slot, &Ended);
    }
    DiskFillSlots(Disk);
    KeReleaseSpinLockFromDpcLevel(&Disk->Lock);
    while (!IsListEmpty(&Ended))
        IoCompleteRequest(CONTAINING_RECORD(RemoveHeadList(&Ended), IRP, Tail.Overlay.ListEntry), IO_DISK_INCREMENT);
}

/* The line may be another device's, too. IRQL: the line's. */
BOOLEAN DiskInterrupt(PKINTERRUPT Interrupt, PVOID Context)
{
    PDISK Disk = Context;
    UCHAR Reason = DiskReadUchar(Disk, VIRTIO_INTERRUPT);

    UNREFERENCED_PARAMETER(Interrupt);
    if (Reason == 0)
        return FALSE;
    if (Reason & VIRTIO_INTERRUPT_QUEUE)
        IoRequestDpc(Disk->DeviceObject, NULL, NULL);
    return TRUE;
}
