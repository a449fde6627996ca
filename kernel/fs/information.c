/* IRP_MJ_QUERY_INFORMATION and IRP_MJ_SET_INFORMATION. Io has checked class and length of what programs ask. */
#include "fs/fsp.h"

static PAGED_CODE_SECTION VOID FspFillBasic(PFSP_NODE Node, PFILE_BASIC_INFORMATION Basic)
{
    Basic->CreationTime = Node->CreationTime;
    Basic->LastAccessTime = Node->LastWriteTime;    /* reads leave no trace */
    Basic->LastWriteTime = Node->LastWriteTime;
    Basic->ChangeTime = Node->LastWriteTime;
    Basic->FileAttributes = Node->Folder ? FILE_ATTRIBUTE_DIRECTORY : FILE_ATTRIBUTE_NORMAL;
}

static PAGED_CODE_SECTION VOID FspFillStandard(PFSP_FCB Fcb, PFILE_STANDARD_INFORMATION Standard)
{
    Standard->AllocationSize.QuadPart = (LONGLONG)(FspAllocationSize(Fcb->Node));
    Standard->EndOfFile.QuadPart = (LONGLONG)Fcb->Node->Size;
    Standard->NumberOfLinks = Fcb->Node->Parent != NULL || Fcb->Node == FspRoot;
    Standard->DeletePending = Fcb->DeletePending;
    Standard->Directory = Fcb->Node->Folder;
}

PAGED_CODE_SECTION NTSTATUS FspDispatchQueryInformation(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    FILE_INFORMATION_CLASS Class = Stack->Parameters.QueryFile.FileInformationClass;
    SIZE_T Size = Class == FileBasicInformation ? sizeof(FILE_BASIC_INFORMATION)
                  : Class == FileStandardInformation ? sizeof(FILE_STANDARD_INFORMATION) : 0;
    PFSP_FCB Fcb = Stack->FileObject->FsContext;

    PAGED_CODE();
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Size == 0) {
        return FspComplete(Irp, STATUS_INVALID_INFO_CLASS, 0);
    }
    if (Stack->Parameters.QueryFile.Length < Size) {
        return FspComplete(Irp, STATUS_INFO_LENGTH_MISMATCH, 0);
    }
    RtlZeroMemory(Irp->AssociatedIrp.SystemBuffer, Size);
    ExAcquireFastMutex(&FspTreeLock);
    ExAcquireFastMutex(&Fcb->Lock);
    if (Class == FileBasicInformation) {
        FspFillBasic(Fcb->Node, Irp->AssociatedIrp.SystemBuffer);
    } else {
        FspFillStandard(Fcb, Irp->AssociatedIrp.SystemBuffer);
    }
    ExReleaseFastMutex(&Fcb->Lock);
    ExReleaseFastMutex(&FspTreeLock);
    return FspComplete(Irp, STATUS_SUCCESS, Size);
}

/* Marks the file for deletion, or takes the mark back. */
static PAGED_CODE_SECTION NTSTATUS FspSetDisposition(PFSP_FCB Fcb, BOOLEAN Delete)
{
    NTSTATUS Status = STATUS_SUCCESS;

    ExAcquireFastMutex(&FspTreeLock);
    if (Delete && (Fcb->Node == FspRoot || FspIsMapped(Fcb->Node))) {
        Status = STATUS_CANNOT_DELETE;
    } else if (Delete && Fcb->Node->Children.Root != NULL) {
        Status = STATUS_DIRECTORY_NOT_EMPTY;
    } else {
        Fcb->DeletePending = Delete;
    }
    ExReleaseFastMutex(&FspTreeLock);
    return Status;
}

static PAGED_CODE_SECTION NTSTATUS FspSetEndOfFile(PFSP_FCB Fcb, LARGE_INTEGER EndOfFile)
{
    NTSTATUS Status;

    if (Fcb->Node->Folder) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (EndOfFile.QuadPart < 0) {
        return STATUS_INVALID_PARAMETER;
    }
    ExAcquireFastMutex(&Fcb->Lock);
    Status = FspSetSize(Fcb->Node, (ULONG64)EndOfFile.QuadPart);
    if (NT_SUCCESS(Status)) {
        KeQuerySystemTime(&Fcb->Node->LastWriteTime);
    }
    ExReleaseFastMutex(&Fcb->Lock);
    return Status;
}

PAGED_CODE_SECTION NTSTATUS FspDispatchSetInformation(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PFSP_FCB Fcb = Stack->FileObject->FsContext;
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG Length = Stack->Parameters.SetFile.Length;
    NTSTATUS Status;

    PAGED_CODE();
    UNREFERENCED_PARAMETER(DeviceObject);
    switch (Stack->Parameters.SetFile.FileInformationClass) {
    case FileDispositionInformation:
        Status = Length < sizeof(FILE_DISPOSITION_INFORMATION)
                     ? STATUS_INFO_LENGTH_MISMATCH
                     : FspSetDisposition(Fcb, ((PFILE_DISPOSITION_INFORMATION)Buffer)->DeleteFile != FALSE);
        break;
    case FileEndOfFileInformation:
        Status = Length < sizeof(FILE_END_OF_FILE_INFORMATION)
                     ? STATUS_INFO_LENGTH_MISMATCH
                     : FspSetEndOfFile(Fcb, ((PFILE_END_OF_FILE_INFORMATION)Buffer)->EndOfFile);
        break;
    default:
        Status = STATUS_INVALID_INFO_CLASS;
    }
    return FspComplete(Irp, Status, 0);
}

/* There is nothing behind the files that they could be written to. */
PAGED_CODE_SECTION NTSTATUS FspDispatchFlush(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return FspComplete(Irp, STATUS_SUCCESS, 0);
}
