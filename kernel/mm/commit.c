/*
 * Commit: how much memory may be promised. The limit is what frames and paging-file slots can hold together, less a
 * reserve; paging files that can grow do so before a promise is refused; every page that may one day need a place of
 * its own is charged when it is promised, not when it is touched, so running out is an ordinary failure of the one who
 * asks.
 */
#include "mm/mi.h"

LONG64 MiCommittedPages, MiCommitLimit;

/* IRQL: <= DISPATCH_LEVEL, PFN lock not held. */
BOOLEAN MiChargeCommit(ULONG64 Pages)
{
    LONG64 Over;

    if (Pages > MAXLONGLONG / 2 || KiAllocationFails("commit"))
        return FALSE;
    do {
        Over = InterlockedAdd64(&MiCommittedPages, (LONG64)Pages) - MiCommitLimit;
        if (Over <= 0)
            return TRUE;
        InterlockedAdd64(&MiCommittedPages, -(LONG64)Pages);
    } while (MiGrowCommitLimit((ULONG64)Over));
    return FALSE;
}

VOID MiReturnCommit(ULONG64 Pages)
{
    InterlockedAdd64(&MiCommittedPages, -(LONG64)Pages);
    ASSERT(MiCommittedPages >= 0);
}

VOID MiRaiseCommitLimit(LONG64 Pages)
{
    InterlockedAdd64(&MiCommitLimit, Pages);
}
