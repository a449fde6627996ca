/*
 * The buffers of a request that a system service makes: buffered, direct, or neither.
 *
 * - Buffered: one system buffer, as large as the larger of input and output. The input is copied in; after a request
 *   that is no error, Information bytes are copied out, in the caller's own context, and never more than the caller
 *   has room for.
 * - Direct: the caller's pages are locked and described by an MDL.
 * - Neither: the driver gets the caller's address and must run in the caller's context.
 */
#include "io/iop.h"

NTSTATUS IopProbe(USER_ADDRESS Address, SIZE_T Length, KPROCESSOR_MODE Mode)
{
    if (Mode == KernelMode || Length == 0) {
        return STATUS_SUCCESS;
    }
    if (Address.Value < MM_LOWEST_USER_ADDRESS || Address.Value > MM_HIGHEST_USER_ADDRESS ||
        Length - 1 > MM_HIGHEST_USER_ADDRESS - Address.Value) {
        return STATUS_ACCESS_VIOLATION;
    }
    return STATUS_SUCCESS;
}

NTSTATUS IopPrepareBuffered(PIOP_REQUEST Request)
{
    PIOP_TRANSFER Transfer = &Request->Transfer;
    ULONG Size = max(Transfer->InputLength, Transfer->OutputLength);
    PIRP Irp = Request->Irp;
    PCHAR Buffer;

    Irp->Flags |= IRP_BUFFERED_IO;
    if (Size == 0) {
        return STATUS_SUCCESS;
    }
    Buffer = ExAllocatePoolWithTag(NonPagedPool, Size, IOP_BUFFER_TAG);
    if (Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Irp->AssociatedIrp.SystemBuffer = Buffer;
    Irp->Flags |= IRP_DEALLOCATE_BUFFER;
    /* What the driver does not write must not show the caller what was in that memory before. */
    RtlZeroMemory(Buffer + Transfer->InputLength, Size - Transfer->InputLength);
    if (Transfer->OutputLength != 0) {
        Irp->Flags |= IRP_INPUT_OPERATION;
        Irp->UserBuffer = (PVOID)Transfer->Output.Value;
    }
    return Transfer->InputLength != 0 ? MmCopyFromUser(Buffer, Transfer->Input, Transfer->InputLength) : STATUS_SUCCESS;
}

NTSTATUS IopPrepareDirect(PIOP_REQUEST Request, USER_ADDRESS Buffer, ULONG Length, LOCK_OPERATION Operation)
{
    PMDL Mdl;
    NTSTATUS Status;

    if (Length == 0) {
        return STATUS_SUCCESS;
    }
    Mdl = IoAllocateMdl((PVOID)Buffer.Value, Length, FALSE, FALSE, NULL);
    if (Mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = MmTryProbeAndLockPages(Mdl, Request->Mode, Operation);
    if (!NT_SUCCESS(Status)) {
        IoFreeMdl(Mdl);
        return Status;
    }
    Request->Irp->MdlAddress = Mdl;
    return STATUS_SUCCESS;
}

NTSTATUS IopDeliver(PIOP_REQUEST Request)
{
    PIRP Irp = Request->Irp;
    SIZE_T Length = min(Irp->IoStatus.Information, (ULONG_PTR)Request->Transfer.OutputLength);

    if ((Irp->Flags & IRP_INPUT_OPERATION) == 0 || NT_ERROR(Irp->IoStatus.Status) || Length == 0) {
        return STATUS_SUCCESS;
    }
    return MmCopyToUser(Request->Transfer.Output, Irp->AssociatedIrp.SystemBuffer, Length);
}

VOID IopReleaseTransfer(PIRP Irp)
{
    if ((Irp->Flags & IRP_DEALLOCATE_BUFFER) != 0) {
        ExFreePoolWithTag(Irp->AssociatedIrp.SystemBuffer, IOP_BUFFER_TAG);
    }
    while (Irp->MdlAddress != NULL) {
        PMDL Mdl = Irp->MdlAddress;
        Irp->MdlAddress = Mdl->Next;
        MmUnlockPages(Mdl);
        IoFreeMdl(Mdl);
    }
}
