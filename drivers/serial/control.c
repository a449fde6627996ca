/*
 * serial: settings and questions, IRP_MJ_DEVICE_CONTROL (PAGESRP0).
 *
 * One table says for each control code how large its buffers must be and which routine does it. The routines run at
 * PASSIVE_LEVEL and may be paged out between any two instructions, so they only check and compute; what changes the
 * port's state under its locks is in state.c.
 */
#include "serial.h"

/*
 * Buffer holds the input, at least as much as the table says, and takes the output. Completion is
 * SerialDeviceControl's.
 */
typedef NTSTATUS SERIAL_CONTROL_ROUTINE(PSERIAL_PORT Port, PVOID Buffer);

typedef struct _SERIAL_CONTROL {
    ULONG Code;
    USHORT InputLength;     /* the least that will do, bytes */
    USHORT OutputLength;    /* what is given back */
    SERIAL_CONTROL_ROUTINE *Routine;
} SERIAL_CONTROL, *PSERIAL_CONTROL;

static SERIAL_CONTROL_ROUTINE SerialControlSetBaudRate, SerialControlGetBaudRate;
static SERIAL_CONTROL_ROUTINE SerialControlSetLine, SerialControlGetLine;
static SERIAL_CONTROL_ROUTINE SerialControlSetTimeouts, SerialControlGetTimeouts;
static SERIAL_CONTROL_ROUTINE SerialControlSetChars, SerialControlGetChars;
static SERIAL_CONTROL_ROUTINE SerialControlSetHandFlow, SerialControlGetHandFlow;
static SERIAL_CONTROL_ROUTINE SerialControlSetDtr, SerialControlClearDtr, SerialControlSetRts, SerialControlClearRts;
static SERIAL_CONTROL_ROUTINE SerialControlBreakOn, SerialControlBreakOff;
static SERIAL_CONTROL_ROUTINE SerialControlGetDtrRts, SerialControlGetModemStatus, SerialControlGetStatus;
static SERIAL_CONTROL_ROUTINE SerialControlSetWaitMask, SerialControlGetWaitMask;
static SERIAL_CONTROL_ROUTINE SerialControlPurge, SerialControlSetQueueSize;
static SERIAL_CONTROL_ROUTINE SerialControlGetProperties, SerialControlGetStats, SerialControlClearStats;
static NTSTATUS SerialControlSetLineState(PSERIAL_PORT Port, PBOOLEAN State, BOOLEAN Value, BOOLEAN Follows);
static PSERIAL_CONTROL SerialFindControl(ULONG Code);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGESRP0, SerialControlSetBaudRate, SerialControlGetBaudRate)
#pragma alloc_text(PAGESRP0, SerialControlSetLine, SerialControlGetLine)
#pragma alloc_text(PAGESRP0, SerialControlSetTimeouts, SerialControlGetTimeouts)
#pragma alloc_text(PAGESRP0, SerialControlSetChars, SerialControlGetChars)
#pragma alloc_text(PAGESRP0, SerialControlSetHandFlow, SerialControlGetHandFlow)
#pragma alloc_text(PAGESRP0, SerialControlSetLineState)
#pragma alloc_text(PAGESRP0, SerialControlSetDtr, SerialControlClearDtr)
#pragma alloc_text(PAGESRP0, SerialControlSetRts, SerialControlClearRts)
#pragma alloc_text(PAGESRP0, SerialControlBreakOn, SerialControlBreakOff)
#pragma alloc_text(PAGESRP0, SerialControlGetDtrRts, SerialControlGetModemStatus, SerialControlGetStatus)
#pragma alloc_text(PAGESRP0, SerialControlSetWaitMask, SerialControlGetWaitMask)
#pragma alloc_text(PAGESRP0, SerialControlPurge, SerialControlSetQueueSize)
#pragma alloc_text(PAGESRP0, SerialControlGetProperties, SerialControlGetStats, SerialControlClearStats)
#pragma alloc_text(PAGESRP0, SerialFindControl)
#pragma alloc_text(PAGESRP0, SerialDeviceControl)
#endif

typedef struct _SERIAL_BAUD {
    ULONG Rate;
    USHORT Divisor;         /* of UART_BAUD_BASE */
    ULONG Property;         /* SERIAL_BAUD_... */
} SERIAL_BAUD;

