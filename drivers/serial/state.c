/*
 * serial: the state of an open port, changed and asked for under its locks (PAGESER). control.c decides what is to be
 * done; here it is done, because a routine that holds a spin lock has to be resident.
 */
#include "serial.h"

static VOID SerialProgramLine(PSERIAL_PORT Port);
static VOID SerialClearFifos(PSERIAL_PORT Port, UCHAR Which);
static ULONG SerialBytesToWrite(PSERIAL_PORT Port);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGESER, SerialProgramLine)
#pragma alloc_text(PAGESER, SerialClearFifos)
#pragma alloc_text(PAGESER, SerialStartUart)
#pragma alloc_text(PAGESER, SerialStopUart)
#pragma alloc_text(PAGESER, SerialCopyState)
#pragma alloc_text(PAGESER, SerialRefresh)
#pragma alloc_text(PAGESER, SerialApplyLine)
#pragma alloc_text(PAGESER, SerialSetBreak)
#pragma alloc_text(PAGESER, SerialSetHandFlow)
#pragma alloc_text(PAGESER, SerialBytesToWrite)
#pragma alloc_text(PAGESER, SerialQueryStatus)
#pragma alloc_text(PAGESER, SerialQueryModemStatus)
#pragma alloc_text(PAGESER, SerialPurge)
#pragma alloc_text(PAGESER, SerialReplaceBuffer)
#endif

/*
 * Speed and format to the UART. DLAB hides RBR, THR and IER, so no interrupt may come in between. IRQL: DIRQL, lock
 * held.
 */
static VOID SerialProgramLine(PSERIAL_PORT Port)
{
    SerialOut(Port->Base, UART_LCR, LCR_DLAB);
    SerialOut(Port->Base, UART_DLL, (UCHAR)Port->Divisor);
    SerialOut(Port->Base, UART_DLM, (UCHAR)(Port->Divisor >> 8));
    SerialOut(Port->Base, UART_LCR, Port->LineRegister | (Port->BreakOn ? LCR_BREAK : 0));
}

/* Which: FCR_CLEAR_RECEIVE, FCR_CLEAR_TRANSMIT, or both. IRQL: DIRQL, lock held. */
static VOID SerialClearFifos(PSERIAL_PORT Port, UCHAR Which)
{
    if (Port->HasFifos)
        SerialOut(Port->Base, UART_FCR, FCR_ENABLE | FCR_TRIGGER_8 | Which);
}

/*
 * The port begins to work, with the settings that it has. Bytes that the far end has sent already are kept: they wait
 * in the receive FIFO, which stays switched on while the port is closed, and are the first that a reader gets. So a
 * far end may begin to talk before the port is open. IRQL: <= DISPATCH_LEVEL.
 */
VOID SerialStartUart(PSERIAL_PORT Port)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);

    Port->In = Port->Out = 0;
    Port->WaitMask = Port->Events = 0;
    Port->TransmitLeft = 0;
    Port->TransmitBusy = Port->HaveUrgent = Port->Throttled = Port->XoffReceived = Port->BreakOn = FALSE;
    Port->Dtr = (Port->HandFlow.ControlHandShake & SERIAL_DTR_MASK) == SERIAL_DTR_CONTROL;
    Port->Rts = (Port->HandFlow.FlowReplace & SERIAL_RTS_MASK) == SERIAL_RTS_CONTROL;
    Port->Errors = 0;
    RtlZeroMemory(&Port->Stats, sizeof(Port->Stats));

    SerialOut(Port->Base, UART_IER, 0);
    Port->Ier = 0;
    SerialProgramLine(Port);
    SerialClearFifos(Port, FCR_CLEAR_TRANSMIT);
    /* Reading clears what is left over from before: errors, changes. */
    SerialIn(Port->Base, UART_LSR);
    SerialReadModemStatus(Port);
    Port->Running = TRUE;
    SerialUpdateHardware(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
}

/* No interrupt comes any more, DTR and RTS are down. IRQL: <= DISPATCH_LEVEL. */
VOID SerialStopUart(PSERIAL_PORT Port)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);

    Port->Running = FALSE;
    Port->BreakOn = FALSE;
    SerialProgramLine(Port);
    SerialUpdateHardware(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
}

/* Copies settings into the port or out of it, whole, and acts on them. IRQL: <= DISPATCH_LEVEL; both are resident. */
VOID SerialCopyState(PSERIAL_PORT Port, PVOID Destination, const VOID *Source, SIZE_T Length)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);

    RtlCopyMemory(Destination, Source, Length);
    SerialUpdateHardware(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
}

/* Something that the UART's orders depend on has changed. IRQL: <= DISPATCH_LEVEL. */
VOID SerialRefresh(PSERIAL_PORT Port)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);

    SerialUpdateHardware(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
}

