/*
 * The harness of tap.h, on the host's C library. The only file of a test program that includes the host's headers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tap.h"

#define GUARDED_PAGES 16
#define GUARD_PAGE 4096

static TAP_CASE *TapCases;
static jmp_buf TapEndOfCase;
static char TapFailure[2048];
static ULONG64 TapSeed;

/* Keeps the order in which the cases are written. */
VOID TapRegister(TAP_CASE *Case)
{
    TAP_CASE **Place = &TapCases;

    while (*Place != NULL) {
        Place = &(*Place)->Next;
    }
    *Place = Case;
}

VOID TapFail(PCSTR File, int Line, PCSTR Condition, PCSTR Format, ...)
{
    int Length = snprintf(TapFailure, sizeof(TapFailure), "%s:%d: %s", File, Line, Condition);
    va_list Arguments;

    if (*Format != 0 && Length < (int)sizeof(TapFailure) - 3) {
        TapFailure[Length++] = ':';
        TapFailure[Length++] = ' ';
        va_start(Arguments, Format);
        vsnprintf(TapFailure + Length, sizeof(TapFailure) - (size_t)Length, Format, Arguments);
        va_end(Arguments);
    }
    longjmp(TapEndOfCase, 1);
}

VOID TapCheckEqual(PCSTR File, int Line, PCSTR Condition, LONGLONG Found, LONGLONG Expected)
{
    if (Found != Expected) {
        TapFail(File, Line, Condition, "is %lld (%#llx), should be %lld (%#llx)", Found, Found, Expected, Expected);
    }
}

VOID TapCheckText(PCSTR File, int Line, PCSTR Condition, PCSTR Found, PCSTR Expected)
{
    if (strcmp(Found, Expected) != 0) {
        TapFail(File, Line, Condition, "is \"%s\", should be \"%s\"", Found, Expected);
    }
}

VOID TapNote(PCSTR Format, ...)
{
    va_list Arguments;

    va_start(Arguments, Format);
    printf("# ");
    vprintf(Format, Arguments);
    printf("\n");
    va_end(Arguments);
}

PVOID TapAllocate(SIZE_T Size)
{
    PVOID Memory = malloc(Size);

    if (Memory == NULL) {
        TapFail(__FILE__, __LINE__, "malloc", "no memory for %llu bytes", Size);
    }
    return Memory;
}

VOID TapFree(PVOID Memory)
{
    free(Memory);
}

/* GUARDED_PAGES accessible pages between two that are not. */
static PUCHAR TapGuarded(VOID)
{
    static PUCHAR Pages;

    if (Pages == NULL) {
        Pages = mmap(NULL, (GUARDED_PAGES + 2) * GUARD_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (Pages == MAP_FAILED || mprotect(Pages + GUARD_PAGE, GUARDED_PAGES * GUARD_PAGE, PROT_READ | PROT_WRITE)) {
            abort();
        }
    }
    memset(Pages + GUARD_PAGE, 0xA5, GUARDED_PAGES * GUARD_PAGE);
    return Pages + GUARD_PAGE;
}

PUCHAR TapBeforeGuard(SIZE_T Size)
{
    return TapGuarded() + GUARDED_PAGES * GUARD_PAGE - Size;
}

PUCHAR TapBehindGuard(SIZE_T Size)
{
    (void)Size;
    return TapGuarded();
}

PUCHAR TapReadFile(PCSTR Path, PSIZE_T Size)
{
    FILE *File = fopen(Path, "rb");
    PUCHAR Bytes;
    long Length;

    if (File == NULL || fseek(File, 0, SEEK_END) != 0 || (Length = ftell(File)) < 0) {
        TapFail(__FILE__, __LINE__, "fopen", "cannot read %s", Path);
    }
    rewind(File);
    Bytes = TapAllocate((SIZE_T)Length);
    if (fread(Bytes, 1, (size_t)Length, File) != (size_t)Length) {
        TapFail(__FILE__, __LINE__, "fread", "cannot read %s", Path);
    }
    fclose(File);
    *Size = (SIZE_T)Length;
    return Bytes;
}

ULONG TapRandom(ULONG Limit)
{
    TapSeed = TapSeed * 6364136223846793005ull + 1442695040888963407ull;
    return (ULONG)(TapSeed >> 33) % Limit;
}

int TapHostFormat(PCHAR Buffer, SIZE_T Size, PCSTR Format, ...)
{
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = vsnprintf(Buffer, Size, Format, Arguments);
    va_end(Arguments);
    return Length;
}

/* Whether the command line asks for this case. */
static bool TapIsWanted(const TAP_CASE *Case, int Count, char **Words)
{
    for (int Index = 1; Index < Count; Index++) {
        if (strcmp(Words[Index], Case->Name) == 0) {
            return true;
        }
    }
    return Count == 1;
}

/* Runs one case; false: a check failed. */
static bool TapRun(const TAP_CASE *Case)
{
    TapSeed = 20231121;
    PoolBlocks = 0;
    PoolAllocationsLeft = -1;
    if (setjmp(TapEndOfCase) != 0) {
        return false;
    }
    Case->Routine();
    return true;
}

int main(int Count, char **Words)
{
    int Number = 0;
    int Failed = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (TAP_CASE *Case = TapCases; Case != NULL; Case = Case->Next) {
        if (!TapIsWanted(Case, Count, Words)) {
            continue;
        }
        if (TapRun(Case)) {
            printf("ok %d - %s\n", ++Number, Case->Name);
        } else {
            printf("not ok %d - %s\n# %s\n", ++Number, Case->Name, TapFailure);
            Failed = 1;
        }
    }
    printf("1..%d\n", Number);
    return Number == 0 ? 2 : Failed;
}
