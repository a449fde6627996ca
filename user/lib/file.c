/* Files and devices over the file services. */
#include "sdk.h"

/* Windows' dispositions as the kernel's. */
static const struct { DWORD Disposition; ULONG Kernel; } SdkDispositions[] = {
    {CREATE_NEW, FILE_CREATE},
    {CREATE_ALWAYS, FILE_OVERWRITE_IF},
    {OPEN_EXISTING, FILE_OPEN},
    {OPEN_ALWAYS, FILE_OPEN_IF},
    {TRUNCATE_EXISTING, FILE_OVERWRITE},
};

static ULONG SdkCreateOptions(DWORD Flags)
{
    ULONG Options = 0;

    if (!(Flags & FILE_FLAG_OVERLAPPED))
        Options |= FILE_SYNCHRONOUS_IO_NONALERT;
    if (Flags & FILE_FLAG_DELETE_ON_CLOSE)
        Options |= FILE_DELETE_ON_CLOSE;
    if (!(Flags & FILE_FLAG_BACKUP_SEMANTICS))
        Options |= FILE_NON_DIRECTORY_FILE;
    return Options;
}

HANDLE CreateFileA(LPCSTR FileName, DWORD DesiredAccess, DWORD ShareMode, LPSECURITY_ATTRIBUTES SecurityAttributes,
                   DWORD CreationDisposition, DWORD FlagsAndAttributes, HANDLE TemplateFile)
{
    IO_STATUS_BLOCK Iosb;
    SDK_PATH Path;
    HANDLE File;
    NTSTATUS Status = SdkPath(FileName, &Path);
    ULONG Kernel = FILE_MAXIMUM_DISPOSITION + 1;

    UNREFERENCED_PARAMETER(SecurityAttributes);
    UNREFERENCED_PARAMETER(TemplateFile);
    for (ULONG Index = 0; Index < ARRAYSIZE(SdkDispositions); Index++) {
        if (SdkDispositions[Index].Disposition == CreationDisposition)
            Kernel = SdkDispositions[Index].Kernel;
    }
    if (FlagsAndAttributes & FILE_FLAG_DELETE_ON_CLOSE)
        DesiredAccess |= DELETE;
    if (NT_SUCCESS(Status))
        Status = NtCreateFile(&File, DesiredAccess | SYNCHRONIZE | FILE_READ_ATTRIBUTES, &Path.Attributes, &Iosb, NULL,
                              FILE_ATTRIBUTE_NORMAL, ShareMode, Kernel, SdkCreateOptions(FlagsAndAttributes), NULL, 0);
    return SdkResult(Status) ? File : INVALID_HANDLE_VALUE;
}

/* One transfer. Where in the file: as Overlapped says, else the file's own position. */
typedef struct _SDK_TRANSFER {
    IO_STATUS_BLOCK Iosb;
    HANDLE Event;
    LARGE_INTEGER Offset;
    PLARGE_INTEGER Where;
} SDK_TRANSFER;

static VOID SdkBeginTransfer(SDK_TRANSFER *Transfer, LPOVERLAPPED Overlapped)
{
    Transfer->Iosb.Information = 0;
    Transfer->Event = Overlapped != NULL ? Overlapped->hEvent : NULL;
    Transfer->Where = NULL;
    if (Overlapped != NULL) {
        Transfer->Offset.LowPart = Overlapped->Offset;
        Transfer->Offset.HighPart = (LONG)Overlapped->OffsetHigh;
        Transfer->Where = &Transfer->Offset;
    }
}

static BOOL SdkEndTransfer(SDK_TRANSFER *Transfer, NTSTATUS Status, LPOVERLAPPED Overlapped, LPDWORD Count)
{
    if (Overlapped != NULL) {
        Overlapped->Internal = (ULONG_PTR)(ULONG)Status;
        Overlapped->InternalHigh = Transfer->Iosb.Information;
    }
    if (Count != NULL)
        *Count = NT_ERROR(Status) ? 0 : (DWORD)Transfer->Iosb.Information;
    return SdkResult(Status);
}

BOOL ReadFile(HANDLE File, LPVOID Buffer, DWORD Length, LPDWORD Read, LPOVERLAPPED Overlapped)
{
    SDK_TRANSFER Transfer;
    NTSTATUS Status;

    SdkBeginTransfer(&Transfer, Overlapped);
    Status = NtReadFile(File, Transfer.Event, NULL, NULL, &Transfer.Iosb, Buffer, Length, Transfer.Where, NULL);
    if (Status == STATUS_END_OF_FILE) {
        /* As documented: the end of a file is a successful read of nothing. */
        Transfer.Iosb.Information = 0;
        Status = STATUS_SUCCESS;
    }
    return SdkEndTransfer(&Transfer, Status, Overlapped, Read);
}