/* Another speed or format, at once. IRQL: <= DISPATCH_LEVEL. */
VOID SerialApplyLine(PSERIAL_PORT Port, ULONG BaudRate, USHORT Divisor, const SERIAL_LINE_CONTROL *Line,
                     UCHAR LineRegister)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);

    Port->BaudRate = BaudRate;
    Port->Divisor = Divisor;
    Port->LineControl = *Line;
    Port->LineRegister = LineRegister;
    SerialProgramLine(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
}

/* IRQL: <= DISPATCH_LEVEL. */
VOID SerialSetBreak(PSERIAL_PORT Port, BOOLEAN On)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);

    Port->BreakOn = On;
    SerialProgramLine(Port);
    SerialUpdateHardware(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
}

/* DTR and RTS start as the new rules have them; an XOFF under the old ones is void. IRQL: <= DISPATCH_LEVEL. */
VOID SerialSetHandFlow(PSERIAL_PORT Port, const SERIAL_HANDFLOW *HandFlow)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);

    Port->HandFlow = *HandFlow;
    Port->Dtr = (HandFlow->ControlHandShake & SERIAL_DTR_MASK) == SERIAL_DTR_CONTROL;
    Port->Rts = (HandFlow->FlowReplace & SERIAL_RTS_MASK) == SERIAL_RTS_CONTROL;
    if ((HandFlow->FlowReplace & SERIAL_AUTO_TRANSMIT) == 0)
        Port->XoffReceived = FALSE;
    SerialUpdateHardware(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
}

/* IRQL: DISPATCH_LEVEL, Lock held. */
static ULONG SerialBytesToWrite(PSERIAL_PORT Port)
{
    ULONG Bytes = 0;

    for (PLIST_ENTRY Entry = Port->Writes.Flink; Entry != &Port->Writes; Entry = Entry->Flink) {
        PIRP Irp = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);
        ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
        Bytes += Irp == Port->CurrentWrite ? Port->TransmitLeft : Length;
    }
    return Bytes;
}

/* Asking for the errors clears them. IRQL: <= DISPATCH_LEVEL; Status is resident. */
VOID SerialQueryStatus(PSERIAL_PORT Port, PSERIAL_STATUS Status)
{
    KIRQL OldIrql, LockIrql;

    RtlZeroMemory(Status, sizeof(*Status));
    KeAcquireSpinLock(&Port->Lock, &OldIrql);
    Status->AmountInInQueue = Port->In - Port->Out;
    Status->AmountInOutQueue = SerialBytesToWrite(Port);
    LockIrql = KeAcquireInterruptSpinLock(Port->Interrupt);
    Status->Errors = Port->Errors;
    Port->Errors = 0;
    Status->HoldReasons = SerialHoldReasons(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, LockIrql);
    KeReleaseSpinLock(&Port->Lock, OldIrql);
}

/* MSR as it is now. IRQL: <= DISPATCH_LEVEL. */
ULONG SerialQueryModemStatus(PSERIAL_PORT Port)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Port->Interrupt);
    ULONG Status;

    /* The read takes the changes away from the interrupt, so what they mean is done here. */
    SerialReadModemStatus(Port);
    Status = Port->ModemStatus;
    SerialUpdateHardware(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, OldIrql);
    return Status;
}

/* What: SERIAL_PURGE_.... IRQL: <= DISPATCH_LEVEL. */
VOID SerialPurge(PSERIAL_PORT Port, ULONG What)
{
    KIRQL OldIrql, LockIrql;

    SerialCancelAll(Port, (What & SERIAL_PURGE_RXABORT) != 0, (What & SERIAL_PURGE_TXABORT) != 0, FALSE);
    KeAcquireSpinLock(&Port->Lock, &OldIrql);
    LockIrql = KeAcquireInterruptSpinLock(Port->Interrupt);
    if (What & SERIAL_PURGE_TXCLEAR)
        SerialClearFifos(Port, FCR_CLEAR_TRANSMIT);
    if (What & SERIAL_PURGE_RXCLEAR) {
        SerialClearFifos(Port, FCR_CLEAR_RECEIVE);
        Port->Out = Port->In;
    }
    SerialUpdateHardware(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, LockIrql);
    KeReleaseSpinLock(&Port->Lock, OldIrql);
}

/*
 * A larger receive buffer, with what is in the old one; returns the old one, which the caller frees.
 * IRQL: <= DISPATCH_LEVEL.
 */
PUCHAR SerialReplaceBuffer(PSERIAL_PORT Port, PUCHAR Buffer, ULONG Size)
{
    PUCHAR Old;
    KIRQL OldIrql, LockIrql;

    KeAcquireSpinLock(&Port->Lock, &OldIrql);
    LockIrql = KeAcquireInterruptSpinLock(Port->Interrupt);
    for (ULONG At = Port->Out; At != Port->In; At++)
        Buffer[At % Size] = Port->Buffer[At % Port->BufferSize];
    Old = Port->Buffer;
    Port->Buffer = Buffer;
    Port->BufferSize = Size;
    SerialUpdateHardware(Port);
    KeReleaseInterruptSpinLock(Port->Interrupt, LockIrql);
    KeReleaseSpinLock(&Port->Lock, OldIrql);
    return Old;
}
