/*
 * NtQueryInformationFile, NtSetInformationFile, NtQueryDirectoryFile. What is asked is checked here, once; drivers get
 * buffers of the right size in system memory.
 */
#include "io/iop.h"
#include "ps/service.h"

/* The largest answer to one question about files: bounds what a program can make the kernel allocate for it. */
#define IOP_LARGEST_ANSWER 0x10000

/* Which classes there are, the least length of each, and the right that it takes (0: none). */
typedef struct _IOP_CLASS {
    ULONG Class;
    ULONG Length;
    ACCESS_MASK Access;
} IOP_CLASS;

static const IOP_CLASS IopQueryClasses[] = {
    {FileBasicInformation, sizeof(FILE_BASIC_INFORMATION), FILE_READ_ATTRIBUTES},
    {FileStandardInformation, sizeof(FILE_STANDARD_INFORMATION), 0},
    {FilePositionInformation, sizeof(FILE_POSITION_INFORMATION), 0},
};

static const IOP_CLASS IopSetClasses[] = {
    {FilePositionInformation, sizeof(FILE_POSITION_INFORMATION), 0},
    {FileDispositionInformation, sizeof(FILE_DISPOSITION_INFORMATION), DELETE},
    {FileEndOfFileInformation, sizeof(FILE_END_OF_FILE_INFORMATION), FILE_WRITE_DATA},
};

static PAGED_CODE_SECTION NTSTATUS IopFindClass(const IOP_CLASS *Classes, ULONG Count, ULONG Class, ULONG Length,
                                                const IOP_CLASS **Found)
{
    for (ULONG I = 0; I < Count; I++) {
        if (Classes[I].Class == Class) {
            *Found = &Classes[I];
            return Length < Classes[I].Length ? STATUS_INFO_LENGTH_MISMATCH : STATUS_SUCCESS;
        }
    }
    return STATUS_INVALID_INFO_CLASS;
}

/* Ends a request that needed no driver. */
static PAGED_CODE_SECTION NTSTATUS IopAnswer(PIOP_REQUEST Request, NTSTATUS Status, ULONG_PTR Information)
{
    IO_STATUS_BLOCK Iosb = {{Status}, Information};
    NTSTATUS Delivered = NT_SUCCESS(Status) ? MmCopyToUser(Request->Iosb, &Iosb, sizeof(Iosb)) : Status;

    return IopAbandonRequest(Request, Delivered);
}

/* The position is the file object's, so no driver is asked. */
static PAGED_CODE_SECTION NTSTATUS IopQueryPosition(PIOP_REQUEST Request, USER_ADDRESS FileInformation)
{
    FILE_POSITION_INFORMATION Position = {Request->File->CurrentByteOffset};
    NTSTATUS Status = MmCopyToUser(FileInformation, &Position, sizeof(Position));

    return IopAnswer(Request, Status, sizeof(Position));
}

static PAGED_CODE_SECTION NTSTATUS IopSetPosition(PIOP_REQUEST Request, USER_ADDRESS FileInformation)
{
    FILE_POSITION_INFORMATION Position;
    NTSTATUS Status = MmCopyFromUser(&Position, FileInformation, sizeof(Position));

    if (NT_SUCCESS(Status) && Position.CurrentByteOffset.QuadPart < 0) {
        Status = STATUS_INVALID_PARAMETER;
    }
    if (NT_SUCCESS(Status)) {
        Request->File->CurrentByteOffset = Position.CurrentByteOffset;
    }
    return IopAnswer(Request, Status, 0);
}

