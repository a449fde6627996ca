/*
 * views: what programs may rely on of memory that they share, map and protect. Prints one TAP line for each case; the exit
 * status says whether all held.
 *
 *     views                   all cases
 *     views share NAME PAGES  the other process of a case: checks the section's pages and answers in each
 *     views stress MIB ROUNDS shares so much memory between two processes that must not lose a word of it
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define SELF "bin/views.exe"
#define GRAIN 0x10000u

#define FAILED_WITH(Status) (GetLastError() == (DWORD)(Status))
#define CHECK(Condition)                                                        \
    do {                                                                        \
        if (!(Condition)) {                                                     \
            printf("# %u: %s; last error %s\n", __LINE__, #Condition,           \
                   NtStatusName((NTSTATUS)GetLastError()));                     \
            return FALSE;                                                       \
        }                                                                       \
    } while (0)

/* Runs this program again and waits: its exit status. */
static DWORD RunSelf(PCSTR Format, PCSTR Name, ULONG First, ULONG Second)
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

static HANDLE MakeFile(PCSTR Name, PCSTR Text)
{
    HANDLE File = CreateFile(Name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                             CREATE_ALWAYS, 0, NULL);
    DWORD Written;

    if (File != INVALID_HANDLE_VALUE && Text != NULL)
        WriteFile(File, Text, (DWORD)strlen(Text), &Written, NULL);
    return File;
}

static BOOL ReadAt(HANDLE File, ULONGLONG Offset, PVOID Buffer, DWORD Length)
{
    OVERLAPPED Where = {.Offset = (DWORD)Offset, .OffsetHigh = (DWORD)(Offset >> 32)};
    DWORD Read;

    return ReadFile(File, Buffer, Length, &Read, &Where) && Read == Length;
}

static BOOL WriteAt(HANDLE File, ULONGLONG Offset, const VOID *Buffer, DWORD Length)
{
    OVERLAPPED Where = {.Offset = (DWORD)Offset, .OffsetHigh = (DWORD)(Offset >> 32)};
    DWORD Written;

    return WriteFile(File, Buffer, Length, &Written, &Where) && Written == Length;
}

/* Sections ----------------------------------------------------------------------------------------------------------- */

static ULONGLONG Word(ULONG Page, ULONG Who)
{
    return (Page + 1) * 0x9E3779B97F4A7C15ull ^ Who;
}

/* The other process: what the first wrote is there, and it leaves an answer beside it. */
static int ShareChild(PCSTR Name, ULONG Pages)
{
    HANDLE Mapping = OpenFileMapping(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, Name);
    ULONGLONG *View = Mapping != NULL ? MapViewOfFile(Mapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0) : NULL;

    if (View == NULL)
        return 2;
    for (ULONG Page = 0; Page < Pages; Page++) {
        if (View[Page * 512] != Word(Page, 1))
            return 3;
        View[Page * 512 + 1] = Word(Page, 2);
    }
    return 0;
}

static BOOL TwoProcessesShare(VOID)
{
    enum { PAGES = 600 };
    HANDLE Mapping = CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGES * PAGE, "views-share");
    ULONGLONG *View;

    CHECK(Mapping != NULL && !FAILED_WITH(STATUS_OBJECT_NAME_EXISTS));
    View = MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0);
    CHECK(View != NULL);
    for (ULONG Page = 0; Page < PAGES; Page++) {
        CHECK(View[Page * 512] == 0);
        View[Page * 512] = Word(Page, 1);
    }
    CHECK(RunSelf("views share %s %u", "views-share", PAGES, 0) == 0);
    for (ULONG Page = 0; Page < PAGES; Page++)
        CHECK(View[Page * 512] == Word(Page, 1) && View[Page * 512 + 1] == Word(Page, 2));
    CHECK(UnmapViewOfFile(View + 700));
    /* The section keeps its pages without any view, and the name goes with the last handle. */
    View = MapViewOfFile(Mapping, FILE_MAP_READ, 0, GRAIN, PAGE);
    CHECK(View != NULL && View[0] == Word(GRAIN / PAGE, 1));
    CHECK(CloseHandle(Mapping));
    CHECK(View[1] == Word(GRAIN / PAGE, 2) && UnmapViewOfFile(View));
    CHECK(OpenFileMapping(FILE_MAP_READ, FALSE, "views-share") == NULL && FAILED_WITH(STATUS_OBJECT_NAME_NOT_FOUND));
    return TRUE;
}

