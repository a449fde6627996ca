/*
 * bigfile MIB: writes a file of that size, copies it, and reads both back, so that a machine with less memory must page
 * what is in files. Every page holds a different word. Exit status: 0 when every word was right; 1, and the status that
 * the file system gave, when it had no room; then nothing is left of either file.
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK (64u * 1024)
#define WORDS (CHUNK / sizeof(ULONGLONG))
#define PAGE_WORDS (4096 / sizeof(ULONGLONG))

static ULONGLONG Chunk[WORDS];

static ULONGLONG Word(ULONG Number, ULONG Page)
{
    return ((ULONGLONG)Number * (CHUNK / 4096) + Page + 1) * 0x9E3779B97F4A7C15ull;
}

static HANDLE Open(LPCSTR Name, DWORD Disposition)
{
    return CreateFile(Name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, Disposition, 0, NULL);
}

static BOOL Write(HANDLE File)
{
    DWORD Done;

    return WriteFile(File, Chunk, CHUNK, &Done, NULL) && Done == CHUNK;
}

static BOOL Fill(HANDLE File, ULONG Chunks)
{
    for (ULONG Number = 0; Number < Chunks; Number++) {
        for (ULONG Page = 0; Page < CHUNK / 4096; Page++)
            Chunk[Page * PAGE_WORDS + Page * 7] = Word(Number, Page);
        if (!Write(File))
            return FALSE;
    }
    return TRUE;
}

/* Reads a file from its beginning; with a second one, copies it there. Returns how many words were wrong. */
static ULONG Check(HANDLE File, HANDLE Copy, ULONG Chunks, PBOOL Room)
{
    LARGE_INTEGER Start = {.QuadPart = 0};
    ULONG Wrong = 0;
    DWORD Done;

    SetFilePointerEx(File, Start, NULL, FILE_BEGIN);
    for (ULONG Number = 0; Number < Chunks && *Room; Number++) {
        if (!ReadFile(File, Chunk, CHUNK, &Done, NULL) || Done != CHUNK)
            return Wrong + 1;
        for (ULONG Page = 0; Page < CHUNK / 4096; Page++)
            Wrong += Chunk[Page * PAGE_WORDS + Page * 7] != Word(Number, Page);
        *Room = Copy == NULL || Write(Copy);
    }
    return Wrong;
}

int main(int Count, char **Words)
{
    ULONG Mib = Count == 2 ? (ULONG)strtoull(Words[1], NULL, 0) : 0, Chunks = Mib * (1024 * 1024 / CHUNK), Wrong = 0;
    HANDLE One = Open("bigfile.1", CREATE_ALWAYS), Two = Open("bigfile.2", CREATE_ALWAYS);
    NTSTATUS Status = STATUS_SUCCESS;
    BOOL Room;

    if (Mib == 0 || One == INVALID_HANDLE_VALUE || Two == INVALID_HANDLE_VALUE) {
        printf("usage: bigfile MIB\n");
        return 2;
    }
    Room = Fill(One, Chunks);
    if (Room)
        Wrong = Check(One, Two, Chunks, &Room);
    if (!Room)
        Status = (NTSTATUS)GetLastError();
    if (Room)
        Wrong += Check(Two, NULL, Chunks, &Room);
    CloseHandle(One);
    CloseHandle(Two);
    DeleteFile("bigfile.1");
    DeleteFile("bigfile.2");
    if (Status != STATUS_SUCCESS)
        printf("bigfile: no room for two files of %u MiB: %s\n", Mib, NtStatusName(Status));
    else
        printf("bigfile: %u MiB written, copied and read back, %u words wrong\n", Mib, Wrong);
    return Status != STATUS_SUCCESS || Wrong != 0;
}
