/*
 * serial: what runs when the UART interrupts (PAGESER), and the routine that tells the UART what to do.
 *
 *   SerialIsr             DIRQL: fetches and hands over bytes until the UART has nothing to say, then asks for the DPC
 *   SerialDpc             DISPATCH_LEVEL: lets the requests have them
 *   SerialUpdateHardware  DIRQL: works out from the port's state which interrupts are enabled and which lines are up
 */
#include "serial.h"

static VOID SerialNoteErrors(PSERIAL_PORT Port, UCHAR LineStatus);
static BOOLEAN SerialIsSpecial(PSERIAL_PORT Port, PUCHAR Byte, UCHAR LineStatus);
static BOOLEAN SerialBufferFull(PSERIAL_PORT Port);
static VOID SerialReceive(PSERIAL_PORT Port);
static VOID SerialTransmit(PSERIAL_PORT Port);
static VOID SerialThrottle(PSERIAL_PORT Port);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGESER, SerialIsr)
#pragma alloc_text(PAGESER, SerialDpc)
#pragma alloc_text(PAGESER, SerialTimerDpc)
#pragma alloc_text(PAGESER, SerialNoteErrors)
#pragma alloc_text(PAGESER, SerialIsSpecial)
#pragma alloc_text(PAGESER, SerialBufferFull)
#pragma alloc_text(PAGESER, SerialReceive)
#pragma alloc_text(PAGESER, SerialTransmit)
#pragma alloc_text(PAGESER, SerialReadModemStatus)
#pragma alloc_text(PAGESER, SerialHoldReasons)
#pragma alloc_text(PAGESER, SerialThrottle)
#pragma alloc_text(PAGESER, SerialUpdateHardware)
#endif

/* How often SerialIsr looks for another cause before it lets the processor go. */
#define SERIAL_ISR_PASSES 64

typedef struct _SERIAL_LINE_ERROR {
    UCHAR Bit;              /* in LSR */
    UCHAR Error;            /* SERIAL_ERROR_... */
    USHORT Event;           /* SERIAL_EV_... */
    ULONG Counter;          /* offset in SERIALPERF_STATS; SERIAL_NOT_COUNTED: none */
} SERIAL_LINE_ERROR;
#define SERIAL_NOT_COUNTED MAXULONG

typedef struct _SERIAL_MODEM_EVENT {
    UCHAR Bit;              /* in MSR */
    USHORT Event;
} SERIAL_MODEM_EVENT;

/* The service routine reads these at its level, so PAGEDATA is locked as long as it can run. */
#pragma data_seg("PAGEDATA")
static SERIAL_LINE_ERROR SerialLineErrors[] = {
    {LSR_OVERRUN, SERIAL_ERROR_OVERRUN, SERIAL_EV_ERR, FIELD_OFFSET(SERIALPERF_STATS, SerialOverrunErrorCount)},
    {LSR_PARITY, SERIAL_ERROR_PARITY, SERIAL_EV_ERR, FIELD_OFFSET(SERIALPERF_STATS, ParityErrorCount)},
    {LSR_FRAMING, SERIAL_ERROR_FRAMING, SERIAL_EV_ERR, FIELD_OFFSET(SERIALPERF_STATS, FrameErrorCount)},
    {LSR_BREAK, SERIAL_ERROR_BREAK, SERIAL_EV_BREAK, SERIAL_NOT_COUNTED},
};
static SERIAL_MODEM_EVENT SerialModemEvents[] = {
    {MSR_CTS_CHANGED, SERIAL_EV_CTS},
    {MSR_DSR_CHANGED, SERIAL_EV_DSR},
    {MSR_RI_ENDED, SERIAL_EV_RING},
    {MSR_DCD_CHANGED, SERIAL_EV_RLSD},
};
#pragma data_seg()

/* Interrupt ------------------------------------------------------------------------------------------------------ */

/*
 * IRQL: DIRQL. FALSE: the interrupt is another device's on the same line.
 *
 * The line is edge-triggered: it must fall before it can rise again, so the UART is served until nothing is pending.
 * One that always has something more must not keep the processor for ever, though. After some passes its interrupts
 * are switched off and on, which lets the line fall and rise: the rest comes as a new interrupt.
 */