static BOOL ViewAndFileAreOne(VOID)
{
    HANDLE File = MakeFile("views.tmp", "written by handle"), Mapping;
    CHAR Buffer[64];
    PCHAR View;

    CHECK(File != INVALID_HANDLE_VALUE);
    Mapping = CreateFileMapping(File, NULL, PAGE_READWRITE, 0, 2 * PAGE, NULL);     /* grows the file */
    CHECK(Mapping != NULL);
    View = MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0);
    CHECK(View != NULL && memcmp(View, "written by handle", 18) == 0);
    memcpy(View + PAGE - 4, "by a view", 9);
    CHECK(ReadAt(File, PAGE - 4, Buffer, 9) && memcmp(Buffer, "by a view", 9) == 0);
    CHECK(WriteAt(File, 100, "again", 5) && memcmp(View + 100, "again", 5) == 0);
    /* The file itself is a buffer: what is read into a view of it is written to it. */
    CHECK(ReadAt(File, 100, View + 200, 5) && ReadAt(File, 200, Buffer, 5) && memcmp(Buffer, "again", 5) == 0);
    CHECK(FlushViewOfFile(View, 0) && !FlushViewOfFile(Buffer, 1) && FAILED_WITH(STATUS_NOT_MAPPED_VIEW));
    CHECK(UnmapViewOfFile(View) && CloseHandle(Mapping));
    CHECK(ReadAt(File, PAGE - 4, Buffer, 9) && memcmp(Buffer, "by a view", 9) == 0);
    return CloseHandle(File) && DeleteFile("views.tmp");
}

/* What was written behind the end of a file through its last page is not in the file when it grows. */
static BOOL NothingComesFromBehindTheEnd(VOID)
{
    HANDLE File = MakeFile("views.tmp", "short"), Mapping = CreateFileMapping(File, NULL, PAGE_READWRITE, 0, 0, NULL);
    PCHAR View = MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0);
    CHAR Buffer[16];

    CHECK(View != NULL);
    memset(View + 5, 'x', 100);
    CHECK(WriteAt(File, 50, "y", 1) && ReadAt(File, 0, Buffer, 16) && memcmp(Buffer, "short\0\0\0\0", 9) == 0);
    return UnmapViewOfFile(View) && CloseHandle(Mapping) && CloseHandle(File) && DeleteFile("views.tmp");
}

static BOOL MappedFileIsNotCut(VOID)
{
    HANDLE File = MakeFile("views.tmp", "mapped"), Mapping = CreateFileMapping(File, NULL, PAGE_READONLY, 0, 0, NULL);
    LARGE_INTEGER Zero = {.QuadPart = 0};

    CHECK(Mapping != NULL);
    CHECK(SetFilePointerEx(File, Zero, NULL, FILE_BEGIN) && !SetEndOfFile(File) && FAILED_WITH(STATUS_USER_MAPPED_FILE));
    CHECK(MakeFile("views.tmp", "new") == INVALID_HANDLE_VALUE && FAILED_WITH(STATUS_USER_MAPPED_FILE));
    CHECK(!DeleteFile("views.tmp") && FAILED_WITH(STATUS_CANNOT_DELETE));
    CHECK(CloseHandle(Mapping) && SetEndOfFile(File));
    CHECK(CreateFileMapping(File, NULL, PAGE_READONLY, 0, 0, NULL) == NULL && FAILED_WITH(STATUS_MAPPED_FILE_SIZE_ZERO));
    return CloseHandle(File) && DeleteFile("views.tmp");
}

