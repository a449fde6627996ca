/*
 * Commit: how much memory may be promised. The limit is what frames and paging-file slots can hold together, less a
 * reserve; every page that may one day need a place of its own is charged when it is promised, not when it is touched,
 * so running out is an ordinary failure of the one who asks.
 */
#include "mm/mi.h"

LONG64 MiCommittedPages, MiCommitLimit;

BOOLEAN MiChargeCommit(ULONG64 Pages)
{
    LONG64 Sum = InterlockedAdd64(&MiCommittedPages, (LONG64)Pages);

    if (Sum <= MiCommitLimit)
        return TRUE;
    InterlockedAdd64(&MiCommittedPages, -(LONG64)Pages);
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
