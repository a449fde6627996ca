/*
 * beep: the speaker, and an example of a driver that is out of memory entirely while nobody has it open.
 *
 * Nothing here is in a PAGE section. A tone is ended by a timer's DPC, at DISPATCH_LEVEL, and the lock that guards it
 * is a spin lock: while the device is open all of that has to be resident, and by default it is. While the device is
 * closed none of it can run. So the driver turns the whole of itself, code, data and literals, over to the pager for
 * that time and takes it back when it is opened:
 *
 *   load         MmPageEntireDriver
 *   first open   MmResetDriverPaging, and only then may a tone begin
 *   last close   tone off, timer cancelled, DPC gone, and only then MmPageEntireDriver
 *
 * BeepCreate and BeepClose run on both sides of these calls, at times when they may be out themselves: they are paged
 * in by being called, as any pageable code is, and may do nothing that pageable code may not.
 */
#include <ntddk.h>
#include <ntddbeep.h>

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD BeepUnload;
static DRIVER_DISPATCH BeepCreate;
static DRIVER_DISPATCH BeepClose;
static DRIVER_DISPATCH BeepDeviceControl;
static KDEFERRED_ROUTINE BeepTimerDpc;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#endif

#define BEEP_LINK_NAME L"\\DosDevices\\Beep"
#define BEEP_MILLISECOND 10000ull       /* interrupt time counts 100 ns */

/* The device extension. It is nonpaged pool, and stays when the driver goes: what is waited for must be resident. */
typedef struct _BEEP_EXTENSION {
    FAST_MUTEX OpenMutex;       /* held from before OpenCount changes until the driver is where that count wants it */
    LONG OpenCount;

    KSPIN_LOCK ToneLock;        /* DISPATCH_LEVEL, from here on */
    KTIMER ToneTimer;
    KDPC ToneDpc;
    ULONGLONG ToneEnd;          /* interrupt time */
} BEEP_EXTENSION, *PBEEP_EXTENSION;

static NTSTATUS BeepComplete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* Makes the device, and sends the driver out. IRQL: PASSIVE_LEVEL. */
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING DeviceName, LinkName;
    PDEVICE_OBJECT DeviceObject;
    PBEEP_EXTENSION Extension;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);

    RtlInitUnicodeString(&DeviceName, DD_BEEP_DEVICE_NAME_U);
    RtlInitUnicodeString(&LinkName, BEEP_LINK_NAME);
    Status = IoCreateDevice(DriverObject, sizeof(BEEP_EXTENSION), &DeviceName, FILE_DEVICE_BEEP, 0, FALSE,
                            &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&LinkName, &DeviceName);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(DeviceObject);
        return Status;
    }

    Extension = DeviceObject->DeviceExtension;
    ExInitializeFastMutex(&Extension->OpenMutex);
    KeInitializeSpinLock(&Extension->ToneLock);
    KeInitializeTimer(&Extension->ToneTimer);
    KeInitializeDpc(&Extension->ToneDpc, BeepTimerDpc, Extension);

    DriverObject->MajorFunction[IRP_MJ_CREATE] = BeepCreate;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = BeepClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = BeepDeviceControl;
    DriverObject->DriverUnload = BeepUnload;
    /* Any address in the driver will do. Nobody can open the device before DriverEntry has returned. */
    MmPageEntireDriver(DriverEntry);
    return STATUS_SUCCESS;
}

/* Nobody has the device open: no tone, no timer, and all of this is pageable. IRQL: PASSIVE_LEVEL. */
static VOID BeepUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING LinkName;

    PAGED_CODE();

    RtlInitUnicodeString(&LinkName, BEEP_LINK_NAME);
    IoDeleteSymbolicLink(&LinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

/* The tone ------------------------------------------------------------------------------------------------------- */

/*
 * Another tone, or silence, from now on. A timer's DPC that is on its way to end the tone before waits for the lock and
 * then finds that the time is not up. IRQL: <= DISPATCH_LEVEL, so this is called by who has the device open only.
 */
static BOOLEAN BeepSetTone(PBEEP_EXTENSION Extension, ULONG Frequency, ULONG Duration)
{
    LARGE_INTEGER Due = {.QuadPart = -(LONGLONG)(Duration * BEEP_MILLISECOND)};
    BOOLEAN Done;
    KIRQL OldIrql;

    KeAcquireSpinLock(&Extension->ToneLock, &OldIrql);
    KeCancelTimer(&Extension->ToneTimer);
    Done = HalMakeBeep(Duration != 0 ? Frequency : 0);
    if (Done && Frequency != 0 && Duration != 0) {
        Extension->ToneEnd = KeQueryInterruptTime() + Duration * BEEP_MILLISECOND;
        KeSetTimer(&Extension->ToneTimer, Due, &Extension->ToneDpc);
    }
    KeReleaseSpinLock(&Extension->ToneLock, OldIrql);
    return Done;
}

/* A tone's time may be up. IRQL: DISPATCH_LEVEL. */
static VOID BeepTimerDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PBEEP_EXTENSION Extension = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);

    KeAcquireSpinLockAtDpcLevel(&Extension->ToneLock);
    if (KeQueryInterruptTime() >= Extension->ToneEnd)
        HalMakeBeep(0);
    KeReleaseSpinLockFromDpcLevel(&Extension->ToneLock);
}