/* Tables that nobody needs while no port is open. */
#pragma data_seg("PAGEDATA")
static SERIAL_BAUD SerialBaudRates[] = {
    {50, 2304, 0},
    {75, 1536, SERIAL_BAUD_075},
    {110, 1047, SERIAL_BAUD_110},
    {150, 768, SERIAL_BAUD_150},
    {300, 384, SERIAL_BAUD_300},
    {600, 192, SERIAL_BAUD_600},
    {1200, 96, SERIAL_BAUD_1200},
    {1800, 64, SERIAL_BAUD_1800},
    {2400, 48, SERIAL_BAUD_2400},
    {4800, 24, SERIAL_BAUD_4800},
    {7200, 16, SERIAL_BAUD_7200},
    {9600, 12, SERIAL_BAUD_9600},
    {14400, 8, SERIAL_BAUD_14400},
    {19200, 6, SERIAL_BAUD_19200},
    {38400, 3, SERIAL_BAUD_38400},
    {57600, 2, SERIAL_BAUD_57600},
    {115200, 1, SERIAL_BAUD_115200},
};

/* LCR's bits, by SERIAL_LINE_CONTROL.Parity. */
static UCHAR SerialParityBits[] = {LCR_NO_PARITY, LCR_ODD_PARITY, LCR_EVEN_PARITY, LCR_MARK_PARITY, LCR_SPACE_PARITY};

static SERIAL_CONTROL SerialControls[] = {
    {IOCTL_SERIAL_SET_BAUD_RATE, sizeof(SERIAL_BAUD_RATE), 0, SerialControlSetBaudRate},
    {IOCTL_SERIAL_GET_BAUD_RATE, 0, sizeof(SERIAL_BAUD_RATE), SerialControlGetBaudRate},
    {IOCTL_SERIAL_SET_LINE_CONTROL, sizeof(SERIAL_LINE_CONTROL), 0, SerialControlSetLine},
    {IOCTL_SERIAL_GET_LINE_CONTROL, 0, sizeof(SERIAL_LINE_CONTROL), SerialControlGetLine},
    {IOCTL_SERIAL_SET_TIMEOUTS, sizeof(SERIAL_TIMEOUTS), 0, SerialControlSetTimeouts},
    {IOCTL_SERIAL_GET_TIMEOUTS, 0, sizeof(SERIAL_TIMEOUTS), SerialControlGetTimeouts},
    {IOCTL_SERIAL_SET_CHARS, sizeof(SERIAL_CHARS), 0, SerialControlSetChars},
    {IOCTL_SERIAL_GET_CHARS, 0, sizeof(SERIAL_CHARS), SerialControlGetChars},
    {IOCTL_SERIAL_SET_HANDFLOW, sizeof(SERIAL_HANDFLOW), 0, SerialControlSetHandFlow},
    {IOCTL_SERIAL_GET_HANDFLOW, 0, sizeof(SERIAL_HANDFLOW), SerialControlGetHandFlow},
    {IOCTL_SERIAL_SET_DTR, 0, 0, SerialControlSetDtr},
    {IOCTL_SERIAL_CLR_DTR, 0, 0, SerialControlClearDtr},
    {IOCTL_SERIAL_SET_RTS, 0, 0, SerialControlSetRts},
    {IOCTL_SERIAL_CLR_RTS, 0, 0, SerialControlClearRts},
    {IOCTL_SERIAL_GET_DTRRTS, 0, sizeof(ULONG), SerialControlGetDtrRts},
    {IOCTL_SERIAL_SET_BREAK_ON, 0, 0, SerialControlBreakOn},
    {IOCTL_SERIAL_SET_BREAK_OFF, 0, 0, SerialControlBreakOff},
    {IOCTL_SERIAL_GET_MODEMSTATUS, 0, sizeof(ULONG), SerialControlGetModemStatus},
    {IOCTL_SERIAL_GET_COMMSTATUS, 0, sizeof(SERIAL_STATUS), SerialControlGetStatus},
    {IOCTL_SERIAL_SET_WAIT_MASK, sizeof(ULONG), 0, SerialControlSetWaitMask},
    {IOCTL_SERIAL_GET_WAIT_MASK, 0, sizeof(ULONG), SerialControlGetWaitMask},
    {IOCTL_SERIAL_PURGE, sizeof(ULONG), 0, SerialControlPurge},
    {IOCTL_SERIAL_SET_QUEUE_SIZE, sizeof(SERIAL_QUEUE_SIZE), 0, SerialControlSetQueueSize},
    {IOCTL_SERIAL_GET_PROPERTIES, 0, sizeof(SERIAL_COMMPROP), SerialControlGetProperties},
    {IOCTL_SERIAL_GET_STATS, 0, sizeof(SERIALPERF_STATS), SerialControlGetStats},
    {IOCTL_SERIAL_CLEAR_STATS, 0, 0, SerialControlClearStats},
};
#pragma data_seg()

