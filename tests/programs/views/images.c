/*
 * A program's own stack and image.
 */
#include "views.h"

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

static __attribute__((noinline)) ULONG Recurse(volatile ULONG Depth)
{
    return Depth == 0 ? 0 : Recurse(Depth + 1) + Depth;
}

int Overflow(VOID)
{
    return (int)Recurse(1);
}

BOOL StackGrows(VOID)
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
int Hold(VOID)
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

BOOL ImageIsShared(VOID)
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
BOOL ImageIsChangedInACopy(VOID)
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
