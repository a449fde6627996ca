/*
 * serial: writes (PAGESER). The oldest write is given to the transmitter, which takes the bytes straight from its
 * buffer, a FIFO full per interrupt; when the UART has sent the last of them on, the next write gets its turn.
 */
#include "serial.h"

static VOID SerialStartTransmit(PSERIAL_PORT Port, PUCHAR Bytes, ULONG Length);
static VOID SerialStartWrite(PSERIAL_PORT Port, PIRP Irp);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGESER, SerialWrite)
#pragma alloc_text(PAGESER, SerialFlush)
#pragma alloc_text(PAGESER, SerialStartTransmit)
#pragma alloc_text(PAGESER, SerialStopTransmit)
#pragma alloc_text(PAGESER, SerialStartWrite)
#pragma alloc_text(PAGESER, SerialServeWrites)
#endif

/* IRP_MJ_WRITE. IRQL: <= DISPATCH_LEVEL. */
NTSTATUS SerialWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERIAL_PORT Port = DeviceObject->DeviceExtension;

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length == 0)
        return SerialComplete(Irp, STATUS_SUCCESS, 0);
    return SerialQueue(Port, &Port->Writes, Irp);
}

/* IRP_MJ_FLUSH_BUFFERS: a write of nothing, which is done when all before it are. IRQL: <= DISPATCH_LEVEL. */
NTSTATUS SerialFlush(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERIAL_PORT Port = DeviceObject->DeviceExtension;

    IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length = 0;
    return SerialQueue(Port, &Port->Writes, Irp);
}

/*
 * Starts the transmitter. No byte is written here: the UART interrupts as soon as the interrupt for an empty holding
 * register is enabled, and the service routine does the rest. IRQL: DISPATCH_LEVEL, Lock held.
 */
static VOID SerialStartTransmit(PSERIAL_PORT Port, PUCHAR Bytes, ULONG Length)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);

    Port->TransmitNext = Bytes;
    Port->TransmitLeft = Length;
    Port->TransmitBusy = TRUE;
    SerialUpdateHardware(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
}

/* Takes the bytes away from the transmitter; returns how many it has not sent. IRQL: DISPATCH_LEVEL, Lock held. */
ULONG SerialStopTransmit(PSERIAL_PORT Port)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);
    ULONG Left = Port->TransmitLeft;

    Port->TransmitLeft = 0;
    Port->TransmitBusy = FALSE;
    SerialUpdateHardware(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
    return Left;
}

/* The write becomes the current one. IRQL: DISPATCH_LEVEL, Lock held. */
static VOID SerialStartWrite(PSERIAL_PORT Port, PIRP Irp)
{
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    SERIAL_TIMEOUTS Times;
    ULONGLONG Total;

    SerialCopyState(Port, &Times, &Port->Timeouts, sizeof(Times));
    Total = (ULONGLONG)Times.WriteTotalTimeoutMultiplier * Length + Times.WriteTotalTimeoutConstant;
    Port->WriteDeadline = Total == 0 ? SERIAL_NEVER : KeQueryInterruptTime() + Total * SERIAL_MILLISECOND;
    Port->CurrentWrite = Irp;
    if (Length != 0)
        SerialStartTransmit(Port, Irp->AssociatedIrp.SystemBuffer, Length);
}

/* Ends writes that are sent or out of time, and starts the next. IRQL: DISPATCH_LEVEL, Lock held. */
VOID SerialServeWrites(PSERIAL_PORT Port, PLIST_ENTRY Done)
{
    PIRP Irp;

    while ((Irp = SerialFirst(&Port->Writes)) != NULL) {
        if (Port->CurrentWrite != Irp)
            SerialStartWrite(Port, Irp);
        if (!Port->TransmitBusy) {
            SerialFinish(Port, Irp, STATUS_SUCCESS, Done);
        } else if (KeQueryInterruptTime() >= Port->WriteDeadline) {
            SerialFinish(Port, Irp, STATUS_TIMEOUT, Done);
        } else {
            SerialSetTimer(&Port->WriteTimer, Port->WriteDeadline);
            return;
        }
    }
    SerialSetTimer(&Port->WriteTimer, SERIAL_NEVER);
}
