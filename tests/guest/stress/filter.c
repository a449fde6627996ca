/*
 * A filter on the paging device that lets requests fail when a case asks for it. It adds no stack location (IoSkip...), since
 * the pager's requests were made before it came.
 */
#include "stress.h"

NTSTATUS ObReferenceObjectByName(PUNICODE_STRING ObjectName, ULONG Attributes, PVOID AccessState,
                                 ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                 PVOID Context, PVOID *Object);

STRESS_FILTER StressFilter;
static PDEVICE_OBJECT Filter, Below, Disk;

PVOID StressObject(PCWSTR Name, POBJECT_TYPE Type)
{
    UNICODE_STRING String;
    PVOID Object;

    RtlInitUnicodeString(&String, Name);
    return NT_SUCCESS(ObReferenceObjectByName(&String, OBJ_CASE_INSENSITIVE, NULL, 0, Type, KernelMode, NULL, &Object))
               ? Object : NULL;
}

/* IRQL: <= DISPATCH_LEVEL, on the path that resolves page faults: nothing here is pageable. */
static NTSTATUS FilterTransfer(PDEVICE_OBJECT Device, PIRP Irp)
{
    UCHAR Major = IoGetCurrentIrpStackLocation(Irp)->MajorFunction;
    BOOLEAN Fail = Major == IRP_MJ_WRITE ? InterlockedDecrement(&StressFilter.FailWrites) >= 0
                                         : StressFilter.FailReadsOf == KeGetCurrentThread();

    if (Major == IRP_MJ_READ) {
        StressFilter.ReadLevel = KeGetCurrentIrql();
    }
    if (Device != Filter || !Fail) {
        IoSkipCurrentIrpStackLocation(Irp);
        return IoCallDriver(Below, Irp);
    }
    InterlockedIncrement(&StressFilter.Failed);
    Irp->IoStatus.Status = STATUS_IO_DEVICE_ERROR;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_IO_DEVICE_ERROR;
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
    StressFilter.FailWrites = 0;
    StressFilter.FailReadsOf = NULL;
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

    StressFilter.FailWrites = 0;
    StressFilter.FailReadsOf = NULL;
    IoDetachDevice(Below);
    KeDelayExecutionThread(KernelMode, FALSE, &Pause);
    IoDeleteDevice(Filter);
    ObDereferenceObject(Disk);
}
