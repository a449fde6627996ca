/*
 * Device stacks: attaching a device above another, and finding the top, where requests enter.
 */
#include "io/iop.h"

/* Database lock held. */
static PDEVICE_OBJECT IopTop(PDEVICE_OBJECT Device)
{
    while (Device->AttachedDevice != NULL) {
        Device = Device->AttachedDevice;
    }
    return Device;
}

/* IRQL: <= DISPATCH_LEVEL. */
PDEVICE_OBJECT IoGetAttachedDevice(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_OBJECT Top = DeviceObject;

    /* Most stacks have one device: no lock to see that. */
    if (DeviceObject->AttachedDevice != NULL) {
        KIRQL Irql;
        KeAcquireSpinLock(&IopDatabaseLock, &Irql);
        Top = IopTop(DeviceObject);
        KeReleaseSpinLock(&IopDatabaseLock, Irql);
    }
    return Top;
}
NT_EXPORT(IoGetAttachedDevice);

/* IRQL: <= DISPATCH_LEVEL. The caller dereferences it. */
PDEVICE_OBJECT IoGetAttachedDeviceReference(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_OBJECT Top;
    KIRQL Irql;

    KeAcquireSpinLock(&IopDatabaseLock, &Irql);
    Top = IopTop(DeviceObject);
    ObReferenceObject(Top);
    KeReleaseSpinLock(&IopDatabaseLock, Irql);
    return Top;
}
NT_EXPORT(IoGetAttachedDeviceReference);

/* The device below, referenced, or NULL. IRQL: <= DISPATCH_LEVEL. */
PDEVICE_OBJECT IoGetLowerDeviceObject(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_OBJECT Lower;
    KIRQL Irql;

    KeAcquireSpinLock(&IopDatabaseLock, &Irql);
    Lower = IopDeviceExtension(DeviceObject)->AttachedTo;
    if (Lower != NULL) {
        ObReferenceObject(Lower);
    }
    KeReleaseSpinLock(&IopDatabaseLock, Irql);
    return Lower;
}
NT_EXPORT(IoGetLowerDeviceObject);

/* Where requests for an open file go. IRQL: <= DISPATCH_LEVEL. */
PDEVICE_OBJECT IoGetRelatedDeviceObject(PFILE_OBJECT FileObject)
{
    return IoGetAttachedDevice(FileObject->DeviceObject);
}
NT_EXPORT(IoGetRelatedDeviceObject);

/*
 * Puts SourceDevice on top of TargetDevice's stack; *AttachedToDeviceObject is what was the top, where SourceDevice's
 * driver sends its requests on to, and is set before the first request can come. STATUS_NO_SUCH_DEVICE: the stack is
 * going or not ready. IRQL: <= DISPATCH_LEVEL.
 */
NTSTATUS IoAttachDeviceToDeviceStackSafe(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice,
                                         PDEVICE_OBJECT *AttachedToDeviceObject)
{
    NTSTATUS Status = STATUS_SUCCESS;
    PDEVICE_OBJECT Top;
    KIRQL Irql;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    KeAcquireSpinLock(&IopDatabaseLock, &Irql);
    Top = IopTop(TargetDevice);
    if ((Top->Flags & DO_DEVICE_INITIALIZING) != 0 || IopDeviceExtension(Top)->DeletePending ||
        (Top->DriverObject->Flags & DRVO_UNLOAD_INVOKED) != 0 || Top->StackSize == MAXCHAR - 1) {
        Status = STATUS_NO_SUCH_DEVICE;
    } else {
        *AttachedToDeviceObject = Top;
        IopDeviceExtension(SourceDevice)->AttachedTo = Top;
        SourceDevice->StackSize = (CCHAR)(Top->StackSize + 1);
        SourceDevice->AlignmentRequirement = Top->AlignmentRequirement;
        SourceDevice->SectorSize = Top->SectorSize;
        Top->AttachedDevice = SourceDevice;
    }
    KeReleaseSpinLock(&IopDatabaseLock, Irql);
    return Status;
}
NT_EXPORT(IoAttachDeviceToDeviceStackSafe);

PDEVICE_OBJECT IoAttachDeviceToDeviceStack(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice)
{
    PDEVICE_OBJECT Below = NULL;

    IoAttachDeviceToDeviceStackSafe(SourceDevice, TargetDevice, &Below);
    return Below;
}
NT_EXPORT(IoAttachDeviceToDeviceStack);

/* Takes off what is attached to TargetDevice. IRQL: <= DISPATCH_LEVEL. */
VOID IoDetachDevice(PDEVICE_OBJECT TargetDevice)
{
    KIRQL Irql;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    KeAcquireSpinLock(&IopDatabaseLock, &Irql);
    if (TargetDevice->AttachedDevice != NULL) {
        IopDeviceExtension(TargetDevice->AttachedDevice)->AttachedTo = NULL;
        TargetDevice->AttachedDevice = NULL;
    }
    KeReleaseSpinLock(&IopDatabaseLock, Irql);
}
NT_EXPORT(IoDetachDevice);

/* The same by name ("IoAttachDevice"). IRQL: PASSIVE_LEVEL. */
NTSTATUS IoAttachDevice(PDEVICE_OBJECT SourceDevice, PUNICODE_STRING TargetDevice, PDEVICE_OBJECT *AttachedDevice)
{
    PDEVICE_OBJECT Target;
    PFILE_OBJECT File;
    NTSTATUS Status = IoGetDeviceObjectPointer(TargetDevice, FILE_READ_ATTRIBUTES, &File, &Target);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = IoAttachDeviceToDeviceStackSafe(SourceDevice, Target, AttachedDevice);
    ObDereferenceObject(File);
    return Status;
}
NT_EXPORT(IoAttachDevice);