/* Speed and format ----------------------------------------------------------------------------------------------- */

static NTSTATUS SerialControlSetBaudRate(PSERIAL_PORT Port, PVOID Buffer)
{
    ULONG Rate = ((PSERIAL_BAUD_RATE)Buffer)->BaudRate;

    for (ULONG Index = 0; Index < ARRAYSIZE(SerialBaudRates); Index++) {
        if (SerialBaudRates[Index].Rate == Rate) {
            SerialApplyLine(Port, Rate, SerialBaudRates[Index].Divisor, &Port->LineControl, Port->LineRegister);
            return STATUS_SUCCESS;
        }
    }
    return STATUS_INVALID_PARAMETER;
}

static NTSTATUS SerialControlGetBaudRate(PSERIAL_PORT Port, PVOID Buffer)
{
    ((PSERIAL_BAUD_RATE)Buffer)->BaudRate = Port->BaudRate;
    return STATUS_SUCCESS;
}

static NTSTATUS SerialControlSetLine(PSERIAL_PORT Port, PVOID Buffer)
{
    PSERIAL_LINE_CONTROL Line = Buffer;
    UCHAR Register;

    if (Line->WordLength < 5 || Line->WordLength > 8 || Line->Parity >= ARRAYSIZE(SerialParityBits))
        return STATUS_INVALID_PARAMETER;
    /* One and a half stop bits exist with words of five bits only, two with all others. */
    if (Line->StopBits > STOP_BITS_2 || (Line->StopBits == STOP_BITS_1_5) > (Line->WordLength == 5) ||
        (Line->StopBits == STOP_BITS_2 && Line->WordLength == 5))
        return STATUS_INVALID_PARAMETER;
    Register = LCR_WORD_LENGTH(Line->WordLength) | SerialParityBits[Line->Parity];
    if (Line->StopBits != STOP_BIT_1)
        Register |= LCR_TWO_STOP_BITS;
    SerialApplyLine(Port, Port->BaudRate, Port->Divisor, Line, Register);
    return STATUS_SUCCESS;
}

static NTSTATUS SerialControlGetLine(PSERIAL_PORT Port, PVOID Buffer)
{
    SerialCopyState(Port, Buffer, &Port->LineControl, sizeof(Port->LineControl));
    return STATUS_SUCCESS;
}

/* Plain settings ------------------------------------------------------------------------------------------------- */

static NTSTATUS SerialControlSetTimeouts(PSERIAL_PORT Port, PVOID Buffer)
{
    PSERIAL_TIMEOUTS Times = Buffer;

    if (Times->ReadIntervalTimeout == MAXULONG && Times->ReadTotalTimeoutMultiplier == MAXULONG &&
        Times->ReadTotalTimeoutConstant == MAXULONG)
        return STATUS_INVALID_PARAMETER;
    SerialCopyState(Port, &Port->Timeouts, Buffer, sizeof(Port->Timeouts));
    return STATUS_SUCCESS;
}

static NTSTATUS SerialControlGetTimeouts(PSERIAL_PORT Port, PVOID Buffer)
{
    SerialCopyState(Port, Buffer, &Port->Timeouts, sizeof(Port->Timeouts));
    return STATUS_SUCCESS;
}

