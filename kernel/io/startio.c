/*
 * StartIo: one request at a time per device, the others in the device's queue ("StartIo Routines").
 */
#include "io/iop.h"

/*
 * Starts the request now, if the device is idle, or queues it (by *Key when given). With a cancel routine the request
 * can be cancelled while it waits; the cancel lock is held from the queue to CurrentIrp so that the routine knows
 * where it is. IRQL: <= DISPATCH_LEVEL. The driver has marked the request pending.
 */
VOID IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key, PDRIVER_CANCEL CancelFunction)
{
    PKDEVICE_QUEUE_ENTRY Entry = &Irp->Tail.Overlay.DeviceQueueEntry;
    KIRQL OldIrql, CancelIrql = DISPATCH_LEVEL;
    BOOLEAN Queued;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    if (CancelFunction != NULL) {
        IoAcquireCancelSpinLock(&CancelIrql);
        IoSetCancelRoutine(Irp, CancelFunction);
    }
    Queued = Key != NULL ? KeInsertByKeyDeviceQueue(&DeviceObject->DeviceQueue, Entry, *Key)
                         : KeInsertDeviceQueue(&DeviceObject->DeviceQueue, Entry);
    if (!Queued) {
        DeviceObject->CurrentIrp = Irp;
        if (CancelFunction != NULL) {
            IoReleaseCancelSpinLock(CancelIrql);
        }
        DeviceObject->DriverObject->DriverStartIo(DeviceObject, Irp);
    } else if (CancelFunction != NULL) {
        /* Cancelled before it had its routine: nobody else will call it. */
        if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
            Irp->CancelIrql = CancelIrql;
            CancelFunction(DeviceObject, Irp);
        } else {
            IoReleaseCancelSpinLock(CancelIrql);
        }
    }
    KeLowerIrql(OldIrql);
}
NT_EXPORT(IoStartPacket);

/* The current request is done: takes the next one out of the queue and starts it. */
static VOID IopStartNext(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, PULONG Key)
{
    PKDEVICE_QUEUE_ENTRY Entry;
    KIRQL CancelIrql = DISPATCH_LEVEL;
    PIRP Irp = NULL;

    if (Cancelable) {
        IoAcquireCancelSpinLock(&CancelIrql);
    }
    DeviceObject->CurrentIrp = NULL;
    Entry = Key != NULL ? KeRemoveByKeyDeviceQueue(&DeviceObject->DeviceQueue, *Key)
                        : KeRemoveDeviceQueue(&DeviceObject->DeviceQueue);
    if (Entry != NULL) {
        Irp = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.DeviceQueueEntry);
        DeviceObject->CurrentIrp = Irp;
    }
    if (Cancelable) {
        IoReleaseCancelSpinLock(CancelIrql);
    }
    if (Irp != NULL) {
        DeviceObject->DriverObject->DriverStartIo(DeviceObject, Irp);
    }
}

/* IRQL: DISPATCH_LEVEL. */
VOID IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable)
{
    KE_REQUIRE_IRQL_AT(DISPATCH_LEVEL);
    IopStartNext(DeviceObject, Cancelable, NULL);
}
NT_EXPORT(IoStartNextPacket);

VOID IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key)
{
    KE_REQUIRE_IRQL_AT(DISPATCH_LEVEL);
    IopStartNext(DeviceObject, Cancelable, &Key);
}
NT_EXPORT(IoStartNextPacketByKey);
