/*
 * Requests that are waited for: every one that the kernel itself makes.
 */
#include "io/iop.h"

static NTSTATUS IopWaitForIrp(PIRP Irp, PIOP_WAITER Waiter, KPROCESSOR_MODE Mode)
{
    KeInitializeEvent(&Waiter->Event, NotificationEvent, FALSE);
    if (InterlockedCompareExchange(&Waiter->State, IOP_WAITING, 0) != 0) {
        return Irp->IoStatus.Status;        /* it has ended meanwhile */
    }
    if (KeWaitForSingleObject(&Waiter->Event, Executive, Mode, FALSE, NULL) != STATUS_SUCCESS) {
        /* The thread is to end: so is what it waits for. The driver still decides when. */
        IoCancelIrp(Irp);
        KeWaitForSingleObject(&Waiter->Event, Executive, KernelMode, FALSE, NULL);
    }
    return Irp->IoStatus.Status;
}

NTSTATUS IopCallAndWait(PDEVICE_OBJECT Device, PIRP Irp, KPROCESSOR_MODE Mode)
{
    PKTHREAD Thread = KeGetCurrentThread();
    BOOLEAN Probed = Thread->UserProbed;    /* a probe counts for the request that it was made in, not for one within it */
    IOP_WAITER Waiter;
    NTSTATUS Status;

    Waiter.State = 0;
    Irp->AllocationFlags |= IOP_IRP_WAITED;
    Irp->UserEvent = &Waiter.Event;
    Thread->UserProbed = FALSE;
    Status = IofCallDriver(Device, Irp);
    Thread->UserProbed = Probed;
    if (Waiter.State == IOP_DONE) {
        return Irp->IoStatus.Status;
    }
    if (Status != STATUS_PENDING) {
        KdPrint(("io: a driver of the stack of %wZ returned 0x%08x for an IRP that it neither completed nor marked "
                 "pending; waiting for it\n", &Device->DriverObject->DriverName, Status));
    }
    return IopWaitForIrp(Irp, &Waiter, Mode);
}

NTSTATUS IopCallFileAndWait(PDEVICE_OBJECT Device, PIRP Irp, PFILE_OBJECT File, KPROCESSOR_MODE Mode)
{
    NTSTATUS Status;
    BOOLEAN Closed;
    KIRQL Irql;

    /* Either the flag is seen here, or IopCloseFile sees the request in the list and cancels it. */
    KeAcquireSpinLock(&File->IrpListLock, &Irql);
    Closed = (File->Flags & FO_CLEANUP_COMPLETE) != 0;
    if (!Closed) {
        InsertTailList(&File->IrpList, &Irp->ThreadListEntry);
    }
    KeReleaseSpinLock(&File->IrpListLock, Irql);
    if (Closed) {
        Irp->IoStatus.Status = STATUS_FILE_CLOSED;
        Irp->IoStatus.Information = 0;
        return STATUS_FILE_CLOSED;
    }
    Status = IopCallAndWait(Device, Irp, Mode);
    KeAcquireSpinLock(&File->IrpListLock, &Irql);
    RemoveEntryList(&Irp->ThreadListEntry);
    KeReleaseSpinLock(&File->IrpListLock, Irql);
    InitializeListHead(&Irp->ThreadListEntry);
    return Status;
}