static NTSTATUS SerialControlSetChars(PSERIAL_PORT Port, PVOID Buffer)
{
    PSERIAL_CHARS Chars = Buffer;

    if (Chars->XonChar == Chars->XoffChar)
        return STATUS_INVALID_PARAMETER;
    SerialCopyState(Port, &Port->Chars, Buffer, sizeof(Port->Chars));
    return STATUS_SUCCESS;
}

static NTSTATUS SerialControlGetChars(PSERIAL_PORT Port, PVOID Buffer)
{
    SerialCopyState(Port, Buffer, &Port->Chars, sizeof(Port->Chars));
    return STATUS_SUCCESS;
}

/* What of the documented handshakes this driver does not have. */
#define SERIAL_CONTROL_UNSUPPORTED (SERIAL_DSR_SENSITIVITY | SERIAL_ERROR_ABORT)
#define SERIAL_FLOW_UNSUPPORTED (SERIAL_BREAK_CHAR | SERIAL_XOFF_CONTINUE)

static NTSTATUS SerialControlSetHandFlow(PSERIAL_PORT Port, PVOID Buffer)
{
    PSERIAL_HANDFLOW Flow = Buffer;

    if ((Flow->ControlHandShake & SERIAL_CONTROL_INVALID) != 0 || (Flow->FlowReplace & SERIAL_FLOW_INVALID) != 0 ||
        (Flow->ControlHandShake & SERIAL_DTR_MASK) == SERIAL_DTR_MASK)
        return STATUS_INVALID_PARAMETER;
    if (Flow->XonLimit < 0 || (ULONG)Flow->XonLimit > Port->BufferSize || Flow->XoffLimit < 0 ||
        (ULONG)Flow->XoffLimit > Port->BufferSize)
        return STATUS_INVALID_PARAMETER;
    if ((Flow->ControlHandShake & SERIAL_CONTROL_UNSUPPORTED) != 0 ||
        (Flow->FlowReplace & SERIAL_FLOW_UNSUPPORTED) != 0 ||
        (Flow->FlowReplace & SERIAL_RTS_MASK) == SERIAL_TRANSMIT_TOGGLE)
        return STATUS_NOT_SUPPORTED;
    SerialSetHandFlow(Port, Flow);
    return STATUS_SUCCESS;
}

static NTSTATUS SerialControlGetHandFlow(PSERIAL_PORT Port, PVOID Buffer)
{
    SerialCopyState(Port, Buffer, &Port->HandFlow, sizeof(Port->HandFlow));
    return STATUS_SUCCESS;
}

/* Lines ---------------------------------------------------------------------------------------------------------- */

/* State: Port->Dtr or Port->Rts. A line that follows the receive buffer is not the program's to set. */
static NTSTATUS SerialControlSetLineState(PSERIAL_PORT Port, PBOOLEAN State, BOOLEAN Value, BOOLEAN Follows)
{
    if (Follows)
        return STATUS_INVALID_PARAMETER;
    SerialCopyState(Port, State, &Value, sizeof(Value));
    return STATUS_SUCCESS;
}

#define SERIAL_DTR_FOLLOWS(Port) (((Port)->HandFlow.ControlHandShake & SERIAL_DTR_MASK) == SERIAL_DTR_HANDSHAKE)
#define SERIAL_RTS_FOLLOWS(Port) (((Port)->HandFlow.FlowReplace & SERIAL_RTS_MASK) == SERIAL_RTS_HANDSHAKE)

static NTSTATUS SerialControlSetDtr(PSERIAL_PORT Port, PVOID Buffer)
{
    UNREFERENCED_PARAMETER(Buffer);
    return SerialControlSetLineState(Port, &Port->Dtr, TRUE, SERIAL_DTR_FOLLOWS(Port));
}

static NTSTATUS SerialControlClearDtr(PSERIAL_PORT Port, PVOID Buffer)
{
    UNREFERENCED_PARAMETER(Buffer);
    return SerialControlSetLineState(Port, &Port->Dtr, FALSE, SERIAL_DTR_FOLLOWS(Port));
}

static NTSTATUS SerialControlSetRts(PSERIAL_PORT Port, PVOID Buffer)
{
    UNREFERENCED_PARAMETER(Buffer);
    return SerialControlSetLineState(Port, &Port->Rts, TRUE, SERIAL_RTS_FOLLOWS(Port));
}

