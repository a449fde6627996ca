/*
 * touch MIB [ROUNDS]: takes so much memory, finds it zeroed, writes a pattern of its own into every page and finds it
 * again, round after round. More than the machine has goes through the paging file and back.
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE 4096
#define WORDS (PAGE / sizeof(ULONG64))

/* What page Page holds at word Word in round Round: no two pages or rounds have it in common. */
static ULONG64 Pattern(SIZE_T Page, SIZE_T Word, ULONG Round)
{
    return (Page << 32 | (ULONG64)Round << 16 | Word) * 0x9E3779B97F4A7C15ull;
}

/* First, last and one word in the middle: what moves as a page moves whole. */
static VOID WritePage(ULONG64 *Memory, SIZE_T Page, ULONG Round)
{
    for (SIZE_T Word = 0; Word < WORDS; Word += WORDS / 2 - 1)
        Memory[Page * WORDS + Word] = Pattern(Page, Word, Round);
}

/* Round 0: as it was given to the program. */
static BOOL CheckPage(const ULONG64 *Memory, SIZE_T Page, ULONG Round)
{
    for (SIZE_T Word = 0; Word < WORDS; Word += WORDS / 2 - 1) {
        ULONG64 Right = Round != 0 ? Pattern(Page, Word, Round) : 0;
        if (Memory[Page * WORDS + Word] != Right) {
            printf("touch: page %llu of round %u holds 0x%llx at word %llu, not 0x%llx; the pager lost it\n",
                   (ULONG64)Page, Round, Memory[Page * WORDS + Word], (ULONG64)Word, Right);
            return FALSE;
        }
    }
    return TRUE;
}

int main(int Count, char **Words)
{
    ULONG Mebibytes = Count > 1 ? (ULONG)strtoul(Words[1], NULL, 0) : 0;
    ULONG Rounds = Count > 2 ? (ULONG)strtoul(Words[2], NULL, 0) : 2;
    SIZE_T Pages = (SIZE_T)Mebibytes * (1024 * 1024 / PAGE);
    ULONG64 *Memory;

    if (Mebibytes == 0 || Rounds == 0 || Count > 3) {
        printf("touch: usage: touch MIB [ROUNDS]\n");
        return EXIT_FAILURE;
    }
    Memory = VirtualAlloc(NULL, Pages * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (Memory == NULL) {
        printf("touch: %u MiB: %s; ask for less, or boot with a larger --mem or pagefile=\n", Mebibytes,
               NtStatusName((NTSTATUS)GetLastError()));
        return EXIT_FAILURE;
    }
    for (ULONG Round = 1; Round <= Rounds; Round++) {
        for (SIZE_T Page = 0; Page < Pages; Page++) {
            if (!CheckPage(Memory, Page, Round - 1))
                return EXIT_FAILURE;
            WritePage(Memory, Page, Round);
        }
        for (SIZE_T Page = 0; Page < Pages; Page++) {
            if (!CheckPage(Memory, Page, Round))
                return EXIT_FAILURE;
        }
    }
    printf("touched %u MiB, every page as it was written\n", Mebibytes);
    return EXIT_SUCCESS;
}
