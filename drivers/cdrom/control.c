/*
 * cdrom: reads and controls (PAGE).
 *
 * A disc can be changed under an open file. Each file has the number of changes that its owner knows of (FsContext2),
 * and is told of one once, by STATUS_VERIFY_REQUIRED in answer to whatever it asks for next: what it has read so far
 * was from another disc. The drive itself tells only one of several.
 */
#include "cdrom.h"

static NTSTATUS CdVerify(PCD_DRIVE Drive, PFILE_OBJECT File, NTSTATUS Status);
static NTSTATUS CdReadFile(PCD_DRIVE Drive, PIRP Irp, PULONG Moved);
static NTSTATUS CdPlay(PCD_DRIVE Drive, ULONG Code, const CDROM_PLAY_AUDIO_MSF *Range);
static NTSTATUS CdControl(PCD_DRIVE Drive, PIRP Irp, PULONG Information);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, CdVerify)
#pragma alloc_text(PAGE, CdReadFile)
#pragma alloc_text(PAGE, CdRead)
#pragma alloc_text(PAGE, CdPlay)
#pragma alloc_text(PAGE, CdControl)
#pragma alloc_text(PAGE, CdDeviceControl)
#endif

#define SECONDS_IN_MINUTE 60
#define FRAMES_IN_SECOND 75

/* A request's status, unless its file must be told of another disc. CommandMutex held. */
static NTSTATUS CdVerify(PCD_DRIVE Drive, PFILE_OBJECT File, NTSTATUS Status)
{
    PAGED_CODE();

    if ((ULONG)(ULONG_PTR)File->FsContext2 == Drive->MediaChanges)
        return Status;
    File->FsContext2 = (PVOID)(ULONG_PTR)Drive->MediaChanges;
    return STATUS_VERIFY_REQUIRED;
}

/* A read ends with the disc. CommandMutex held. */
static NTSTATUS CdReadFile(PCD_DRIVE Drive, PIRP Irp, PULONG Moved)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONGLONG Offset = (ULONGLONG)Stack->Parameters.Read.ByteOffset.QuadPart, Capacity;
    ULONG Length = Stack->Parameters.Read.Length;
    PUCHAR Buffer;
    NTSTATUS Status;

    PAGED_CODE();

    Status = CdQueryCapacity(Drive, &Capacity);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Offset >= Capacity)
        return STATUS_END_OF_FILE;
    Buffer = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return CdReadSectors(Drive, Offset, Buffer, (ULONG)min((ULONGLONG)Length, Capacity - Offset), Moved);
}

/* IRP_MJ_READ: whole sectors. IRQL: PASSIVE_LEVEL. Waits. */
NTSTATUS CdRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCD_DRIVE Drive = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Moved = 0;
    NTSTATUS Status;

    PAGED_CODE();

    if (Stack->Parameters.Read.ByteOffset.QuadPart % CD_SECTOR != 0 || Stack->Parameters.Read.Length % CD_SECTOR != 0)
        return CdComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    if (Stack->Parameters.Read.Length == 0)
        return CdComplete(Irp, STATUS_SUCCESS, 0);
    CdAcquire(&Drive->CommandMutex);
    Status = CdReadFile(Drive, Irp, &Moved);
    Status = CdVerify(Drive, Stack->FileObject, Status);
    CdRelease(&Drive->CommandMutex);
    return CdComplete(Irp, Status, NT_SUCCESS(Status) ? Moved : 0);
}

/* By the family's own commands. This is where its section is paged in, and no other's. CommandMutex held. */
static NTSTATUS CdPlay(PCD_DRIVE Drive, ULONG Code, const CDROM_PLAY_AUDIO_MSF *Range)
{
    NTSTATUS Status;

    PAGED_CODE();

    Status = CdInquire(Drive);
    if (!NT_SUCCESS(Status))
        return Status;
    switch (Code) {
    case IOCTL_CDROM_PAUSE_AUDIO:
        return Drive->Family->Pause(Drive);
    case IOCTL_CDROM_RESUME_AUDIO:
        return Drive->Family->Resume(Drive);
    case IOCTL_CDROM_STOP_AUDIO:
        return Drive->Family->Stop(Drive);
    default:
        break;
    }
    if (Range->StartingS >= SECONDS_IN_MINUTE || Range->StartingF >= FRAMES_IN_SECOND ||
        Range->EndingS >= SECONDS_IN_MINUTE || Range->EndingF >= FRAMES_IN_SECOND)
        return STATUS_INVALID_PARAMETER;
    Drive->LastPlay = *Range;
    return Drive->Family->Play(Drive, Range);
}

/* Information: bytes of the answer. CommandMutex held. */
static NTSTATUS CdControl(PCD_DRIVE Drive, PIRP Irp, PULONG Information)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode;
    ULONG Input = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG Output = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONGLONG Capacity;
    NTSTATUS Status;

    PAGED_CODE();

    switch (Code) {
    case IOCTL_CDROM_READ_TOC:
        return Output < sizeof(CDROM_TOC) ? STATUS_BUFFER_TOO_SMALL : CdReadToc(Drive, Buffer, Information);
    case IOCTL_CDROM_CHECK_VERIFY:
        if (Output != 0 && Output < sizeof(ULONG))
            return STATUS_BUFFER_TOO_SMALL;
        Status = CdTestUnit(Drive);
        if (NT_SUCCESS(Status) && Output != 0) {
            *(PULONG)Buffer = Drive->MediaChanges;
            *Information = sizeof(ULONG);
        }
        return Status;
    case IOCTL_DISK_GET_LENGTH_INFO:
        if (Output < sizeof(GET_LENGTH_INFORMATION))
            return STATUS_BUFFER_TOO_SMALL;
        Status = CdQueryCapacity(Drive, &Capacity);
        if (NT_SUCCESS(Status)) {
            ((PGET_LENGTH_INFORMATION)Buffer)->Length.QuadPart = (LONGLONG)Capacity;
            *Information = sizeof(GET_LENGTH_INFORMATION);
        }
        return Status;
    case IOCTL_CDROM_PLAY_AUDIO_MSF:
        if (Input < sizeof(CDROM_PLAY_AUDIO_MSF))
            return STATUS_BUFFER_TOO_SMALL;
        return CdPlay(Drive, Code, Buffer);
    case IOCTL_CDROM_PAUSE_AUDIO:
    case IOCTL_CDROM_RESUME_AUDIO:
    case IOCTL_CDROM_STOP_AUDIO:
        return CdPlay(Drive, Code, NULL);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

/* IRP_MJ_DEVICE_CONTROL. IRQL: PASSIVE_LEVEL. Waits. */
NTSTATUS CdDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCD_DRIVE Drive = DeviceObject->DeviceExtension;
    ULONG Information = 0;
    NTSTATUS Status;

    PAGED_CODE();

    CdAcquire(&Drive->CommandMutex);
    Status = CdControl(Drive, Irp, &Information);
    if (Status != STATUS_INVALID_DEVICE_REQUEST && Status != STATUS_BUFFER_TOO_SMALL)
        Status = CdVerify(Drive, IoGetCurrentIrpStackLocation(Irp)->FileObject, Status);
    CdRelease(&Drive->CommandMutex);
    return CdComplete(Irp, Status, NT_SUCCESS(Status) ? Information : 0);
}
