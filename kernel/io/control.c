/*
 * NtDeviceIoControlFile: device controls by the four methods of passing buffers ("Buffer Descriptions for I/O Control
 * Codes").
 */
#include "io/iop.h"
#include "ps/service.h"

/* The right that the control code itself asks for; no single handle right covers a code that asks for both. */
static BOOLEAN IopMayControl(PIOP_REQUEST Request, ULONG IoControlCode)
{
    ULONG Access = (IoControlCode >> 14) & (FILE_READ_ACCESS | FILE_WRITE_ACCESS);

    return Request->Mode == KernelMode ||
           (((Access & FILE_READ_ACCESS) == 0 || (Request->Granted & FILE_READ_DATA) != 0) &&
            ((Access & FILE_WRITE_ACCESS) == 0 || (Request->Granted & FILE_WRITE_DATA) != 0));
}

/*
 * Buffered: input and output in one system buffer. Direct: the input in a system buffer, the output buffer locked
 * behind an MDL, for reading by the driver with METHOD_IN_DIRECT. Neither: the caller's addresses.
 */
static NTSTATUS IopPrepareControl(PIOP_REQUEST Request, ULONG Method, const IOP_TRANSFER *Buffers)
{
    NTSTATUS Status;

    switch (Method) {
    case METHOD_BUFFERED:
        Request->Transfer = *Buffers;
        return IopPrepareBuffered(Request);
    case METHOD_IN_DIRECT:
    case METHOD_OUT_DIRECT:
        Request->Transfer.Input = Buffers->Input;
        Request->Transfer.InputLength = Buffers->InputLength;
        Status = IopPrepareBuffered(Request);
        if (NT_SUCCESS(Status)) {
            Status = IopPrepareDirect(Request, Buffers->Output, Buffers->OutputLength,
                                      Method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
        }
        return Status;
    default:
        Request->Irp->UserBuffer = (PVOID)Buffers->Output.Value;
        Request->Stack->Parameters.DeviceIoControl.Type3InputBuffer = (PVOID)Buffers->Input.Value;
        return STATUS_SUCCESS;
    }
}

NTSTATUS NtDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, USER_ADDRESS ApcRoutine, USER_ADDRESS ApcContext,
                               USER_ADDRESS IoStatusBlock, ULONG IoControlCode, USER_ADDRESS InputBuffer,
                               ULONG InputBufferLength, USER_ADDRESS OutputBuffer, ULONG OutputBufferLength)
{
    IOP_TRANSFER Buffers = {InputBuffer, InputBufferLength, OutputBuffer, OutputBufferLength};
    IOP_REQUEST Request;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(ApcContext);
    if (ApcRoutine.Value != 0) {
        return STATUS_NOT_SUPPORTED;
    }
    Status = IopBeginRequest(&Request, FileHandle, Event, IoStatusBlock, 0, IRP_MJ_DEVICE_CONTROL);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (!IopMayControl(&Request, IoControlCode)) {
        return IopAbandonRequest(&Request, STATUS_ACCESS_DENIED);
    }
    Request.Stack->Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
    Request.Stack->Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
    Request.Stack->Parameters.DeviceIoControl.IoControlCode = IoControlCode;
    Status = IopProbe(InputBuffer, InputBufferLength, Request.Mode);
    if (NT_SUCCESS(Status)) {
        Status = IopProbe(OutputBuffer, OutputBufferLength, Request.Mode);
    }
    if (NT_SUCCESS(Status)) {
        Status = IopPrepareControl(&Request, METHOD_FROM_CTL_CODE(IoControlCode), &Buffers);
    }
    return NT_SUCCESS(Status) ? IopSendRequest(&Request) : IopAbandonRequest(&Request, Status);
}
NT_EXPORT(ZwDeviceIoControlFile);
