/*
 * serial: reads (PAGESER). Bytes go from the receive buffer into the oldest read, until it is full or its time is up.
 *
 * The rules for the times are those of SERIAL_TIMEOUTS in ntddser.h. A read that its time ends succeeds with
 * STATUS_TIMEOUT and the bytes that came.
 */
#include "serial.h"

static VOID SerialStartRead(PSERIAL_PORT Port, PIRP Irp);
static ULONG SerialTakeReceived(PSERIAL_PORT Port, PUCHAR To, ULONG Length);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGESER, SerialRead)
#pragma alloc_text(PAGESER, SerialStartRead)
#pragma alloc_text(PAGESER, SerialTakeReceived)
#pragma alloc_text(PAGESER, SerialServeReads)
#endif

/* IRP_MJ_READ. IRQL: <= DISPATCH_LEVEL. */
NTSTATUS SerialRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERIAL_PORT Port = DeviceObject->DeviceExtension;

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length == 0)
        return SerialComplete(Irp, STATUS_SUCCESS, 0);
    return SerialQueue(Port, &Port->Reads, Irp);
}

/* The read becomes the current one: from now on its time runs. IRQL: DISPATCH_LEVEL, Lock held. */
static VOID SerialStartRead(PSERIAL_PORT Port, PIRP Irp)
{
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
    ULONGLONG Now = KeQueryInterruptTime();
    SERIAL_TIMEOUTS Times;
    ULONGLONG Total;

    SerialCopyState(Port, &Times, &Port->Timeouts, sizeof(Times));
    Port->CurrentRead = Irp;
    Port->ReadAny = FALSE;
    Port->ReadAtOnce = FALSE;
    Port->ReadInterval = Times.ReadIntervalTimeout * SERIAL_MILLISECOND;
    Port->ReadIntervalDeadline = SERIAL_NEVER;
    Total = (ULONGLONG)Times.ReadTotalTimeoutMultiplier * Length + Times.ReadTotalTimeoutConstant;
    Port->ReadTotalDeadline = Total == 0 ? SERIAL_NEVER : Now + Total * SERIAL_MILLISECOND;

    if (Times.ReadIntervalTimeout != MAXULONG)
        return;
    /* No interval in fact, but one of the two special meanings. */
    Port->ReadInterval = 0;
    if (Total == 0) {
        Port->ReadAtOnce = TRUE;
        Port->ReadTotalDeadline = Now;
    } else if (Times.ReadTotalTimeoutMultiplier == MAXULONG && Times.ReadTotalTimeoutConstant != 0) {
        Port->ReadAny = TRUE;
        Port->ReadTotalDeadline = Now + Times.ReadTotalTimeoutConstant * SERIAL_MILLISECOND;
    }
}

/* Moves up to Length bytes out of the receive buffer; returns how many. IRQL: DISPATCH_LEVEL, Lock held. */
static ULONG SerialTakeReceived(PSERIAL_PORT Port, PUCHAR To, ULONG Length)
{
    ULONG Count = min((ULONG)ReadAcquire(&Port->In) - Port->Out, Length);
    ULONG First = Port->Out % Port->BufferSize;
    ULONG UpToEnd = min(Count, Port->BufferSize - First);

    if (Count == 0)
        return 0;
    RtlCopyMemory(To, Port->Buffer + First, UpToEnd);
    RtlCopyMemory(To + UpToEnd, Port->Buffer, Count - UpToEnd);
    WriteRelease(&Port->Out, Port->Out + Count);
    /* There is room again: the UART may interrupt for more, and a sender that was stopped may go on. */
    SerialRefresh(Port);
    return Count;
}

/* Fills reads, oldest first, as far as bytes and times go. IRQL: DISPATCH_LEVEL, Lock held. */
VOID SerialServeReads(PSERIAL_PORT Port, PLIST_ENTRY Done)
{
    PIRP Irp;

    while ((Irp = SerialFirst(&Port->Reads)) != NULL) {
        ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
        PUCHAR Buffer = Irp->AssociatedIrp.SystemBuffer;
        ULONGLONG Now = KeQueryInterruptTime(), Deadline;
        ULONG Taken;

        if (Port->CurrentRead != Irp)
            SerialStartRead(Port, Irp);
        Taken = SerialTakeReceived(Port, Buffer + Irp->IoStatus.Information, Length - (ULONG)Irp->IoStatus.Information);
        Irp->IoStatus.Information += Taken;
        if (Taken != 0 && Port->ReadInterval != 0)
            Port->ReadIntervalDeadline = Now + Port->ReadInterval;
        Deadline = min(Port->ReadTotalDeadline, Port->ReadIntervalDeadline);

        if (Irp->IoStatus.Information == Length || (Port->ReadAny && Irp->IoStatus.Information != 0)) {
            SerialFinish(Port, Irp, STATUS_SUCCESS, Done);
        } else if (Now >= Deadline) {
            SerialFinish(Port, Irp, Port->ReadAtOnce ? STATUS_SUCCESS : STATUS_TIMEOUT, Done);
        } else {
            SerialSetTimer(&Port->ReadTimer, Deadline);
            return;
        }
    }
    SerialSetTimer(&Port->ReadTimer, SERIAL_NEVER);
}
