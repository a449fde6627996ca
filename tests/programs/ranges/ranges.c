/*
 * ranges [STEPS]: what a program can do to its own address space in a hurry.
 *
 * First one page in each of many distant places, one after the other: the page tables that each needs must go with it,
 * or they would fill memory. Then four threads that reserve, release, decommit, commit, protect and lock one and the
 * same range at once. Any call may fail; what matters is that the kernel's books are right afterwards, which `mem
 * check` tells.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE 4096ull
#define GIB (1ull << 30)
#define PLACES 4000u
#define RANGE_BASE ((PUCHAR)(64 * GIB))
#define RANGE_PAGES 48u

static ULONG Steps;

static ULONG WalkFarApart(VOID)
{
    ULONG Failed = 0;

    for (ULONG i = 1; i <= PLACES; i++) {
        ULONG volatile *Page = VirtualAlloc((PVOID)(i * 4 * GIB), PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (Page == NULL) {
            Failed++;
            continue;
        }
        *Page = i;
        if (*Page != i || !VirtualFree((PVOID)Page, 0, MEM_RELEASE))
            Failed++;
    }
    return Failed;
}

static ULONG Random(PULONG Seed)
{
    *Seed = *Seed * 1103515245u + 12345u;
    return *Seed >> 16;
}

/* Makes the pages be there without touching them, since they may go at any moment. */
static VOID TouchByLock(PUCHAR At, SIZE_T Size)
{
    if (VirtualLock(At, Size))
        VirtualUnlock(At, Size);
}

static DWORD WINAPI Disturb(LPVOID Context)
{
    ULONG Seed = (ULONG)(ULONG_PTR)Context;
    DWORD Old;

    for (ULONG Step = 0; Step < Steps; Step++) {
        ULONG First = Random(&Seed) % RANGE_PAGES, Count = 1 + Random(&Seed) % (RANGE_PAGES - First);
        PUCHAR At = RANGE_BASE + First * PAGE;
        SIZE_T Size = Count * PAGE;
        switch (Random(&Seed) % 9) {
        case 0: VirtualFree(RANGE_BASE, 0, MEM_RELEASE); break;
        case 1: VirtualAlloc(RANGE_BASE, RANGE_PAGES * PAGE, MEM_RESERVE, PAGE_READWRITE); break;
        case 2: VirtualAlloc(RANGE_BASE, RANGE_PAGES * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE); break;
        case 3: VirtualAlloc(At, Size, MEM_COMMIT, PAGE_READWRITE); break;
        case 4: VirtualFree(At, Size, MEM_DECOMMIT); break;
        case 5: VirtualProtect(At, Size, PAGE_NOACCESS, &Old); break;
        case 6: VirtualProtect(At, Size, PAGE_READWRITE, &Old); break;
        case 7: VirtualLock(At, Size); break;
        default: TouchByLock(At, Size); break;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    HANDLE Threads[4];
    ULONG Failed;

    Steps = argc > 1 ? (ULONG)strtoull(argv[1], NULL, 0) : 4000;
    Failed = WalkFarApart();
    printf("ranges: %u places, %u of them failed\n", PLACES, Failed);
    for (ULONG i = 0; i < 4; i++) {
        Threads[i] = CreateThread(NULL, 0, Disturb, (PVOID)(ULONG_PTR)(i * 977 + 11), 0, NULL);
        if (Threads[i] == NULL) {
            printf("ranges: a thread cannot be made\n");
            return 1;
        }
    }
    for (ULONG i = 0; i < 4; i++) {
        WaitForSingleObject(Threads[i], INFINITE);
        CloseHandle(Threads[i]);
    }
    VirtualFree(RANGE_BASE, 0, MEM_RELEASE);
    printf("ranges: %u steps by each of 4 threads\n", Steps);
    return Failed != 0;
}
