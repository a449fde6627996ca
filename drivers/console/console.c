/*
 * console: start, unload, open, close. Output is in output.c, input in input.c, Ctrl-C in control.c.
 */
#include "console.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD ConsoleUnload;
static DRIVER_DISPATCH ConsoleOpenClose;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, ConsoleUnload)
#endif

#define CONSOLE_DEVICE_NAME L"\\Device\\Console0"
#define CONSOLE_LINK_NAME L"\\DosDevices\\CON"

#define COM1_IRQ 4

/* IRQL: PASSIVE_LEVEL. */
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(CONSOLE_DEVICE_NAME);
    UNICODE_STRING LinkName = RTL_CONSTANT_STRING(CONSOLE_LINK_NAME);
    PDEVICE_OBJECT DeviceObject;
    PCONSOLE Console;
    KAFFINITY Affinity;
    ULONG Vector;
    KIRQL Irql;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);

    Status = IoCreateDevice(DriverObject, sizeof(CONSOLE), &DeviceName, FILE_DEVICE_CONSOLE, 0, FALSE, &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    /* The extension is zeroed: the ring and the line are empty. */
    Console = DeviceObject->DeviceExtension;
    Console->DeviceObject = DeviceObject;
    ConsoleInitializeOutput(Console);
    KeInitializeSpinLock(&Console->Lock);
    InitializeListHead(&Console->Reads);
    IoInitializeDpcRequest(DeviceObject, ConsoleDpc);
    DeviceObject->Flags |= DO_BUFFERED_IO;

    DriverObject->MajorFunction[IRP_MJ_CREATE] = ConsoleOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = ConsoleOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = ConsoleCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = ConsoleRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = ConsoleWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = ConsoleControl;
    DriverObject->DriverUnload = ConsoleUnload;

    Status = IoCreateSymbolicLink(&LinkName, &DeviceName);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(DeviceObject);
        return Status;
    }
    /* COM3, when there is one, has the same line. */
    Vector = HalGetInterruptVector(Isa, 0, COM1_IRQ, COM1_IRQ, &Irql, &Affinity);
    Status = IoConnectInterrupt(&Console->Interrupt, ConsoleIsr, Console, NULL, Vector, Irql, Irql, Latched, TRUE,
                                Affinity, FALSE);
    if (!NT_SUCCESS(Status)) {
        DbgPrint("console: interrupt line %u cannot be connected (status 0x%08x)\n", COM1_IRQ, Status);
        IoDeleteSymbolicLink(&LinkName);
        IoDeleteDevice(DeviceObject);
        return Status;
    }
    ConsoleEnableInput(Console);
    return STATUS_SUCCESS;
}

/* Nobody has the console open. IRQL: PASSIVE_LEVEL. */
static VOID ConsoleUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING LinkName = RTL_CONSTANT_STRING(CONSOLE_LINK_NAME);
    PDEVICE_OBJECT DeviceObject = DriverObject->DeviceObject;
    PCONSOLE Console = DeviceObject->DeviceExtension;

    PAGED_CODE();

    ConsoleDisableInput(Console);
    IoDisconnectInterrupt(Console->Interrupt);
    KeRemoveQueueDpc(&DeviceObject->Dpc);
    KeFlushQueuedDpcs();
    ConsoleDeleteOutputs(Console);
    IoDeleteSymbolicLink(&LinkName);
    IoDeleteDevice(DeviceObject);
}

/* IRQL: <= DISPATCH_LEVEL. */
NTSTATUS ConsoleComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, Information != 0 ? IO_KEYBOARD_INCREMENT : IO_NO_INCREMENT);
    return Status;
}

/* Any number of programs may have the console open. IRQL: PASSIVE_LEVEL. */
static NTSTATUS ConsoleOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return ConsoleComplete(Irp, STATUS_SUCCESS, 0);
}
