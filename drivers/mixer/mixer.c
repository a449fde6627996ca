/*
 * mixer: opening, closing, volumes (PAGE).
 *
 *   first open   lock PAGEDATA, kept volumes to the chip
 *   last close   the chip's volumes to PAGEDATA, unlock: from here on they are in memory no longer than memory is free
 */
#include "mixer.h"

static NTSTATUS MixComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
static VOID MixAcquire(VOID);
static VOID MixRelease(VOID);
static ULONG MixVolume(UCHAR Level);
static UCHAR MixLevel(ULONG Volume);
static VOID MixDescribe(ULONG Line, PAUXCAPSW Capabilities);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, MixUnload)
#pragma alloc_text(PAGE, MixComplete)
#pragma alloc_text(PAGE, MixAcquire)
#pragma alloc_text(PAGE, MixRelease)
#pragma alloc_text(PAGE, MixCreate)
#pragma alloc_text(PAGE, MixClose)
#pragma alloc_text(PAGE, MixVolume)
#pragma alloc_text(PAGE, MixLevel)
#pragma alloc_text(PAGE, MixDescribe)
#pragma alloc_text(PAGE, MixDeviceControl)
#endif

#define MIX_LINK_LENGTH 24
#define MIX_VERSION 0x0100
#define LEVEL_DEFAULT 24                /* of 31: what the chip has after a reset */

MIX_STATE MixState;

#pragma data_seg("PAGEDATA")
MIX_LINE MixLines[MIX_LINES] = {
    {0x30, 0x31, LEVEL_DEFAULT, LEVEL_DEFAULT, AUXCAPS_AUXIN, L"Master"},
    {0x32, 0x33, LEVEL_DEFAULT, LEVEL_DEFAULT, AUXCAPS_AUXIN, L"Wave"},
    {0x34, 0x35, LEVEL_DEFAULT, LEVEL_DEFAULT, AUXCAPS_AUXIN, L"Synthesizer"},
    {0x36, 0x37, 0, 0, AUXCAPS_CDAUDIO, L"CD"},
    {0x38, 0x39, 0, 0, AUXCAPS_AUXIN, L"Line in"},
    {0x3A, 0x3A, 0, 0, AUXCAPS_AUXIN, L"Microphone"},
};

/* The handle of the section that it lies in itself: it is used at PASSIVE_LEVEL, by who may page it in. */
static PVOID MixDataHandle = NULL;
#pragma data_seg()

/* IRQL: PASSIVE_LEVEL. */
static NTSTATUS MixComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    PAGED_CODE();

    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* Nobody has a line open. Called by DriverEntry, too, for the lines that it has made. IRQL: PASSIVE_LEVEL. */
VOID MixUnload(PDRIVER_OBJECT DriverObject)
{
    WCHAR Link[MIX_LINK_LENGTH];
    UNICODE_STRING LinkName;

    PAGED_CODE();

    while (DriverObject->DeviceObject != NULL) {
        PMIX_DEVICE Device = DriverObject->DeviceObject->DeviceExtension;
        _snwprintf(Link, ARRAYSIZE(Link), L"\\DosDevices\\Mixer%u", Device->Line);
        RtlInitUnicodeString(&LinkName, Link);
        IoDeleteSymbolicLink(&LinkName);
        IoDeleteDevice(DriverObject->DeviceObject);
    }
}

/* The Unsafe form leaves the level at PASSIVE_LEVEL, where sections are locked. */
static VOID MixAcquire(VOID)
{
    PAGED_CODE();

    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&MixState.OpenMutex);
}

static VOID MixRelease(VOID)
{
    PAGED_CODE();

    ExReleaseFastMutexUnsafe(&MixState.OpenMutex);
    KeLeaveCriticalRegion();
}

/* IRP_MJ_CREATE. IRQL: PASSIVE_LEVEL. Waits for the paging file. */
NTSTATUS MixCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    NTSTATUS Status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(DeviceObject);
    PAGED_CODE();

    MixAcquire();
    if (MixState.OpenCount == 0) {
        if (MixDataHandle == NULL)
            MixDataHandle = MmLockPagableDataSection(MixLines);
        else
            MmLockPagableSectionByHandle(MixDataHandle);
        if (MixDataHandle != NULL)
            MixRestore();
        else
            Status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (NT_SUCCESS(Status))
        MixState.OpenCount++;
    MixRelease();
    return MixComplete(Irp, Status, 0);
}

/* IRP_MJ_CLOSE. IRQL: PASSIVE_LEVEL. */
NTSTATUS MixClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    PAGED_CODE();

    MixAcquire();
    if (--MixState.OpenCount == 0) {
        MixKeep();
        MmUnlockPagableImageSection(MixDataHandle);
    }
    MixRelease();
    return MixComplete(Irp, STATUS_SUCCESS, 0);
}

/* The chip's 32 levels, evenly over the documented range, and back. */
static ULONG MixVolume(UCHAR Level)
{
    PAGED_CODE();

    return (ULONG)((ULONGLONG)Level * MAXULONG / LEVEL_LARGEST);
}

static UCHAR MixLevel(ULONG Volume)
{
    PAGED_CODE();

    return (UCHAR)(((ULONGLONG)Volume * LEVEL_LARGEST + MAXULONG / 2) / MAXULONG);
}

static VOID MixDescribe(ULONG Line, PAUXCAPSW Capabilities)
{
    PAGED_CODE();

    RtlZeroMemory(Capabilities, sizeof(*Capabilities));
    Capabilities->vDriverVersion = MIX_VERSION;
    RtlCopyMemory(Capabilities->szPname, MixLines[Line].Name, sizeof(Capabilities->szPname));
    Capabilities->wTechnology = MixLines[Line].Technology;
    Capabilities->dwSupport = AUXCAPS_VOLUME;
    if (MixLines[Line].LeftRegister != MixLines[Line].RightRegister)
        Capabilities->dwSupport |= AUXCAPS_LRVOLUME;
}

/* IRP_MJ_DEVICE_CONTROL. IRQL: PASSIVE_LEVEL. */
NTSTATUS MixDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG Line = ((PMIX_DEVICE)DeviceObject->DeviceExtension)->Line;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Output = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    PAUX_DD_VOLUME Volume = Irp->AssociatedIrp.SystemBuffer;
    UCHAR Left, Right;

    PAGED_CODE();

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_AUX_GET_CAPABILITIES:
        if (Output < sizeof(AUXCAPSW))
            return MixComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        MixDescribe(Line, Irp->AssociatedIrp.SystemBuffer);
        return MixComplete(Irp, STATUS_SUCCESS, sizeof(AUXCAPSW));
    case IOCTL_AUX_SET_VOLUME:
        if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(*Volume))
            return MixComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        MixSetLevels(Line, MixLevel(Volume->Left), MixLevel(Volume->Right));
        return MixComplete(Irp, STATUS_SUCCESS, 0);
    case IOCTL_AUX_GET_VOLUME:
        if (Output < sizeof(*Volume))
            return MixComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        MixGetLevels(Line, &Left, &Right);
        Volume->Left = MixVolume(Left);
        Volume->Right = MixVolume(Right);
        return MixComplete(Irp, STATUS_SUCCESS, sizeof(*Volume));
    default:
        return MixComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}
