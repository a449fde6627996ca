/*
 * parallel: opening and closing, and what else runs at PASSIVE_LEVEL only (PAGEPAR0).
 */
#include "parallel.h"

static NTSTATUS ParOpenPort(PPAR_PORT Port);
static PVOID ParLock(PVOID Handle, PVOID Address);
static NTSTATUS ParSetTimeouts(PPAR_PORT Port, const SERIAL_TIMEOUTS *Timeouts);
static UCHAR ParPrinterStatus(PPAR_PORT Port);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGEPAR0, ParComplete)
#pragma alloc_text(PAGEPAR0, ParLock)
#pragma alloc_text(PAGEPAR0, ParOpenPort)
#pragma alloc_text(PAGEPAR0, ParCreate)
#pragma alloc_text(PAGEPAR0, ParCleanup)
#pragma alloc_text(PAGEPAR0, ParClose)
#pragma alloc_text(PAGEPAR0, ParWrite)
#pragma alloc_text(PAGEPAR0, ParPrinterStatus)
#pragma alloc_text(PAGEPAR0, ParSetTimeouts)
#pragma alloc_text(PAGEPAR0, ParDeviceControl)
#endif

#define PAR_SHORTEST_TIMEOUT 2000       /* ms, as documented */

#pragma data_seg("PAGEDATA")
/* The handle of PAGEPAR; NULL until the port is opened for the first time. PASSIVE_LEVEL only: it may be out itself. */
static PVOID ParCodeHandle = NULL;
#pragma data_seg()

NTSTATUS ParComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    PAGED_CODE();

    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* By handle, once there is one: the address has to be looked for. Returns the handle, or NULL. Waits. */
static PVOID ParLock(PVOID Handle, PVOID Address)
{
    PAGED_CODE();

    if (Handle == NULL)
        return MmLockPagableCodeSection(Address);
    MmLockPagableSectionByHandle(Handle);
    return Handle;
}

/* Lock, then connect: from there on an interrupt may come at any moment. Everything is undone on failure. */
static NTSTATUS ParOpenPort(PPAR_PORT Port)
{
    NTSTATUS Status;

    PAGED_CODE();

    ParCodeHandle = ParLock(ParCodeHandle, ParIsr);
    if (ParCodeHandle == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Port->Closing = FALSE;
    Status = IoConnectInterrupt(&Port->Interrupt, ParIsr, Port, NULL, Port->Vector, Port->Irql, Port->Irql, Latched,
                                FALSE, Port->Affinity, FALSE);
    if (!NT_SUCCESS(Status)) {
        MmUnlockPagableImageSection(ParCodeHandle);
        return Status;
    }
    ParOut(Port, PAR_CONTROL, CONTROL_OPEN);
    return STATUS_SUCCESS;
}

/* IRP_MJ_CREATE: one at a time, as with a printer there must. IRQL: PASSIVE_LEVEL. Waits. */
NTSTATUS ParCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PPAR_PORT Port = DeviceObject->DeviceExtension;
    NTSTATUS Status = STATUS_ACCESS_DENIED;

    PAGED_CODE();

    if (InterlockedIncrement(&Port->OpenCount) == 1)
        Status = ParOpenPort(Port);
    if (!NT_SUCCESS(Status))
        InterlockedDecrement(&Port->OpenCount);
    return ParComplete(Irp, Status, 0);
}

/* IRP_MJ_CLEANUP: the last handle is closed; whoever still waits for a write is told. IRQL: PASSIVE_LEVEL. */
NTSTATUS ParCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PAGED_CODE();

    ParCancelAll(DeviceObject->DeviceExtension);
    return ParComplete(Irp, STATUS_SUCCESS, 0);
}

/*
 * IRP_MJ_CLOSE: there are no writes any more. No interrupt, then no DPC, on whatever processor, then no lock. IRQL:
 * PASSIVE_LEVEL. Waits.
 */
