/*
 * serial: the search for ports (INIT), and the end (PAGESRP0).
 */
#include "serial.h"

#define SERIAL_DEVICE_LENGTH 20

/* How a PC wires its ports: as data, so that another wiring is another line. */
typedef struct _SERIAL_WIRING {
    WCHAR DeviceName[SERIAL_DEVICE_LENGTH];
    WCHAR LinkName[SERIAL_LINK_LENGTH];
    USHORT Base;
    UCHAR Irq;
} SERIAL_WIRING, *PSERIAL_WIRING;

static NTSTATUS SerialCreatePort(PDRIVER_OBJECT DriverObject, PSERIAL_WIRING Wiring);
static BOOLEAN SerialDetect(ULONG_PTR Base, PBOOLEAN HasFifos);
static VOID SerialDeletePorts(PDRIVER_OBJECT DriverObject);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(INIT, SerialCreatePort)
#pragma alloc_text(INIT, SerialDetect)
#pragma alloc_text(PAGESRP0, SerialDeletePorts)
#pragma alloc_text(PAGESRP0, SerialUnload)
#endif

#pragma data_seg("INITDATA")
/* COM1 is the console's. COM3 has the console's line, COM4 that of COM2: the lines are connected as shared ones. */
static SERIAL_WIRING SerialWiring[] = {
    {L"\\Device\\Serial1", L"\\DosDevices\\COM2", 0x2F8, 3},
    {L"\\Device\\Serial2", L"\\DosDevices\\COM3", 0x3E8, 4},
    {L"\\Device\\Serial3", L"\\DosDevices\\COM4", 0x2E8, 3},
};
#pragma data_seg()

/*
 * Makes a device for every port that is there. A machine with none is no error: the driver stays, and costs next to
 * nothing. IRQL: PASSIVE_LEVEL.
 */
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);

    for (ULONG Index = 0; Index < ARRAYSIZE(SerialWiring); Index++) {
        Status = SerialCreatePort(DriverObject, &SerialWiring[Index]);
        if (!NT_SUCCESS(Status)) {
            SerialDeletePorts(DriverObject);
            return Status;
        }
    }

    DriverObject->MajorFunction[IRP_MJ_CREATE] = SerialCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = SerialCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = SerialClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = SerialRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = SerialWrite;
    DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = SerialFlush;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = SerialDeviceControl;
    DriverObject->DriverUnload = SerialUnload;
    return STATUS_SUCCESS;
}

