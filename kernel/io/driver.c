/*
 * Driver objects: made by the loader, started by DriverEntry, ended by DriverUnload.
 */
#include "io/iop.h"

POBJECT_TYPE IopDriverObjectType;
POBJECT_TYPE *IoDriverObjectType = &IopDriverObjectType;
NT_EXPORT(IoDriverObjectType);

/* The body of a driver object. */
typedef struct _IOP_DRIVER {
    DRIVER_OBJECT Driver;
    DRIVER_EXTENSION Extension;
    LIST_ENTRY ListLink;                /* IopDriverList */
} IOP_DRIVER, *PIOP_DRIVER;

/* Every driver object that has an image. Database lock. */
static LIST_ENTRY IopDriverList = {&IopDriverList, &IopDriverList};

INIT_CODE NTSTATUS IopCreateDriverType(VOID)
{
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .GenericMapping = {STANDARD_RIGHTS_READ | 1, STANDARD_RIGHTS_WRITE, STANDARD_RIGHTS_EXECUTE,
                           STANDARD_RIGHTS_REQUIRED | 1},
        .ValidAccessMask = STANDARD_RIGHTS_REQUIRED | 1,
    };
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, L"Driver");
    return ObCreateObjectType(&Name, &Initializer, NULL, &IopDriverObjectType);
}

NTSTATUS IopInvalidDeviceRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

static VOID IopResetDispatch(PDRIVER_OBJECT Driver)
{
    for (ULONG I = 0; I <= IRP_MJ_MAXIMUM_FUNCTION; I++) {
        Driver->MajorFunction[I] = IopInvalidDeviceRequest;
    }
}

NTSTATUS IoCreateDriverObject(PCSTR Name, PVOID Start, ULONG Size, PVOID Section, PDRIVER_INITIALIZE Entry,
                              PDRIVER_OBJECT *DriverObject)
{
    WCHAR Path[80];
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING FullName;
    PIOP_DRIVER New;
    NTSTATUS Status;
    KIRQL Irql;

    PAGED_CODE();
    if (_snwprintf(Path, ARRAYSIZE(Path) - 1, L"\\Driver\\%S", Name) < 0) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    Path[ARRAYSIZE(Path) - 1] = UNICODE_NULL;
    RtlInitUnicodeString(&FullName, Path);
    InitializeObjectAttributes(&Attributes, &FullName, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, NULL, NULL);
    Status = ObCreateObject(KernelMode, IopDriverObjectType, &Attributes, KernelMode, NULL, sizeof(*New), 0, 0,
                            (PVOID *)&New);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    New->Driver.Type = IO_TYPE_DRIVER;
    New->Driver.Size = sizeof(DRIVER_OBJECT);
    New->Driver.DriverStart = Start;
    New->Driver.DriverSize = Size;
    New->Driver.DriverSection = Section;
    New->Driver.DriverInit = Entry;
    New->Driver.DriverExtension = &New->Extension;
    New->Extension.DriverObject = &New->Driver;
    IopResetDispatch(&New->Driver);
    Status = ObInsertObject(New, NULL, 0, 0, (PVOID *)DriverObject, NULL);
    if (NT_SUCCESS(Status)) {
        /* The name lives as long as the object, in its header. */
        New->Driver.DriverName = *ObQueryObjectPath(New);
        New->Extension.ServiceKeyName = *ObQueryObjectName(New);
        KeAcquireSpinLock(&IopDatabaseLock, &Irql);
        InsertTailList(&IopDriverList, &New->ListLink);
        KeReleaseSpinLock(&IopDatabaseLock, Irql);
    }
    return Status;
}

VOID IopDriverNameAt(PVOID Address, PCHAR Name, SIZE_T Size)
{
    PIOP_DRIVER Found = NULL;
    KIRQL Irql;

    KeAcquireSpinLock(&IopDatabaseLock, &Irql);
    for (PLIST_ENTRY Entry = IopDriverList.Flink; Entry != &IopDriverList && Found == NULL; Entry = Entry->Flink) {
        PIOP_DRIVER Driver = CONTAINING_RECORD(Entry, IOP_DRIVER, ListLink);
        if ((ULONG_PTR)Address - (ULONG_PTR)Driver->Driver.DriverStart < Driver->Driver.DriverSize) {
            Found = Driver;
            ObReferenceObject(Found);
        }
    }
    KeReleaseSpinLock(&IopDatabaseLock, Irql);
    if (Found == NULL) {
        _snprintf(Name, Size, "tidepool");
    } else {
        _snprintf(Name, Size, "%wZ", &Found->Extension.ServiceKeyName);
        ObDereferenceObject(Found);
    }
    Name[Size - 1] = '\0';
}

