/*
 * parallel: one write from StartIo to its completion (PAGEPAR, locked while the port is open).
 *
 * Bytes go out in ParSend, under the interrupt's lock: called when the printer has interrupted, and by the timer ten
 * times a second, in case an interrupt was lost, or the printer was off line and does not say that it is back.
 * ParServe then looks whether the write has come to its end.
 *
 * Lock order: cancel spin lock, interrupt's lock.
 */
#include "parallel.h"

static KSYNCHRONIZE_ROUTINE ParSend;
static BOOLEAN ParReady(PPAR_PORT Port);
static VOID ParBegin(PPAR_PORT Port, PUCHAR Bytes, ULONG Length);
static ULONG ParStop(PPAR_PORT Port);
static VOID ParFinish(PPAR_PORT Port, PIRP Irp, NTSTATUS Status);
static VOID ParServe(PPAR_PORT Port);
static VOID ParSetTimer(PPAR_PORT Port);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGEPAR, ParReady)
#pragma alloc_text(PAGEPAR, ParSend)
#pragma alloc_text(PAGEPAR, ParIsr)
#pragma alloc_text(PAGEPAR, ParBegin)
#pragma alloc_text(PAGEPAR, ParStop)
#pragma alloc_text(PAGEPAR, ParSetTimer)
#pragma alloc_text(PAGEPAR, ParFinish)
#pragma alloc_text(PAGEPAR, ParServe)
#pragma alloc_text(PAGEPAR, ParStartIo)
#pragma alloc_text(PAGEPAR, ParDpc)
#pragma alloc_text(PAGEPAR, ParTimerDpc)
#pragma alloc_text(PAGEPAR, ParCancel)
#pragma alloc_text(PAGEPAR, ParCancelAll)
#pragma alloc_text(PAGEPAR, ParResetPrinter)
#endif

#define PAR_MILLISECOND 10000ull        /* interrupt time counts 100 ns */
#define PAR_TICK 100                    /* ms */
#define PAR_STROBE_TIME 1               /* microseconds: data must be there as long before and after */
#define PAR_RESET_TIME 50
/* A printer that takes its byte at once is ready again after so many looks; a slower one interrupts. */
#define PAR_LOOKS 4
/* Bytes at a time, so that a fast printer does not keep the processor at this level. */
#define PAR_BURST 32

/* The port: interrupt lock held, DIRQL --------------------------------------------------------------------------- */

static BOOLEAN ParReady(PPAR_PORT Port)
{
    for (ULONG Look = 0; Look < PAR_LOOKS; Look++) {
        UCHAR Lines = ParIn(Port, PAR_STATUS);
        if ((Lines & (STATUS_NOT_BUSY | STATUS_SELECTED | STATUS_PAPER_END)) == (STATUS_NOT_BUSY | STATUS_SELECTED))
            return TRUE;
    }
    return FALSE;
}

/* Gives the printer what it takes now. Returns whether there was anything to give. */
static BOOLEAN ParSend(PVOID Context)
{
    PPAR_PORT Port = Context;
    BOOLEAN Had = Port->Left != 0;

    for (ULONG Count = 0; Count < PAR_BURST && Port->Left != 0 && ParReady(Port); Count++) {
        ParOut(Port, PAR_DATA, *Port->Next++);
        KeStallExecutionProcessor(PAR_STROBE_TIME);
        ParOut(Port, PAR_CONTROL, CONTROL_OPEN | CONTROL_STROBE);
        KeStallExecutionProcessor(PAR_STROBE_TIME);
        ParOut(Port, PAR_CONTROL, CONTROL_OPEN);
        Port->Left--;
    }
    return Had;
}

/*
 * The printer has taken a byte. The port does not show that it interrupts; reading its status, which ParSend does, is
 * all it wants. IRQL: DIRQL.
 */
BOOLEAN ParIsr(PKINTERRUPT Interrupt, PVOID Context)
{
    PPAR_PORT Port = Context;

    UNREFERENCED_PARAMETER(Interrupt);
    if (!ParSend(Port))
        return FALSE;
    if (Port->Left == 0)
        IoRequestDpc(Port->DeviceObject, NULL, Port);
    return TRUE;
}

/* IRQL: DISPATCH_LEVEL. */
static VOID ParBegin(PPAR_PORT Port, PUCHAR Bytes, ULONG Length)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);

    Port->Next = Bytes;
    Port->Left = Length;
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
}

/* Takes the bytes away from the service routine; returns how many were left. IRQL: DISPATCH_LEVEL. */
static ULONG ParStop(PPAR_PORT Port)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);
    ULONG Left = Port->Left;

    Port->Left = 0;
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
    return Left;
}

/* The current write ---------------------------------------------------------------------------------------------- */

static VOID ParSetTimer(PPAR_PORT Port)
{
    LARGE_INTEGER Due = {.QuadPart = -(LONGLONG)(PAR_TICK * PAR_MILLISECOND)};

    KeSetTimer(&Port->Timer, Due, &Port->TimerDpc);
}

/*
 * Completes a write that the caller has taken out of Current, and starts the next. IRQL: DISPATCH_LEVEL, no lock held.
 */
static VOID ParFinish(PPAR_PORT Port, PIRP Irp, NTSTATUS Status)
{
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;

    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Length - ParStop(Port);
    IoCompleteRequest(Irp, IO_PARALLEL_INCREMENT);
    IoStartNextPacket(Port->DeviceObject, TRUE);
}

/*
 * Sends, and ends the current write if it is through or out of time. Called too often it does no harm. IRQL:
 * DISPATCH_LEVEL.
 */
