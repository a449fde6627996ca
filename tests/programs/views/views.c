/*
 * views: what programs may rely on of memory that they share, map and protect. Prints one TAP line for each case; the
 * exit status says whether all held.
 *
 *     views                   all cases
 *     views share NAME PAGES  the other process of a case: checks the section's pages and answers in each
 *     views stress MIB ROUNDS shares so much memory between two processes that must not lose a word of it
 */
#include "views.h"

/* Runs this program again and waits: its exit status. */
DWORD RunSelf(PCSTR Format, PCSTR Name, ULONG First, ULONG Second)
{
    PROCESS_INFORMATION Started;
    CHAR CommandLine[96];
    DWORD Exit = 99;

    sprintf_s(CommandLine, sizeof(CommandLine), Format, Name, First, Second);
    if (!CreateProcess(SELF, CommandLine, NULL, NULL, FALSE, 0, NULL, NULL, NULL, &Started))
        return 98;
    WaitForSingleObject(Started.hProcess, INFINITE);
    GetExitCodeProcess(Started.hProcess, &Exit);
    CloseHandle(Started.hProcess);
    return Exit;
}

HANDLE MakeFile(PCSTR Name, PCSTR Text)
{
    HANDLE File = CreateFile(Name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                             CREATE_ALWAYS, 0, NULL);
    DWORD Written;

    if (File != INVALID_HANDLE_VALUE && Text != NULL)
        WriteFile(File, Text, (DWORD)strlen(Text), &Written, NULL);
    return File;
}

BOOL ReadAt(HANDLE File, ULONGLONG Offset, PVOID Buffer, DWORD Length)
{
    OVERLAPPED Where = {.Offset = (DWORD)Offset, .OffsetHigh = (DWORD)(Offset >> 32)};
    DWORD Read;

    return ReadFile(File, Buffer, Length, &Read, &Where) && Read == Length;
}

BOOL WriteAt(HANDLE File, ULONGLONG Offset, const VOID *Buffer, DWORD Length)
{
    OVERLAPPED Where = {.Offset = (DWORD)Offset, .OffsetHigh = (DWORD)(Offset >> 32)};
    DWORD Written;

    return WriteFile(File, Buffer, Length, &Written, &Where) && Written == Length;
}

ULONGLONG Word(ULONG Page, ULONG Who)
{
    return (Page + 1) * 0x9E3779B97F4A7C15ull ^ Who;
}

static const struct {
    PCSTR Name;
    BOOL (*Routine)(VOID);
} Cases[] = {
    {"two processes share a section", TwoProcessesShare},
    {"a view and its file are one", ViewAndFileAreOne},
    {"nothing comes from behind the end of a file", NothingComesFromBehindTheEnd},
    {"a mapped file is not cut", MappedFileIsNotCut},
    {"a copy is one's own", CopyIsOnesOwn},
    {"a reserved section is committed by its views", ReservedSectionIsCommittedByViews},
    {"limits are named", LimitsAreNamed},
    {"a guard page tells once", GuardTellsOnce},
    {"a query tells ranges", QueryTellsRanges},
    {"a stack grows by its guard page", StackGrows},
    {"instances of a program share what they only read", ImageIsShared},
    {"a program changes a copy of its own pages", ImageIsChangedInACopy},
};

int main(int Count, char **Words)
{
    ULONG Failed = 0;

    if (Count == 4 && strcmp(Words[1], "share") == 0)
        return ShareChild(Words[2], (ULONG)strtoull(Words[3], NULL, 0));
    if (Count >= 4 && strcmp(Words[1], "stress") == 0)
        return Stress("views-stress", (ULONG)strtoull(Words[2], NULL, 0), (ULONG)strtoull(Words[3], NULL, 0), Count == 5);
    if (Count == 2 && strcmp(Words[1], "guard") == 0)
        return TouchGuard();
    if (Count == 2 && strcmp(Words[1], "hold") == 0)
        return Hold();
    if (Count == 2 && strcmp(Words[1], "overflow") == 0)
        return Overflow();
    printf("1..%u\n", (ULONG)ARRAYSIZE(Cases));
    for (ULONG Index = 0; Index < ARRAYSIZE(Cases); Index++) {
        BOOL Good = Cases[Index].Routine();
        printf("%sok %u - %s\n", Good ? "" : "not ", Index + 1, Cases[Index].Name);
        Failed += !Good;
    }
    return Failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
