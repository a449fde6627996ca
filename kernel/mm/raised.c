/*
 * Pageable code that is used at DISPATCH_LEVEL or above and gets away with it, because its page happens to be in: a
 * violation all the same (LITERATURE L36, L37), counted for its section and shown by `sections`.
 *
 * A checked build looks at the moments when it is certain: code that raises the level, or takes a spin lock, runs at
 * the raised level when the call returns; a routine that is about to be called as a DPC or for an interrupt runs there
 * at once; and PAGED_CODE() says so itself. What is neither is found when the page is out one day, or by force.
 */
#include "mm/mi.h"

/*
 * The section behind an address if it may be out at any moment. The frame tells nonpaged pages, which almost all are,
 * at the price of a walk and without a lock; the section, once named, is looked up under the tree's lock.
 */
static PMM_SECTION MiUnlockedSection(ULONG_PTR Address)
{
    PMMPTE Pte = Address >= MM_KERNEL_BASE ? MiSystemPte(Address) : NULL;
    MMPTE Value = Pte != NULL ? MiReadPte(Pte) : MiMakeZero();
    PMM_SECTION Section;

    if (!MiIsValid(Value) || MiIsLarge(Value) || MiSectionOfFrame(MiPfn(MiFrameOf(Value))) == NULL)
        return NULL;
    Section = MmFindSection((PVOID)Address);
    if (Section == NULL || Section->Kind == MmSectionNonpaged || Section->LockCount != 0)
        return NULL;
    return Section;
}

/* IRQL: any; waits for nothing. */
ULONG MmCountRaisedUse(PVOID Address)
{
    PMM_SECTION Section = MiUnlockedSection((ULONG_PTR)Address);

    return Section != NULL ? (ULONG)InterlockedIncrement((volatile LONG *)&Section->RaisedUses) : 0;
}
