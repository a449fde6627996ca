/*
 * The harness of the host unit tests: a program is a set of cases, each of which registers itself where it is written,
 *
 *     CASE(BitMapFindsRunAcrossWords) { ... CHECK(Found == 30); }
 *
 * and prints TAP. Without arguments a program runs all of its cases; with names it runs those. A case ends at its first
 * failed check. tests/host/test_units.py finds the cases in the sources and makes each a test of pytest.
 */
#pragma once

#include "ntdef.h"

typedef struct _TAP_CASE {
    PCSTR Name;
    VOID (*Routine)(VOID);
    struct _TAP_CASE *Next;
} TAP_CASE;

VOID TapRegister(TAP_CASE *Case);

#define CASE(Title)                                                                                            \
    static VOID Case##Title(VOID);                                                                             \
    __attribute__((constructor)) static VOID Register##Title(VOID)                                             \
    {                                                                                                          \
        static TAP_CASE Record = {#Title, Case##Title, NULL};                                                  \
        TapRegister(&Record);                                                                                  \
    }                                                                                                          \
    static VOID Case##Title(VOID)

/* Ends the case as failed unless Condition holds; the rest is printf's (the host's: %zu, %llx), and optional. */
#define CHECK(Condition, ...)                                                                                  \
    do {                                                                                                       \
        if (!(Condition))                                                                                      \
            TapFail(__FILE__, __LINE__, #Condition, "" __VA_ARGS__);                                           \
    } while (0)

/* Both print what they found. Texts end in a null. */
#define CHECK_EQUAL(Found, Expected) TapCheckEqual(__FILE__, __LINE__, #Found, (LONGLONG)(Found), (LONGLONG)(Expected))
#define CHECK_TEXT(Found, Expected) TapCheckText(__FILE__, __LINE__, #Found, Found, Expected)

DECLSPEC_NORETURN VOID TapFail(PCSTR File, int Line, PCSTR Condition, PCSTR Format, ...);
VOID TapCheckEqual(PCSTR File, int Line, PCSTR Condition, LONGLONG Found, LONGLONG Expected);
VOID TapCheckText(PCSTR File, int Line, PCSTR Condition, PCSTR Found, PCSTR Expected);

/* A comment in the output. */
VOID TapNote(PCSTR Format, ...);

/* Memory of exactly Size bytes: one byte past it is an error that AddressSanitizer sees. Never fails. */
PVOID TapAllocate(SIZE_T Size);
VOID TapFree(PVOID Memory);
/*
 * Size bytes that end at an inaccessible page, or begin right behind one, for code that the sanitizers cannot look
 * into. Filled with 0xA5. At most 16 pages; every call gives the same memory again.
 */
PUCHAR TapBeforeGuard(SIZE_T Size);
PUCHAR TapBehindGuard(SIZE_T Size);
/* A whole file, in memory of exactly its size. Fails the case when there is none. */
PUCHAR TapReadFile(PCSTR Path, PSIZE_T Size);
/* A reproducible random number below Limit (not zero), from a seed that every case starts anew. */
ULONG TapRandom(ULONG Limit);
/* The host's vsnprintf. */
int TapHostFormat(PCHAR Buffer, SIZE_T Size, PCSTR Format, ...);

/* The pool behind ExAllocatePoolWithTag (pool.c): how many blocks are out, and after how many to fail; -1 never. */
extern LONG PoolBlocks;
extern LONG PoolAllocationsLeft;
