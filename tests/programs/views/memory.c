/*
 * Private memory: guard pages, and what a query tells.
 */
#include "views.h"

/* The kernel's own touch is told as an error; that of the program ends it (views guard). */
BOOL GuardTellsOnce(VOID)
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

int TouchGuard(VOID)
{
    volatile CHAR *Memory = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);

    Memory[0] = 1;
    return 0;
}

BOOL QueryTellsRanges(VOID)
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