/* Open and close ------------------------------------------------------------------------------------------------- */

/*
 * The count alone does not do it, interlocked or not. It tells who is the first to open and who the last to close; it
 * does not make anybody wait until that one is done. Two ways for it to go wrong:
 *
 *   - A counts 1 and waits for the driver's pages. B counts 2, is not the first, begins a tone: its DPC runs into a
 *     page that is still out, at DISPATCH_LEVEL.
 *   - A closes and counts 0. Before it gets to MmPageEntireDriver B opens, counts 1 and resets. Then A pages the driver
 *     out, under B's feet.
 *
 * So counting and paging are one step, under a mutex. It is taken in the Unsafe form, in a critical region, because
 * that leaves the level at PASSIVE_LEVEL, where the two Mm routines are documented to be called. IRQL: PASSIVE_LEVEL.
 */
static VOID BeepAcquireOpenMutex(PBEEP_EXTENSION Extension)
{
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&Extension->OpenMutex);
}

static VOID BeepReleaseOpenMutex(PBEEP_EXTENSION Extension)
{
    ExReleaseFastMutexUnsafe(&Extension->OpenMutex);
    KeLeaveCriticalRegion();
}

/* IRP_MJ_CREATE: when it succeeds, the driver is resident. IRQL: PASSIVE_LEVEL. Waits for the paging file. */
static NTSTATUS BeepCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PBEEP_EXTENSION Extension = DeviceObject->DeviceExtension;

    PAGED_CODE();

    BeepAcquireOpenMutex(Extension);
    if (InterlockedIncrement(&Extension->OpenCount) == 1)
        MmResetDriverPaging(BeepCreate);
    BeepReleaseOpenMutex(Extension);
    return BeepComplete(Irp, STATUS_SUCCESS);
}

/*
 * IRP_MJ_CLOSE: the last one takes the tone with it. The DPC may be queued or running, on whatever processor, when the
 * timer is cancelled too late: it is taken back or waited for while the driver is still resident.
 * IRQL: PASSIVE_LEVEL. Waits.
 */
static NTSTATUS BeepClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PBEEP_EXTENSION Extension = DeviceObject->DeviceExtension;

    PAGED_CODE();

    BeepAcquireOpenMutex(Extension);
    if (InterlockedDecrement(&Extension->OpenCount) == 0) {
        BeepSetTone(Extension, 0, 0);
        KeRemoveQueueDpc(&Extension->ToneDpc);
        KeFlushQueuedDpcs();
        MmPageEntireDriver(BeepClose);
    }
    BeepReleaseOpenMutex(Extension);
    return BeepComplete(Irp, STATUS_SUCCESS);
}

/*
 * IRP_MJ_DEVICE_CONTROL. STATUS_INVALID_PARAMETER: a frequency that is not from BEEP_FREQUENCY_MINIMUM to
 * BEEP_FREQUENCY_MAXIMUM, or none. IRQL: PASSIVE_LEVEL.
 */
static NTSTATUS BeepDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PBEEP_SET_PARAMETERS Tone = Irp->AssociatedIrp.SystemBuffer;

    if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_BEEP_SET)
        return BeepComplete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(*Tone))
        return BeepComplete(Irp, STATUS_INVALID_PARAMETER);
    if (Tone->Frequency != 0 &&
        (Tone->Frequency < BEEP_FREQUENCY_MINIMUM || Tone->Frequency > BEEP_FREQUENCY_MAXIMUM))
        return BeepComplete(Irp, STATUS_INVALID_PARAMETER);
    if (!BeepSetTone(DeviceObject->DeviceExtension, Tone->Frequency, Tone->Duration))
        return BeepComplete(Irp, STATUS_INVALID_PARAMETER);
    return BeepComplete(Irp, STATUS_SUCCESS);
}