BOOLEAN SerialIsr(PKINTERRUPT Interrupt, PVOID Context)
{
    PSERIAL_PORT Port = Context;
    UCHAR Cause = SerialIn(Port->Base, UART_IIR);

    UNREFERENCED_PARAMETER(Interrupt);
    if (Cause & IIR_NONE)
        return FALSE;
    for (ULONG Pass = 0; Pass < SERIAL_ISR_PASSES && (Cause & IIR_NONE) == 0; Pass++) {
        switch (Cause & IIR_CAUSE) {
        case IIR_THR_EMPTY:
            SerialTransmit(Port);
            break;
        case IIR_MODEM_STATUS:
            SerialReadModemStatus(Port);
            break;
        default:
            /* Received, left in the FIFO, line status: reading line status and bytes clears each of them. */
            SerialReceive(Port);
            break;
        }
        SerialUpdateHardware(Port);
        Cause = SerialIn(Port->Base, UART_IIR);
    }
    if ((Cause & IIR_NONE) == 0) {
        SerialOut(Port->Base, UART_IER, 0);
        SerialOut(Port->Base, UART_IER, Port->Ier);
    }
    IoRequestDpc(Port->DeviceObject, NULL, Port);
    return TRUE;
}

/* IRQL: DISPATCH_LEVEL. */
VOID SerialDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    SerialServe(Context);
}

/* A request's time may be up. IRQL: DISPATCH_LEVEL. */
VOID SerialTimerDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    SerialServe(Context);
}

/* Receiving. IRQL: DIRQL, interrupt lock held -------------------------------------------------------------------- */

/* Reading LSR has cleared its error bits, so each is remembered here. */
static VOID SerialNoteErrors(PSERIAL_PORT Port, UCHAR LineStatus)
{
    for (ULONG Index = 0; Index < ARRAYSIZE(SerialLineErrors); Index++) {
        SERIAL_LINE_ERROR *Error = &SerialLineErrors[Index];
        if ((LineStatus & Error->Bit) == 0)
            continue;
        Port->Errors |= Error->Error;
        SerialEvent(Port, Error->Event);
        if (Error->Counter != SERIAL_NOT_COUNTED)
            ++*(PULONG)((PUCHAR)&Port->Stats + Error->Counter);
    }
}

/* Whether a byte is for us and not for the reader. May replace it. */
static BOOLEAN SerialIsSpecial(PSERIAL_PORT Port, PUCHAR Byte, UCHAR LineStatus)
{
    ULONG Flow = Port->HandFlow.FlowReplace;

    if (LineStatus & LSR_BREAK)
        return TRUE;        /* the zero that stands for a break */
    if ((LineStatus & (LSR_PARITY | LSR_FRAMING)) != 0 && (Flow & SERIAL_ERROR_CHAR) != 0) {
        *Byte = Port->Chars.ErrorChar;
        return FALSE;
    }
    if ((Flow & SERIAL_AUTO_TRANSMIT) != 0 && (*Byte == Port->Chars.XoffChar || *Byte == Port->Chars.XonChar)) {
        Port->XoffReceived = *Byte == Port->Chars.XoffChar;
        return TRUE;
    }
    return *Byte == 0 && (Flow & SERIAL_NULL_STRIPPING) != 0;
}

static BOOLEAN SerialBufferFull(PSERIAL_PORT Port)
{
    return Port->In - (ULONG)ReadAcquire(&Port->Out) == Port->BufferSize;
}

/*
 * Moves what has come into the buffer. When that is full, bytes stay in the UART: with a FIFO that looks after its
 * own lines (and in a virtual machine) the sender waits, with any other the UART overruns and says so.
 */
static VOID SerialReceive(PSERIAL_PORT Port)
{
    for (;;) {
        UCHAR LineStatus = SerialIn(Port->Base, UART_LSR);
        UCHAR Byte;

        SerialNoteErrors(Port, LineStatus);
        if ((LineStatus & LSR_DATA_READY) == 0 || SerialBufferFull(Port))
            return;
        Byte = SerialIn(Port->Base, UART_RBR);
        Port->Stats.ReceivedCount++;
        if (SerialIsSpecial(Port, &Byte, LineStatus))
            continue;
        Port->Buffer[Port->In % Port->BufferSize] = Byte;
        WriteRelease(&Port->In, Port->In + 1);
        SerialEvent(Port, SERIAL_EV_RXCHAR | (Byte == Port->Chars.EventChar ? SERIAL_EV_RXFLAG : 0));
    }
}

/* Transmitting. The same level and lock -------------------------------------------------------------------------- */

/* The UART has room for a FIFO full, or for one byte. */
static VOID SerialTransmit(PSERIAL_PORT Port)
{
    ULONG Room = Port->HasFifos ? UART_FIFO_DEPTH : 1;

    if (Port->HaveUrgent) {
        Port->HaveUrgent = FALSE;
        SerialOut(Port->Base, UART_THR, Port->Urgent);
        Room--;
    } else if (Port->TransmitLeft == 0 && Port->TransmitBusy) {
        /* The last bytes have left the FIFO. */
        Port->TransmitBusy = FALSE;
        SerialEvent(Port, SERIAL_EV_TXEMPTY);
    }
    if (SerialHoldReasons(Port) != 0)
        return;
    for (; Room > 0 && Port->TransmitLeft > 0; Room--) {
        SerialOut(Port->Base, UART_THR, *Port->TransmitNext++);
        Port->TransmitLeft--;
        Port->Stats.TransmittedCount++;
    }
}

