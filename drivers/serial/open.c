/*
 * serial: opening and closing a port (PAGESRP0). Here the driver's code comes into memory and is let go.
 *
 *   open:   lock sections -> receive buffer -> connect interrupt -> start UART
 *   close:  stop UART -> disconnect interrupt -> no DPC left -> receive buffer -> unlock sections
 *
 * From the moment the interrupt is connected until the last DPC is done, a page fault in PAGESER would be at
 * DISPATCH_LEVEL or above and the end of the system. So the lock is the first thing taken and the last thing given
 * back.
 */
#include "serial.h"

static NTSTATUS SerialLockSections(VOID);
static VOID SerialUnlockSections(VOID);
static NTSTATUS SerialOpenPort(PSERIAL_PORT Port);
static VOID SerialDrain(PSERIAL_PORT Port);
static VOID SerialClosePort(PSERIAL_PORT Port);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGESRP0, SerialLockSections)
#pragma alloc_text(PAGESRP0, SerialUnlockSections)
#pragma alloc_text(PAGESRP0, SerialOpenPort)
#pragma alloc_text(PAGESRP0, SerialDrain)
#pragma alloc_text(PAGESRP0, SerialClosePort)
#pragma alloc_text(PAGESRP0, SerialCreate)
#pragma alloc_text(PAGESRP0, SerialCleanup)
#pragma alloc_text(PAGESRP0, SerialClose)
#endif

#pragma data_seg("PAGEDATA")
/*
 * The handles of PAGESER and PAGEDATA, NULL until a port is opened for the first time. They are used at PASSIVE_LEVEL
 * only, so they may lie in a pageable section themselves, even in the one that the second is of.
 */
static PVOID SerialCodeHandle = NULL;
static PVOID SerialDataHandle = NULL;
#pragma data_seg()

/* How long a close waits for the last bytes to leave, and how often it looks: 16 of them take 4 s at 50 baud. */
#define SERIAL_DRAIN_STEPS 400
#define SERIAL_DRAIN_STEP (-10 * 10000LL)   /* 10 ms, relative */

/*
 * Brings PAGESER and PAGEDATA in and keeps them: one count more on each. The first time by an address in the section,
 * which the kernel has to search for; from then on by the handle, which is valid as long as the driver is loaded. Two
 * ports opened for the first time at once both search, and both store the same handle.
 * IRQL: PASSIVE_LEVEL. Waits for the paging file.
 */
static NTSTATUS SerialLockSections(VOID)
{
    PAGED_CODE();

    if (SerialCodeHandle == NULL)
        SerialCodeHandle = MmLockPagableCodeSection(SerialIsr);
    else
        MmLockPagableSectionByHandle(SerialCodeHandle);
    if (SerialCodeHandle == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    if (SerialDataHandle == NULL)
        SerialDataHandle = MmLockPagableDataSection(&SerialDataHandle);
    else
        MmLockPagableSectionByHandle(SerialDataHandle);
    if (SerialDataHandle == NULL) {
        MmUnlockPagableImageSection(SerialCodeHandle);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

/* One count less; with the last one the sections may go. IRQL: PASSIVE_LEVEL. */
static VOID SerialUnlockSections(VOID)
{
    PAGED_CODE();

    MmUnlockPagableImageSection(SerialDataHandle);
    MmUnlockPagableImageSection(SerialCodeHandle);
}

/* IRQL: PASSIVE_LEVEL. Everything is undone on failure. */
static NTSTATUS SerialOpenPort(PSERIAL_PORT Port)
{
    NTSTATUS Status;

    PAGED_CODE();

    Status = SerialLockSections();
    if (!NT_SUCCESS(Status))
        return Status;
    Port->Buffer = ExAllocatePoolWithTag(NonPagedPoolNx, SERIAL_BUFFER_SIZE, SERIAL_TAG);
    if (Port->Buffer == NULL) {
        SerialUnlockSections();
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Port->BufferSize = SERIAL_BUFFER_SIZE;
    /*
     * The UART does not interrupt before SerialStartUart, but another device on the line may: SerialIsr can run from
     * here on.
     */
    Status = IoConnectInterrupt(&Port->Interrupt, SerialIsr, Port, NULL, Port->Vector, Port->Irql, Port->Irql, Latched,
                                TRUE, Port->Affinity, FALSE);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Port->Buffer, SERIAL_TAG);
        SerialUnlockSections();
        return Status;
    }
    SerialStartUart(Port);
    return STATUS_SUCCESS;
}

/* Waits, within reason, until what the UART has taken is out on the line. IRQL: PASSIVE_LEVEL. */
static VOID SerialDrain(PSERIAL_PORT Port)
{
    LARGE_INTEGER Step = {.QuadPart = SERIAL_DRAIN_STEP};

    PAGED_CODE();

    for (ULONG Count = 0; Count < SERIAL_DRAIN_STEPS; Count++) {
        if (SerialIn(Port->Base, UART_LSR) & LSR_TRANSMITTER_EMPTY)
            return;
        KeDelayExecutionThread(KernelMode, FALSE, &Step);
    }
}

/* There are no requests any more: SerialCleanup has seen to it. IRQL: PASSIVE_LEVEL. Waits. */
static VOID SerialClosePort(PSERIAL_PORT Port)
{
    PAGED_CODE();

    SerialDrain(Port);
    SerialStopUart(Port);
    IoDisconnectInterrupt(Port->Interrupt);
    /*
     * No interrupt can queue a DPC any more, and no request set a timer. What is queued is taken back; what runs at
     * this moment, on whatever processor, is waited for.
     */
    KeCancelTimer(&Port->ReadTimer.Timer);
    KeCancelTimer(&Port->WriteTimer.Timer);
    KeRemoveQueueDpc(&Port->ReadTimer.Dpc);
    KeRemoveQueueDpc(&Port->WriteTimer.Dpc);
    KeRemoveQueueDpc(&Port->DeviceObject->Dpc);
    KeFlushQueuedDpcs();
    ExFreePoolWithTag(Port->Buffer, SERIAL_TAG);
    SerialUnlockSections();
}

/*
 * IRP_MJ_CREATE. A port is opened by one at a time. IRQL: PASSIVE_LEVEL.
 * Requests are completed by hand in this file: SerialComplete is in PAGESER, which is not here before the first lock.
 */
NTSTATUS SerialCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERIAL_PORT Port = DeviceObject->DeviceExtension;
    NTSTATUS Status;

    PAGED_CODE();

    if (InterlockedIncrement(&Port->OpenCount) == 1)
        Status = SerialOpenPort(Port);
    else
        Status = STATUS_ACCESS_DENIED;
    if (!NT_SUCCESS(Status))
        InterlockedDecrement(&Port->OpenCount);

    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* IRP_MJ_CLEANUP: the last handle is closed; whoever still waits in a request is told. IRQL: PASSIVE_LEVEL. */
NTSTATUS SerialCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PAGED_CODE();

    SerialCancelAll(DeviceObject->DeviceExtension, TRUE, TRUE, TRUE);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* IRP_MJ_CLOSE: the last reference is gone. IRQL: PASSIVE_LEVEL. */
NTSTATUS SerialClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSERIAL_PORT Port = DeviceObject->DeviceExtension;

    PAGED_CODE();

    SerialClosePort(Port);
    /* The very last: from here on the port can be opened again. */
    InterlockedDecrement(&Port->OpenCount);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}
