/*
 * cdrom: opening and closing (PAGE). The first open locks PAGECD and connects the interrupt, the last close undoes
 * it; what is in between them counts. The sections of the families are touched by neither.
 */
#include "cdrom.h"

static NTSTATUS CdConnect(PCD_DRIVE Drive);
static VOID CdDisconnect(PCD_DRIVE Drive);
static VOID CdBringUpToDate(PCD_DRIVE Drive, PFILE_OBJECT File);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, CdComplete)
#pragma alloc_text(PAGE, CdAcquire)
#pragma alloc_text(PAGE, CdRelease)
#pragma alloc_text(PAGE, CdConnect)
#pragma alloc_text(PAGE, CdDisconnect)
#pragma alloc_text(PAGE, CdBringUpToDate)
#pragma alloc_text(PAGE, CdCreate)
#pragma alloc_text(PAGE, CdClose)
#endif

#pragma data_seg("PAGEDATA")
static PVOID CdCodeHandle = NULL;       /* of PAGECD; NULL until the first open */
#pragma data_seg()

/* A drive that was reset, or whose disc was changed, says so in answer to as many commands at most. */
#define MOST_ATTENTIONS 3

/* IRQL: PASSIVE_LEVEL. */
NTSTATUS CdComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    PAGED_CODE();

    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_CD_ROM_INCREMENT);
    return Status;
}

/* The Unsafe form leaves the level at PASSIVE_LEVEL, where sections are locked and interrupts are connected. */
VOID CdAcquire(PFAST_MUTEX Mutex)
{
    PAGED_CODE();

    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(Mutex);
}

VOID CdRelease(PFAST_MUTEX Mutex)
{
    PAGED_CODE();

    ExReleaseFastMutexUnsafe(Mutex);
    KeLeaveCriticalRegion();
}

/* Lock, then connect. IRQL: PASSIVE_LEVEL, OpenMutex held. Waits. */
static NTSTATUS CdConnect(PCD_DRIVE Drive)
{
    NTSTATUS Status;

    PAGED_CODE();

    if (CdCodeHandle == NULL)
        CdCodeHandle = MmLockPagableCodeSection(CdIsr);
    else
        MmLockPagableSectionByHandle(CdCodeHandle);
    if (CdCodeHandle == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = IoConnectInterrupt(&Drive->Interrupt, CdIsr, Drive, NULL, Drive->Vector, Drive->Irql, Drive->Irql, Latched,
                                FALSE, Drive->Affinity, FALSE);
    if (!NT_SUCCESS(Status))
        MmUnlockPagableImageSection(CdCodeHandle);
    return Status;
}

/* No command is under way. IRQL: PASSIVE_LEVEL, OpenMutex held. Waits. */
static VOID CdDisconnect(PCD_DRIVE Drive)
{
    PAGED_CODE();

    IoDisconnectInterrupt(Drive->Interrupt);
    KeRemoveQueueDpc(&Drive->DeviceObject->Dpc);
    KeFlushQueuedDpcs();
    MmUnlockPagableImageSection(CdCodeHandle);
}

/*
 * What happened before its time is no news to a new file, so the drive is asked until it has told all. Files that are
 * open already are told by the counts in them (control.c). IRQL: PASSIVE_LEVEL, OpenMutex held. Waits.
 */
static VOID CdBringUpToDate(PCD_DRIVE Drive, PFILE_OBJECT File)
{
    NTSTATUS Status = STATUS_VERIFY_REQUIRED;

    PAGED_CODE();

    CdAcquire(&Drive->CommandMutex);
    for (ULONG Try = 0; Try < MOST_ATTENTIONS && !NT_SUCCESS(Status); Try++)
        Status = CdTestUnit(Drive);
    File->FsContext2 = (PVOID)(ULONG_PTR)Drive->MediaChanges;
    CdRelease(&Drive->CommandMutex);
}

/* IRP_MJ_CREATE: a drive without a disc can be opened. IRQL: PASSIVE_LEVEL. Waits. */
NTSTATUS CdCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCD_DRIVE Drive = DeviceObject->DeviceExtension;
    NTSTATUS Status = STATUS_SUCCESS;

    PAGED_CODE();

    CdAcquire(&Drive->OpenMutex);
    if (Drive->OpenCount == 0)
        Status = CdConnect(Drive);
    if (NT_SUCCESS(Status)) {
        Drive->OpenCount++;
        CdBringUpToDate(Drive, IoGetCurrentIrpStackLocation(Irp)->FileObject);
    }
    CdRelease(&Drive->OpenMutex);
    return CdComplete(Irp, Status, 0);
}

/* IRP_MJ_CLOSE. IRQL: PASSIVE_LEVEL. Waits. */
NTSTATUS CdClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCD_DRIVE Drive = DeviceObject->DeviceExtension;

    PAGED_CODE();

    CdAcquire(&Drive->OpenMutex);
    if (--Drive->OpenCount == 0)
        CdDisconnect(Drive);
    CdRelease(&Drive->OpenMutex);
    return CdComplete(Irp, STATUS_SUCCESS, 0);
}