/* The device of one port, if the port is there. Touches nothing of PAGESER or PAGEDATA, so they stay out. */
static NTSTATUS SerialCreatePort(PDRIVER_OBJECT DriverObject, PSERIAL_WIRING Wiring)
{
    UNICODE_STRING DeviceName, LinkName;
    PDEVICE_OBJECT DeviceObject;
    PSERIAL_PORT Port;
    BOOLEAN HasFifos;
    NTSTATUS Status;

    if (!SerialDetect(Wiring->Base, &HasFifos))
        return STATUS_SUCCESS;

    RtlInitUnicodeString(&DeviceName, Wiring->DeviceName);
    RtlInitUnicodeString(&LinkName, Wiring->LinkName);
    Status = IoCreateDevice(DriverObject, sizeof(SERIAL_PORT), &DeviceName, FILE_DEVICE_SERIAL_PORT, 0, TRUE,
                            &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&LinkName, &DeviceName);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(DeviceObject);
        return Status;
    }

    /* The extension is zeroed. */
    Port = DeviceObject->DeviceExtension;
    Port->DeviceObject = DeviceObject;
    Port->Base = Wiring->Base;
    Port->Vector = HalGetInterruptVector(Isa, 0, Wiring->Irq, Wiring->Irq, &Port->Irql, &Port->Affinity);
    Port->HasFifos = HasFifos;
    RtlCopyMemory(Port->LinkName, Wiring->LinkName, sizeof(Port->LinkName));
    KeInitializeSpinLock(&Port->Lock);
    InitializeListHead(&Port->Reads);
    InitializeListHead(&Port->Writes);
    InitializeListHead(&Port->Waits);
    KeInitializeTimer(&Port->ReadTimer.Timer);
    KeInitializeTimer(&Port->WriteTimer.Timer);
    KeInitializeDpc(&Port->ReadTimer.Dpc, SerialTimerDpc, Port);
    KeInitializeDpc(&Port->WriteTimer.Dpc, SerialTimerDpc, Port);
    Port->ReadTimer.Deadline = Port->WriteTimer.Deadline = SERIAL_NEVER;
    IoInitializeDpcRequest(DeviceObject, SerialDpc);

    /* Settings outlive a close, as with NT's driver; these are the first ones. */
    Port->BaudRate = UART_BAUD_BASE;
    Port->Divisor = 1;
    Port->LineControl = (SERIAL_LINE_CONTROL){STOP_BIT_1, NO_PARITY, 8};
    Port->LineRegister = LCR_WORD_LENGTH(8) | LCR_NO_PARITY;
    Port->HandFlow.ControlHandShake = SERIAL_DTR_CONTROL;
    Port->HandFlow.FlowReplace = SERIAL_RTS_CONTROL;
    Port->HandFlow.XonLimit = SERIAL_BUFFER_SIZE / 2;
    Port->HandFlow.XoffLimit = SERIAL_BUFFER_SIZE / 8;
    Port->Chars.XonChar = 0x11;
    Port->Chars.XoffChar = 0x13;

    /* Requests' bytes are copied through nonpaged buffers, which the service routine can read at its level. */
    DeviceObject->Flags |= DO_BUFFERED_IO;
    return STATUS_SUCCESS;
}

/*
 * Whether there is a UART, and which. Where there is none the bus reads as ones. Leaves the chip quiet: no
 * interrupts, no FIFOs, lines low.
 */
static BOOLEAN SerialDetect(ULONG_PTR Base, PBOOLEAN HasFifos)
{
    static const UCHAR Patterns[] = {0x55, 0xAA};
    UCHAR Inputs;

    /* The scratch register keeps what is written. */
    for (ULONG Index = 0; Index < ARRAYSIZE(Patterns); Index++) {
        SerialOut(Base, UART_SCR, Patterns[Index]);
        if (SerialIn(Base, UART_SCR) != Patterns[Index])
            return FALSE;
    }
    /* In loopback the modem outputs come back as inputs: RTS as CTS, OUT2 as DCD. */
    SerialOut(Base, UART_LCR, 0);
    SerialOut(Base, UART_IER, 0);
    SerialOut(Base, UART_MCR, MCR_LOOPBACK | MCR_RTS | MCR_OUT2);
    Inputs = SerialIn(Base, UART_MSR) & MSR_INPUTS;
    SerialOut(Base, UART_MCR, 0);
    if (Inputs != (MSR_CTS | MSR_DCD))
        return FALSE;
    /* Only a 16550A has FIFOs that work, and says so with both bits. They stay on: SerialStartUart says why. */
    SerialOut(Base, UART_FCR, FCR_ENABLE);
    *HasFifos = (SerialIn(Base, UART_IIR) & IIR_FIFOS) == IIR_FIFOS;
    return TRUE;
}

/* IRQL: PASSIVE_LEVEL. */
static VOID SerialDeletePorts(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING LinkName;

    PAGED_CODE();

    while (DriverObject->DeviceObject != NULL) {
        PSERIAL_PORT Port = DriverObject->DeviceObject->DeviceExtension;
        RtlInitUnicodeString(&LinkName, Port->LinkName);
        IoDeleteSymbolicLink(&LinkName);
        IoDeleteDevice(DriverObject->DeviceObject);
    }
}

/* No port is open, so no section is locked and no interrupt connected. IRQL: PASSIVE_LEVEL. */
VOID SerialUnload(PDRIVER_OBJECT DriverObject)
{
    PAGED_CODE();
    SerialDeletePorts(DriverObject);
}
