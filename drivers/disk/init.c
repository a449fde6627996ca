/*
 * Finding the devices and making them ready, and the way back.
 */
#include "disk.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD DiskUnload;

/* Rings and shared parts, and the descriptors that never change: headers. FALSE: no memory. */
static BOOLEAN DiskMakeQueue(PDISK Disk)
{
    PHYSICAL_ADDRESS Highest = {.QuadPart = ((LONGLONG)MAXULONG << PAGE_SHIFT) | (PAGE_SIZE - 1)};
    SIZE_T RingBytes;

    DiskWriteUshort(Disk, VIRTIO_QUEUE_SELECT, 0);
    Disk->QueueSize = DiskReadUshort(Disk, VIRTIO_QUEUE_SIZE);
    Disk->SlotCount = min(Disk->QueueSize / DISK_SLOT_DESCRIPTORS, DISK_MOST_SLOTS);
    /* With one run of memory to a piece, a sector that lies across two frames could not be moved. */
    if (Disk->SlotCount == 0 || Disk->MostSegments < 2) {
        DbgPrint("disk: device %u takes %u descriptors and %u runs of memory to a request; at least %u and 2 are needed\n",
                 Disk->Number, Disk->QueueSize, Disk->MostSegments, DISK_SLOT_DESCRIPTORS);
        return FALSE;
    }
    RingBytes = VIRTIO_QUEUE_BYTES(Disk->QueueSize);
    Disk->Memory = MmAllocateContiguousMemory(RingBytes + Disk->SlotCount * sizeof(DISK_SHARED), Highest);
    if (Disk->Memory == NULL) {
        DbgPrint("disk: there are no %Iu bytes of contiguous memory for the device's queue\n", RingBytes);
        return FALSE;
    }
    RtlZeroMemory(Disk->Memory, RingBytes + Disk->SlotCount * sizeof(DISK_SHARED));
    Disk->MemoryPhysical = (ULONG64)MmGetPhysicalAddress(Disk->Memory).QuadPart;
    Disk->Descriptors = (PVIRTIO_DESCRIPTOR)Disk->Memory;
    Disk->Offers = (PVIRTIO_AVAILABLE)(Disk->Memory + VIRTIO_OFFERS_AT(Disk->QueueSize));
    Disk->Done = (PVIRTIO_USED)(Disk->Memory + VIRTIO_DONE_AT(Disk->QueueSize));
    Disk->Shared = (PDISK_SHARED)(Disk->Memory + RingBytes);
    for (ULONG Slot = 0; Slot < Disk->SlotCount; Slot++) {
        Disk->Descriptors[Slot * DISK_SLOT_DESCRIPTORS] =
            (VIRTIO_DESCRIPTOR){.Address = Disk->MemoryPhysical + RingBytes + Slot * sizeof(DISK_SHARED),
                                .Length = sizeof(VIRTIO_BLOCK_HEADER), .Flags = VIRTIO_DESCRIPTOR_NEXT};
        Disk->FreeSlots |= 1u << Slot;
    }
    DiskWriteUlong(Disk, VIRTIO_QUEUE_PAGE, (ULONG)(Disk->MemoryPhysical >> PAGE_SHIFT));
    return TRUE;
}

/* Negotiates features and reads what the device is like. */
static VOID DiskReadConfiguration(PDISK Disk)
{
    Disk->Features = DiskReadUlong(Disk, VIRTIO_DEVICE_FEATURES) &
                     (VIRTIO_FEATURE_MOST_SEGMENTS | VIRTIO_FEATURE_GEOMETRY | VIRTIO_FEATURE_READ_ONLY |
                      VIRTIO_FEATURE_FLUSH);
    DiskWriteUlong(Disk, VIRTIO_DRIVER_FEATURES, Disk->Features);
    Disk->Length = (DiskReadUlong(Disk, VIRTIO_BLOCK_CAPACITY) |
                    (ULONG64)DiskReadUlong(Disk, VIRTIO_BLOCK_CAPACITY + sizeof(ULONG)) << 32) << VIRTIO_SECTOR_SHIFT;
    Disk->MostSegments = DISK_MOST_SEGMENTS;
    if (Disk->Features & VIRTIO_FEATURE_MOST_SEGMENTS)
        Disk->MostSegments = min(Disk->MostSegments, DiskReadUlong(Disk, VIRTIO_BLOCK_MOST_SEGMENTS));
}

