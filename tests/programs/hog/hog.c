/*
 * hog MIB [ROUNDS]: takes that much memory, writes all of it and reads it back, so that a machine with less must page.
 *
 * Every page holds a different word at a different place, so that a page that comes back empty, old or as another one
 * is seen. Exit status: 0 when every word was right.
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE 4096u
#define WORDS (PAGE / sizeof(ULONGLONG))

/* The word that page Page must hold after round Round, and where in the page it lies. */
static ULONGLONG Word(SIZE_T Page, ULONG Round)
{
    return (Page + 1) * 0x9E3779B97F4A7C15ull ^ Round;
}

static SIZE_T Place(SIZE_T Page)
{
    return Page * WORDS + Page * 7 % WORDS;
}

int main(int argc, char **argv)
{
    ULONG Mib = argc > 1 ? (ULONG)strtoull(argv[1], NULL, 0) : 0;
    ULONG Rounds = argc > 2 ? (ULONG)strtoull(argv[2], NULL, 0) : 1;
    SIZE_T Pages = (SIZE_T)Mib << 8;
    ULONGLONG *Memory;
    SIZE_T Wrong = 0;

    if (Pages == 0 || Rounds == 0) {
        printf("usage: hog MIB [ROUNDS]\n");
        return 2;
    }
    Memory = VirtualAlloc(NULL, Pages * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (Memory == NULL) {
        printf("hog: %u MiB are not to be had: %s\n", Mib, NtStatusName((NTSTATUS)GetLastError()));
        return 1;
    }
    for (SIZE_T Page = 0; Page < Pages; Page++) {
        Wrong += Memory[Place(Page)] != 0;
        Memory[Place(Page)] = Word(Page, 0);
    }
    for (ULONG Round = 0; Round < Rounds; Round++) {
        for (SIZE_T Page = 0; Page < Pages; Page++) {
            Wrong += Memory[Place(Page)] != Word(Page, Round);
            Memory[Place(Page)] = Word(Page, Round + 1);
        }
    }
    VirtualFree(Memory, 0, MEM_RELEASE);
    printf("hog: %u MiB written and read back, %u pages wrong\n", Mib, (ULONG)Wrong);
    return Wrong != 0;
}
