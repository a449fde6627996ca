/*
 * File objects: an open of a device, or of a file behind it. Opening, closing, and taking turns on a synchronous file.
 *
 * Opening comes from Ob, which found a device (or an open folder) on the way along a path and hands over the rest of
 * the path. IRP_MJ_CLEANUP is sent when the last handle is closed, IRP_MJ_CLOSE when the last reference is dropped; a
 * file that never had a handle gets both at its end.
 */
#include "io/iop.h"

POBJECT_TYPE IopFileObjectType;
POBJECT_TYPE *IoFileObjectType = &IopFileObjectType;
NT_EXPORT(IoFileObjectType);

/* Sends a request without parameters: cleanup or close. Nothing that the driver answers changes what happens next. */
static VOID IopSendPlain(PFILE_OBJECT File, UCHAR Major)
{
    PDEVICE_OBJECT Device = IoGetRelatedDeviceObject(File);
    LARGE_INTEGER Interval = {.QuadPart = -100000};         /* 10 ms */
    PIO_STACK_LOCATION Stack;
    PIRP Irp;

    /* A driver must learn of the end, so this does not fail: it waits for memory. */
    while ((Irp = IoAllocateIrp(Device->StackSize, FALSE)) == NULL) {
        KeDelayExecutionThread(KernelMode, FALSE, &Interval);
    }
    Irp->Flags = IRP_SYNCHRONOUS_API | (Major == IRP_MJ_CLOSE ? IRP_CLOSE_OPERATION : 0);
    Irp->Tail.Overlay.Thread = PsGetCurrentThread();
    Irp->Tail.Overlay.OriginalFileObject = File;
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MajorFunction = Major;
    Stack->FileObject = File;
    IopCallAndWait(Device, Irp, KernelMode);
    IoFreeIrp(Irp);
}

/* Type's close procedure. */
static VOID IopCloseFile(PEPROCESS Process, PVOID Object, ACCESS_MASK GrantedAccess, ULONG ProcessHandleCount,
                         ULONG SystemHandleCount)
{
    PFILE_OBJECT File = Object;

    UNREFERENCED_PARAMETER(Process);
    UNREFERENCED_PARAMETER(GrantedAccess);
    UNREFERENCED_PARAMETER(ProcessHandleCount);
    /* Not under the file's turn: a read that waits for ever holds that, and this is what ends it. */
    if (SystemHandleCount == 1 && File->DeviceObject != NULL) {
        KIRQL Irql;
        KeAcquireSpinLock(&File->IrpListLock, &Irql);
        File->Flags |= FO_CLEANUP_COMPLETE;
        KeReleaseSpinLock(&File->IrpListLock, Irql);
        IopSendPlain(File, IRP_MJ_CLEANUP);
        /* A request that was on its way to the driver and came after the cleanup would wait for ever. */
        IopCancelList(&File->IrpListLock, &File->IrpList);
    }
}

/* Type's delete procedure. DeviceObject is NULL when the create failed: then the driver knows nothing of the file. */
static VOID IopDeleteFile(PVOID Object)
{
    PFILE_OBJECT File = Object;

    if (File->DeviceObject != NULL) {
        if ((File->Flags & FO_CLEANUP_COMPLETE) == 0) {
            IopSendPlain(File, IRP_MJ_CLEANUP);
        }
        IopSendPlain(File, IRP_MJ_CLOSE);
        IopCloseDevice(File->DeviceObject);
    }
    if (File->RelatedFileObject != NULL) {
        ObDereferenceObject(File->RelatedFileObject);
    }
    if (File->FileName.Buffer != NULL) {
        ExFreePoolWithTag(File->FileName.Buffer, IOP_TAG);
    }
}