/* Names and deletes what a driver has left behind; then nothing of its code is called any more. */
static VOID IopCleanUpDriver(PDRIVER_OBJECT Driver, PCSTR When)
{
    PIOP_DRIVER Body = CONTAINING_RECORD(Driver, IOP_DRIVER, Driver);
    CHAR Name[64];
    PDEVICE_OBJECT Device;
    KIRQL Irql;

    while ((Device = Driver->DeviceObject) != NULL) {
        DbgPrint("io: %wZ left its device %s behind %s: deleted for it; IoDeleteDevice is the driver's to call\n",
                 &Driver->DriverName, IopDeviceName(Device, Name, sizeof(Name)), When);
        IoDeleteDevice(Device);
    }
    IopDisconnectDriver(&Driver->DriverName, Driver->DriverStart, Driver->DriverSize);
    IopResetDispatch(Driver);
    Driver->DriverUnload = NULL;
    Driver->DriverStartIo = NULL;
    Driver->DriverExtension->AddDevice = NULL;
    /* A DPC that the driver queued last may still run. */
    KeFlushQueuedDpcs();
    KeAcquireSpinLock(&IopDatabaseLock, &Irql);
    RemoveEntryList(&Body->ListLink);
    KeReleaseSpinLock(&IopDatabaseLock, Irql);
    ObMakeTemporaryObject(Driver);
    ObDereferenceObject(Driver);
}

/* Where the documentation puts a driver's key; valid during DriverEntry, as documented. */
#define IOP_SERVICES_KEY L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

NTSTATUS IoInitializeDriver(PDRIVER_OBJECT DriverObject)
{
    WCHAR Path[ARRAYSIZE(IOP_SERVICES_KEY) + 32];
    UNICODE_STRING RegistryPath;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;
    KIRQL Irql;

    PAGED_CODE();
    RtlInitEmptyUnicodeString(&RegistryPath, Path, sizeof(Path));
    RtlAppendUnicodeToString(&RegistryPath, IOP_SERVICES_KEY);
    Status = RtlAppendUnicodeStringToString(&RegistryPath, &DriverObject->DriverExtension->ServiceKeyName);
    if (NT_SUCCESS(Status)) {
        Status = DriverObject->DriverInit(DriverObject, &RegistryPath);
    }
    if (KeGetCurrentIrql() != PASSIVE_LEVEL) {
        KiBugCheck(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)DriverObject->DriverInit, KeGetCurrentIrql(), 0, 0, NULL,
                   "DriverEntry of %wZ returned at IRQL %u; it was called at PASSIVE_LEVEL and returns there",
                   &DriverObject->DriverName, KeGetCurrentIrql());
    }
    if (!NT_SUCCESS(Status)) {
        IopCleanUpDriver(DriverObject, "when its DriverEntry failed");
        return Status;
    }
    /* A slot that the driver set to NULL is as good as one that it did not set. */
    for (ULONG I = 0; I <= IRP_MJ_MAXIMUM_FUNCTION; I++) {
        if (DriverObject->MajorFunction[I] == NULL) {
            DriverObject->MajorFunction[I] = IopInvalidDeviceRequest;
        }
    }
    DriverObject->DriverInit = NULL;        /* it is in INIT, which is about to go */
    KeAcquireSpinLock(&IopDatabaseLock, &Irql);
    DriverObject->Flags |= DRVO_INITIALIZED;
    for (Device = DriverObject->DeviceObject; Device != NULL; Device = Device->NextDevice) {
        Device->Flags &= ~DO_DEVICE_INITIALIZING;
    }
    KeReleaseSpinLock(&IopDatabaseLock, Irql);
    return STATUS_SUCCESS;
}

/*
 * Closes the driver's devices to new files, if nobody is using them. The busy one is named.
 */
static NTSTATUS IopBeginUnload(PDRIVER_OBJECT Driver)
{
    PDEVICE_OBJECT Device, Busy = NULL;
    BOOLEAN Attached = FALSE;
    CHAR Name[64];
    KIRQL Irql;
    LONG Files = 0;

    KeAcquireSpinLock(&IopDatabaseLock, &Irql);
    for (Device = Driver->DeviceObject; Device != NULL && Busy == NULL; Device = Device->NextDevice) {
        if (Device->ReferenceCount != 0 || Device->AttachedDevice != NULL) {
            Busy = Device;
            Files = Device->ReferenceCount;
            Attached = Device->AttachedDevice != NULL;
            ObReferenceObject(Busy);
        }
    }
    if (Busy == NULL) {
        Driver->Flags |= DRVO_UNLOAD_INVOKED;
    }
    KeReleaseSpinLock(&IopDatabaseLock, Irql);
    if (Busy == NULL) {
        return STATUS_SUCCESS;
    }
    DbgPrint("io: %wZ cannot be unloaded: %d file(s) open on its device %s%s; close them first\n", &Driver->DriverName,
             Files, IopDeviceName(Busy, Name, sizeof(Name)), Attached ? ", and another driver is attached to it" : "");
    ObDereferenceObject(Busy);
    return STATUS_DEVICE_BUSY;
}

NTSTATUS IoUnloadDriver(PDRIVER_OBJECT DriverObject)
{
    NTSTATUS Status;

    PAGED_CODE();
    if (DriverObject->DriverUnload == NULL) {
        DbgPrint("io: %wZ cannot be unloaded: it has no DriverUnload routine\n", &DriverObject->DriverName);
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    Status = IopBeginUnload(DriverObject);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    DriverObject->DriverUnload(DriverObject);
    IopCleanUpDriver(DriverObject, "when it was unloaded");
    return STATUS_SUCCESS;
}
