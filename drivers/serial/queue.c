/*
 * serial: requests that wait (PAGESER).
 *
 * A request is in exactly one of a port's queues from SerialQueue until SerialFinish or its cancel routine takes it
 * out; both do so under the port's Lock. Who completes it is decided by who gets its cancel routine away from it:
 * IoSetCancelRoutine gives the old one to one caller only. Requests are completed after the lock is released, since
 * completion calls out of the driver.
 */
#include "serial.h"

static VOID SerialForget(PSERIAL_PORT Port, PIRP Irp);
static VOID SerialCancelQueue(PSERIAL_PORT Port, PLIST_ENTRY Queue, PLIST_ENTRY Done);
static DRIVER_CANCEL SerialCancel;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGESER, SerialServe)
#pragma alloc_text(PAGESER, SerialQueue)
#pragma alloc_text(PAGESER, SerialFirst)
#pragma alloc_text(PAGESER, SerialLast)
#pragma alloc_text(PAGESER, SerialForget)
#pragma alloc_text(PAGESER, SerialFinish)
#pragma alloc_text(PAGESER, SerialComplete)
#pragma alloc_text(PAGESER, SerialCompleteAll)
#pragma alloc_text(PAGESER, SerialCancel)
#pragma alloc_text(PAGESER, SerialCancelQueue)
#pragma alloc_text(PAGESER, SerialCancelAll)
#pragma alloc_text(PAGESER, SerialSetTimer)
#endif

#define SERIAL_IRP(Entry) CONTAINING_RECORD((Entry), IRP, Tail.Overlay.ListEntry)

/* Does what can be done for the port's requests, and completes those that are done. IRQL: <= DISPATCH_LEVEL. */
VOID SerialServe(PSERIAL_PORT Port)
{
    LIST_ENTRY Done;
    KIRQL OldIrql;

    InitializeListHead(&Done);
    KeAcquireSpinLock(&Port->Lock, &OldIrql);
    SerialServeReads(Port, &Done);
    SerialServeWrites(Port, &Done);
    SerialServeWaits(Port, &Done);
    KeReleaseSpinLock(&Port->Lock, OldIrql);
    SerialCompleteAll(&Done);
}

/* Queues a request and serves it as far as that is possible now. Returns STATUS_PENDING. IRQL: <= DISPATCH_LEVEL. */
NTSTATUS SerialQueue(PSERIAL_PORT Port, PLIST_ENTRY Queue, PIRP Irp)
{
    KIRQL OldIrql;

    Irp->IoStatus.Information = 0;
    KeAcquireSpinLock(&Port->Lock, &OldIrql);
    IoSetCancelRoutine(Irp, SerialCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        /* Cancelled before it got here, and nobody has called the cancel routine: it is still ours. */
        KeReleaseSpinLock(&Port->Lock, OldIrql);
        return SerialComplete(Irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(Irp);
    InsertTailList(Queue, &Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&Port->Lock, OldIrql);
    SerialServe(Port);
    return STATUS_PENDING;
}

/* The oldest request of a queue, or NULL. IRQL: DISPATCH_LEVEL, Lock held. */
PIRP SerialFirst(PLIST_ENTRY Queue)
{
    return IsListEmpty(Queue) ? NULL : SERIAL_IRP(Queue->Flink);
}

/* The newest one, or NULL. */
PIRP SerialLast(PLIST_ENTRY Queue)
{
    return IsListEmpty(Queue) ? NULL : SERIAL_IRP(Queue->Blink);
}

/*
 * Takes a request out of its queue and ends what the port does for it. Doing so twice does no harm: a request that is
 * being cancelled may be forgotten by SerialFinish first. IRQL: DISPATCH_LEVEL, Lock held.
 */
static VOID SerialForget(PSERIAL_PORT Port, PIRP Irp)
{
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    InitializeListHead(&Irp->Tail.Overlay.ListEntry);
    if (Port->CurrentRead == Irp)
        Port->CurrentRead = NULL;
    if (Port->CurrentWrite == Irp) {
        Port->CurrentWrite = NULL;
        Irp->IoStatus.Information =
            IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length - SerialStopTransmit(Port);
    }
}

/*
 * The request has come to its end: it goes to Done, to be completed with Status and the Information that it has. One
 * that is being cancelled at this moment is left to its cancel routine, which waits for the lock. IRQL:
 * DISPATCH_LEVEL, Lock held.
 */
VOID SerialFinish(PSERIAL_PORT Port, PIRP Irp, NTSTATUS Status, PLIST_ENTRY Done)
{
    SerialForget(Port, Irp);
    if (IoSetCancelRoutine(Irp, NULL) == NULL)
        return;
    Irp->IoStatus.Status = Status;
    InsertTailList(Done, &Irp->Tail.Overlay.ListEntry);
}

/* IRQL: <= DISPATCH_LEVEL. */
NTSTATUS SerialComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, Information != 0 ? IO_SERIAL_INCREMENT : IO_NO_INCREMENT);
    return Status;
}

