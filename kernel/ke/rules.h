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
DECLSPEC_NORETURN VOID KiIrqlTooLow(PCSTR Routine, KIRQL Lowest, PVOID Caller);

/* For what is inlined into Routine. */
#if DBG
#define KE_REQUIRE_IRQL_OF(Routine, Highest)                                                                   \
    do {                                                                                                       \
        if (KeGetCurrentIrql() > (Highest))                                                                    \
            KiIrqlRuleBroken((Routine), (Highest), __builtin_return_address(0));                               \
    } while (0)
#define KE_REQUIRE_IRQL_FROM(Lowest)                                                                           \
    do {                                                                                                       \
        if (KeGetCurrentIrql() < (Lowest))                                                                     \
            KiIrqlTooLow(__func__, (Lowest), __builtin_return_address(0));                                     \
    } while (0)
#else
#define KE_REQUIRE_IRQL_OF(Routine, Highest) ((void)(Routine), (void)(Highest))
#define KE_REQUIRE_IRQL_FROM(Lowest) ((void)0)
#endif

/*
 * Stand first in a routine whose comment says IRQL: <= Highest, >= Lowest, or one level alone. Before the routine has
 * done anything, so that a test can be shown the broken rule and go on (KiBugCheckHook).
 */
#define KE_REQUIRE_IRQL(Highest) KE_REQUIRE_IRQL_OF(__func__, Highest)
#define KE_REQUIRE_IRQL_AT(Level)                                                                              \
    do {                                                                                                       \
        KE_REQUIRE_IRQL(Level);                                                                                \
        KE_REQUIRE_IRQL_FROM(Level);                                                                           \
    } while (0)

#if DBG
/*
 * How tests see a rule enforced without a boot for each: a checked build shows every bugcheck to this routine first, at
 * the level and in the thread where it happens. One that knows the rule, and that nothing has been done yet, may leave
 * by raising an exception; if it returns, the system stops. Parameters: those of KeBugCheckEx; for a broken rule of
 * level the caller, the level, the limit and the routine's name (a PCSTR).
 */
typedef VOID KI_BUGCHECK_HOOK(ULONG Code, const ULONG_PTR Parameters[4]);
extern KI_BUGCHECK_HOOK *volatile KiBugCheckHook;

/*
 * How tests let allocations fail one at a time: a checked build asks this routine before each, in the thread that
 * allocates and at its level. What: "pool", "frame", "commit", "resident" or "addresses". TRUE: it fails as if there
 * were none left.
 */
typedef BOOLEAN KI_ALLOCATION_HOOK(PCSTR What);
extern KI_ALLOCATION_HOOK *volatile KiAllocationHook;
FORCEINLINE BOOLEAN KiAllocationFails(PCSTR What)
{
    KI_ALLOCATION_HOOK *Hook = KiAllocationHook;

    return Hook != NULL && Hook(What);
}
#else
#define KiAllocationFails(What) FALSE
#endif

/*
 * Address, in code, runs at Irql from now on: pageable code may not, above APC_LEVEL, unless it is locked; it is
 * counted (MmCountRaisedUse), and told the first time. Stands where the level of a caller rises and where routines of
 * drivers are called at a raised one.
 */
VOID KiNoteRaised(PVOID Address, KIRQL Irql);
#if DBG
#define KE_NOTE_RAISED(Address, Irql)                                                                          \
    do {                                                                                                       \
        if ((Irql) >= DISPATCH_LEVEL)                                                                          \
            KiNoteRaised((PVOID)(ULONG_PTR)(Address), (Irql));                                                  \
    } while (0)
#else
#define KE_NOTE_RAISED(Address, Irql) ((void)(Address))
#endif