PAGED_CODE_SECTION NTSTATUS NtQueryInformationFile(HANDLE FileHandle, USER_ADDRESS IoStatusBlock,
                                                   USER_ADDRESS FileInformation, ULONG Length,
                                                   ULONG FileInformationClass)
{
    const IOP_CLASS *Class;
    IOP_REQUEST Request;
    NTSTATUS Status = IopFindClass(IopQueryClasses, ARRAYSIZE(IopQueryClasses), FileInformationClass, Length, &Class);

    if (NT_SUCCESS(Status)) {
        Status = IopBeginRequest(&Request, FileHandle, NULL, IoStatusBlock, Class->Access, IRP_MJ_QUERY_INFORMATION);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (FileInformationClass == FilePositionInformation) {
        return IopQueryPosition(&Request, FileInformation);
    }
    Request.Transfer.Output = FileInformation;
    Request.Transfer.OutputLength = Class->Length;
    Request.Stack->Parameters.QueryFile.Length = Class->Length;
    Request.Stack->Parameters.QueryFile.FileInformationClass = FileInformationClass;
    Status = IopPrepareBuffered(&Request);
    return NT_SUCCESS(Status) ? IopSendRequest(&Request) : IopAbandonRequest(&Request, Status);
}
NT_EXPORT(ZwQueryInformationFile);

PAGED_CODE_SECTION NTSTATUS NtSetInformationFile(HANDLE FileHandle, USER_ADDRESS IoStatusBlock,
                                                 USER_ADDRESS FileInformation, ULONG Length,
                                                 ULONG FileInformationClass)
{
    const IOP_CLASS *Class;
    IOP_REQUEST Request;
    NTSTATUS Status = IopFindClass(IopSetClasses, ARRAYSIZE(IopSetClasses), FileInformationClass, Length, &Class);

    if (NT_SUCCESS(Status)) {
        Status = IopBeginRequest(&Request, FileHandle, NULL, IoStatusBlock, Class->Access, IRP_MJ_SET_INFORMATION);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (FileInformationClass == FilePositionInformation) {
        return IopSetPosition(&Request, FileInformation);
    }
    Request.Transfer.Input = FileInformation;
    Request.Transfer.InputLength = Class->Length;
    Request.Stack->Parameters.SetFile.Length = Class->Length;
    Request.Stack->Parameters.SetFile.FileInformationClass = FileInformationClass;
    Status = IopPrepareBuffered(&Request);
    return NT_SUCCESS(Status) ? IopSendRequest(&Request) : IopAbandonRequest(&Request, Status);
}
NT_EXPORT(ZwSetInformationFile);

/* Copies the search pattern of a directory query: a UNICODE_STRING and its characters in one piece of pool. */
static PAGED_CODE_SECTION NTSTATUS IopCapturePattern(USER_ADDRESS FileName, PUNICODE_STRING *Pattern)
{
    UNICODE_STRING Name;
    PUNICODE_STRING Copy;
    NTSTATUS Status;

    *Pattern = NULL;
    if (FileName.Value == 0) {
        return STATUS_SUCCESS;
    }
    Status = MmCopyFromUser(&Name, FileName, sizeof(Name));
    if (!NT_SUCCESS(Status) || Name.Length == 0) {
        return Status;
    }
    if (Name.Length % sizeof(WCHAR) != 0) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    Copy = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Copy) + Name.Length, IOP_TAG);
    if (Copy == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Copy->Buffer = (PWCHAR)(Copy + 1);
    Copy->Length = Copy->MaximumLength = Name.Length;
    Status = MmCopyFromUser(Copy->Buffer, (USER_ADDRESS){(ULONG_PTR)Name.Buffer}, Name.Length);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Copy, IOP_TAG);
        return Status;
    }
    *Pattern = Copy;
    return STATUS_SUCCESS;
}

PAGED_CODE_SECTION NTSTATUS NtQueryDirectoryFile(HANDLE FileHandle, HANDLE Event, USER_ADDRESS ApcRoutine,
                                                 USER_ADDRESS ApcContext, USER_ADDRESS IoStatusBlock,
                                                 USER_ADDRESS FileInformation, ULONG Length,
                                                 ULONG FileInformationClass, BOOLEAN ReturnSingleEntry,
                                                 USER_ADDRESS FileName, BOOLEAN RestartScan)
{
    PUNICODE_STRING Pattern;
    IOP_REQUEST Request;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(ApcContext);
    if (ApcRoutine.Value != 0) {
        return STATUS_NOT_SUPPORTED;
    }
    if (FileInformationClass != FileDirectoryInformation) {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (Length < sizeof(FILE_DIRECTORY_INFORMATION)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    Status = IopCapturePattern(FileName, &Pattern);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = IopBeginRequest(&Request, FileHandle, Event, IoStatusBlock, FILE_LIST_DIRECTORY, IRP_MJ_DIRECTORY_CONTROL);
    if (NT_SUCCESS(Status)) {
        Request.Transfer.Output = FileInformation;
        Request.Transfer.OutputLength = min(Length, IOP_LARGEST_ANSWER);
        Request.Stack->MinorFunction = IRP_MN_QUERY_DIRECTORY;
        Request.Stack->Flags = (UCHAR)((RestartScan ? SL_RESTART_SCAN : 0) |
                                       (ReturnSingleEntry ? SL_RETURN_SINGLE_ENTRY : 0));
        Request.Stack->Parameters.QueryDirectory.Length = Request.Transfer.OutputLength;
        Request.Stack->Parameters.QueryDirectory.FileName = Pattern;
        Request.Stack->Parameters.QueryDirectory.FileInformationClass = FileInformationClass;
        Status = IopPrepareBuffered(&Request);
        Status = NT_SUCCESS(Status) ? IopSendRequest(&Request) : IopAbandonRequest(&Request, Status);
    }
    if (Pattern != NULL) {
        ExFreePoolWithTag(Pattern, IOP_TAG);
    }
    return Status;
}
NT_EXPORT(ZwQueryDirectoryFile);