BOOL WriteFile(HANDLE File, LPCVOID Buffer, DWORD Length, LPDWORD Written, LPOVERLAPPED Overlapped)
{
    SDK_TRANSFER Transfer;
    NTSTATUS Status;

    SdkBeginTransfer(&Transfer, Overlapped);
    Status = NtWriteFile(File, Transfer.Event, NULL, NULL, &Transfer.Iosb, (PVOID)Buffer, Length, Transfer.Where, NULL);
    return SdkEndTransfer(&Transfer, Status, Overlapped, Written);
}

BOOL DeviceIoControl(HANDLE Device, DWORD ControlCode, LPVOID Input, DWORD InputLength, LPVOID Output,
                     DWORD OutputLength, LPDWORD Returned, LPOVERLAPPED Overlapped)
{
    SDK_TRANSFER Transfer;
    NTSTATUS Status;

    SdkBeginTransfer(&Transfer, Overlapped);
    Status = NtDeviceIoControlFile(Device, Transfer.Event, NULL, NULL, &Transfer.Iosb, ControlCode, Input, InputLength,
                                   Output, OutputLength);
    return SdkEndTransfer(&Transfer, Status, Overlapped, Returned);
}

BOOL GetFileSizeEx(HANDLE File, PLARGE_INTEGER Size)
{
    FILE_STANDARD_INFORMATION Standard;
    IO_STATUS_BLOCK Iosb;
    NTSTATUS Status = NtQueryInformationFile(File, &Iosb, &Standard, sizeof(Standard), FileStandardInformation);

    if (NT_SUCCESS(Status))
        *Size = Standard.EndOfFile;
    return SdkResult(Status);
}

BOOL SetFilePointerEx(HANDLE File, LARGE_INTEGER Distance, PLARGE_INTEGER NewPointer, DWORD Method)
{
    FILE_POSITION_INFORMATION Position = {{.QuadPart = 0}};
    LARGE_INTEGER Size = {.QuadPart = 0};
    IO_STATUS_BLOCK Iosb;
    NTSTATUS Status = STATUS_SUCCESS;

    if (Method == FILE_CURRENT)
        Status = NtQueryInformationFile(File, &Iosb, &Position, sizeof(Position), FilePositionInformation);
    else if (Method == FILE_END && !GetFileSizeEx(File, &Size))
        return FALSE;
    else if (Method != FILE_BEGIN && Method != FILE_END)
        Status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(Status)) {
        Position.CurrentByteOffset.QuadPart += Size.QuadPart + Distance.QuadPart;
        Status = NtSetInformationFile(File, &Iosb, &Position, sizeof(Position), FilePositionInformation);
    }
    if (NT_SUCCESS(Status) && NewPointer != NULL)
        *NewPointer = Position.CurrentByteOffset;
    return SdkResult(Status);
}

BOOL SetEndOfFile(HANDLE File)
{
    FILE_POSITION_INFORMATION Position;
    FILE_END_OF_FILE_INFORMATION End;
    IO_STATUS_BLOCK Iosb;
    NTSTATUS Status = NtQueryInformationFile(File, &Iosb, &Position, sizeof(Position), FilePositionInformation);

    if (NT_SUCCESS(Status)) {
        End.EndOfFile = Position.CurrentByteOffset;
        Status = NtSetInformationFile(File, &Iosb, &End, sizeof(End), FileEndOfFileInformation);
    }
    return SdkResult(Status);
}

BOOL CancelIoEx(HANDLE File, LPOVERLAPPED Overlapped)
{
    IO_STATUS_BLOCK Iosb;

    return SdkResult(Overlapped == NULL ? NtCancelIoFile(File, &Iosb) : STATUS_NOT_SUPPORTED);
}

BOOL DeleteFileA(LPCSTR FileName)
{
    SDK_PATH Path;
    NTSTATUS Status = SdkPath(FileName, &Path);

    if (NT_SUCCESS(Status))
        Status = NtDeleteFile(&Path.Attributes);
    return SdkResult(Status);
}

BOOL CloseHandle(HANDLE Object)
{
    return SdkResult(NtClose(Object));
}

HANDLE GetStdHandle(DWORD Which)
{
    if (Which == STD_INPUT_HANDLE)
        return SdkParameters->StandardInput;
    if (Which == STD_OUTPUT_HANDLE)
        return SdkParameters->StandardOutput;
    SetLastError((DWORD)STATUS_INVALID_PARAMETER);
    return INVALID_HANDLE_VALUE;
}
