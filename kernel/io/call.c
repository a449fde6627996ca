/*
 * The way of a request: down through the drivers (IofCallDriver) and back up (IofCompleteRequest).
 *
 * Each driver has a stack location; who calls the next one fills in the next location and may leave a completion
 * routine in it. On the way up, a completion routine that returns STATUS_MORE_PROCESSING_REQUIRED keeps the request.
 * At the top, where no location is left, the request is ended by whoever made it.
 */
#include "io/iop.h"

#if DBG
/* A dispatch routine came back at another level, or in a region: names the driver and both. */
static VOID IopCheckReturn(PDEVICE_OBJECT Device, ULONG Major, KIRQL Before, LONG Disabled)
{
    if (KeGetCurrentIrql() != Before) {
        KiBugCheck(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Device, KeGetCurrentIrql(), Before, Major, NULL,
                   "the dispatch routine of %wZ for major function 0x%02x was called at IRQL %u and returned at %u; "
                   "it must release what it acquires", &Device->DriverObject->DriverName, Major, Before,
                   KeGetCurrentIrql());
    }
    if (KiCurrentThread()->CombinedApcDisable != Disabled) {
        KiBugCheck(APC_INDEX_MISMATCH, (ULONG_PTR)Device, (ULONG_PTR)(LONG_PTR)Disabled,
                   (ULONG_PTR)(LONG_PTR)KiCurrentThread()->CombinedApcDisable, Major, NULL,
                   "the dispatch routine of %wZ for major function 0x%02x entered a critical or guarded region, or took "
                   "a mutex, and did not leave it", &Device->DriverObject->DriverName, Major);
    }
}
#endif

/* IRQL: <= DISPATCH_LEVEL; the driver says what it takes for each request. Returns the dispatch routine's status. */
NTSTATUS IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack;
    NTSTATUS Status;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (Irp->Type != IO_TYPE_IRP || Irp->CurrentLocation <= 1) {
        KiBugCheck(NO_MORE_IRP_STACK_LOCATIONS, (ULONG_PTR)Irp, (ULONG_PTR)DeviceObject, 0, 0, NULL,
                   Irp->Type == IO_TYPE_IRP
                       ? "IRP %p has no stack location left for %wZ: allocate it with the StackSize of the device it "
                         "is sent to"
                       : "IRP %p is sent to %wZ after it was freed", Irp, &DeviceObject->DriverObject->DriverName);
    }
    Irp->CurrentLocation--;
    Stack = --Irp->Tail.Overlay.CurrentStackLocation;
    Stack->DeviceObject = DeviceObject;
    ASSERT(Stack->MajorFunction <= IRP_MJ_MAXIMUM_FUNCTION);
#if DBG
    KIRQL Irql = KeGetCurrentIrql();
    LONG Disabled = KiCurrentThread()->CombinedApcDisable;
    ULONG Major = Stack->MajorFunction;
    Status = DeviceObject->DriverObject->MajorFunction[Major](DeviceObject, Irp);
    if (KeGetCurrentIrql() != Irql || KiCurrentThread()->CombinedApcDisable != Disabled) {
        IopCheckReturn(DeviceObject, Major, Irql, Disabled);
    }
#else
    Status = DeviceObject->DriverObject->MajorFunction[Stack->MajorFunction](DeviceObject, Irp);
#endif
    return Status;
}
NT_EXPORT(IofCallDriver);

/* One of several requests that a driver split another one into: the last one completes that. */
static VOID IopEndAssociatedIrp(PIRP Irp, CCHAR Boost)
{
    PIRP Master = Irp->AssociatedIrp.MasterIrp;

    while (Irp->MdlAddress != NULL) {
        PMDL Mdl = Irp->MdlAddress;
        Irp->MdlAddress = Mdl->Next;
        IoFreeMdl(Mdl);
    }
    IoFreeIrp(Irp);
    if (InterlockedDecrement(&Master->AssociatedIrp.IrpCount) == 0) {
        IofCompleteRequest(Master, Boost);
    }
}

/* The request has no more drivers above: it goes back to its maker. */
static VOID IopEndRequest(PIRP Irp, CCHAR Boost)
{
    if ((Irp->AllocationFlags & IOP_IRP_WAITED) != 0) {
        IopEndWait(Irp, Boost);
    } else if ((Irp->AllocationFlags & IOP_IRP_THREAD) != 0) {
        IopFinishThreadIrp(Irp, Boost);
    } else if ((Irp->Flags & IRP_ASSOCIATED_IRP) != 0) {
        IopEndAssociatedIrp(Irp, Boost);
    } else {
        KiBugCheck(MULTIPLE_IRP_COMPLETE_REQUESTS, (ULONG_PTR)Irp, 2, 0, 0, NULL,
                   "IRP %p, which a driver allocated, came back to its top and nobody kept it: its completion routine "
                   "must free it and return STATUS_MORE_PROCESSING_REQUIRED", Irp);
    }
}

static DECLSPEC_NOINLINE VOID IopCompletedTwice(PIRP Irp, PVOID Caller)
{
    KiBugCheck(MULTIPLE_IRP_COMPLETE_REQUESTS, (ULONG_PTR)Irp, 0, 0, 0, NULL,
               "IRP %p is completed a second time, by %p: after IoCompleteRequest it is no longer the driver's", Irp,
                   Caller);
}

/* Whether the completion routine in this location wants to be called. */
static BOOLEAN IopInvokes(PIRP Irp, UCHAR Control)
{
    return (NT_SUCCESS(Irp->IoStatus.Status) ? (Control & SL_INVOKE_ON_SUCCESS) != 0
                                             : (Control & SL_INVOKE_ON_ERROR) != 0) ||
           (Irp->Cancel && (Control & SL_INVOKE_ON_CANCEL) != 0);
}

/*
 * The driver has done with the request ("IoCompleteRequest"). PriorityBoost goes to the thread that waits.
 * IRQL: <= DISPATCH_LEVEL. Completing twice is a bugcheck as long as the second time comes before the memory is used
 * again.
 */
VOID IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    PIO_STACK_LOCATION Stack;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (Irp->Type != IO_TYPE_IRP || Irp->CurrentLocation > Irp->StackCount) {
        IopCompletedTwice(Irp, __builtin_return_address(0));
    }
    ASSERT(Irp->IoStatus.Status != STATUS_PENDING);
    ASSERT(Irp->CancelRoutine == NULL);
    do {
        PIO_COMPLETION_ROUTINE Routine;
        UCHAR Control;

        Stack = Irp->Tail.Overlay.CurrentStackLocation++;
        Irp->CurrentLocation++;
        Control = Stack->Control;
        Irp->PendingReturned = (Control & SL_PENDING_RETURNED) != 0;
        Stack->Control = 0;
        if (Control >= SL_INVOKE_ON_CANCEL && IopInvokes(Irp, Control)) {
            Routine = Stack->CompletionRoutine;
            /* The routine belongs to the driver above; above the first one there is none. */
            if (Routine(Irp->CurrentLocation <= Irp->StackCount ? Stack[1].DeviceObject : NULL, Irp, Stack->Context) ==
                STATUS_MORE_PROCESSING_REQUIRED) {
                return;
            }
        } else if (Irp->PendingReturned && Irp->CurrentLocation <= Irp->StackCount) {
            Stack[1].Control |= SL_PENDING_RETURNED;
        }
    } while (Irp->CurrentLocation <= Irp->StackCount);
    IopEndRequest(Irp, PriorityBoost);
}
NT_EXPORT(IofCompleteRequest);
