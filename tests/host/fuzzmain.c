/*
 * The harness under libFuzzer: a failed check ends the process, which keeps the input that did it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

VOID TapFail(PCSTR File, int Line, PCSTR Condition, PCSTR Format, ...)
{
    va_list Arguments;

    fprintf(stderr, "%s:%d: %s: ", File, Line, Condition);
    va_start(Arguments, Format);
    vfprintf(stderr, Format, Arguments);
    va_end(Arguments);
    fputc('\n', stderr);
    abort();
}

VOID TapCheckEqual(PCSTR File, int Line, PCSTR Condition, LONGLONG Found, LONGLONG Expected)
{
    if (Found != Expected) {
        TapFail(File, Line, Condition, "is %lld, should be %lld", Found, Expected);
    }
}

PVOID TapAllocate(SIZE_T Size)
{
    PVOID Memory = malloc(Size);

    if (Memory == NULL) {
        abort();
    }
    return Memory;
}

VOID TapFree(PVOID Memory)
{
    free(Memory);
}
