/*
 * serial: events (PAGESER). A program names those that it wants in a mask and waits for any of them.
 */
#include "serial.h"

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGESER, SerialEvent)
#pragma alloc_text(PAGESER, SerialServeWaits)
#pragma alloc_text(PAGESER, SerialSetWaitMask)
#endif

/* Something has happened; SerialServeWaits tells who waits for it. IRQL: any. */
VOID SerialEvent(PSERIAL_PORT Port, ULONG Event)
{
    InterlockedOr(&Port->Events, (LONG)Event & Port->WaitMask);
}

/*
 * Answers the wait with the events that have happened. At most one can wait, and only for something: others are
 * refused.
 * IRQL: DISPATCH_LEVEL, Lock held.
 */
VOID SerialServeWaits(PSERIAL_PORT Port, PLIST_ENTRY Done)
{
    PIRP Irp = SerialFirst(&Port->Waits);

    if (Irp == NULL)
        return;
    while (Port->Waits.Blink != &Irp->Tail.Overlay.ListEntry)
        SerialFinish(Port, SerialLast(&Port->Waits), STATUS_INVALID_PARAMETER, Done);
    if (Port->WaitMask == 0) {
        SerialFinish(Port, Irp, STATUS_INVALID_PARAMETER, Done);
    } else if (Port->Events != 0) {
        *(PULONG)Irp->AssociatedIrp.SystemBuffer = (ULONG)InterlockedExchange(&Port->Events, 0);
        Irp->IoStatus.Information = sizeof(ULONG);
        SerialFinish(Port, Irp, STATUS_SUCCESS, Done);
    }
}

/*
 * IOCTL_SERIAL_SET_WAIT_MASK: what was gathered under the old mask is forgotten, and a wait for it ends with no
 * event, as documented. IRQL: <= DISPATCH_LEVEL.
 */
VOID SerialSetWaitMask(PSERIAL_PORT Port, ULONG Mask)
{
    LIST_ENTRY Done;
    KIRQL OldIrql;
    PIRP Irp;

    InitializeListHead(&Done);
    KeAcquireSpinLock(&Port->Lock, &OldIrql);
    Port->WaitMask = (LONG)Mask;
    InterlockedExchange(&Port->Events, 0);
    Irp = SerialFirst(&Port->Waits);
    if (Irp != NULL) {
        *(PULONG)Irp->AssociatedIrp.SystemBuffer = 0;
        Irp->IoStatus.Information = sizeof(ULONG);
        SerialFinish(Port, Irp, STATUS_SUCCESS, &Done);
    }
    KeReleaseSpinLock(&Port->Lock, OldIrql);
    SerialCompleteAll(&Done);
}