static BOOL CopyIsOnesOwn(VOID)
{
    HANDLE File = MakeFile("views.tmp", "original"), Mapping;
    MEMORY_BASIC_INFORMATION Information;
    PCHAR Copy, View;
    CHAR Buffer[8];
    DWORD Old;

    Mapping = CreateFileMapping(File, NULL, PAGE_READWRITE, 0, 3 * PAGE, NULL);
    Copy = MapViewOfFile(Mapping, FILE_MAP_COPY, 0, 0, 0);
    View = MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0);
    CHECK(Copy != NULL && View != NULL);
    View[PAGE] = 'a';
    CHECK(Copy[PAGE] == 'a');
    memcpy(Copy, "mine", 4);
    CHECK(memcmp(Copy, "mineinal", 8) == 0 && memcmp(View, "original", 8) == 0);
    CHECK(ReadAt(File, 0, Buffer, 8) && memcmp(Buffer, "original", 8) == 0);
    View[0] = 'O';
    CHECK(Copy[0] == 'm');
    /* The kernel writes to copies, too; and a page that is locked before it is copied. */
    CHECK(VirtualLock(Copy + 2 * PAGE, 1) && ReadAt(File, 0, Copy + 2 * PAGE, 8));
    CHECK(memcmp(Copy + 2 * PAGE, "Original", 8) == 0 && View[2 * PAGE] == 0 && VirtualUnlock(Copy + 2 * PAGE, 1));
    CHECK(VirtualQuery(Copy, &Information, sizeof(Information)) != 0);
    CHECK(Information.Protect == PAGE_READWRITE && Information.AllocationProtect == PAGE_WRITECOPY &&
          Information.RegionSize == PAGE && Information.Type == MEM_MAPPED && Information.State == MEM_COMMIT);
    CHECK(VirtualQuery(Copy + PAGE, &Information, sizeof(Information)) != 0 && Information.Protect == PAGE_WRITECOPY &&
          Information.AllocationBase == Copy);
    CHECK(VirtualProtect(Copy, 3 * PAGE, PAGE_READONLY, &Old) && Old == PAGE_READWRITE && Copy[0] == 'm' && Copy[PAGE] == 'a');
    CHECK(VirtualProtect(Copy, 3 * PAGE, PAGE_READWRITE, &Old) && Old == PAGE_READONLY);
    Copy[PAGE] = 'b';
    CHECK(View[PAGE] == 'a' && Copy[PAGE] == 'b');
    return UnmapViewOfFile(Copy) && UnmapViewOfFile(View) && CloseHandle(Mapping) && CloseHandle(File) &&
           DeleteFile("views.tmp");
}

static BOOL ReservedSectionIsCommittedByViews(VOID)
{
    HANDLE Mapping = CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, 0, 16 * GRAIN, NULL);
    MEMORY_BASIC_INFORMATION Information;
    PCHAR One, Two;

    One = MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0);
    Two = MapViewOfFile(Mapping, FILE_MAP_READ, 0, GRAIN, GRAIN);
    CHECK(One != NULL && Two != NULL);
    CHECK(VirtualQuery(Two, &Information, sizeof(Information)) != 0 && Information.State == MEM_RESERVE);
    CHECK(VirtualAlloc(One + GRAIN, PAGE, MEM_COMMIT, PAGE_READWRITE) == One + GRAIN);
    One[GRAIN] = 'c';
    CHECK(Two[0] == 'c' && VirtualQuery(Two, &Information, sizeof(Information)) != 0);
    CHECK(Information.State == MEM_COMMIT && Information.RegionSize == PAGE && Information.Protect == PAGE_READONLY);
    return UnmapViewOfFile(One) && UnmapViewOfFile(Two) && CloseHandle(Mapping);
}

