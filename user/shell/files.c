/* Files of the system image. */
#include "shell.h"

#define COPY_BUFFER (64 * 1024)

/* Opens a file for reading. */
static HANDLE OpenForRead(PCSTR Path)
{
    return CreateFile(Path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
}

/* Takes the next piece of a file. FALSE: it was not for this one. */
typedef BOOL PIECE_ROUTINE(PVOID Context, const VOID *Buffer, DWORD Length);

/* Gives a file to Routine, piece by piece. */
static BOOL ReadPieces(const LINE *Line, PCSTR Path, PIECE_ROUTINE *Routine, PVOID Context)
{
    HANDLE File = OpenForRead(Path);
    PVOID Buffer;
    DWORD Length;
    BOOL Good;

    if (File == INVALID_HANDLE_VALUE)
        return FailLast(Line, Path);
    Buffer = malloc(COPY_BUFFER);
    if (Buffer == NULL) {
        CloseHandle(File);
        return Fail(Line, Path, STATUS_NO_MEMORY, NULL);
    }
    do {
        Good = ReadFile(File, Buffer, COPY_BUFFER, &Length, NULL);
        if (!Good)
            FailLast(Line, Path);
        else if (Length != 0)
            Good = Routine(Context, Buffer, Length);
    } while (Good && Length != 0);
    free(Buffer);
    CloseHandle(File);
    return Good;
}

BOOL DirCommand(const LINE *Line)
{
    PCSTR Folder = Line->Count != 0 ? Line->Words[0] : "/";
    WIN32_FIND_DATA Data;
    HANDLE Find = FindFirstFile(Folder, &Data);
    JSON Json = {0};

    if (Find == INVALID_HANDLE_VALUE && GetLastError() != ERROR_NO_MORE_FILES)
        return FailLast(Line, Folder);
    if (!Line->Json)
        printf("%-32s %10s %s\n", "name", "size", "kind");
    JsonAdd(&Json, "[");
    for (BOOL More = Find != INVALID_HANDLE_VALUE; More; More = FindNextFile(Find, &Data)) {
        PCSTR Kind = Data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? "folder" : "file";
        ULONG64 Size = (ULONG64)Data.nFileSizeHigh << 32 | Data.nFileSizeLow;
        if (!Line->Json) {
            printf("%-32s %10llu %s\n", Data.cFileName, Size, Kind);
            continue;
        }
        JsonAdd(&Json, Json.Length == 1 ? "{\"name\":" : ",{\"name\":");
        JsonString(&Json, Data.cFileName);
        JsonAdd(&Json, ",\"size\":%llu,\"kind\":\"%s\"}", Size, Kind);
    }
    if (Find != INVALID_HANDLE_VALUE)
        FindClose(Find);
    JsonAdd(&Json, "]");
    if (Line->Json)
        JsonPrint(&Json);
    free(Json.Text);
    return TRUE;
}

static BOOL PrintPiece(PVOID Context, const VOID *Buffer, DWORD Length)
{
    DWORD Written;

    *(PCHAR)Context = ((PCSTR)Buffer)[Length - 1];
    return WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), Buffer, Length, &Written, NULL);
}

BOOL TypeCommand(const LINE *Line)
{
    CHAR Last = '\n';
    BOOL Good = ReadPieces(Line, Line->Words[0], PrintPiece, &Last);

    /* The prompt begins a line of its own. */
    if (Last != '\n')
        putchar('\n');
    return Good;
}

BOOL DelCommand(const LINE *Line)
{
    BOOL AllGood = TRUE;

    for (ULONG Index = 0; Index < Line->Count; Index++) {
        if (!DeleteFile(Line->Words[Index]))
            AllGood = FailLast(Line, Line->Words[Index]);
    }
    return AllGood;
}

typedef struct _COPY {
    const LINE *Line;
    HANDLE To;
} COPY;

static BOOL WritePiece(PVOID Context, const VOID *Buffer, DWORD Length)
{
    COPY *Copy = Context;
    DWORD Written;

    if (!WriteFile(Copy->To, Buffer, Length, &Written, NULL))
        return FailLast(Copy->Line, Copy->Line->Words[1]);
    if (Written != Length)
        return Fail(Copy->Line, Copy->Line->Words[1], STATUS_DISK_FULL, NULL);
    return TRUE;
}

/* What could not be copied whole is not left behind in part. */
BOOL CopyCommand(const LINE *Line)
{
    COPY Copy = {Line, INVALID_HANDLE_VALUE};
    HANDLE From = OpenForRead(Line->Words[0]);
    BOOL Good;

    if (From == INVALID_HANDLE_VALUE)
        return FailLast(Line, Line->Words[0]);
    CloseHandle(From);
    if (_stricmp(Line->Words[0], Line->Words[1]) == 0)
        return Fail(Line, Line->Words[1], STATUS_INVALID_PARAMETER, "give the copy another name");
    Copy.To = CreateFile(Line->Words[1], GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (Copy.To == INVALID_HANDLE_VALUE)
        return FailLast(Line, Line->Words[1]);
    Good = ReadPieces(Line, Line->Words[0], WritePiece, &Copy);
    CloseHandle(Copy.To);
    if (!Good)
        DeleteFile(Line->Words[1]);
    return Good;
}

typedef struct _SUM {
    ULONG Crc;
    ULONG64 Length;
} SUM;

static BOOL SumPiece(PVOID Context, const VOID *Buffer, DWORD Length)
{
    SUM *Sum = Context;

    Sum->Crc = RtlCrc32(Sum->Crc, Buffer, Length);
    Sum->Length += Length;
    return TRUE;
}

BOOL SumCommand(const LINE *Line)
{
    BOOL AllGood = TRUE;

    for (ULONG Index = 0; Index < Line->Count; Index++) {
        SUM Sum = {0};
        if (ReadPieces(Line, Line->Words[Index], SumPiece, &Sum))
            printf("%s: %llu bytes, CRC-32 %08x\n", Line->Words[Index], Sum.Length, Sum.Crc);
        else
            AllGood = FALSE;
    }
    return AllGood;
}
