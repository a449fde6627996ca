/*
 * selftest: what a program may rely on, tried from inside: memory and its protections, the heap, events, threads,
 * files, other processes. Prints one TAP line for each case; the exit status says whether all held.
 *
 * What must end a program is tried in a second one of the same file (selftest CASE), whose exit status is looked at.
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096
#define SELF "bin/selftest.exe"

/* Memory ----------------------------------------------------------------------------------------------------------- */

static BOOL FreshMemoryIsZero(VOID)
{
    PUCHAR Memory = VirtualAlloc(NULL, 16 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    BOOL Zero = Memory != NULL;

    for (ULONG Index = 0; Zero && Index < 16 * PAGE; Index += 64)
        Zero = Memory[Index] == 0;
    return Zero && VirtualFree(Memory, 0, MEM_RELEASE);
}

/* Writable and executable at once does not exist, neither new nor by change. */
static BOOL NothingIsWritableAndExecutable(VOID)
{
    PVOID Memory = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    DWORD Old;
    BOOL Good = Memory == NULL && GetLastError() == (DWORD)STATUS_INVALID_PAGE_PROTECTION;

    Memory = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    Good = Good && Memory != NULL && !VirtualProtect(Memory, PAGE, PAGE_EXECUTE_READWRITE, &Old);
    return Good && VirtualFree(Memory, 0, MEM_RELEASE);
}

/* Written as data, then made executable: "mov $42, %eax; ret". */
static BOOL CodeRunsAfterProtect(VOID)
{
    static const UCHAR Code[] = {0xB8, 42, 0, 0, 0, 0xC3};
    PVOID Memory = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    DWORD Old;
    BOOL Good;

    if (Memory == NULL)
        return FALSE;
    memcpy(Memory, Code, sizeof(Code));
    Good = VirtualProtect(Memory, PAGE, PAGE_EXECUTE_READ, &Old) && Old == PAGE_READWRITE;
    Good = Good && ((int (*)(void))(ULONG_PTR)Memory)() == 42;
    return VirtualFree(Memory, 0, MEM_RELEASE) && Good;
}

static BOOL LockedMemoryUnlocks(VOID)
{
    PVOID Memory = VirtualAlloc(NULL, 4 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    BOOL Good = Memory != NULL && VirtualLock(Memory, 4 * PAGE) && VirtualUnlock(Memory, 4 * PAGE);

    /* What is not locked cannot be unlocked. */
    Good = Good && !VirtualUnlock(Memory, 4 * PAGE);
    return VirtualFree(Memory, 0, MEM_RELEASE) && Good;
}

static BOOL HeapKeepsBlocksApart(VOID)
{
    enum { BLOCKS = 200 };
    static PUCHAR Blocks[BLOCKS];
    BOOL Good = TRUE;

    for (ULONG Round = 0; Round < 3; Round++) {
        for (ULONG Index = Round; Index < BLOCKS; Index += Round + 1) {
            SIZE_T Size = 1 + Index * 131 % 5000;
            free(Blocks[Index]);
            Blocks[Index] = malloc(Size);
            if (Blocks[Index] == NULL)
                return FALSE;
            memset(Blocks[Index], (int)Index, Size);
        }
        for (ULONG Index = 0; Index < BLOCKS; Index++) {
            SIZE_T Size = 1 + Index * 131 % 5000;
            for (SIZE_T Byte = 0; Blocks[Index] != NULL && Byte < Size; Byte++)
                Good = Good && Blocks[Index][Byte] == (UCHAR)Index;
        }
    }
    for (ULONG Index = 0; Index < BLOCKS; Index++)
        free(Blocks[Index]);
    return Good;
}

/* Waiting and threads ---------------------------------------------------------------------------------------------- */

static BOOL WaitTimesOut(VOID)
{
    HANDLE Event = CreateEvent(NULL, TRUE, FALSE, NULL);
    ULONGLONG Begin = GetTickCount64();
    BOOL Good = Event != NULL && WaitForSingleObject(Event, 30) == WAIT_TIMEOUT && GetTickCount64() - Begin >= 20;

    Good = Good && SetEvent(Event) && WaitForSingleObject(Event, 0) == WAIT_OBJECT_0;
    return CloseHandle(Event) && Good;
}

static BOOL NamedEventIsShared(VOID)
{
    HANDLE First = CreateEvent(NULL, TRUE, FALSE, "selftest"), Second = OpenEvent(EVENT_ALL_ACCESS, FALSE, "selftest");
    BOOL Good = First != NULL && Second != NULL && SetEvent(Second) && WaitForSingleObject(First, 0) == WAIT_OBJECT_0;

    CloseHandle(First);
    CloseHandle(Second);
    /* The name goes with the last handle. */
    return Good && OpenEvent(EVENT_ALL_ACCESS, FALSE, "selftest") == NULL;
}

static DWORD ThreadSquares(LPVOID Argument)
{
    SetLastError(1000 + (DWORD)(ULONG_PTR)Argument);
    Sleep(10);
    return GetLastError() == 1000 + (DWORD)(ULONG_PTR)Argument ? 0 : 1;
}

static BOOL ThreadsHaveTheirOwnError(VOID)
{
    HANDLE Threads[4];

    SetLastError(7);
    for (ULONG_PTR Index = 0; Index < 4; Index++) {
        Threads[Index] = CreateThread(NULL, 0, ThreadSquares, (LPVOID)Index, 0, NULL);
        if (Threads[Index] == NULL)
            return FALSE;
    }
    if (WaitForMultipleObjects(4, Threads, TRUE, INFINITE) != WAIT_OBJECT_0 || GetLastError() != 7)
        return FALSE;
    for (ULONG Index = 0; Index < 4; Index++)
        CloseHandle(Threads[Index]);
    return TRUE;
}

static DWORD ThreadWaits(LPVOID Argument)
{
    WaitForSingleObject(Argument, INFINITE);
    return 0;
}

static BOOL WaitingThreadCanBeEnded(VOID)
{
    HANDLE Event = CreateEvent(NULL, TRUE, FALSE, NULL), Thread = CreateThread(NULL, 0, ThreadWaits, Event, 0, NULL);
    BOOL Good = Thread != NULL && WaitForSingleObject(Thread, 20) == WAIT_TIMEOUT && TerminateThread(Thread, 5);

    Good = Good && WaitForSingleObject(Thread, INFINITE) == WAIT_OBJECT_0;
    CloseHandle(Thread);
    return CloseHandle(Event) && Good;
}

/* Files ------------------------------------------------------------------------------------------------------------ */

static BOOL FileComesBack(VOID)
{
    CHAR Text[] = "paged out and back", Read[sizeof(Text)];
    HANDLE File = CreateFile("selftest.tmp", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    LARGE_INTEGER Zero = {.QuadPart = 0}, Size;
    DWORD Length;
    BOOL Good;

    if (File == INVALID_HANDLE_VALUE)
        return FALSE;
    Good = WriteFile(File, Text, sizeof(Text), &Length, NULL) && Length == sizeof(Text);
    Good = Good && GetFileSizeEx(File, &Size) && Size.QuadPart == sizeof(Text);
    Good = Good && SetFilePointerEx(File, Zero, NULL, FILE_BEGIN);
    Good = Good && ReadFile(File, Read, sizeof(Read), &Length, NULL) && memcmp(Text, Read, sizeof(Text)) == 0;
    /* At the end there is nothing, and that is no failure. */
    Good = Good && ReadFile(File, Read, sizeof(Read), &Length, NULL) && Length == 0;
    return CloseHandle(File) && DeleteFile("selftest.tmp") && Good;
}

static BOOL ClosedHandleIsRefused(VOID)
{
    HANDLE Event = CreateEvent(NULL, TRUE, FALSE, NULL);

    return CloseHandle(Event) && !CloseHandle(Event) && GetLastError() == (DWORD)STATUS_INVALID_HANDLE;
}

/* What ends a program ---------------------------------------------------------------------------------------------- */

static volatile ULONG Sink;

static VOID EndNull(VOID)
{
    *(volatile ULONG *)(ULONG_PTR)(Sink & 0) = 1;
}

static VOID EndText(VOID)
{
    *(volatile UCHAR *)(ULONG_PTR)EndNull = 0xC3;
}

static VOID EndData(VOID)
{
    ((VOID (*)(VOID))(ULONG_PTR)&Sink)();
}

static VOID EndKernel(VOID)
{
    Sink = *(volatile ULONG *)0xFFFFFFFF80100000ull;
}

static VOID EndPrivileged(VOID)
{
    __asm__ volatile("cli");
}

static VOID EndIllegal(VOID)
{
    __asm__ volatile("ud2");
}

static VOID EndDivide(VOID)
{
    __asm__ volatile("xorl %%edx, %%edx; divl %0" : : "r"(Sink & 0) : "eax", "edx", "cc");
}

static ULONG Recurse(volatile ULONG *Depth)
{
    volatile ULONG Frame[256];

    Frame[0] = *Depth + 1;
    return Frame[0] == 0 ? 0 : Recurse(Frame) + Frame[0];
}

static VOID EndStack(VOID)
{
    volatile ULONG Depth = 0;

    Sink = Recurse(&Depth);
}

static DWORD EndThread(LPVOID Argument)
{
    UNREFERENCED_PARAMETER(Argument);
    EndNull();
    return 0;
}

/* Another thread's fault ends a thread that waits. */
static VOID EndOther(VOID)
{
    CreateThread(NULL, 0, EndThread, NULL, 0, NULL);
    Sleep(INFINITE);
}

static VOID EndProcess(VOID)
{
    HANDLE Event = CreateEvent(NULL, TRUE, FALSE, NULL);

    for (ULONG Index = 0; Index < 3; Index++)
        CreateThread(NULL, 0, ThreadWaits, Event, 0, NULL);
    ExitProcess((UINT)STATUS_CANCELLED);
}

static const struct {
    PCSTR Name;
    VOID (*Routine)(VOID);
    NTSTATUS Status;
} Ends[] = {
    {"end-null", EndNull, STATUS_ACCESS_VIOLATION},
    {"end-text", EndText, STATUS_ACCESS_VIOLATION},
    {"end-data", EndData, STATUS_ACCESS_VIOLATION},
    {"end-kernel", EndKernel, STATUS_ACCESS_VIOLATION},
    {"end-privileged", EndPrivileged, STATUS_PRIVILEGED_INSTRUCTION},
    {"end-illegal", EndIllegal, STATUS_ILLEGAL_INSTRUCTION},
    {"end-divide", EndDivide, STATUS_INTEGER_DIVIDE_BY_ZERO},
    {"end-stack", EndStack, STATUS_STACK_OVERFLOW},
    {"end-other-thread", EndOther, STATUS_ACCESS_VIOLATION},
    {"end-process", EndProcess, STATUS_CANCELLED},
};

/* Runs this file again for one of Ends; its exit status must be the one that is written there. */
static BOOL EndsAsWritten(ULONG Index)
{
    PROCESS_INFORMATION Started;
    CHAR CommandLine[64];
    DWORD Exit = 0;

    sprintf_s(CommandLine, sizeof(CommandLine), "selftest %s", Ends[Index].Name);
    if (!CreateProcess(SELF, CommandLine, NULL, NULL, FALSE, 0, NULL, NULL, NULL, &Started))
        return FALSE;
    WaitForSingleObject(Started.hProcess, INFINITE);
    GetExitCodeProcess(Started.hProcess, &Exit);
    CloseHandle(Started.hProcess);
    return Exit == (DWORD)Ends[Index].Status;
}

/* A program in another's place cannot touch drivers: run it without privileges. */
static BOOL UnprivilegedIsRefused(VOID)
{
    PROCESS_INFORMATION Started;
    CHAR CommandLine[] = "selftest unprivileged";
    DWORD Exit = 1;

    if (!CreateProcess(SELF, CommandLine, NULL, NULL, FALSE, CREATE_UNPRIVILEGED, NULL, NULL, NULL, &Started))
        return FALSE;
    WaitForSingleObject(Started.hProcess, INFINITE);
    GetExitCodeProcess(Started.hProcess, &Exit);
    CloseHandle(Started.hProcess);
    return Exit == 0;
}

static int Unprivileged(VOID)
{
    HANDLE Handle;
    BOOL Good = NtTrimMemory() == STATUS_PRIVILEGE_NOT_HELD &&
                NtLockDriverSection("tidepool", ".text", &Handle) == STATUS_PRIVILEGE_NOT_HELD &&
                NtPageDriver("null") == STATUS_PRIVILEGE_NOT_HELD &&
                NtResetDriver("null") == STATUS_PRIVILEGE_NOT_HELD &&
                NtShutdownSystem(SHUTDOWN_PASS) == STATUS_PRIVILEGE_NOT_HELD;

    Good = Good && !LoadDriver("drivers/null.sys") && GetLastError() == (DWORD)STATUS_PRIVILEGE_NOT_HELD;
    Good = Good && !UnloadDriver("null") && GetLastError() == (DWORD)STATUS_PRIVILEGE_NOT_HELD;
    return Good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const struct {
    PCSTR Name;
    BOOL (*Routine)(VOID);
} Cases[] = {
    {"fresh memory is zero", FreshMemoryIsZero},
    {"nothing is writable and executable", NothingIsWritableAndExecutable},
    {"code runs after it was made executable", CodeRunsAfterProtect},
    {"locked memory unlocks once", LockedMemoryUnlocks},
    {"the heap keeps blocks apart", HeapKeepsBlocksApart},
    {"a wait times out", WaitTimesOut},
    {"a named event is shared and goes with its last handle", NamedEventIsShared},
    {"threads have their own last error", ThreadsHaveTheirOwnError},
    {"a waiting thread can be ended", WaitingThreadCanBeEnded},
    {"a file comes back as it was written", FileComesBack},
    {"a closed handle is refused", ClosedHandleIsRefused},
    {"without privileges drivers are out of reach", UnprivilegedIsRefused},
};

static BOOL Report(ULONG Number, PCSTR Name, BOOL Good)
{
    printf("%sok %u - %s\n", Good ? "" : "not ", Number, Name);
    return Good;
}

int main(int Count, char **Words)
{
    ULONG Number = 0, Failed = 0;

    if (Count == 2 && strcmp(Words[1], "unprivileged") == 0)
        return Unprivileged();
    for (ULONG Index = 0; Count == 2 && Index < ARRAYSIZE(Ends); Index++) {
        if (strcmp(Words[1], Ends[Index].Name) == 0)
            Ends[Index].Routine();
    }
    if (Count != 1) {
        printf("selftest: usage: selftest\n");
        return EXIT_FAILURE;
    }
    printf("1..%u\n", (ULONG)(ARRAYSIZE(Cases) + ARRAYSIZE(Ends)));
    for (ULONG Index = 0; Index < ARRAYSIZE(Cases); Index++)
        Failed += !Report(++Number, Cases[Index].Name, Cases[Index].Routine());
    for (ULONG Index = 0; Index < ARRAYSIZE(Ends); Index++)
        Failed += !Report(++Number, Ends[Index].Name, EndsAsWritten(Index));
    return Failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