static BOOL LimitsAreNamed(VOID)
{
    HANDLE File = MakeFile("views.tmp", "limits"), Mapping = CreateFileMapping(File, NULL, PAGE_READONLY, 0, 0, NULL);
    PCHAR View = MapViewOfFile(Mapping, FILE_MAP_READ, 0, 0, 0);
    PCHAR Private = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    DWORD Old;

    CHECK(View != NULL && Private != NULL);
    CHECK(MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0) == NULL && FAILED_WITH(STATUS_SECTION_PROTECTION));
    CHECK(!VirtualProtect(View, 1, PAGE_READWRITE, &Old) && FAILED_WITH(STATUS_SECTION_PROTECTION));
    CHECK(!VirtualProtect(View, 1, PAGE_EXECUTE_READ, &Old) && FAILED_WITH(STATUS_SECTION_PROTECTION));
    CHECK(MapViewOfFile(Mapping, FILE_MAP_READ, 0, PAGE, 0) == NULL && FAILED_WITH(STATUS_MAPPED_ALIGNMENT));
    CHECK(MapViewOfFile(Mapping, FILE_MAP_READ, 0, GRAIN, 0) == NULL && FAILED_WITH(STATUS_INVALID_VIEW_SIZE));
    CHECK(MapViewOfFile(Mapping, FILE_MAP_READ, 0, 0, PAGE) == NULL && FAILED_WITH(STATUS_INVALID_VIEW_SIZE));
    CHECK(MapViewOfFileEx(Mapping, FILE_MAP_READ, 0, 0, 0, View) == NULL && FAILED_WITH(STATUS_CONFLICTING_ADDRESSES));
    CHECK(!VirtualFree(View, 0, MEM_RELEASE) && FAILED_WITH(STATUS_UNABLE_TO_DELETE_SECTION));
    CHECK(!UnmapViewOfFile(Private) && FAILED_WITH(STATUS_NOT_MAPPED_VIEW));
    CHECK(CreateFileMapping(File, NULL, PAGE_EXECUTE_READWRITE, 0, 0, NULL) == NULL);
    CHECK(FAILED_WITH(STATUS_INVALID_PAGE_PROTECTION));
    CHECK(CreateFileMapping(File, NULL, PAGE_READONLY, 0, PAGE, NULL) == NULL && FAILED_WITH(STATUS_SECTION_TOO_BIG));
    CHECK(CreateFileMapping(File, NULL, PAGE_READWRITE, 0x10, 0, NULL) == NULL && FAILED_WITH(STATUS_DISK_FULL));
    CHECK(CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0x10, 0, NULL) == NULL);
    CHECK(FAILED_WITH(STATUS_COMMITMENT_LIMIT));
    CHECK(CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0, NULL) == NULL);
    CHECK(VirtualAlloc(NULL, (SIZE_T)4 << 30, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) == NULL);
    CHECK(FAILED_WITH(STATUS_COMMITMENT_LIMIT));
    return UnmapViewOfFile(View) && VirtualFree(Private, 0, MEM_RELEASE) && CloseHandle(Mapping) && CloseHandle(File) &&
           DeleteFile("views.tmp");
}

/* Private memory --------------------------------------------------------------------------------------------------------- */

/* The kernel's own touch is told as an error; that of the program ends it (views guard). */
static BOOL GuardTellsOnce(VOID)
{
    HANDLE File = MakeFile("views.tmp", "guarded");
    PCHAR Memory = VirtualAlloc(NULL, 2 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    MEMORY_BASIC_INFORMATION Information;
    DWORD Old;

    CHECK(Memory != NULL && !ReadAt(File, 0, Memory, 7) && FAILED_WITH(STATUS_GUARD_PAGE_VIOLATION));
    CHECK(ReadAt(File, 0, Memory, 7) && memcmp(Memory, "guarded", 7) == 0);
    CHECK(VirtualQuery(Memory + PAGE, &Information, sizeof(Information)) != 0);
    CHECK(Information.Protect == (PAGE_READWRITE | PAGE_GUARD));
    /* What is under guard keeps its contents. */
    CHECK(VirtualProtect(Memory, PAGE, PAGE_READONLY | PAGE_GUARD, &Old) && Old == PAGE_READWRITE);
    CHECK(!WriteAt(File, 0, Memory, 7) && FAILED_WITH(STATUS_GUARD_PAGE_VIOLATION) && memcmp(Memory, "guarded", 7) == 0);
    CHECK(!VirtualProtect(Memory, PAGE, PAGE_NOACCESS | PAGE_GUARD, &Old) && FAILED_WITH(STATUS_INVALID_PAGE_PROTECTION));
    CHECK(RunSelf("views %s", "guard", 0, 0) == (DWORD)STATUS_GUARD_PAGE_VIOLATION);
    return VirtualFree(Memory, 0, MEM_RELEASE) && CloseHandle(File) && DeleteFile("views.tmp");
}

static int TouchGuard(VOID)
{
    volatile CHAR *Memory = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);

    Memory[0] = 1;
    return 0;
}

