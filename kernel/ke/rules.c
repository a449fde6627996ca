/* The words for a broken rule of level (rules.h), and the names of the levels. */
#include "ke/rules.h"
#include "mm/mm.h"

static const PCSTR KiIrqlNames[HIGH_LEVEL + 1] = {
    [PASSIVE_LEVEL] = "PASSIVE_LEVEL", [APC_LEVEL] = "APC_LEVEL", [DISPATCH_LEVEL] = "DISPATCH_LEVEL",
    [CLOCK_LEVEL] = "CLOCK_LEVEL", [IPI_LEVEL] = "IPI_LEVEL", [HIGH_LEVEL] = "HIGH_LEVEL",
};

PCSTR KiIrqlName(KIRQL Irql)
{
    if (Irql > HIGH_LEVEL)
        return "no level";
    return KiIrqlNames[Irql] != NULL ? KiIrqlNames[Irql] : "a device level";
}

KI_ADDRESS_WORDS KiWords(PVOID Address)
{
    KI_ADDRESS_WORDS Words;

    KdNameAddress(Address, Words.Text);
    return Words;
}

/*
 * Stop the system: Routine may not be called above Highest (below Lowest), and Caller did. IRQL: any. Neither returns.
 */
VOID KiIrqlRuleBroken(PCSTR Routine, KIRQL Highest, PVOID Caller)
{
    KIRQL Irql = KeGetCurrentIrql();

    KiBugCheck(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Caller, Irql, Highest, (ULONG_PTR)Routine, NULL,
               "%s was called at IRQL %u (%s) from %s. It may be called at IRQL <= %u (%s): lower the level or leave "
               "the spin lock first.", Routine, Irql, KiIrqlName(Irql), KiWords(Caller).Text, Highest,
               KiIrqlName(Highest));
}

VOID KiIrqlTooLow(PCSTR Routine, KIRQL Lowest, PVOID Caller)
{
    KIRQL Irql = KeGetCurrentIrql();

    KiBugCheck(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Caller, Irql, Lowest, (ULONG_PTR)Routine, NULL,
               "%s was called at IRQL %u (%s) from %s. Its caller is at IRQL %u (%s) or above already: call the "
               "routine that raises, or raise first.", Routine, Irql, KiIrqlName(Irql), KiWords(Caller).Text, Lowest,
               KiIrqlName(Lowest));
}

/* The first time for a section; `sections` shows the count. IRQL: any. */
VOID KiNoteRaised(PVOID Address, KIRQL Irql)
{
    if (MmCountRaisedUse(Address) == 1)
        DbgPrint("%s runs at IRQL %u (%s), and its section is pageable and not locked: it gets away with it for as long as "
                 "its page happens to be in. Lock the section first, or move the code out of it.\n",
                 KiWords(Address).Text, Irql, KiIrqlName(Irql));
}
