/*
 * Rules of level, asserted where they are stated. A checked build says which routine was called too high, by whom and
 * what the rule is; a free build does not look.
 *
 * The rule for drivers' own pageable code is PAGED_CODE(), which only reports; these are the kernel's own entries,
 * where going on would be a deadlock or a corrupted list.
 */
#pragma once

#include "kd/kd.h"
#include "ke/ke.h"

/* An address in words, for messages: KiWords(Caller).Text. IRQL: any. */
typedef struct _KI_ADDRESS_WORDS { CHAR Text[KD_ADDRESS_TEXT]; } KI_ADDRESS_WORDS;
KI_ADDRESS_WORDS KiWords(PVOID Address);

DECLSPEC_NORETURN VOID KiIrqlRuleBroken(PCSTR Routine, KIRQL Highest, PVOID Caller);

/* For what is inlined into Routine. */
#if DBG
#define KE_REQUIRE_IRQL_OF(Routine, Highest)                                                                   \
    do {                                                                                                       \
        if (KeGetCurrentIrql() > (Highest))                                                                    \
            KiIrqlRuleBroken((Routine), (Highest), __builtin_return_address(0));                               \
    } while (0)
#else
#define KE_REQUIRE_IRQL_OF(Routine, Highest) ((void)(Routine))
#endif

/* Stands first in a routine whose comment says IRQL: <= Highest. */
#define KE_REQUIRE_IRQL(Highest) KE_REQUIRE_IRQL_OF(__func__, Highest)

/*
 * Address, in code, runs at Irql from now on: pageable code may not, above APC_LEVEL, unless it is locked; it is counted
 * (MmCountRaisedUse), and told the first time. Stands where the level of a caller rises and where routines of drivers are called at a raised one.
 */
VOID KiNoteRaised(PVOID Address, KIRQL Irql);
#if DBG
#define KE_NOTE_RAISED(Address, Irql)                                                                          \
    do {                                                                                                       \
        if ((Irql) >= DISPATCH_LEVEL)                                                                          \
            KiNoteRaised((PVOID)(ULONG_PTR)(Address), (Irql));                                                        \
    } while (0)
#else
#define KE_NOTE_RAISED(Address, Irql) ((void)(Address))
#endif