INIT_CODE NTSTATUS IopCreateFileType(VOID)
{
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .Waitable = TRUE,
        .WaitOffset = offsetof(FILE_OBJECT, Event),
        .GenericMapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE,
                           STANDARD_RIGHTS_EXECUTE | FILE_READ_ATTRIBUTES | FILE_EXECUTE | SYNCHRONIZE,
                           FILE_ALL_ACCESS},
        .ValidAccessMask = FILE_ALL_ACCESS,
        .CloseProcedure = IopCloseFile,
        .DeleteProcedure = IopDeleteFile,
        .ParseProcedure = IopParseFile,
    };
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, L"File");
    return ObCreateObjectType(&Name, &Initializer, NULL, &IopFileObjectType);
}

/* A file object that belongs to no device yet. */
static NTSTATUS IopMakeFile(PUNICODE_STRING Name, PFILE_OBJECT Related, PIOP_OPEN Open, PFILE_OBJECT *NewFile)
{
    PFILE_OBJECT File;
    NTSTATUS Status = ObCreateObject(KernelMode, IopFileObjectType, NULL, KernelMode, NULL, sizeof(*File), 0, 0,
                                     (PVOID *)&File);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    File->Type = IO_TYPE_FILE;
    File->Size = sizeof(*File);
    KeInitializeEvent(&File->Lock, SynchronizationEvent, FALSE);
    KeInitializeEvent(&File->Event, NotificationEvent, FALSE);
    KeInitializeSpinLock(&File->IrpListLock);
    InitializeListHead(&File->IrpList);
    if ((Open->CreateOptions & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) != 0) {
        File->Flags |= FO_SYNCHRONOUS_IO;
    }
    if (Name->Length != 0) {
        File->FileName.Buffer = ExAllocatePoolWithTag(NonPagedPool, Name->Length + sizeof(WCHAR), IOP_TAG);
        if (File->FileName.Buffer == NULL) {
            ObDereferenceObject(File);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        RtlCopyMemory(File->FileName.Buffer, Name->Buffer, Name->Length);
        File->FileName.Buffer[Name->Length / sizeof(WCHAR)] = UNICODE_NULL;
        File->FileName.Length = Name->Length;
        File->FileName.MaximumLength = (USHORT)(Name->Length + sizeof(WCHAR));
    }
    if (Related != NULL) {
        ObReferenceObject(Related);
        File->RelatedFileObject = Related;
    }
    *NewFile = File;
    return STATUS_SUCCESS;
}

/* IRP_MJ_CREATE for a file whose DeviceObject is set. Returns the driver's status. */
static NTSTATUS IopSendCreate(PFILE_OBJECT File, PACCESS_STATE AccessState, KPROCESSOR_MODE Mode, PIOP_OPEN Open)
{
    PDEVICE_OBJECT Device = IoGetRelatedDeviceObject(File);
    IO_SECURITY_CONTEXT Security = {.AccessState = AccessState, .DesiredAccess = AccessState->RemainingDesiredAccess,
                                    .FullCreateOptions = Open->CreateOptions};
    PIRP Irp = IoAllocateIrp(Device->StackSize, FALSE);
    PIO_STACK_LOCATION Stack;
    NTSTATUS Status;

    if (Irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Irp->Flags = IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
    Irp->RequestorMode = Mode;
    Irp->Tail.Overlay.Thread = PsGetCurrentThread();
    Irp->Tail.Overlay.OriginalFileObject = File;
    Irp->Overlay.AllocationSize = Open->AllocationSize;
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MajorFunction = IRP_MJ_CREATE;
    Stack->FileObject = File;
    Stack->Parameters.Create.SecurityContext = &Security;
    Stack->Parameters.Create.Options = Open->Disposition << 24 | (Open->CreateOptions & 0x00FFFFFF);
    Stack->Parameters.Create.FileAttributes = (USHORT)Open->FileAttributes;
    Stack->Parameters.Create.ShareAccess = (USHORT)Open->ShareAccess;
    Status = IopCallAndWait(Device, Irp, Mode);
    Open->Information = Irp->IoStatus.Information;
    IoFreeIrp(Irp);
    return Status;
}

/* Opens Name on Device; Related is the open folder that the name starts from, or NULL. */
static NTSTATUS IopOpen(PDEVICE_OBJECT Device, PFILE_OBJECT Related, PUNICODE_STRING Name, PACCESS_STATE AccessState,
                        KPROCESSOR_MODE Mode, PIOP_OPEN Open, PVOID *Object)
{
    ACCESS_MASK Access = AccessState->RemainingDesiredAccess;
    PFILE_OBJECT File;
    NTSTATUS Status = IopMakeFile(Name, Related, Open, &File);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = IopOpenDevice(Device);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(File);
        return Status;
    }
    File->DeviceObject = Device;
    File->ReadAccess = (Access & (FILE_READ_DATA | FILE_EXECUTE)) != 0;
    File->WriteAccess = (Access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    File->DeleteAccess = (Access & DELETE) != 0;
    Status = IopSendCreate(File, AccessState, Mode, Open);
    if (!NT_SUCCESS(Status)) {
        File->DeviceObject = NULL;          /* no cleanup, no close: the driver did not open it */
        IopCloseDevice(Device);
        ObDereferenceObject(File);
        return Status;
    }
    File->Flags |= FO_FILE_OPEN;
    Open->File = File;
    *Object = File;
    return STATUS_SUCCESS;
}

/* Only Io's own opens go through a device: another object type, or a stranger's context, finds nothing there. */
static BOOLEAN IopIsOpen(POBJECT_TYPE ObjectType, PIOP_OPEN Open)
{
    return ObjectType == IopFileObjectType && Open != NULL && Open->Mark == IOP_OPEN_MARK;
}

NTSTATUS IopParseDevice(PVOID ParseObject, POBJECT_TYPE ObjectType, PACCESS_STATE AccessState,
                        KPROCESSOR_MODE AccessMode, ULONG Attributes, PUNICODE_STRING CompleteName,
                        PUNICODE_STRING RemainingName, PVOID Context, PVOID SecurityQos, PVOID *Object)
{
    UNREFERENCED_PARAMETER(Attributes);
    UNREFERENCED_PARAMETER(CompleteName);
    UNREFERENCED_PARAMETER(SecurityQos);
    if (!IopIsOpen(ObjectType, Context)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    return IopOpen(ParseObject, NULL, RemainingName, AccessState, AccessMode, Context, Object);
}

NTSTATUS IopParseFile(PVOID ParseObject, POBJECT_TYPE ObjectType, PACCESS_STATE AccessState,
                      KPROCESSOR_MODE AccessMode, ULONG Attributes, PUNICODE_STRING CompleteName,
                      PUNICODE_STRING RemainingName, PVOID Context, PVOID SecurityQos, PVOID *Object)
{
    PFILE_OBJECT Related = ParseObject;

    UNREFERENCED_PARAMETER(Attributes);
    UNREFERENCED_PARAMETER(CompleteName);
    UNREFERENCED_PARAMETER(SecurityQos);
    if (!IopIsOpen(ObjectType, Context)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    return IopOpen(Related->DeviceObject, Related, RemainingName, AccessState, AccessMode, Context, Object);
}

NTSTATUS IopLockFile(PFILE_OBJECT File, KPROCESSOR_MODE Mode)
{
    NTSTATUS Status;

    if (InterlockedExchange(&File->Busy, TRUE) == FALSE) {
        return STATUS_SUCCESS;
    }
    InterlockedIncrement(&File->Waiters);
    /* Who unlocks sets the event when it sees a waiter, so each look at Busy comes after the count. */
    do {
        if (InterlockedExchange(&File->Busy, TRUE) == FALSE) {
            Status = STATUS_SUCCESS;
            break;
        }
        Status = KeWaitForSingleObject(&File->Lock, Executive, Mode, FALSE, NULL);
    } while (Status == STATUS_SUCCESS);
    InterlockedDecrement(&File->Waiters);
    return Status;
}

VOID IopUnlockFile(PFILE_OBJECT File)
{
    InterlockedExchange(&File->Busy, FALSE);
    if (ReadAcquire(&File->Waiters) != 0) {
        KeSetEvent(&File->Lock, IO_NO_INCREMENT, FALSE);
    }
}
