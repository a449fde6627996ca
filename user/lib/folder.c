/* Listing a folder, one entry at a time. */
#include "sdk.h"
#include <stdlib.h>

typedef struct _SDK_FIND {
    HANDLE Folder;
    union {
        FILE_DIRECTORY_INFORMATION Entry;
        UCHAR Room[sizeof(FILE_DIRECTORY_INFORMATION) + MAX_PATH * sizeof(WCHAR)];
    };
} SDK_FIND;

/* The next entry; STATUS_NO_MORE_FILES: there is none. */
static NTSTATUS SdkNextEntry(SDK_FIND *Find, LPWIN32_FIND_DATAA Data)
{
    IO_STATUS_BLOCK Iosb;
    NTSTATUS Status = NtQueryDirectoryFile(Find->Folder, NULL, NULL, NULL, &Iosb, &Find->Room, sizeof(Find->Room),
                                           FileDirectoryInformation, TRUE, NULL, FALSE);
    ULONG Length;

    if (!NT_SUCCESS(Status))
        return Status;
    Length = min(Find->Entry.FileNameLength / sizeof(WCHAR), MAX_PATH - 1);
    for (ULONG Index = 0; Index < Length; Index++)
        Data->cFileName[Index] = Find->Entry.FileName[Index] <= 0xFF ? (CHAR)Find->Entry.FileName[Index] : '?';
    Data->cFileName[Length] = '\0';
    Data->dwFileAttributes = Find->Entry.FileAttributes;
    Data->nFileSizeLow = Find->Entry.EndOfFile.LowPart;
    Data->nFileSizeHigh = (DWORD)Find->Entry.EndOfFile.HighPart;
    return STATUS_SUCCESS;
}

HANDLE FindFirstFileA(LPCSTR Folder, LPWIN32_FIND_DATAA Data)
{
    SDK_FIND *Find = malloc(sizeof(*Find));
    IO_STATUS_BLOCK Iosb;
    SDK_PATH Path;
    NTSTATUS Status;

    if (Find == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return INVALID_HANDLE_VALUE;
    }
    Status = SdkPath(Folder, &Path);
    if (NT_SUCCESS(Status))
        Status = NtOpenFile(&Find->Folder, FILE_LIST_DIRECTORY | SYNCHRONIZE, &Path.Attributes, &Iosb,
                            FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT);
    if (NT_SUCCESS(Status)) {
        Status = SdkNextEntry(Find, Data);
        if (!NT_SUCCESS(Status))
            NtClose(Find->Folder);
    }
    if (!SdkResult(Status)) {
        free(Find);
        return INVALID_HANDLE_VALUE;
    }
    return Find;
}

BOOL FindNextFileA(HANDLE Handle, LPWIN32_FIND_DATAA Data)
{
    return SdkResult(SdkNextEntry(Handle, Data));
}

BOOL FindClose(HANDLE Handle)
{
    SDK_FIND *Find = Handle;
    NTSTATUS Status = NtClose(Find->Folder);

    free(Find);
    return SdkResult(Status);
}
