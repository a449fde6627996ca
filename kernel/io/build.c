/*
 * Requests that drivers make of other drivers: IoBuildDeviceIoControlRequest and its neighbours.
 *
 * Such a request is in the list of the thread that made it and is ended by its completion: results are copied to the
 * caller's buffers, its event is set, its memory given back. That may happen at DISPATCH_LEVEL in any thread, so an
 * output buffer that is not resident by nature is locked when the request is made (AuxiliaryBuffer has the MDL).
 */
#include "io/iop.h"

/* Whether a buffer is resident whatever happens: nonpaged pool, or the stack of the calling thread. */
static BOOLEAN IopIsResident(PVOID Buffer, ULONG Length)
{
    ULONG_PTR First = (ULONG_PTR)Buffer, Last = First + Length - 1;
    PKTHREAD Thread = KiCurrentThread();

    return (First >= (ULONG_PTR)MmNonPagedPoolStart && Last < (ULONG_PTR)MmNonPagedPoolEnd) ||
           (First >= (ULONG_PTR)Thread->StackLimit && Last < (ULONG_PTR)Thread->InitialStack);
}

/* Allocates an MDL and locks the caller's buffer with it. */
static NTSTATUS IopLockBuffer(PVOID Buffer, ULONG Length, LOCK_OPERATION Operation, PMDL *Locked)
{
    PMDL Mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS Status;

    if (Mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = MmTryProbeAndLockPages(Mdl, KernelMode, Operation);
    if (!NT_SUCCESS(Status)) {
        IoFreeMdl(Mdl);
        return Status;
    }
    *Locked = Mdl;
    return STATUS_SUCCESS;
}

static VOID IopUnlockBuffer(PMDL Mdl)
{
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
}

/*
 * Gives the request a system buffer of Size bytes that begins with Input; OutputLength bytes of it go to Output when
 * the request succeeds.
 */
static NTSTATUS IopGiveSystemBuffer(PIRP Irp, ULONG Size, PVOID Input, ULONG InputLength, PVOID Output,
                                    ULONG OutputLength)
{
    PMDL Mdl;
    NTSTATUS Status;

    if (Size == 0) {
        return STATUS_SUCCESS;
    }
    if (OutputLength != 0 && !IopIsResident(Output, OutputLength)) {
        Status = IopLockBuffer(Output, OutputLength, IoWriteAccess, &Mdl);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        Irp->Tail.Overlay.AuxiliaryBuffer = (PCHAR)Mdl;
    }
    Irp->AssociatedIrp.SystemBuffer = ExAllocatePoolWithTag(NonPagedPool, Size, IOP_BUFFER_TAG);
    if (Irp->AssociatedIrp.SystemBuffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    /* What the driver does not write must not show what was in that memory before. */
    RtlZeroMemory(Irp->AssociatedIrp.SystemBuffer, Size);
    if (InputLength != 0) {
        RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Input, InputLength);
    }
    Irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    if (OutputLength != 0) {
        Irp->Flags |= IRP_INPUT_OPERATION;
        Irp->UserBuffer = Output;
        Irp->Overlay.AllocationSize.QuadPart = OutputLength;    /* a field that only a create uses otherwise */
    }
    return STATUS_SUCCESS;
}

/* Gives back what a request holds, without results. */
static VOID IopReleaseBuffers(PIRP Irp)
{
    if (Irp->Tail.Overlay.AuxiliaryBuffer != NULL) {
        IopUnlockBuffer((PMDL)Irp->Tail.Overlay.AuxiliaryBuffer);
        Irp->Tail.Overlay.AuxiliaryBuffer = NULL;
    }
    if ((Irp->Flags & IRP_DEALLOCATE_BUFFER) != 0) {
        ExFreePoolWithTag(Irp->AssociatedIrp.SystemBuffer, IOP_BUFFER_TAG);
        Irp->Flags &= ~IRP_DEALLOCATE_BUFFER;
    }
    while (Irp->MdlAddress != NULL) {
        PMDL Mdl = Irp->MdlAddress;
        Irp->MdlAddress = Mdl->Next;
        IopUnlockBuffer(Mdl);
    }
}

static PIRP IopDiscard(PIRP Irp)
{
    IopReleaseBuffers(Irp);
    IoFreeIrp(Irp);
    return NULL;
}

/* From here on the request ends by itself: enters it into the calling thread's list. */
static VOID IopQueueThreadIrp(PIRP Irp, PKEVENT Event, PIO_STATUS_BLOCK Iosb)
{
    PETHREAD Thread = PsGetCurrentThread();
    KIRQL Irql;

    Irp->UserEvent = Event;
    Irp->UserIosb = Iosb;
    Irp->Tail.Overlay.Thread = Thread;
    Irp->AllocationFlags |= IOP_IRP_THREAD;
    KeAcquireSpinLock(&Thread->IrpListLock, &Irql);
    InsertTailList(&Thread->IrpList, &Irp->ThreadListEntry);
    KeReleaseSpinLock(&Thread->IrpListLock, Irql);
}

VOID IopFinishThreadIrp(PIRP Irp, CCHAR Boost)
{
    PETHREAD Thread = Irp->Tail.Overlay.Thread;
    PKEVENT Event = Irp->UserEvent;
    PVOID Output = Irp->UserBuffer;
    KIRQL Irql;

    /* Buffered: only Information bytes, and not when it is an error. */
    if ((Irp->Flags & IRP_INPUT_OPERATION) != 0 && !NT_ERROR(Irp->IoStatus.Status)) {
        PMDL Mdl = (PMDL)Irp->Tail.Overlay.AuxiliaryBuffer;
        if (Mdl != NULL) {
            Output = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
        }
        if (Output == NULL) {
            Irp->IoStatus.Status = STATUS_INSUFFICIENT_RESOURCES;
            Irp->IoStatus.Information = 0;
        } else {
            RtlCopyMemory(Output, Irp->AssociatedIrp.SystemBuffer,
                          min(Irp->IoStatus.Information, (ULONG_PTR)Irp->Overlay.AllocationSize.QuadPart));
        }
    }
    IopReleaseBuffers(Irp);
    if (Irp->UserIosb != NULL) {
        *Irp->UserIosb = Irp->IoStatus;
    }
    KeAcquireSpinLock(&Thread->IrpListLock, &Irql);
    RemoveEntryList(&Irp->ThreadListEntry);
    InitializeListHead(&Irp->ThreadListEntry);
    KeReleaseSpinLock(&Thread->IrpListLock, Irql);
    IoFreeIrp(Irp);
    /* The event is the caller's, and gone when it has seen it: last. */
    if (Event != NULL) {
        KeSetEvent(Event, Boost, FALSE);
    }
}

/*
 * A device control ("IoBuildDeviceIoControlRequest"). NULL: no memory, or a buffer of a direct method that cannot be
 * locked. IRQL: PASSIVE_LEVEL (<= APC_LEVEL works).
 */
PIRP IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject, PVOID InputBuffer,
                                   ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength,
                                   BOOLEAN InternalDeviceIoControl, PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    ULONG Method = METHOD_FROM_CTL_CODE(IoControlCode);
    PIRP Irp = IoAllocateIrp(DeviceObject->StackSize, FALSE);
    NTSTATUS Status = STATUS_SUCCESS;
    PIO_STACK_LOCATION Stack;

    if (Irp == NULL) {
        return NULL;
    }
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MajorFunction = InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    Stack->Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
    Stack->Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
    Stack->Parameters.DeviceIoControl.IoControlCode = IoControlCode;
    switch (Method) {
    case METHOD_BUFFERED:
        Status = IopGiveSystemBuffer(Irp, max(InputBufferLength, OutputBufferLength), InputBuffer, InputBufferLength,
                                     OutputBuffer, OutputBufferLength);
        break;
    case METHOD_IN_DIRECT:
    case METHOD_OUT_DIRECT:
        Status = IopGiveSystemBuffer(Irp, InputBufferLength, InputBuffer, InputBufferLength, NULL, 0);
        if (NT_SUCCESS(Status) && OutputBufferLength != 0) {
            Status = IopLockBuffer(OutputBuffer, OutputBufferLength,
                                   Method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess, &Irp->MdlAddress);
        }
        break;
    default:                                /* METHOD_NEITHER */
        Irp->UserBuffer = OutputBuffer;
        Stack->Parameters.DeviceIoControl.Type3InputBuffer = InputBuffer;
    }
    if (!NT_SUCCESS(Status)) {
        return IopDiscard(Irp);
    }
    IopQueueThreadIrp(Irp, Event, IoStatusBlock);
    return Irp;
}
NT_EXPORT(IoBuildDeviceIoControlRequest);

