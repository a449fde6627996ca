/*
 * Cancelling requests.
 *
 * A driver that keeps a request sets a cancel routine in it and takes it out again before it completes it. Who finds
 * the routine in the request and takes it out owns the right to call it: so a request whose routine was taken here
 * cannot be completed, and freed, by its driver meanwhile. The routine is called with the cancel spin lock held and
 * releases it.
 */
#include "io/iop.h"

KSPIN_LOCK IopCancelSpinLock;

VOID IoAcquireCancelSpinLock(PKIRQL Irql)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    KeAcquireSpinLock(&IopCancelSpinLock, Irql);
}
NT_EXPORT(IoAcquireCancelSpinLock);

VOID IoReleaseCancelSpinLock(KIRQL Irql)
{
    KE_REQUIRE_IRQL_AT(DISPATCH_LEVEL);
    KeReleaseSpinLock(&IopCancelSpinLock, Irql);
}
NT_EXPORT(IoReleaseCancelSpinLock);

/* Calls a cancel routine that was taken out of its request. Cancel lock held since Irql; the routine releases it. */
static VOID IopCallCancelRoutine(PIRP Irp, PDRIVER_CANCEL Routine, KIRQL Irql)
{
    Irp->CancelIrql = Irql;
    Routine(IoGetCurrentIrpStackLocation(Irp)->DeviceObject, Irp);
    ASSERTMSG("a cancel routine must release the cancel spin lock with Irp->CancelIrql", KeGetCurrentIrql() == Irql);
}

/*
 * Marks the request cancelled and calls its cancel routine, if it has one ("IoCancelIrp"). Returns whether it had.
 * IRQL: <= DISPATCH_LEVEL. The caller knows that the request has not been freed.
 */
BOOLEAN IoCancelIrp(PIRP Irp)
{
    PDRIVER_CANCEL Routine;
    KIRQL Irql;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    IoAcquireCancelSpinLock(&Irql);
    Irp->Cancel = TRUE;
    Routine = IoSetCancelRoutine(Irp, NULL);
    if (Routine == NULL) {
        IoReleaseCancelSpinLock(Irql);
        return FALSE;
    }
    IopCallCancelRoutine(Irp, Routine, Irql);
    return TRUE;
}
NT_EXPORT(IoCancelIrp);

VOID IopCancelList(PKSPIN_LOCK Lock, PLIST_ENTRY Head)
{
    PDRIVER_CANCEL Routine;
    PLIST_ENTRY Entry;
    PIRP Irp;
    KIRQL Irql;

    do {
        Routine = NULL;
        Irp = NULL;
        IoAcquireCancelSpinLock(&Irql);
        /* In the list a request is alive; one that has a routine stays alive after its routine was taken. */
        KeAcquireSpinLockAtDpcLevel(Lock);
        for (Entry = Head->Flink; Entry != Head && Routine == NULL; Entry = Entry->Flink) {
            Irp = CONTAINING_RECORD(Entry, IRP, ThreadListEntry);
            if (!Irp->Cancel) {
                Irp->Cancel = TRUE;
                Routine = IoSetCancelRoutine(Irp, NULL);
            }
        }
        KeReleaseSpinLockFromDpcLevel(Lock);
        if (Routine == NULL) {
            IoReleaseCancelSpinLock(Irql);
        } else {
            IopCallCancelRoutine(Irp, Routine, Irql);
        }
    } while (Routine != NULL);
}

/* Says once what an ending thread is waiting for, if the driver takes its time. */
static VOID IopNameSlowIrp(PETHREAD Thread)
{
    UNICODE_STRING None = RTL_CONSTANT_STRING(L"(nobody)");
    PCUNICODE_STRING Driver = &None;
    PVOID Irp = NULL;
    KIRQL Irql;

    KeAcquireSpinLock(&Thread->IrpListLock, &Irql);
    if (!IsListEmpty(&Thread->IrpList)) {
        PIRP Slow = CONTAINING_RECORD(Thread->IrpList.Flink, IRP, ThreadListEntry);
        Irp = Slow;
        if (Slow->CurrentLocation <= Slow->StackCount) {
            Driver = &IoGetCurrentIrpStackLocation(Slow)->DeviceObject->DriverObject->DriverName;
        }
        DbgPrint("io: an ending thread waits for IRP %p, which %wZ was asked to cancel and has not completed\n", Irp,
                 Driver);
    }
    KeReleaseSpinLock(&Thread->IrpListLock, Irql);
}

VOID IoCancelThreadIo(PETHREAD Thread)
{
    LARGE_INTEGER Interval = {.QuadPart = -100000};         /* 10 ms */
    ULONG Tries = 0;

    PAGED_CODE();
    while (!IsListEmpty(&Thread->IrpList)) {
        IopCancelList(&Thread->IrpListLock, &Thread->IrpList);
        if (IsListEmpty(&Thread->IrpList)) {
            break;
        }
        if (++Tries == 500) {
            IopNameSlowIrp(Thread);
        }
        KeDelayExecutionThread(KernelMode, FALSE, &Interval);
    }
    /* Who removed the last one holds the lock until it is done with the thread. */
    KIRQL Irql;
    KeAcquireSpinLock(&Thread->IrpListLock, &Irql);
    KeReleaseSpinLock(&Thread->IrpListLock, Irql);
}
