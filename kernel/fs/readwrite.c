/*
 * IRP_MJ_READ and IRP_MJ_WRITE. Neither buffered nor direct: these routines run in the caller's context and copy
 * between the caller's buffer and the file's pages, once.
 */
#include "fs/fsp.h"

/* Where the caller's bytes are: a locked MDL, kernel memory, or a program's. */
typedef struct _FSP_BUFFER {
    ULONG_PTR Address;
    BOOLEAN User;
} FSP_BUFFER;

static PAGED_CODE_SECTION NTSTATUS FspFindBuffer(PIRP Irp, FSP_BUFFER *Buffer)
{
    Buffer->User = FALSE;
    if (Irp->MdlAddress != NULL) {
        Buffer->Address = (ULONG_PTR)MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
        return Buffer->Address != 0 ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    Buffer->Address = (ULONG_PTR)Irp->UserBuffer;
    Buffer->User = Irp->RequestorMode != KernelMode;
    return STATUS_SUCCESS;
}

static PAGED_CODE_SECTION NTSTATUS FspCopyOut(const FSP_BUFFER *Buffer, SIZE_T Offset, const VOID *Source,
                                              SIZE_T Length)
{
    static const UCHAR Zeroes[512];     /* what a hole reads as */
    NTSTATUS Status = STATUS_SUCCESS;

    for (SIZE_T Done = 0; Done < Length && NT_SUCCESS(Status);) {
        SIZE_T Piece = Source != NULL ? Length : min(Length - Done, sizeof(Zeroes));
        const VOID *From = Source != NULL ? Source : Zeroes;
        if (Buffer->User) {
            Status = MmCopyToUser((USER_ADDRESS){Buffer->Address + Offset + Done}, From, Piece);
        } else {
            RtlCopyMemory((PVOID)(Buffer->Address + Offset + Done), From, Piece);
        }
        Done += Piece;
    }
    return Status;
}

static PAGED_CODE_SECTION NTSTATUS FspCopyIn(const FSP_BUFFER *Buffer, SIZE_T Offset, PVOID Destination, SIZE_T Length)
{
    if (Buffer->User) {
        return MmCopyFromUser(Destination, (USER_ADDRESS){Buffer->Address + Offset}, Length);
    }
    RtlCopyMemory(Destination, (PVOID)(Buffer->Address + Offset), Length);
    return STATUS_SUCCESS;
}

/* FCB's lock held. *Done counts bytes. */
static PAGED_CODE_SECTION NTSTATUS FspRead(PFSP_NODE Node, ULONG64 Offset, ULONG Length, const FSP_BUFFER *Buffer,
                                           PULONG Done)
{
    NTSTATUS Status = STATUS_SUCCESS;

    *Done = 0;
    if (Length == 0) {
        return STATUS_SUCCESS;
    }
    if (Offset >= Node->Size) {
        return STATUS_END_OF_FILE;
    }
    Length = (ULONG)min((ULONG64)Length, Node->Size - Offset);
    while (*Done < Length && NT_SUCCESS(Status)) {
        ULONG64 Position = Offset + *Done;
        ULONG Within = BYTE_OFFSET(Position);
        ULONG Piece = min(Length - *Done, PAGE_SIZE - Within);
        PUCHAR Page = NULL;
        Status = MmHoldSegmentPage(Node->Segment, Position >> PAGE_SHIFT, FALSE, (PVOID *)&Page);
        if (!NT_SUCCESS(Status) && Status != STATUS_END_OF_FILE) {
            break;
        }
        Status = FspCopyOut(Buffer, *Done, Page != NULL ? Page + Within : NULL, Piece);
        if (Page != NULL) {
            MmReleaseSegmentPage(Page);
        }
        *Done += Piece;
    }
    return Status;
}

/* FCB's lock held. A write that fails for want of room changes nothing; a failed one never makes the file longer. */
static PAGED_CODE_SECTION NTSTATUS FspWrite(PFSP_NODE Node, ULONG64 Offset, ULONG Length, const FSP_BUFFER *Buffer,
                                            PULONG Done)
{
    NTSTATUS Status;

    *Done = 0;
    if (Length == 0) {
        return STATUS_SUCCESS;
    }
    if (Offset > FSP_LARGEST_FILE - Length) {
        return STATUS_DISK_FULL;
    }
    Status = FspAddPages(Node, Offset >> PAGE_SHIFT, (Offset + Length - 1) >> PAGE_SHIFT);
    if (NT_SUCCESS(Status)) {
        Status = FspPrepareGrowth(Node, Offset + Length);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    while (*Done < Length && NT_SUCCESS(Status)) {
        ULONG64 Position = Offset + *Done;
        ULONG Within = BYTE_OFFSET(Position);
        ULONG Piece = min(Length - *Done, PAGE_SIZE - Within);
        PUCHAR Page;
        Status = MmHoldSegmentPage(Node->Segment, Position >> PAGE_SHIFT, TRUE, (PVOID *)&Page);
        if (!NT_SUCCESS(Status)) {
            break;
        }
        Status = FspCopyIn(Buffer, *Done, Page + Within, Piece);
        MmReleaseSegmentPage(Page);
        if (NT_SUCCESS(Status)) {
            *Done += Piece;
        }
    }
    if (NT_SUCCESS(Status)) {
        Node->Size = max(Node->Size, Offset + Length);
    } else if (Offset + Length > Node->Size) {
        /*
         * A bad buffer: the file does not grow. What was copied behind its end goes, what was copied within it stays.
         * Pages are not given back while the file is mapped.
         */
        ULONG64 Size = Node->Size;
        FspZeroRange(Node, max(Offset, Size), Offset + Length);
        Node->Size = Offset + Length;
        if (!NT_SUCCESS(FspSetSize(Node, Size))) {
            Node->Size = Size;
        }
    }
    KeQuerySystemTime(&Node->LastWriteTime);
    return Status;
}

static PAGED_CODE_SECTION NTSTATUS FspTransfer(PIRP Irp, BOOLEAN Write)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    LARGE_INTEGER Offset = Stack->Parameters.Read.ByteOffset;       /* Write has the same layout */
    ULONG Length = Stack->Parameters.Read.Length, Done = 0;
    PFILE_OBJECT File = Stack->FileObject;
    PFSP_FCB Fcb = File->FsContext;
    FSP_BUFFER Buffer;
    NTSTATUS Status;

    if (Fcb->Node->Folder) {
        return FspComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    Status = FspFindBuffer(Irp, &Buffer);
    if (!NT_SUCCESS(Status)) {
        return FspComplete(Irp, Status, 0);
    }
    ExAcquireFastMutex(&Fcb->Lock);
    if (Write && Offset.QuadPart == (LONGLONG)(0xFFFFFFFF00000000ull | FILE_WRITE_TO_END_OF_FILE)) {
        Offset.QuadPart = (LONGLONG)Fcb->Node->Size;
    }
    if (Offset.QuadPart < 0) {
        Status = STATUS_INVALID_PARAMETER;
    } else {
        Status = Write ? FspWrite(Fcb->Node, (ULONG64)Offset.QuadPart, Length, &Buffer, &Done)
                       : FspRead(Fcb->Node, (ULONG64)Offset.QuadPart, Length, &Buffer, &Done);
    }
    ExReleaseFastMutex(&Fcb->Lock);
    if (!NT_SUCCESS(Status)) {
        return FspComplete(Irp, Status, 0);
    }
    if ((File->Flags & FO_SYNCHRONOUS_IO) != 0 && (Irp->Flags & IRP_PAGING_IO) == 0) {
        File->CurrentByteOffset.QuadPart = Offset.QuadPart + Done;
    }
    return FspComplete(Irp, STATUS_SUCCESS, Done);
}

PAGED_CODE_SECTION NTSTATUS FspDispatchRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PAGED_CODE();
    UNREFERENCED_PARAMETER(DeviceObject);
    return FspTransfer(Irp, FALSE);
}

PAGED_CODE_SECTION NTSTATUS FspDispatchWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PAGED_CODE();
    UNREFERENCED_PARAMETER(DeviceObject);
    return FspTransfer(Irp, TRUE);
}