static NTSTATUS DiskConnectInterrupt(PDISK Disk, UCHAR Line)
{
    KAFFINITY Affinity;
    KIRQL Irql;
    ULONG Vector = HalGetInterruptVector(PCIBus, 0, Line, Line, &Irql, &Affinity);

    if (Vector == 0) {
        DbgPrint("disk: the firmware gave device %u interrupt line %u, which is none\n", Disk->Number, Line);
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    return IoConnectInterrupt(&Disk->Interrupt, DiskInterrupt, Disk, NULL, Vector, Irql, Irql, LevelSensitive, TRUE,
                              Affinity, FALSE);
}

/* Silences the device and gives everything back that it was given. */
static VOID DiskDelete(PDISK Disk)
{
    DiskWriteUchar(Disk, VIRTIO_STATUS, 0);
    if (Disk->Interrupt != NULL)
        IoDisconnectInterrupt(Disk->Interrupt);
    if (Disk->Memory != NULL)
        MmFreeContiguousMemory(Disk->Memory);
    IoDeleteDevice(Disk->DeviceObject);
}

/* One device. Whatever fails leaves nothing behind. */
static NTSTATUS DiskCreate(PDRIVER_OBJECT DriverObject, ULONG Number, PCI_SLOT_NUMBER Slot,
                           const PCI_COMMON_CONFIG *Config)
{
    WCHAR NameBuffer[] = L"\\Device\\Disk?";
    USHORT Command = Config->Command | PCI_ENABLE_IO_SPACE | PCI_ENABLE_BUS_MASTER;
    PDEVICE_OBJECT DeviceObject;
    UNICODE_STRING Name;
    NTSTATUS Status;
    PDISK Disk;

    NameBuffer[RTL_NUMBER_OF(NameBuffer) - 2] = (WCHAR)(L'0' + Number);
    RtlInitUnicodeString(&Name, NameBuffer);
    if ((Config->u.type0.BaseAddresses[0] & PCI_ADDRESS_IO_SPACE) == 0 ||
        (Config->u.type0.BaseAddresses[0] & PCI_ADDRESS_IO_ADDRESS_MASK) == 0) {
        DbgPrint("disk: device %u has no ports: it is not a transitional one (QEMU: leave disable-legacy off)\n", Number);
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    /* Exclusive: whoever has a paging file on it has it alone. */
    Status = IoCreateDevice(DriverObject, sizeof(DISK), &Name, FILE_DEVICE_DISK, 0, TRUE, &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    Disk = DeviceObject->DeviceExtension;
    Disk->DeviceObject = DeviceObject;
    Disk->Number = Number;
    Disk->Port = Config->u.type0.BaseAddresses[0] & PCI_ADDRESS_IO_ADDRESS_MASK;
    KeInitializeSpinLock(&Disk->Lock);
    InitializeListHead(&Disk->Waiting);
    IoInitializeDpcRequest(DeviceObject, DiskDpc);
    HalSetBusDataByOffset(PCIConfiguration, 0, Slot.u.AsULONG, &Command, FIELD_OFFSET(PCI_COMMON_CONFIG, Command),
                          sizeof(Command));
    DiskWriteUchar(Disk, VIRTIO_STATUS, 0);
    DiskWriteUchar(Disk, VIRTIO_STATUS, VIRTIO_STATUS_FOUND | VIRTIO_STATUS_DRIVER);
    DiskReadConfiguration(Disk);
    Status = DiskMakeQueue(Disk) ? DiskConnectInterrupt(Disk, Config->u.type0.InterruptLine)
                                 : STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(Status)) {
        DiskDelete(Disk);
        return Status;
    }
    DiskWriteUchar(Disk, VIRTIO_STATUS, VIRTIO_STATUS_FOUND | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_RUNNING);
    DeviceObject->Flags |= DO_DIRECT_IO;
    return STATUS_SUCCESS;
}

#define MOST_DISKS 10                       /* the name has one digit */

/* Finds the devices on the bus. IRQL: PASSIVE_LEVEL. STATUS_NO_SUCH_DEVICE: there is none, or none works. */
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS Status = STATUS_NO_SUCH_DEVICE;
    ULONG Count = 0;

    UNREFERENCED_PARAMETER(RegistryPath);
    for (ULONG At = 0; At < PCI_MAX_DEVICES * PCI_MAX_FUNCTION && Count < MOST_DISKS; At++) {
        PCI_SLOT_NUMBER Slot = {.u.bits = {.DeviceNumber = At / PCI_MAX_FUNCTION,
                                           .FunctionNumber = At % PCI_MAX_FUNCTION}};
        PCI_COMMON_CONFIG Config;
        if (HalGetBusData(PCIConfiguration, 0, Slot.u.AsULONG, &Config, PCI_COMMON_HDR_LENGTH) !=
            PCI_COMMON_HDR_LENGTH || Config.VendorID != VIRTIO_PCI_VENDOR || Config.DeviceID != VIRTIO_PCI_BLOCK)
            continue;
        Status = DiskCreate(DriverObject, Count, Slot, &Config);
        if (NT_SUCCESS(Status))
            Count++;
    }
    if (Count == 0) {
        if (Status == STATUS_NO_SUCH_DEVICE)
            DbgPrint("disk: there is no virtio block device: give the machine one (run-qemu.sh --disk SIZE)\n");
        return Status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DiskOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DiskOpenClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = DiskTransfer;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = DiskTransfer;
    DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = DiskFlush;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DiskControl;
    DriverObject->DriverUnload = DiskUnload;
    return STATUS_SUCCESS;
}

/* Nobody has a device open, so nothing is in any of them. IRQL: PASSIVE_LEVEL. */
static VOID DiskUnload(PDRIVER_OBJECT DriverObject)
{
    while (DriverObject->DeviceObject != NULL)
        DiskDelete(DriverObject->DeviceObject->DeviceExtension);
}