/*
 * The part that synchronous and asynchronous requests have in common. NULL: no memory, or the buffer cannot be locked.
 */
static PIRP IopBuildFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer, ULONG Length,
                               PLARGE_INTEGER StartingOffset)
{
    BOOLEAN Read = MajorFunction == IRP_MJ_READ, Write = MajorFunction == IRP_MJ_WRITE;
    PIRP Irp = IoAllocateIrp(DeviceObject->StackSize, FALSE);
    NTSTATUS Status = STATUS_SUCCESS;
    PIO_STACK_LOCATION Stack;

    if (Irp == NULL) {
        return NULL;
    }
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MajorFunction = (UCHAR)MajorFunction;
    if (!Read && !Write) {                  /* flush, shutdown, PnP: no buffer */
        return Irp;
    }
    Irp->Flags |= Read ? IRP_READ_OPERATION : IRP_WRITE_OPERATION;
    Stack->Parameters.Read.Length = Length; /* Write has the same layout */
    if (StartingOffset != NULL) {
        Stack->Parameters.Read.ByteOffset = *StartingOffset;
    }
    if (Length != 0 && (DeviceObject->Flags & DO_BUFFERED_IO) != 0) {
        Status = IopGiveSystemBuffer(Irp, Length, Buffer, Write ? Length : 0, Buffer, Read ? Length : 0);
    } else if (Length != 0 && (DeviceObject->Flags & DO_DIRECT_IO) != 0) {
        Status = IopLockBuffer(Buffer, Length, Read ? IoWriteAccess : IoReadAccess, &Irp->MdlAddress);
    } else {
        Irp->UserBuffer = Buffer;
    }
    return NT_SUCCESS(Status) ? Irp : IopDiscard(Irp);
}

