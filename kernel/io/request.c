/*
 * A system service's request from beginning to end: handle, rights, turn, IRP; then the drivers; then results.
 *
 * Every service waits for its request in the calling thread, whether the file is synchronous or not, and copies back
 * in its own context. The difference is that requests on a synchronous file take turns and keep a file position; on
 * any other, one thread's write goes on while another's read waits.
 */
#include "io/iop.h"

/* The caller's event, or none. */
static NTSTATUS IopReferenceEvent(PIOP_REQUEST Request, HANDLE Event)
{
    NTSTATUS Status;

    Request->Event = NULL;
    if (Event == NULL) {
        return STATUS_SUCCESS;
    }
    Status = ObReferenceObjectByHandle(Event, EVENT_MODIFY_STATE, *ExEventObjectType, Request->Mode,
                                       (PVOID *)&Request->Event, NULL);
    if (NT_SUCCESS(Status)) {
        KeClearEvent(Request->Event);
    }
    return Status;
}

/* References, turn and IRP, back. */
static VOID IopReleaseRequest(PIOP_REQUEST Request)
{
    if (Request->Irp != NULL) {
        IopReleaseTransfer(Request->Irp);
        Request->Irp->MdlAddress = NULL;
        IoFreeIrp(Request->Irp);
    }
    if (Request->Locked) {
        IopUnlockFile(Request->File);
    }
    if (Request->Event != NULL) {
        ObDereferenceObject(Request->Event);
    }
    ObDereferenceObject(Request->File);
}

NTSTATUS IopBeginRequest(PIOP_REQUEST Request, HANDLE Handle, HANDLE Event, USER_ADDRESS Iosb, ACCESS_MASK Access,
                         UCHAR Major)
{
    OBJECT_HANDLE_INFORMATION Information;
    NTSTATUS Status;

    PAGED_CODE();
    RtlZeroMemory(Request, sizeof(*Request));
    Request->Mode = ExGetPreviousMode();
    Request->Iosb = Iosb;
    Status = IopProbe(Iosb, sizeof(IO_STATUS_BLOCK), Request->Mode);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObReferenceObjectByHandle(Handle, 0, IopFileObjectType, Request->Mode, (PVOID *)&Request->File,
                                       &Information);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Request->Granted = Information.GrantedAccess;
    if (Request->Mode != KernelMode && Access != 0 && (Information.GrantedAccess & Access) == 0) {
        return IopAbandonRequest(Request, STATUS_ACCESS_DENIED);
    }
    Status = IopReferenceEvent(Request, Event);
    if (NT_SUCCESS(Status) && (Request->File->Flags & FO_SYNCHRONOUS_IO) != 0) {
        Status = IopLockFile(Request->File, Request->Mode);
        Request->Locked = Status == STATUS_SUCCESS;
        /* Not locked: the thread is to end, and sees no status any more. */
        Status = Request->Locked ? STATUS_SUCCESS : STATUS_CANCELLED;
    }
    if (!NT_SUCCESS(Status)) {
        return IopAbandonRequest(Request, Status);
    }
    Request->Device = IoGetRelatedDeviceObject(Request->File);
    Request->Irp = IoAllocateIrp(Request->Device->StackSize, FALSE);
    if (Request->Irp == NULL) {
        return IopAbandonRequest(Request, STATUS_INSUFFICIENT_RESOURCES);
    }
    KeClearEvent(&Request->File->Event);
    Request->Irp->RequestorMode = Request->Mode;
    Request->Irp->Flags = IRP_SYNCHRONOUS_API;
    Request->Irp->Tail.Overlay.Thread = PsGetCurrentThread();
    Request->Irp->Tail.Overlay.OriginalFileObject = Request->File;
    Request->Stack = IoGetNextIrpStackLocation(Request->Irp);
    Request->Stack->MajorFunction = Major;
    Request->Stack->FileObject = Request->File;
    return STATUS_SUCCESS;
}

NTSTATUS IopAbandonRequest(PIOP_REQUEST Request, NTSTATUS Status)
{
    IopReleaseRequest(Request);
    return Status;
}

/*
 * Moves the position of a synchronous file behind what was transferred. A file system keeps the position itself, for it
 * knows where an append went; for any other device it is done here.
 */
static VOID IopMovePosition(PIOP_REQUEST Request)
{
    if (Request->Locked && Request->Device->DeviceType != FILE_DEVICE_DISK_FILE_SYSTEM &&
        Request->Offset.QuadPart >= 0 &&
        !NT_ERROR(Request->Irp->IoStatus.Status)) {
        Request->File->CurrentByteOffset.QuadPart =
            Request->Offset.QuadPart + (LONGLONG)Request->Irp->IoStatus.Information;
    }
}

NTSTATUS IopSendRequest(PIOP_REQUEST Request)
{
    NTSTATUS Status = IopCallFileAndWait(Request->Device, Request->Irp, Request->File, Request->Mode);
    IO_STATUS_BLOCK Iosb = Request->Irp->IoStatus;
    NTSTATUS Delivered = IopDeliver(Request);

    if (NT_SUCCESS(Delivered)) {
        Delivered = MmCopyToUser(Request->Iosb, &Iosb, sizeof(Iosb));
    }
    if (Request->Moves) {
        IopMovePosition(Request);
    }
    KeSetEvent(&Request->File->Event, IO_NO_INCREMENT, FALSE);
    if (Request->Event != NULL) {
        KeSetEvent(Request->Event, IO_NO_INCREMENT, FALSE);
    }
    IopReleaseRequest(Request);
    return NT_SUCCESS(Delivered) ? Status : Delivered;
}