/* IRQL: <= DISPATCH_LEVEL, no lock held. */
VOID SerialCompleteAll(PLIST_ENTRY Done)
{
    while (!IsListEmpty(Done)) {
        PIRP Irp = SERIAL_IRP(RemoveHeadList(Done));
        SerialComplete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
    }
}

/* The I/O manager wants the request back. IRQL: DISPATCH_LEVEL, with the cancel lock held, which this releases. */
static VOID SerialCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERIAL_PORT Port = DeviceObject->DeviceExtension;
    KIRQL OldIrql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&Port->Lock, &OldIrql);
    SerialForget(Port, Irp);
    KeReleaseSpinLock(&Port->Lock, OldIrql);
    SerialComplete(Irp, STATUS_CANCELLED, Irp->IoStatus.Information);
    /* The next in the queue may have waited for this one. */
    SerialServe(Port);
}

/* IRQL: DISPATCH_LEVEL, Lock held. */
static VOID SerialCancelQueue(PSERIAL_PORT Port, PLIST_ENTRY Queue, PLIST_ENTRY Done)
{
    PIRP Irp;

    while ((Irp = SerialFirst(Queue)) != NULL)
        SerialFinish(Port, Irp, STATUS_CANCELLED, Done);
}

/* Cancels everything in the named queues. IRQL: <= DISPATCH_LEVEL. */
VOID SerialCancelAll(PSERIAL_PORT Port, BOOLEAN Reads, BOOLEAN Writes, BOOLEAN Waits)
{
    LIST_ENTRY Done;
    KIRQL OldIrql;

    InitializeListHead(&Done);
    KeAcquireSpinLock(&Port->Lock, &OldIrql);
    if (Reads)
        SerialCancelQueue(Port, &Port->Reads, &Done);
    if (Writes)
        SerialCancelQueue(Port, &Port->Writes, &Done);
    if (Waits)
        SerialCancelQueue(Port, &Port->Waits, &Done);
    KeReleaseSpinLock(&Port->Lock, OldIrql);
    SerialCompleteAll(&Done);
}

/*
 * Has SerialServe called at Deadline, or no more at all. A timer that has expired while this runs calls it once too
 * often, and SerialServe sees that nothing is due. IRQL: DISPATCH_LEVEL, Lock held.
 */
VOID SerialSetTimer(PSERIAL_TIMER Timer, ULONGLONG Deadline)
{
    ULONGLONG Now = KeQueryInterruptTime();
    LARGE_INTEGER Due;

    if (Deadline == Timer->Deadline)
        return;
    Timer->Deadline = Deadline;
    if (Deadline == SERIAL_NEVER) {
        KeCancelTimer(&Timer->Timer);
        return;
    }
    Due.QuadPart = Deadline > Now ? -(LONGLONG)(Deadline - Now) : -1;
    KeSetTimer(&Timer->Timer, Due, &Timer->Dpc);
}
