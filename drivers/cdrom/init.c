/*
 * cdrom: is there a drive (INIT), and the end (PAGE).
 */
#include "cdrom.h"

static BOOLEAN CdDetect(PCHAR Model, ULONG Size);
static BOOLEAN CdIdentify(PUSHORT Words);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(INIT, CdDetect)
#pragma alloc_text(INIT, CdIdentify)
#pragma alloc_text(PAGE, CdUnload)
#endif

#define CD_DEVICE_NAME L"\\Device\\CdRom0"
#define CD_LINK_NAME L"\\DosDevices\\CdRom0"

/* What IDENTIFY PACKET DEVICE answers. */
#define IDENTIFY_WORDS 256
#define IDENTIFY_KIND 0xDF03            /* of word 0: ATAPI, kind of device, length of a packet */
#define IDENTIFY_CD_ROM 0x8500          /* ATAPI, CD-ROM, 12 bytes */
#define IDENTIFY_MODEL 27
#define IDENTIFY_MODEL_WORDS 20
#define MODEL_SIZE (IDENTIFY_MODEL_WORDS * 2 + 1)

#define DETECT_LOOKS 10000              /* at the status, 10 microseconds apart */
#define DETECT_PAUSE 10

/* Makes the device, if there is a drive; STATUS_NO_SUCH_DEVICE and a message if not. IRQL: PASSIVE_LEVEL. */
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING DeviceName, LinkName;
    PDEVICE_OBJECT DeviceObject;
    CHAR Model[MODEL_SIZE];
    PCD_DRIVE Drive;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);

    if (!CdDetect(Model, sizeof(Model))) {
        DbgPrint("cdrom: there is no CD-ROM drive at 0x%x (./run-qemu.sh --cdrom FILE gives the machine one)\n",
                 CD_BASE);
        return STATUS_NO_SUCH_DEVICE;
    }
    DbgPrint("cdrom: %s\n", Model);
    RtlInitUnicodeString(&DeviceName, CD_DEVICE_NAME);
    RtlInitUnicodeString(&LinkName, CD_LINK_NAME);
    Status = IoCreateDevice(DriverObject, sizeof(CD_DRIVE), &DeviceName, FILE_DEVICE_CD_ROM,
                            FILE_REMOVABLE_MEDIA | FILE_READ_ONLY_DEVICE, FALSE, &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&LinkName, &DeviceName);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(DeviceObject);
        return Status;
    }

    Drive = DeviceObject->DeviceExtension;
    Drive->DeviceObject = DeviceObject;
    Drive->Vector = HalGetInterruptVector(Isa, 0, CD_IRQ, CD_IRQ, &Drive->Irql, &Drive->Affinity);
    ExInitializeFastMutex(&Drive->OpenMutex);
    ExInitializeFastMutex(&Drive->CommandMutex);
    KeInitializeEvent(&Drive->Done, SynchronizationEvent, FALSE);
    IoInitializeDpcRequest(DeviceObject, CdDpc);

    /* The service routine puts sectors where they are wanted: the caller's pages, locked by the I/O manager. */
    DeviceObject->Flags |= DO_DIRECT_IO;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = CdCreate;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = CdClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = CdRead;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = CdDeviceControl;
    DriverObject->DriverUnload = CdUnload;
    return STATUS_SUCCESS;
}

/* One command without an interrupt: nothing is connected yet. FALSE: no ATAPI device answers. */
static BOOLEAN CdIdentify(PUSHORT Words)
{
    UCHAR Status = STATUS_BUSY;

    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)CD_CONTROL_BASE, CONTROL_NO_INTERRUPT);
    CdOut(CD_DEVICE, DEVICE_MASTER);
    CdOut(CD_COMMAND, COMMAND_IDENTIFY_PACKET);
    for (ULONG Look = 0; Look < DETECT_LOOKS && (Status & STATUS_BUSY) != 0; Look++) {
        KeStallExecutionProcessor(DETECT_PAUSE);
        Status = CdIn(CD_STATUS);
    }
    /* No channel reads as ones, a channel without a drive as zeroes, a disk refuses the command. */
    if ((Status & (STATUS_BUSY | STATUS_DATA_REQUEST | STATUS_CHECK)) != STATUS_DATA_REQUEST)
        return FALSE;
    READ_PORT_BUFFER_USHORT((PUSHORT)(ULONG_PTR)(CD_BASE + CD_DATA), Words, IDENTIFY_WORDS);
    return TRUE;
}

/* Whether there is a CD-ROM drive; and its name, without the blanks at its end. */
static BOOLEAN CdDetect(PCHAR Model, ULONG Size)
{
    USHORT Words[IDENTIFY_WORDS];
    BOOLEAN Found = CdIdentify(Words) && (Words[0] & IDENTIFY_KIND) == IDENTIFY_CD_ROM;
    ULONG Length = Size - 1;

    CdIn(CD_STATUS);
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)CD_CONTROL_BASE, 0);
    if (!Found)
        return FALSE;
    for (ULONG Index = 0; Index < Length; Index++)
        Model[Index] = (CHAR)(Words[IDENTIFY_MODEL + Index / 2] >> (Index % 2 == 0 ? 8 : 0));
    while (Length > 0 && Model[Length - 1] == ' ')
        Length--;
    Model[Length] = '\0';
    return TRUE;
}

/* The drive is closed. IRQL: PASSIVE_LEVEL. */
VOID CdUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING LinkName;

    PAGED_CODE();

    RtlInitUnicodeString(&LinkName, CD_LINK_NAME);
    IoDeleteSymbolicLink(&LinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}