static BOOL QueryTellsRanges(VOID)
{
    PCHAR Memory = VirtualAlloc(NULL, 64 * GRAIN, MEM_RESERVE, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION Information;

    CHECK(Memory != NULL && VirtualAlloc(Memory + GRAIN, 2 * PAGE, MEM_COMMIT, PAGE_READONLY) != NULL);
    CHECK(VirtualQuery(Memory + 5, &Information, sizeof(Information)) == sizeof(Information));
    CHECK(Information.BaseAddress == Memory && Information.RegionSize == GRAIN && Information.State == MEM_RESERVE &&
          Information.Protect == 0 && Information.Type == MEM_PRIVATE && Information.AllocationProtect == PAGE_READWRITE);
    CHECK(VirtualQuery(Memory + GRAIN, &Information, sizeof(Information)) != 0);
    CHECK(Information.RegionSize == 2 * PAGE && Information.State == MEM_COMMIT && Information.Protect == PAGE_READONLY &&
          Information.AllocationBase == Memory);
    CHECK(VirtualFree(Memory + GRAIN, PAGE, MEM_DECOMMIT) && VirtualQuery(Memory, &Information, sizeof(Information)) != 0);
    CHECK(Information.RegionSize == GRAIN + PAGE && Information.State == MEM_RESERVE);
    CHECK(VirtualFree(Memory, 0, MEM_RELEASE) && VirtualQuery(Memory, &Information, sizeof(Information)) != 0);
    CHECK(Information.State == MEM_FREE && Information.Protect == PAGE_NOACCESS && Information.AllocationBase == NULL);
    CHECK(VirtualQuery((PVOID)~(ULONG_PTR)0, &Information, sizeof(Information)) == 0);
    return VirtualQuery(Memory, &Information, sizeof(Information) - 1) == 0 && FAILED_WITH(STATUS_INFO_LENGTH_MISMATCH);
}

/* Stacks and images --------------------------------------------------------------------------------------------------- */

/* How much of the calling thread's stack is committed: what is only reserved lies at its low end. */
static SIZE_T StackCommitted(VOID)
{
    MEMORY_BASIC_INFORMATION Here = {.RegionSize = 0}, Reserved = {.RegionSize = 0};

    VirtualQuery(__builtin_frame_address(0), &Here, sizeof(Here));
    VirtualQuery(Here.AllocationBase, &Reserved, sizeof(Reserved));
    return (PCHAR)Here.BaseAddress + Here.RegionSize - (PCHAR)Reserved.BaseAddress - Reserved.RegionSize;
}

/* A frame of many pages at each level; the kernel writes at its far end. */
static __attribute__((noinline)) ULONG Deep(HANDLE File, ULONG Levels)
{
    volatile CHAR Frame[9 * PAGE];

    if (!ReadAt(File, 0, (PVOID)Frame, sizeof(Frame)) || Frame[0] != 's' || Frame[sizeof(Frame) - 1] != 'k')
        return 0;
    return Levels == 0 ? 1 : Deep(File, Levels - 1) + (Frame[1] == 't');
}

static __attribute__((noinline)) ULONG Overflow(volatile ULONG Depth)
{
    return Depth == 0 ? 0 : Overflow(Depth + 1) + Depth;
}

static BOOL StackGrows(VOID)
{
    HANDLE File = MakeFile("views.tmp", NULL);
    MEMORY_BASIC_INFORMATION Information;
    SIZE_T Before = StackCommitted();

    CHECK(Before < 8 * PAGE);
    CHECK(WriteAt(File, 0, "st", 2) && WriteAt(File, 9 * PAGE - 1, "k", 1) && Deep(File, 22) == 23);
    CHECK(StackCommitted() > 200 * PAGE);
    /* Below what is committed lies the guard, below that what is only reserved. */
    CHECK(VirtualQuery(__builtin_frame_address(0), &Information, sizeof(Information)) != 0);
    CHECK(VirtualQuery((PCHAR)Information.AllocationBase, &Information, sizeof(Information)) != 0);
    CHECK(Information.State == MEM_RESERVE && Information.AllocationProtect == PAGE_READWRITE);
    CHECK(VirtualQuery((PCHAR)Information.BaseAddress + Information.RegionSize, &Information, sizeof(Information)) != 0);
    CHECK(Information.State == MEM_COMMIT && Information.Protect == (PAGE_READWRITE | PAGE_GUARD) &&
          Information.RegionSize == PAGE);
    CHECK(RunSelf("views %s", "overflow", 0, 0) == (DWORD)STATUS_STACK_OVERFLOW);
    return CloseHandle(File) && DeleteFile("views.tmp");
}

enum { BALLAST = 64 };
static const UCHAR Ballast[BALLAST * PAGE] = {1, [BALLAST * PAGE - 1] = 2};
static volatile ULONG Isolated[2 * PAGE / sizeof(ULONG)] = {7, [PAGE / sizeof(ULONG)] = 9};

/* Reads all of its read-only pages, writes its own data, says so and waits. Whoever wrote before must not be seen. */
static int Hold(VOID)
{
    HANDLE Ready = OpenEvent(EVENT_ALL_ACCESS, FALSE, "views-ready"), Go = OpenEvent(EVENT_ALL_ACCESS, FALSE, "views-go");
    ULONG Sum = 0;

    for (ULONG Page = 0; Page < BALLAST; Page++)
        Sum += ((volatile const UCHAR *)Ballast)[Page * PAGE] + ((volatile const UCHAR *)Ballast)[Page * PAGE + PAGE - 1];
    if (Sum != 3 || Isolated[0] != 7 || Isolated[PAGE / sizeof(ULONG)] != 9)
        return 1;
    Isolated[0] = 8;
    SetEvent(Ready);
    WaitForSingleObject(Go, INFINITE);
    return Isolated[0] == 8 && Isolated[PAGE / sizeof(ULONG)] == 9 ? 0 : 2;
}

static ULONG64 ActiveFrames(VOID)
{
    SYSTEM_MEMORY_INFORMATION Memory = {.ActiveFrames = 0};

    NtQuerySystemInformation(SystemMemoryInformation, &Memory, sizeof(Memory), NULL);
    return Memory.ActiveFrames;
}

static BOOL ImageIsShared(VOID)
{
    HANDLE Ready = CreateEvent(NULL, FALSE, FALSE, "views-ready"), Go = CreateEvent(NULL, TRUE, FALSE, "views-go");
    PROCESS_INFORMATION Started[3];
    MEMORY_BASIC_INFORMATION Information;
    ULONG64 Frames = 0, More = 0;
    DWORD Exit;

    for (ULONG Index = 0; Index < 3; Index++) {
        CHAR CommandLine[] = "views hold";
        Frames = ActiveFrames();
        CHECK(CreateProcess(SELF, CommandLine, NULL, NULL, FALSE, 0, NULL, NULL, NULL, &Started[Index]));
        CHECK(WaitForSingleObject(Ready, 20000) == WAIT_OBJECT_0);
        More = ActiveFrames() - Frames;
    }
    printf("# a third instance takes %u frames; its code and tables have %u pages and more\n", (ULONG)More, BALLAST);
    SetEvent(Go);
    for (ULONG Index = 0; Index < 3; Index++) {
        WaitForSingleObject(Started[Index].hProcess, INFINITE);
        CHECK(GetExitCodeProcess(Started[Index].hProcess, &Exit) && Exit == 0 && CloseHandle(Started[Index].hProcess));
    }
    CHECK((LONG64)More < BALLAST / 2);
    CHECK(VirtualQuery((PVOID)(ULONG_PTR)Hold, &Information, sizeof(Information)) != 0 && Information.Type == MEM_IMAGE &&
          Information.Protect == PAGE_EXECUTE_READ);
    /* What runs is neither written nor deleted. */
    CHECK(CreateFile(SELF, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL) ==
          INVALID_HANDLE_VALUE && FAILED_WITH(STATUS_SHARING_VIOLATION));
    CHECK(!DeleteFile(SELF) && FAILED_WITH(STATUS_CANNOT_DELETE));
    return CloseHandle(Ready) && CloseHandle(Go);
}

/* A program may change its own read-only pages, and changes a copy. */
static BOOL ImageIsChangedInACopy(VOID)
{
    PUCHAR Page = (PUCHAR)(((ULONG_PTR)Ballast + PAGE) & ~(ULONG_PTR)(PAGE - 1));
    HANDLE Ready = CreateEvent(NULL, FALSE, FALSE, "views-ready"), Go = CreateEvent(NULL, TRUE, TRUE, "views-go");
    MEMORY_BASIC_INFORMATION Information;
    DWORD Old;

    CHECK(VirtualProtect(Page, PAGE, PAGE_READWRITE, &Old) && Old == PAGE_READONLY);
    CHECK(VirtualQuery(Page, &Information, sizeof(Information)) != 0 && Information.Protect == PAGE_WRITECOPY);
    memset(Page, 0x5A, PAGE);
    CHECK(VirtualQuery(Page, &Information, sizeof(Information)) != 0 && Information.Protect == PAGE_READWRITE);
    CHECK(RunSelf("views %s", "hold", 0, 0) == 0);
    memset(Page, 0, PAGE);
    return CloseHandle(Ready) && CloseHandle(Go);
}

/* Stress ----------------------------------------------------------------------------------------------------------------- */

/* Two processes count up in words of their own beside each other, in every page. */
static int Stress(PCSTR Name, ULONG Mib, ULONG Rounds, BOOL Child)
{
    ULONG Pages = Mib << 8, Wrong = 0;
    HANDLE Mapping = CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, Pages * PAGE, Name);
    ULONGLONG *View = Mapping != NULL ? MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0) : NULL;
    PROCESS_INFORMATION Other = {.hProcess = NULL};
    CHAR CommandLine[96];
    DWORD Exit = 0;

    if (View == NULL) {
        printf("views: %u MiB are not to be had: %s\n", Mib, NtStatusName((NTSTATUS)GetLastError()));
        return 1;
    }
    sprintf_s(CommandLine, sizeof(CommandLine), "views stress %u %u child", Mib, Rounds);
    if (!Child && !CreateProcess(SELF, CommandLine, NULL, NULL, FALSE, 0, NULL, NULL, NULL, &Other))
        return 1;
    for (ULONG Round = 0; Round < Rounds; Round++) {
        for (ULONG Page = 0; Page < Pages; Page++) {
            volatile ULONGLONG *Mine = &View[(ULONGLONG)Page * 512 + (Child ? 1 : 0) + Page * 7 % 500];
            Wrong += *Mine != (Round == 0 ? 0 : Word(Page, Round * 2 + Child));
            *Mine = Word(Page, (Round + 1) * 2 + Child);
        }
    }
    if (!Child) {
        WaitForSingleObject(Other.hProcess, INFINITE);
        GetExitCodeProcess(Other.hProcess, &Exit);
        printf("views: %u MiB shared, %u rounds, %u words wrong here, %u there\n", Mib, Rounds, Wrong, (ULONG)Exit);
    }
    return Wrong != 0 || Exit != 0;
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
        return (int)Overflow(1);
    printf("1..%u\n", (ULONG)ARRAYSIZE(Cases));
    for (ULONG Index = 0; Index < ARRAYSIZE(Cases); Index++) {
        BOOL Good = Cases[Index].Routine();
        printf("%sok %u - %s\n", Good ? "" : "not ", Index + 1, Cases[Index].Name);
        Failed += !Good;
    }
    return Failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