/* Lines. The same level and lock --------------------------------------------------------------------------------- */

/* Reading MSR has cleared its change bits. */
VOID SerialReadModemStatus(PSERIAL_PORT Port)
{
    Port->ModemStatus = SerialIn(Port->Base, UART_MSR);
    for (ULONG Index = 0; Index < ARRAYSIZE(SerialModemEvents); Index++) {
        if (Port->ModemStatus & SerialModemEvents[Index].Bit)
            SerialEvent(Port, SerialModemEvents[Index].Event);
    }
}

/* Why nothing may be sent: SERIAL_TX_WAITING_..., 0 when it may. */
ULONG SerialHoldReasons(PSERIAL_PORT Port)
{
    ULONG Shake = Port->HandFlow.ControlHandShake, Reasons = 0;

    if ((Shake & SERIAL_CTS_HANDSHAKE) != 0 && (Port->ModemStatus & MSR_CTS) == 0)
        Reasons |= SERIAL_TX_WAITING_FOR_CTS;
    if ((Shake & SERIAL_DSR_HANDSHAKE) != 0 && (Port->ModemStatus & MSR_DSR) == 0)
        Reasons |= SERIAL_TX_WAITING_FOR_DSR;
    if ((Shake & SERIAL_DCD_HANDSHAKE) != 0 && (Port->ModemStatus & MSR_DCD) == 0)
        Reasons |= SERIAL_TX_WAITING_FOR_DCD;
    if (Port->XoffReceived)
        Reasons |= SERIAL_TX_WAITING_FOR_XON;
    if (Port->BreakOn)
        Reasons |= SERIAL_TX_WAITING_ON_BREAK;
    return Reasons;
}

/*
 * Decides from the buffer's level whether the sender should be stopped, and has XOFF or XON sent if that is agreed
 * on.
 */
static VOID SerialThrottle(PSERIAL_PORT Port)
{
    ULONG Count = Port->In - (ULONG)ReadAcquire(&Port->Out);
    BOOLEAN Throttled = Port->Throttled;

    if (Port->BufferSize - Count <= (ULONG)Port->HandFlow.XoffLimit)
        Throttled = TRUE;
    else if (Count <= (ULONG)Port->HandFlow.XonLimit)
        Throttled = FALSE;
    if (Throttled == Port->Throttled)
        return;
    Port->Throttled = Throttled;
    if (Port->HandFlow.FlowReplace & SERIAL_AUTO_RECEIVE) {
        Port->HaveUrgent = TRUE;
        Port->Urgent = Throttled ? Port->Chars.XoffChar : Port->Chars.XonChar;
    }
}

/*
 * Brings the UART in line with the port's state; called after every change of it. The one place that decides which
 * interrupts are enabled and which of the modem's lines are up.
 */
VOID SerialUpdateHardware(PSERIAL_PORT Port)
{
    BOOLEAN DtrFollows = (Port->HandFlow.ControlHandShake & SERIAL_DTR_MASK) == SERIAL_DTR_HANDSHAKE;
    BOOLEAN RtsFollows = (Port->HandFlow.FlowReplace & SERIAL_RTS_MASK) == SERIAL_RTS_HANDSHAKE;
    UCHAR Ier = 0, Mcr = 0;

    if (Port->Running) {
        SerialThrottle(Port);
        Mcr = MCR_OUT2;
        if (DtrFollows ? !Port->Throttled : Port->Dtr)
            Mcr |= MCR_DTR;
        if (RtsFollows ? !Port->Throttled : Port->Rts)
            Mcr |= MCR_RTS;
        Ier = IER_LINE_STATUS | IER_MODEM_STATUS;
        if (!SerialBufferFull(Port))
            Ier |= IER_RECEIVED;
        /* With nothing left to hand over, the interrupt still tells when the FIFO has emptied, held or not. */
        if (Port->HaveUrgent || (Port->TransmitBusy && (Port->TransmitLeft == 0 || SerialHoldReasons(Port) == 0)))
            Ier |= IER_THR_EMPTY;
    }
    if (Mcr != Port->Mcr)
        SerialOut(Port->Base, UART_MCR, Mcr);
    if (Ier != Port->Ier)
        SerialOut(Port->Base, UART_IER, Ier);
    Port->Mcr = Mcr;
    Port->Ier = Ier;
}