/* A read, write, flush or the like that its completion ends ("IoBuildSynchronousFsdRequest"). IRQL: PASSIVE_LEVEL. */
PIRP IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer, ULONG Length,
                                  PLARGE_INTEGER StartingOffset, PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    PIRP Irp = IopBuildFsdRequest(MajorFunction, DeviceObject, Buffer, Length, StartingOffset);

    if (Irp != NULL) {
        IopQueueThreadIrp(Irp, Event, IoStatusBlock);
    }
    return Irp;
}
NT_EXPORT(IoBuildSynchronousFsdRequest);

/*
 * The same for a driver that ends the request itself, in its completion routine: it frees buffer or MDL and the IRP
 * ("IoBuildAsynchronousFsdRequest"). IRQL: <= APC_LEVEL.
 */
PIRP IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer, ULONG Length,
                                   PLARGE_INTEGER StartingOffset, PIO_STATUS_BLOCK IoStatusBlock)
{
    PIRP Irp = IopBuildFsdRequest(MajorFunction, DeviceObject, Buffer, Length, StartingOffset);

    if (Irp != NULL) {
        Irp->UserIosb = IoStatusBlock;
    }
    return Irp;
}
NT_EXPORT(IoBuildAsynchronousFsdRequest);

/* Keeps the request when it comes back up: IoForwardIrpSynchronously waits for that. */
static NTSTATUS IopForwarded(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->PendingReturned) {
        KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/*
 * Sends a driver's request on to the device below and waits for it ("IoForwardIrpSynchronously"). FALSE: no stack
 * location left. IRQL: PASSIVE_LEVEL.
 */
BOOLEAN IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KEVENT Event;

    PAGED_CODE();
    if (Irp->CurrentLocation <= 1) {
        return FALSE;
    }
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, IopForwarded, &Event, TRUE, TRUE, TRUE);
    if (IofCallDriver(DeviceObject, Irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    }
    return TRUE;
}
NT_EXPORT(IoForwardIrpSynchronously);

/*
 * One of the requests that a driver splits MasterIrp into ("IoMakeAssociatedIrp"): the driver sets the master's
 * AssociatedIrp.IrpCount first, and the last of them to end completes it. NULL: no memory. IRQL: <= DISPATCH_LEVEL.
 */
PIRP IoMakeAssociatedIrp(PIRP MasterIrp, CCHAR StackSize)
{
    PIRP Irp = IoAllocateIrp(StackSize, FALSE);

    if (Irp != NULL) {
        Irp->Flags |= IRP_ASSOCIATED_IRP;
        Irp->Tail.Overlay.Thread = MasterIrp->Tail.Overlay.Thread;
        Irp->AssociatedIrp.MasterIrp = MasterIrp;
    }
    return Irp;
}
NT_EXPORT(IoMakeAssociatedIrp);