static NTSTATUS SerialControlClearRts(PSERIAL_PORT Port, PVOID Buffer)
{
    UNREFERENCED_PARAMETER(Buffer);
    return SerialControlSetLineState(Port, &Port->Rts, FALSE, SERIAL_RTS_FOLLOWS(Port));
}

static NTSTATUS SerialControlGetDtrRts(PSERIAL_PORT Port, PVOID Buffer)
{
    UCHAR Mcr = Port->Mcr;

    *(PULONG)Buffer = ((Mcr & MCR_DTR) ? SERIAL_DTR_STATE : 0) | ((Mcr & MCR_RTS) ? SERIAL_RTS_STATE : 0);
    return STATUS_SUCCESS;
}

static NTSTATUS SerialControlBreakOn(PSERIAL_PORT Port, PVOID Buffer)
{
    UNREFERENCED_PARAMETER(Buffer);
    SerialSetBreak(Port, TRUE);
    return STATUS_SUCCESS;
}

static NTSTATUS SerialControlBreakOff(PSERIAL_PORT Port, PVOID Buffer)
{
    UNREFERENCED_PARAMETER(Buffer);
    SerialSetBreak(Port, FALSE);
    return STATUS_SUCCESS;
}

static NTSTATUS SerialControlGetModemStatus(PSERIAL_PORT Port, PVOID Buffer)
{
    *(PULONG)Buffer = SerialQueryModemStatus(Port);
    return STATUS_SUCCESS;
}

/* Requests and buffer -------------------------------------------------------------------------------------------- */

static NTSTATUS SerialControlGetStatus(PSERIAL_PORT Port, PVOID Buffer)
{
    SerialQueryStatus(Port, Buffer);
    return STATUS_SUCCESS;
}

/* The events that this driver reports. */
#define SERIAL_EVENTS                                                                                            \
    (SERIAL_EV_RXCHAR | SERIAL_EV_RXFLAG | SERIAL_EV_TXEMPTY | SERIAL_EV_CTS | SERIAL_EV_DSR | SERIAL_EV_RLSD |  \
     SERIAL_EV_BREAK | SERIAL_EV_ERR | SERIAL_EV_RING)

static NTSTATUS SerialControlSetWaitMask(PSERIAL_PORT Port, PVOID Buffer)
{
    ULONG Mask = *(PULONG)Buffer;

    if ((Mask & ~SERIAL_EVENTS) != 0)
        return STATUS_INVALID_PARAMETER;
    SerialSetWaitMask(Port, Mask);
    return STATUS_SUCCESS;
}

static NTSTATUS SerialControlGetWaitMask(PSERIAL_PORT Port, PVOID Buffer)
{
    *(PULONG)Buffer = (ULONG)Port->WaitMask;
    return STATUS_SUCCESS;
}

#define SERIAL_PURGE_ALL                                                                                         \
    (SERIAL_PURGE_TXABORT | SERIAL_PURGE_RXABORT | SERIAL_PURGE_TXCLEAR | SERIAL_PURGE_RXCLEAR)

static NTSTATUS SerialControlPurge(PSERIAL_PORT Port, PVOID Buffer)
{
    ULONG What = *(PULONG)Buffer;

    if (What == 0 || (What & ~SERIAL_PURGE_ALL) != 0)
        return STATUS_INVALID_PARAMETER;
    SerialPurge(Port, What);
    return STATUS_SUCCESS;
}

/* The receive buffer grows to a power of two; it does not shrink, and there is no transmit buffer to change. */
static NTSTATUS SerialControlSetQueueSize(PSERIAL_PORT Port, PVOID Buffer)
{
    ULONG Wanted = ((PSERIAL_QUEUE_SIZE)Buffer)->InSize, Size = Port->BufferSize;
    PUCHAR New;

    if (Wanted > SERIAL_LARGEST_BUFFER)
        return STATUS_INVALID_PARAMETER;
    while (Size < Wanted)
        Size *= 2;
    if (Size == Port->BufferSize)
        return STATUS_SUCCESS;
    New = ExAllocatePoolWithTag(NonPagedPoolNx, Size, SERIAL_TAG);
    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ExFreePoolWithTag(SerialReplaceBuffer(Port, New, Size), SERIAL_TAG);
    return STATUS_SUCCESS;
}

