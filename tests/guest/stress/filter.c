/*
 * A filter on the paging device that lets requests fail when a case asks for it. It adds no stack location (IoSkip...),
 * since the pager's requests were made before it came.
 */
#include "stress.h"

NTSTATUS ObReferenceObjectByName(PUNICODE_STRING ObjectName, ULONG Attributes, PVOID AccessState,
                                 ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                 PVOID Context, PVOID *Object);

STRESS_FILTER StressFilter = {.BadRead = MAXULONGLONG, .BadWrite = MAXULONGLONG};
static PDEVICE_OBJECT Filter, Below, Disk;

PVOID StressObject(PCWSTR Name, POBJECT_TYPE Type)
{
    UNICODE_STRING String;
    PVOID Object;

    RtlInitUnicodeString(&String, Name);
    return NT_SUCCESS(ObReferenceObjectByName(&String, OBJ_CASE_INSENSITIVE, NULL, 0, Type, KernelMode, NULL, &Object))
               ? Object : NULL;
}

static BOOLEAN Touches(PIO_STACK_LOCATION Stack, ULONG64 Page)
{
    ULONG64 Start = (ULONG64)Stack->Parameters.Read.ByteOffset.QuadPart;    /* Write has the same layout */

    return Page != MAXULONGLONG && Page >= Start && Page < Start + Stack->Parameters.Read.Length;
}

/* IRQL: <= DISPATCH_LEVEL. */
static BOOLEAN ShallFail(PIO_STACK_LOCATION Stack)
{
    ULONG64 Start = (ULONG64)Stack->Parameters.Read.ByteOffset.QuadPart;

    if ((Stack->MajorFunction == IRP_MJ_WRITE || StressFilter.Watched == KeGetCurrentThread()) &&
        InterlockedDecrement(&StressFilter.Ordinal) == 0) {
        return TRUE;
    }
    if (Stack->MajorFunction == IRP_MJ_WRITE) {
        if (Stack->Parameters.Write.Length > PAGE_SIZE && InterlockedExchange(&StressFilter.SpoilWrite, 0) != 0) {
            StressFilter.BadWrite = Start + PAGE_SIZE;
        }
        return Touches(Stack, StressFilter.BadWrite) || InterlockedDecrement(&StressFilter.FailWrites) >= 0;
    }
    if (StressFilter.Watched == KeGetCurrentThread()) {
        StressFilter.LastRead = Start;
        if (Touches(Stack, StressFilter.BadRead)) {
            return TRUE;
        }
    }
    return StressFilter.FailReadsOf == KeGetCurrentThread();
}

/* IRQL: <= DISPATCH_LEVEL, on the path that resolves page faults: nothing here is pageable. */
static NTSTATUS FilterTransfer(PDEVICE_OBJECT Device, PIRP Irp)
{
    UCHAR Major = IoGetCurrentIrpStackLocation(Irp)->MajorFunction;

    if (Major == IRP_MJ_READ) {
        StressFilter.ReadLevel = KeGetCurrentIrql();
    }
    if (Device != Filter || !ShallFail(IoGetCurrentIrpStackLocation(Irp))) {
        IoSkipCurrentIrpStackLocation(Irp);
        return IoCallDriver(Below, Irp);
    }
    InterlockedIncrement(&StressFilter.Failed);
    Irp->IoStatus.Status = STATUS_IO_DEVICE_ERROR;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_IO_DEVICE_ERROR;
}

static VOID StressCalmFilter(VOID)
{
    StressFilter.FailWrites = 0;
    StressFilter.FailReadsOf = StressFilter.Watched = NULL;
    StressFilter.BadRead = StressFilter.BadWrite = MAXULONGLONG;
    StressFilter.SpoilWrite = 0;
    StressFilter.Ordinal = 0;
}

BOOLEAN StressAttachFilter(VOID)
{
    PDEVICE_OBJECT Mine = StressObject(TestDeviceName, *IoDeviceObjectType);
    NTSTATUS Status = STATUS_NO_SUCH_DEVICE;

    /* Where the paging file is: there is no ramdisk when it is on a disk. */
    Disk = StressObject(L"\\Device\\RamDisk0", *IoDeviceObjectType);
    if (Disk == NULL) {
        Disk = StressObject(L"\\Device\\Disk0", *IoDeviceObjectType);
    }
    StressCalmFilter();
    StressFilter.Failed = 0;
    if (EXPECT(Mine != NULL) && EXPECT(Disk != NULL)) {
        Mine->DriverObject->MajorFunction[IRP_MJ_READ] = FilterTransfer;
        Mine->DriverObject->MajorFunction[IRP_MJ_WRITE] = FilterTransfer;
        Status = IoCreateDevice(Mine->DriverObject, 0, NULL, FILE_DEVICE_DISK, 0, FALSE, &Filter);
        EXPECT_STATUS(Status, STATUS_SUCCESS);
    }
    if (NT_SUCCESS(Status)) {
        Filter->Flags |= DO_DIRECT_IO;
        Filter->Flags &= ~DO_DEVICE_INITIALIZING;
        Status = IoAttachDeviceToDeviceStackSafe(Filter, Disk, &Below);
        EXPECT_STATUS(Status, STATUS_SUCCESS);
        if (!NT_SUCCESS(Status)) {
            IoDeleteDevice(Filter);
        }
    }
    if (!NT_SUCCESS(Status) && Disk != NULL) {
        ObDereferenceObject(Disk);
    }
    if (Mine != NULL) {
        ObDereferenceObject(Mine);
    }
    return NT_SUCCESS(Status);
}

/* A request that is on its way through the filter has 50 ms to leave it: the disk answers at once. */
VOID StressDetachFilter(VOID)
{
    LARGE_INTEGER Pause = {.QuadPart = -10000 * 50};

    StressCalmFilter();
    IoDetachDevice(Below);
    KeDelayExecutionThread(KernelMode, FALSE, &Pause);
    IoDeleteDevice(Filter);
    ObDereferenceObject(Disk);
}
