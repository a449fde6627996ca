/*
 * Breaking a documented rule on purpose and seeing that a checked build says so. The bugcheck is looked at before it
 * happens (KiBugCheckHook in kernel/ke/rules.h), and the routine is left by an exception: it checks its rule before
 * it does anything, so nothing is half done.
 *
 * Each of these stands in a case and takes the call as its last argument, made of what is static: the call becomes a
 * routine of its own.
 */
#pragma once

#include "testcase.h"

/* The call breaks a rule: a bugcheck Code comes of it. For a rule of level, see below. IRQL: PASSIVE_LEVEL. */
#define BREAKS(Code, Call)                                                                                     \
    do {                                                                                                       \
        VOID Broken(VOID) { (void)(Call); }                                                                    \
        ExpectBugCheck((Code), Broken, #Call, __FILE__, __LINE__);                                             \
    } while (0)

/* Routine may be called at IRQL <= Highest: it is called one level above. */
#define NOT_ABOVE(Highest, Routine, Call)                                                                      \
    do {                                                                                                       \
        VOID TooHigh(VOID) { (void)(Call); }                                                                   \
        ExpectIrqlRule(#Routine, (Highest), (Highest) + 1, TooHigh, __FILE__, __LINE__);                       \
    } while (0)

/* Routine may be called at IRQL >= Lowest: it is called one level below. */
#define NOT_BELOW(Lowest, Routine, Call)                                                                       \
    do {                                                                                                       \
        VOID TooLow(VOID) { (void)(Call); }                                                                    \
        ExpectIrqlRule(#Routine, (Lowest), (Lowest) - 1, TooLow, __FILE__, __LINE__);                          \
    } while (0)

VOID ExpectBugCheck(ULONG Code, VOID (*Call)(VOID), PCSTR Text, PCSTR File, ULONG Line);
VOID ExpectIrqlRule(PCSTR Routine, KIRQL Limit, KIRQL Wrong, VOID (*Call)(VOID), PCSTR File, ULONG Line);