NTSTATUS ParClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PPAR_PORT Port = DeviceObject->DeviceExtension;

    PAGED_CODE();

    ParOut(Port, PAR_CONTROL, CONTROL_IDLE);
    IoDisconnectInterrupt(Port->Interrupt);
    KeCancelTimer(&Port->Timer);
    KeRemoveQueueDpc(&Port->TimerDpc);
    KeRemoveQueueDpc(&DeviceObject->Dpc);
    KeFlushQueuedDpcs();
    MmUnlockPagableImageSection(ParCodeHandle);
    InterlockedDecrement(&Port->OpenCount);
    return ParComplete(Irp, STATUS_SUCCESS, 0);
}

/*
 * IRP_MJ_WRITE. This half may be out: IoStartPacket raises the level inside the kernel, and what it calls there,
 * ParStartIo, is locked. IRQL: PASSIVE_LEVEL.
 */
NTSTATUS ParWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PAGED_CODE();

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length == 0)
        return ParComplete(Irp, STATUS_SUCCESS, 0);
    IoMarkIrpPending(Irp);
    IoStartPacket(DeviceObject, Irp, NULL, ParCancel);
    return STATUS_PENDING;
}

/* The printer's lines as PARALLEL_.... */
static UCHAR ParPrinterStatus(PPAR_PORT Port)
{
    UCHAR Lines = ParIn(Port, PAR_STATUS), Status = 0;

    PAGED_CODE();

    if ((Lines & STATUS_NOT_BUSY) == 0)
        Status |= PARALLEL_BUSY;
    if (Lines & STATUS_PAPER_END)
        Status |= PARALLEL_PAPER_EMPTY;
    if (Lines & STATUS_SELECTED)
        Status |= PARALLEL_SELECTED;
    else
        Status |= PARALLEL_OFF_LINE;
    if ((Lines & STATUS_NO_FAULT) == 0 && (Lines & STATUS_SELECTED) == 0)
        Status |= PARALLEL_POWER_OFF;
    return Status;
}

static NTSTATUS ParSetTimeouts(PPAR_PORT Port, const SERIAL_TIMEOUTS *Timeouts)
{
    PAGED_CODE();

    if (Timeouts->WriteTotalTimeoutConstant < PAR_SHORTEST_TIMEOUT)
        return STATUS_INVALID_PARAMETER;
    Port->Timeout = Timeouts->WriteTotalTimeoutConstant;
    return STATUS_SUCCESS;
}

/* IRP_MJ_DEVICE_CONTROL. IRQL: PASSIVE_LEVEL. */
NTSTATUS ParDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PPAR_PORT Port = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Input = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG Output = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;

    PAGED_CODE();

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_PAR_QUERY_INFORMATION:
        if (Output < sizeof(PAR_QUERY_INFORMATION))
            return ParComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        ((PPAR_QUERY_INFORMATION)Buffer)->Status = ParPrinterStatus(Port);
        return ParComplete(Irp, STATUS_SUCCESS, sizeof(PAR_QUERY_INFORMATION));
    case IOCTL_PAR_SET_INFORMATION:
        if (Input < sizeof(PAR_SET_INFORMATION))
            return ParComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        if (((PPAR_SET_INFORMATION)Buffer)->Init != PARALLEL_INIT)
            return ParComplete(Irp, STATUS_INVALID_PARAMETER, 0);
        return ParComplete(Irp, ParResetPrinter(Port), 0);
    case IOCTL_SERIAL_SET_TIMEOUTS:
        if (Input < sizeof(SERIAL_TIMEOUTS))
            return ParComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        return ParComplete(Irp, ParSetTimeouts(Port, Buffer), 0);
    case IOCTL_SERIAL_GET_TIMEOUTS:
        if (Output < sizeof(SERIAL_TIMEOUTS))
            return ParComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        RtlZeroMemory(Buffer, sizeof(SERIAL_TIMEOUTS));
        ((PSERIAL_TIMEOUTS)Buffer)->WriteTotalTimeoutConstant = Port->Timeout;
        return ParComplete(Irp, STATUS_SUCCESS, sizeof(SERIAL_TIMEOUTS));
    default:
        return ParComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}
