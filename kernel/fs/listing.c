/*
 * IRP_MJ_DIRECTORY_CONTROL: listing a folder, in the order of names. The open remembers the last name it was given, so
 * a listing goes on rightly while files come and go. There are no entries "." and "..".
 */
#include "fs/fsp.h"

/* Fills in all but the name; FCB locks are not taken: size and time may be those of a moment ago. */
static PAGED_CODE_SECTION VOID FspFillEntry(PFSP_NODE Node, PFILE_DIRECTORY_INFORMATION Entry)
{
    RtlZeroMemory(Entry, offsetof(FILE_DIRECTORY_INFORMATION, FileName));
    Entry->CreationTime = Node->CreationTime;
    Entry->LastAccessTime = Node->LastWriteTime;
    Entry->LastWriteTime = Node->LastWriteTime;
    Entry->ChangeTime = Node->LastWriteTime;
    Entry->EndOfFile.QuadPart = (LONGLONG)Node->Size;
    Entry->AllocationSize.QuadPart = (LONGLONG)FspAllocationSize(Node);
    Entry->FileAttributes = Node->Folder ? FILE_ATTRIBUTE_DIRECTORY : FILE_ATTRIBUTE_NORMAL;
    Entry->FileNameLength = Node->Name.Length;
}

/* The pattern of a new listing; it holds until the next restart. */
static PAGED_CODE_SECTION NTSTATUS FspBeginListing(PFSP_CCB Ccb, PCUNICODE_STRING Pattern)
{
    PWCHAR Copy = NULL;

    if (Pattern != NULL && Pattern->Length != 0) {
        Copy = ExAllocatePoolWithTag(PagedPool, Pattern->Length, FSP_TAG);
        if (Copy == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        RtlCopyMemory(Copy, Pattern->Buffer, Pattern->Length);
    }
    if (Ccb->Pattern.Buffer != NULL) {
        ExFreePoolWithTag(Ccb->Pattern.Buffer, FSP_TAG);
    }
    Ccb->Pattern.Buffer = Copy;
    Ccb->Pattern.Length = Ccb->Pattern.MaximumLength = Copy != NULL ? Pattern->Length : 0;
    RtlInitEmptyUnicodeString(&Ccb->Last, Ccb->LastName, sizeof(Ccb->LastName));
    return STATUS_SUCCESS;
}

/* Puts entries into Buffer as long as they fit. Tree lock held. */
static PAGED_CODE_SECTION NTSTATUS FspList(PFSP_NODE Folder, PFSP_CCB Ccb, PUCHAR Buffer, ULONG Length, BOOLEAN Single,
                                           PULONG Used)
{
    const ULONG Fixed = offsetof(FILE_DIRECTORY_INFORMATION, FileName);
    PFILE_DIRECTORY_INFORMATION Previous = NULL;
    ULONG Offset = 0;

    *Used = 0;
    for (PFSP_NODE Node = FspNextChild(Folder, Ccb->Last.Length != 0 ? &Ccb->Last : NULL); Node != NULL;
         Node = FspNextChild(Folder, &Node->Name)) {
        PFILE_DIRECTORY_INFORMATION Entry = (PFILE_DIRECTORY_INFORMATION)(Buffer + Offset);
        ULONG Room = Offset < Length ? Length - Offset : 0;
        if (!FspMatches(&Ccb->Pattern, &Node->Name)) {
            continue;
        }
        if (Room < Fixed + Node->Name.Length) {
            if (Previous != NULL) {
                return STATUS_SUCCESS;
            }
            /* Not even the first one fits: as much of its name as does, and the listing moves on. */
            FspFillEntry(Node, Entry);
            RtlCopyMemory(Entry->FileName, Node->Name.Buffer, Room - Fixed);
            RtlCopyUnicodeString(&Ccb->Last, &Node->Name);
            *Used = Room;
            return STATUS_BUFFER_OVERFLOW;
        }
        FspFillEntry(Node, Entry);
        RtlCopyMemory(Entry->FileName, Node->Name.Buffer, Node->Name.Length);
        RtlCopyUnicodeString(&Ccb->Last, &Node->Name);
        if (Previous != NULL) {
            Previous->NextEntryOffset = (ULONG)((PUCHAR)Entry - (PUCHAR)Previous);
        }
        Previous = Entry;
        *Used = Offset + Fixed + Node->Name.Length;
        Offset = (ULONG)ALIGN_UP_BY(*Used, 8);
        if (Single) {
            return STATUS_SUCCESS;
        }
    }
    return Previous != NULL ? STATUS_SUCCESS : STATUS_NO_MORE_FILES;
}

PAGED_CODE_SECTION NTSTATUS FspDispatchDirectoryControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PFSP_FCB Fcb = Stack->FileObject->FsContext;
    PFSP_CCB Ccb = Stack->FileObject->FsContext2;
    ULONG Length = Stack->Parameters.QueryDirectory.Length, Used = 0;
    NTSTATUS Status = STATUS_SUCCESS;
    BOOLEAN First;

    PAGED_CODE();
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Stack->MinorFunction != IRP_MN_QUERY_DIRECTORY || !Fcb->Node->Folder) {
        return FspComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    if (Stack->Parameters.QueryDirectory.FileInformationClass != FileDirectoryInformation) {
        return FspComplete(Irp, STATUS_INVALID_INFO_CLASS, 0);
    }
    if (Length < sizeof(FILE_DIRECTORY_INFORMATION)) {
        return FspComplete(Irp, STATUS_INFO_LENGTH_MISMATCH, 0);
    }
    ExAcquireFastMutex(&FspTreeLock);
    First = !Ccb->Listing || (Stack->Flags & SL_RESTART_SCAN) != 0;
    if (First) {
        Status = FspBeginListing(Ccb, Stack->Parameters.QueryDirectory.FileName);
        Ccb->Listing = NT_SUCCESS(Status);
    }
    if (NT_SUCCESS(Status)) {
        Status = FspList(Fcb->Node, Ccb, Irp->AssociatedIrp.SystemBuffer, Length,
                         (Stack->Flags & SL_RETURN_SINGLE_ENTRY) != 0, &Used);
        if (Status == STATUS_NO_MORE_FILES && First && Ccb->Pattern.Buffer != NULL) {
            Status = STATUS_NO_SUCH_FILE;
        }
    }
    ExReleaseFastMutex(&FspTreeLock);
    return FspComplete(Irp, Status, Used);
}