/* What the port can do ------------------------------------------------------------------------------------------- */

static NTSTATUS SerialControlGetProperties(PSERIAL_PORT Port, PVOID Buffer)
{
    PSERIAL_COMMPROP Properties = Buffer;

    RtlZeroMemory(Properties, sizeof(*Properties));
    Properties->PacketLength = sizeof(*Properties);
    Properties->PacketVersion = 2;
    Properties->ServiceMask = SERIAL_SP_SERIALCOMM;
    Properties->MaxRxQueue = SERIAL_LARGEST_BUFFER;
    Properties->MaxBaud = SERIAL_BAUD_115200;
    Properties->ProvSubType = SERIAL_SP_RS232;
    Properties->ProvCapabilities = SERIAL_PCF_DTRDSR | SERIAL_PCF_RTSCTS | SERIAL_PCF_CD | SERIAL_PCF_XONXOFF |
                                   SERIAL_PCF_SETXCHAR | SERIAL_PCF_TOTALTIMEOUTS | SERIAL_PCF_INTTIMEOUTS;
    Properties->SettableParams = SERIAL_SP_PARITY | SERIAL_SP_BAUD | SERIAL_SP_DATABITS | SERIAL_SP_STOPBITS |
                                 SERIAL_SP_HANDSHAKING;
    for (ULONG Index = 0; Index < ARRAYSIZE(SerialBaudRates); Index++)
        Properties->SettableBaud |= SerialBaudRates[Index].Property;
    Properties->SettableData = SERIAL_DATABITS_5 | SERIAL_DATABITS_6 | SERIAL_DATABITS_7 | SERIAL_DATABITS_8;
    Properties->SettableStopParity = SERIAL_STOPBITS_10 | SERIAL_STOPBITS_15 | SERIAL_STOPBITS_20 | SERIAL_PARITY_NONE |
                                     SERIAL_PARITY_ODD | SERIAL_PARITY_EVEN | SERIAL_PARITY_MARK | SERIAL_PARITY_SPACE;
    Properties->CurrentRxQueue = Port->BufferSize;
    return STATUS_SUCCESS;
}

static NTSTATUS SerialControlGetStats(PSERIAL_PORT Port, PVOID Buffer)
{
    SerialCopyState(Port, Buffer, &Port->Stats, sizeof(Port->Stats));
    return STATUS_SUCCESS;
}

static NTSTATUS SerialControlClearStats(PSERIAL_PORT Port, PVOID Buffer)
{
    SERIALPERF_STATS Zeroes = {0};

    UNREFERENCED_PARAMETER(Buffer);
    SerialCopyState(Port, &Port->Stats, &Zeroes, sizeof(Zeroes));
    return STATUS_SUCCESS;
}

/* Dispatch ------------------------------------------------------------------------------------------------------- */

static PSERIAL_CONTROL SerialFindControl(ULONG Code)
{
    for (ULONG Index = 0; Index < ARRAYSIZE(SerialControls); Index++) {
        if (SerialControls[Index].Code == Code)
            return &SerialControls[Index];
    }
    return NULL;
}

/* IRP_MJ_DEVICE_CONTROL. IRQL: PASSIVE_LEVEL. Pends for IOCTL_SERIAL_WAIT_ON_MASK only. */
NTSTATUS SerialDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERIAL_PORT Port = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode;
    ULONG Output = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    PSERIAL_CONTROL Control;
    NTSTATUS Status;

    PAGED_CODE();

    if (Code == IOCTL_SERIAL_WAIT_ON_MASK) {
        if (Output < sizeof(ULONG))
            return SerialComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        return SerialQueue(Port, &Port->Waits, Irp);
    }
    Control = SerialFindControl(Code);
    if (Control == NULL)
        return SerialComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (Stack->Parameters.DeviceIoControl.InputBufferLength < Control->InputLength || Output < Control->OutputLength)
        return SerialComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    Status = Control->Routine(Port, Irp->AssociatedIrp.SystemBuffer);
    return SerialComplete(Irp, Status, NT_SUCCESS(Status) ? Control->OutputLength : 0);
}
