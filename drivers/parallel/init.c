/*
 * parallel: the search for the port (INIT), and the end (PAGEPAR0).
 */
#include "parallel.h"

static BOOLEAN ParDetect(ULONG_PTR Base);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(INIT, ParDetect)
#pragma alloc_text(PAGEPAR0, ParUnload)
#endif

#define PAR_DEVICE_NAME L"\\Device\\Parallel0"
#define PAR_LINK_NAME L"\\DosDevices\\LPT1"
#define PAR_BASE 0x378
#define PAR_IRQ 7
#define PAR_DEFAULT_TIMEOUT 60000       /* ms */

/* Makes the device, if the port is there; STATUS_NO_SUCH_DEVICE and a message if it is not. IRQL: PASSIVE_LEVEL. */
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING DeviceName, LinkName;
    PDEVICE_OBJECT DeviceObject;
    PPAR_PORT Port;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);

    if (!ParDetect(PAR_BASE)) {
        DbgPrint("parallel: there is no port at 0x%x (./run-qemu.sh --parallel CHARDEV gives the machine one)\n",
                 PAR_BASE);
        return STATUS_NO_SUCH_DEVICE;
    }
    RtlInitUnicodeString(&DeviceName, PAR_DEVICE_NAME);
    RtlInitUnicodeString(&LinkName, PAR_LINK_NAME);
    Status = IoCreateDevice(DriverObject, sizeof(PAR_PORT), &DeviceName, FILE_DEVICE_PARALLEL_PORT, 0, TRUE,
                            &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&LinkName, &DeviceName);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(DeviceObject);
        return Status;
    }

    Port = DeviceObject->DeviceExtension;
    Port->DeviceObject = DeviceObject;
    Port->Base = PAR_BASE;
    Port->Vector = HalGetInterruptVector(Isa, 0, PAR_IRQ, PAR_IRQ, &Port->Irql, &Port->Affinity);
    Port->Timeout = PAR_DEFAULT_TIMEOUT;
    KeInitializeTimer(&Port->Timer);
    KeInitializeDpc(&Port->TimerDpc, ParTimerDpc, Port);
    IoInitializeDpcRequest(DeviceObject, ParDpc);
    ParOut(Port, PAR_CONTROL, CONTROL_IDLE);

    /* A copy in nonpaged memory, which the service routine can read at its level. */
    DeviceObject->Flags |= DO_BUFFERED_IO;
    DriverObject->DriverStartIo = ParStartIo;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = ParCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = ParCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = ParClose;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = ParWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = ParDeviceControl;
    DriverObject->DriverUnload = ParUnload;
    return STATUS_SUCCESS;
}

/* The data register keeps what is written; where there is none the bus reads as ones. */
static BOOLEAN ParDetect(ULONG_PTR Base)
{
    static const UCHAR Patterns[] = {0x55, 0xAA};

    for (ULONG Index = 0; Index < ARRAYSIZE(Patterns); Index++) {
        WRITE_PORT_UCHAR((PUCHAR)(Base + PAR_DATA), Patterns[Index]);
        if (READ_PORT_UCHAR((PUCHAR)(Base + PAR_DATA)) != Patterns[Index])
            return FALSE;
    }
    return TRUE;
}

/* The port is closed. IRQL: PASSIVE_LEVEL. */
VOID ParUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING LinkName;

    PAGED_CODE();

    RtlInitUnicodeString(&LinkName, PAR_LINK_NAME);
    IoDeleteSymbolicLink(&LinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}
