/*
 * NtReadFile, NtWriteFile, NtFlushBuffersFile, NtCancelIoFile.
 */
#include "io/iop.h"
#include "ps/service.h"

/*
 * Where the transfer begins: the argument, or the file's position on a synchronous file. A file opened for appending
 * only writes at its end. STATUS_INVALID_PARAMETER: a negative offset that means nothing.
 */
static NTSTATUS IopChooseOffset(PIOP_REQUEST Request, USER_ADDRESS ByteOffset, BOOLEAN Write, PLARGE_INTEGER Offset)
{
    BOOLEAN Synchronous = (Request->File->Flags & FO_SYNCHRONOUS_IO) != 0;
    NTSTATUS Status;

    Offset->QuadPart = 0;
    if (ByteOffset.Value != 0) {
        Status = MmCopyFromUser(Offset, ByteOffset, sizeof(*Offset));
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    if (Write && Request->Mode != KernelMode &&
        (Request->Granted & (FILE_WRITE_DATA | FILE_APPEND_DATA)) == FILE_APPEND_DATA) {
        Offset->HighPart = -1;
        Offset->LowPart = FILE_WRITE_TO_END_OF_FILE;
    } else if (Synchronous && (ByteOffset.Value == 0 ||
                               (Offset->HighPart == -1 && Offset->LowPart == FILE_USE_FILE_POINTER_POSITION))) {
        *Offset = Request->File->CurrentByteOffset;
    }
    if (Offset->QuadPart < 0 &&
        !(Write && Offset->HighPart == -1 && Offset->LowPart == FILE_WRITE_TO_END_OF_FILE)) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* The buffer, the way the device wants it. */
static NTSTATUS IopPrepareTransfer(PIOP_REQUEST Request, USER_ADDRESS Buffer, ULONG Length, BOOLEAN Write)
{
    NTSTATUS Status = IopProbe(Buffer, Length, Request->Mode);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if ((Request->Device->Flags & DO_BUFFERED_IO) != 0) {
        if (Write) {
            Request->Transfer.Input = Buffer;
            Request->Transfer.InputLength = Length;
        } else {
            Request->Transfer.Output = Buffer;
            Request->Transfer.OutputLength = Length;
        }
        return IopPrepareBuffered(Request);
    }
    if ((Request->Device->Flags & DO_DIRECT_IO) != 0) {
        return IopPrepareDirect(Request, Buffer, Length, Write ? IoReadAccess : IoWriteAccess);
    }
    Request->Irp->UserBuffer = (PVOID)Buffer.Value;
    return STATUS_SUCCESS;
}

static NTSTATUS IopReadWrite(HANDLE FileHandle, HANDLE Event, USER_ADDRESS ApcRoutine, USER_ADDRESS IoStatusBlock,
                             USER_ADDRESS Buffer, ULONG Length, USER_ADDRESS ByteOffset, USER_ADDRESS Key,
                             BOOLEAN Write)
{
    IOP_REQUEST Request;
    LARGE_INTEGER Offset;
    ULONG KeyValue = 0;
    NTSTATUS Status;

    if (ApcRoutine.Value != 0) {
        return STATUS_NOT_SUPPORTED;
    }
    if (Key.Value != 0) {
        Status = MmCopyFromUser(&KeyValue, Key, sizeof(KeyValue));
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    Status = IopBeginRequest(&Request, FileHandle, Event, IoStatusBlock,
                             Write ? FILE_WRITE_DATA | FILE_APPEND_DATA : FILE_READ_DATA,
                             Write ? IRP_MJ_WRITE : IRP_MJ_READ);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = IopChooseOffset(&Request, ByteOffset, Write, &Offset);
    if (NT_SUCCESS(Status)) {
        Status = IopPrepareTransfer(&Request, Buffer, Length, Write);
    }
    if (!NT_SUCCESS(Status)) {
        return IopAbandonRequest(&Request, Status);
    }
    Request.Irp->Flags |= Write ? IRP_WRITE_OPERATION : IRP_READ_OPERATION;
    Request.Stack->Parameters.Read.Length = Length;         /* Write has the same layout */
    Request.Stack->Parameters.Read.Key = KeyValue;
    Request.Stack->Parameters.Read.ByteOffset = Offset;
    Request.Offset = Offset;
    Request.Moves = TRUE;
    return IopSendRequest(&Request);
}

NTSTATUS NtReadFile(HANDLE FileHandle, HANDLE Event, USER_ADDRESS ApcRoutine, USER_ADDRESS ApcContext,
                    USER_ADDRESS IoStatusBlock, USER_ADDRESS Buffer, ULONG Length, USER_ADDRESS ByteOffset,
                    USER_ADDRESS Key)
{
    UNREFERENCED_PARAMETER(ApcContext);
    return IopReadWrite(FileHandle, Event, ApcRoutine, IoStatusBlock, Buffer, Length, ByteOffset, Key, FALSE);
}
NT_EXPORT(ZwReadFile);

NTSTATUS NtWriteFile(HANDLE FileHandle, HANDLE Event, USER_ADDRESS ApcRoutine, USER_ADDRESS ApcContext,
                     USER_ADDRESS IoStatusBlock, USER_ADDRESS Buffer, ULONG Length, USER_ADDRESS ByteOffset,
                     USER_ADDRESS Key)
{
    UNREFERENCED_PARAMETER(ApcContext);
    return IopReadWrite(FileHandle, Event, ApcRoutine, IoStatusBlock, Buffer, Length, ByteOffset, Key, TRUE);
}
NT_EXPORT(ZwWriteFile);

NTSTATUS NtFlushBuffersFile(HANDLE FileHandle, USER_ADDRESS IoStatusBlock)
{
    IOP_REQUEST Request;
    NTSTATUS Status = IopBeginRequest(&Request, FileHandle, NULL, IoStatusBlock, FILE_WRITE_DATA | FILE_APPEND_DATA,
                                      IRP_MJ_FLUSH_BUFFERS);

    return NT_SUCCESS(Status) ? IopSendRequest(&Request) : Status;
}
NT_EXPORT(ZwFlushBuffersFile);

/*
 * Cancels what is outstanding on the file, of any thread: the requests end soon, with STATUS_CANCELLED for those that
 * had to be cut short.
 */
NTSTATUS NtCancelIoFile(HANDLE FileHandle, USER_ADDRESS IoStatusBlock)
{
    IO_STATUS_BLOCK Iosb = {{STATUS_SUCCESS}, 0};
    PFILE_OBJECT File;
    NTSTATUS Status = ObReferenceObjectByHandle(FileHandle, 0, IopFileObjectType, ExGetPreviousMode(), (PVOID *)&File,
                                                NULL);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    IopCancelList(&File->IrpListLock, &File->IrpList);
    ObDereferenceObject(File);
    return MmCopyToUser(IoStatusBlock, &Iosb, sizeof(Iosb));
}
