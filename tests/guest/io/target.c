/* The target device. */
#include "target.h"

TEST_SUITE(io, "1 2 4");

/* The device extension. */
typedef struct _TARGET {
    TARGET_ROUTINE *Routine;
} TARGET, *PTARGET;

/* The table of the test library's driver as it was, while there is a target. */
static PDRIVER_DISPATCH SavedRoutines[IRP_MJ_MAXIMUM_FUNCTION + 1];
static ULONG Targets;

static BOOLEAN IsTarget(PDEVICE_OBJECT Device)
{
    return Device->DeviceType == FILE_DEVICE_UNKNOWN;
}

/* In every slot but create and close while there is a target. */
static NTSTATUS TargetDispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    ULONG Major = IoGetCurrentIrpStackLocation(Irp)->MajorFunction;

    if (!IsTarget(Device) || ((PTARGET)Device->DeviceExtension)->Routine == NULL) {
        return SavedRoutines[Major](Device, Irp);
    }
    return ((PTARGET)Device->DeviceExtension)->Routine(Device, Irp);
}

static PDRIVER_OBJECT OwnDriver(VOID)
{
    UNICODE_STRING Name;
    PFILE_OBJECT File;
    PDEVICE_OBJECT Device;
    PDRIVER_OBJECT Driver;

    RtlInitUnicodeString(&Name, TestDeviceName);
    if (!NT_SUCCESS(IoGetDeviceObjectPointer(&Name, FILE_READ_ATTRIBUTES, &File, &Device))) {
        return NULL;
    }
    Driver = Device->DriverObject;
    ObDereferenceObject(File);
    return Driver;
}

PDEVICE_OBJECT TargetCreate(PCWSTR Name, ULONG Flags, BOOLEAN Exclusive, TARGET_ROUTINE *Routine)
{
    PDRIVER_OBJECT Driver = OwnDriver();
    UNICODE_STRING DeviceName;
    PDEVICE_OBJECT Device = NULL;

    if (!EXPECT(Driver != NULL)) {
        return NULL;
    }
    RtlInitUnicodeString(&DeviceName, Name);
    if (!EXPECT_STATUS(IoCreateDevice(Driver, sizeof(TARGET), Name != NULL ? &DeviceName : NULL, FILE_DEVICE_UNKNOWN, 0,
                                      Exclusive, &Device), STATUS_SUCCESS)) {
        return NULL;
    }
    if (Targets++ == 0) {
        for (ULONG Major = 0; Major <= IRP_MJ_MAXIMUM_FUNCTION; Major++) {
            SavedRoutines[Major] = Driver->MajorFunction[Major];
            if (Major != IRP_MJ_CREATE && Major != IRP_MJ_CLOSE) {
                Driver->MajorFunction[Major] = TargetDispatch;
            }
        }
    }
    ((PTARGET)Device->DeviceExtension)->Routine = Routine;
    Device->Flags |= Flags;
    Device->Flags &= ~DO_DEVICE_INITIALIZING;
    return Device;
}

VOID TargetDelete(PDEVICE_OBJECT Device)
{
    PDRIVER_OBJECT Driver = Device->DriverObject;

    if (--Targets == 0) {
        for (ULONG Major = 0; Major <= IRP_MJ_MAXIMUM_FUNCTION; Major++) {
            Driver->MajorFunction[Major] = SavedRoutines[Major];
        }
    }
    IoDeleteDevice(Device);
}

NTSTATUS TargetComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS TargetOpen(PCWSTR Name, ULONG Options, PHANDLE Handle)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Iosb;
    UNICODE_STRING FileName;

    RtlInitUnicodeString(&FileName, Name);
    InitializeObjectAttributes(&Attributes, &FileName, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    return ZwOpenFile(Handle, FILE_GENERIC_READ | FILE_GENERIC_WRITE, &Attributes, &Iosb,
                      FILE_SHARE_READ | FILE_SHARE_WRITE, Options);
}
