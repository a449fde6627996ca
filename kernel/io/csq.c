/*
 * Cancel-safe queues ("Cancel-Safe IRP Queues"): the driver has a queue and a lock, these routines put requests in and
 * take them out so that a cancellation and a removal of the same request cannot both succeed.
 *
 * Who takes the cancel routine out of a request owns it (cancel.c). A request in the queue has IopCancelQueued, so
 * taking that away under the queue's lock is how a request is taken; who finds it gone leaves the request alone,
 * because IopCancelQueued has it, or will when it gets the lock.
 *
 * DriverContext[3] of a queued request points to the caller's IO_CSQ_IRP_CONTEXT, or else to the queue; both begin with
 * their type.
 */
#include "io/iop.h"

#define IopQueuePlace(Irp) ((Irp)->Tail.Overlay.DriverContext[3])

/* The request has left the queue. Queue's lock held. */
static VOID IopForgetPlace(PIRP Irp)
{
    PIO_CSQ_IRP_CONTEXT Context = IopQueuePlace(Irp);

    if (Context != NULL && Context->Type == IO_TYPE_CSQ_IRP_CONTEXT) {
        Context->Irp = NULL;
    }
    IopQueuePlace(Irp) = NULL;
}

/* The cancel routine of every queued request. Cancel lock held since Irp->CancelIrql; released. */
static DRIVER_CANCEL IopCancelQueued;
static VOID IopCancelQueued(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_CSQ_IRP_CONTEXT Context = IopQueuePlace(Irp);
    PIO_CSQ Csq = Context->Type == IO_TYPE_CSQ_IRP_CONTEXT ? Context->Csq : (PIO_CSQ)Context;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Csq->CsqAcquireLock(Csq, &Irql);
    Csq->CsqRemoveIrp(Csq, Irp);
    IopForgetPlace(Irp);
    Csq->CsqReleaseLock(Csq, Irql);
    Csq->CsqCompleteCanceledIrp(Csq, Irp);
}

static NTSTATUS IopInitializeQueue(PIO_CSQ Csq, ULONG Type, PIO_CSQ_INSERT_IRP Insert, PIO_CSQ_REMOVE_IRP Remove,
                                   PIO_CSQ_PEEK_NEXT_IRP Peek, PIO_CSQ_ACQUIRE_LOCK Acquire,
                                   PIO_CSQ_RELEASE_LOCK Release, PIO_CSQ_COMPLETE_CANCELED_IRP Complete)
{
    Csq->Type = Type;
    Csq->CsqInsertIrp = Insert;
    Csq->CsqRemoveIrp = Remove;
    Csq->CsqPeekNextIrp = Peek;
    Csq->CsqAcquireLock = Acquire;
    Csq->CsqReleaseLock = Release;
    Csq->CsqCompleteCanceledIrp = Complete;
    Csq->ReservePointer = NULL;
    return STATUS_SUCCESS;
}

/* The queue and its routines lie in resident memory. Always STATUS_SUCCESS. IRQL: any. */
NTSTATUS IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp, PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                         PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp, PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                         PIO_CSQ_RELEASE_LOCK CsqReleaseLock, PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    return IopInitializeQueue(Csq, IO_TYPE_CSQ, CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock,
                              CsqReleaseLock, CsqCompleteCanceledIrp);
}
NT_EXPORT(IoCsqInitialize);

/* The same with an insertion routine that may refuse a request. */
NTSTATUS IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp, PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                           PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp, PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                           PIO_CSQ_RELEASE_LOCK CsqReleaseLock, PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    return IopInitializeQueue(Csq, IO_TYPE_CSQ_EX, (PIO_CSQ_INSERT_IRP)(ULONG_PTR)CsqInsertIrp, CsqRemoveIrp,
                              CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
}
NT_EXPORT(IoCsqInitializeEx);

/*
 * Queues the request and marks it pending; one that is cancelled already is completed at once by the driver's
 * CsqCompleteCanceledIrp. Context, optional, is for IoCsqRemoveIrp. Returns what the driver's insertion routine says;
 * when that is an error the request is neither queued nor marked. IRQL: <= DISPATCH_LEVEL, as far as the queue's lock
 * lets.
 */
NTSTATUS IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext)
{
    NTSTATUS Status = STATUS_SUCCESS;
    KIRQL Irql;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    IopQueuePlace(Irp) = Csq;
    if (Context != NULL) {
        Context->Type = IO_TYPE_CSQ_IRP_CONTEXT;
        Context->Irp = Irp;
        Context->Csq = Csq;
        IopQueuePlace(Irp) = Context;
    }
    Csq->CsqAcquireLock(Csq, &Irql);
    if (Csq->Type == IO_TYPE_CSQ_EX) {
        Status = ((PIO_CSQ_INSERT_IRP_EX)(ULONG_PTR)Csq->CsqInsertIrp)(Csq, Irp, InsertContext);
    } else {
        Csq->CsqInsertIrp(Csq, Irp);
    }
    if (!NT_SUCCESS(Status)) {
        IopForgetPlace(Irp);
        Csq->CsqReleaseLock(Csq, Irql);
        return Status;
    }
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, IopCancelQueued);
    /* IoCancelIrp sets Cancel and then looks for the routine; here it is the reverse. */
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        Csq->CsqRemoveIrp(Csq, Irp);
        IopForgetPlace(Irp);
        Csq->CsqReleaseLock(Csq, Irql);
        Csq->CsqCompleteCanceledIrp(Csq, Irp);
        return Status;
    }
    Csq->CsqReleaseLock(Csq, Irql);
    return Status;
}
NT_EXPORT(IoCsqInsertIrpEx);

VOID IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    (void)IoCsqInsertIrpEx(Csq, Irp, Context, NULL);
}
NT_EXPORT(IoCsqInsertIrp);

/*
 * Takes the next request that PeekContext fits (to the driver's CsqPeekNextIrp), and that is not being cancelled, out
 * of the queue; it is the caller's to complete. NULL: there is none. IRQL: <= DISPATCH_LEVEL.
 */
PIRP IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    KIRQL Irql;
    PIRP Irp;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    Csq->CsqAcquireLock(Csq, &Irql);
    Irp = Csq->CsqPeekNextIrp(Csq, NULL, PeekContext);
    while (Irp != NULL && IoSetCancelRoutine(Irp, NULL) == NULL) {
        Irp = Csq->CsqPeekNextIrp(Csq, Irp, PeekContext);
    }
    if (Irp != NULL) {
        Csq->CsqRemoveIrp(Csq, Irp);
        IopForgetPlace(Irp);
    }
    Csq->CsqReleaseLock(Csq, Irql);
    return Irp;
}
NT_EXPORT(IoCsqRemoveNextIrp);

/* Takes the request of this context out. NULL: it has been taken, or is being cancelled. IRQL: <= DISPATCH_LEVEL. */
PIRP IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    KIRQL Irql;
    PIRP Irp;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    Csq->CsqAcquireLock(Csq, &Irql);
    Irp = Context->Irp;
    if (Irp != NULL && IoSetCancelRoutine(Irp, NULL) == NULL) {
        Irp = NULL;
    }
    if (Irp != NULL) {
        ASSERT(Context->Csq == Csq);
        Csq->CsqRemoveIrp(Csq, Irp);
        IopForgetPlace(Irp);
    }
    Csq->CsqReleaseLock(Csq, Irql);
    return Irp;
}
NT_EXPORT(IoCsqRemoveIrp);