static VOID ParServe(PPAR_PORT Port)
{
    NTSTATUS Status = STATUS_SUCCESS;
    KIRQL OldIrql;
    PIRP Irp;

    KeSynchronizeExecution(Port->Interrupt, ParSend, Port);
    IoAcquireCancelSpinLock(&OldIrql);
    Irp = Port->Current;
    if (Irp != NULL && Port->Left != 0) {
        if (KeQueryInterruptTime() < Port->Deadline) {
            ParSetTimer(Port);
            Irp = NULL;
        } else {
            Status = STATUS_TIMEOUT;
        }
    }
    if (Irp != NULL) {
        Port->Current = NULL;
        IoSetCancelRoutine(Irp, NULL);
    }
    IoReleaseCancelSpinLock(OldIrql);
    if (Irp != NULL)
        ParFinish(Port, Irp, Status);
}

/*
 * The device is idle, and this write is the next. It may have been cancelled since it left the queue: then ParCancel,
 * if it was called at all, has left it alone, because it was not Current yet. IRQL: DISPATCH_LEVEL.
 */
VOID ParStartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PPAR_PORT Port = DeviceObject->DeviceExtension;
    KIRQL OldIrql;

    IoAcquireCancelSpinLock(&OldIrql);
    if (Irp->Cancel || Port->Closing) {
        IoSetCancelRoutine(Irp, NULL);
        IoReleaseCancelSpinLock(OldIrql);
        Irp->IoStatus.Status = STATUS_CANCELLED;
        Irp->IoStatus.Information = 0;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        IoStartNextPacket(DeviceObject, TRUE);
        return;
    }
    ParBegin(Port, Irp->AssociatedIrp.SystemBuffer, IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length);
    Port->Deadline = KeQueryInterruptTime() + Port->Timeout * PAR_MILLISECOND;
    Port->Current = Irp;
    ParSetTimer(Port);
    IoReleaseCancelSpinLock(OldIrql);
    /* The first bytes; each that the printer takes interrupts, and the service routine sends on. */
    KeSynchronizeExecution(Port->Interrupt, ParSend, Port);
    if (Port->Left == 0)
        IoRequestDpc(DeviceObject, NULL, Port);
}

/* IRQL: DISPATCH_LEVEL. */
VOID ParDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    ParServe(Context);
}

/* IRQL: DISPATCH_LEVEL. */
VOID ParTimerDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    ParServe(Context);
}

/* Cancelling ----------------------------------------------------------------------------------------------------- */

/*
 * The I/O manager wants a write back: from the queue, or from the port, or on its way from the one to the other,
 * where it is left to ParStartIo. IRQL: DISPATCH_LEVEL, with the cancel spin lock held, which this releases.
 */
VOID ParCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PPAR_PORT Port = DeviceObject->DeviceExtension;
    KIRQL OldIrql = Irp->CancelIrql;

    if (Irp == Port->Current) {
        Port->Current = NULL;
        IoReleaseCancelSpinLock(DISPATCH_LEVEL);
        ParFinish(Port, Irp, STATUS_CANCELLED);
        KeLowerIrql(OldIrql);
        return;
    }
    if (!KeRemoveEntryDeviceQueue(&DeviceObject->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry)) {
        IoReleaseCancelSpinLock(OldIrql);
        return;
    }
    IoReleaseCancelSpinLock(OldIrql);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

/* Cancels every write there is; none is started after this. IRQL: <= DISPATCH_LEVEL. */
VOID ParCancelAll(PPAR_PORT Port)
{
    PKDEVICE_QUEUE Queue = &Port->DeviceObject->DeviceQueue;
    LIST_ENTRY Done;
    KIRQL OldIrql;
    PIRP Irp, Current;

    InitializeListHead(&Done);
    IoAcquireCancelSpinLock(&OldIrql);
    Port->Closing = TRUE;
    /* Whoever puts into the queue or takes out holds the cancel lock, so the list may be walked here. */
    while (!IsListEmpty(&Queue->DeviceListHead)) {
        Irp = CONTAINING_RECORD(Queue->DeviceListHead.Flink, IRP, Tail.Overlay.DeviceQueueEntry.DeviceListEntry);
        KeRemoveEntryDeviceQueue(Queue, &Irp->Tail.Overlay.DeviceQueueEntry);
        IoSetCancelRoutine(Irp, NULL);
        InsertTailList(&Done, &Irp->Tail.Overlay.ListEntry);
    }
    Current = Port->Current;
    Port->Current = NULL;
    if (Current != NULL)
        IoSetCancelRoutine(Current, NULL);
    IoReleaseCancelSpinLock(DISPATCH_LEVEL);
    if (Current != NULL)
        ParFinish(Port, Current, STATUS_CANCELLED);
    while (!IsListEmpty(&Done)) {
        Irp = CONTAINING_RECORD(RemoveHeadList(&Done), IRP, Tail.Overlay.ListEntry);
        Irp->IoStatus.Status = STATUS_CANCELLED;
        Irp->IoStatus.Information = 0;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
    }
    KeLowerIrql(OldIrql);
}

/* STATUS_DEVICE_BUSY: a write is under way. IRQL: <= DISPATCH_LEVEL. */
NTSTATUS ParResetPrinter(PPAR_PORT Port)
{
    NTSTATUS Status = STATUS_DEVICE_BUSY;
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);

    if (Port->Left == 0) {
        ParOut(Port, PAR_CONTROL, CONTROL_OPEN & ~CONTROL_NO_INIT);
        KeStallExecutionProcessor(PAR_RESET_TIME);
        ParOut(Port, PAR_CONTROL, CONTROL_OPEN);
        Status = STATUS_SUCCESS;
    }
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
    return Status;
}
