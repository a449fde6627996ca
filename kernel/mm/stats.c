/*
 * Counters, as `mem` shows them.
 */
#include "rtl/export.h"
#include "mm/mi.h"
#include "ex/pool.h"

VOID MmQueryStatistics(PMM_STATISTICS S)
{
    KIRQL Irql;

    RtlZeroMemory(S, sizeof(*S));
    S->TotalFrames = MiTotalFrames;
    /*
     * Without a lock, since the larger the machine the longer it takes: what is on its way just now is a guess anyway.
     */
    for (PFN_NUMBER Frame = 0; Frame <= MiHighestFrame; Frame++) {
        UCHAR State = *(volatile UCHAR *)&MiPfn(Frame)->State;
        S->TransitFrames += State == MiFrameTransit || State == MiFrameDeleted;
    }
    Irql = MiLockPfn();
    S->ZeroedFrames = MiFrameLists[MiFrameZeroed].Count;
    S->FreeFrames = MiFrameLists[MiFrameFree].Count + MiFramesInZeroing;
    S->StandbyFrames = MiFrameLists[MiFrameStandby].Count;
    S->ModifiedFrames = MiFrameLists[MiFrameModified].Count;
    MiUnlockPfn(Irql);
    S->ActiveFrames = S->TotalFrames - S->ZeroedFrames - S->FreeFrames - S->StandbyFrames - S->ModifiedFrames;
    S->TransitFrames = min(S->TransitFrames, S->ActiveFrames);
    S->ActiveFrames -= S->TransitFrames;
    S->DemandZeroFaults = MiDemandZeroFaults;
    S->SoftFaults = MiSoftFaults;
    S->HardFaults = MiHardFaults;
    S->PagesIn = MiPagesIn;
    S->PagesOut = MiPagesOut;
    S->PageReads = MiPageReads;
    S->PageWrites = MiPageWrites;
    S->CommittedPages = (ULONG64)MiCommittedPages;
    S->CommitLimit = (ULONG64)MiCommitLimit;
    S->SystemWorkingSet = MiSystemWorkingSet.Size;
    S->ResidentAvailable = MiResidentAvailable;
    S->SystemTablePages = (ULONG64)MiSystemTablePages;
    S->NonPagedPoolPages = MiNonPagedRange.Used;
    S->PagedPoolPages = MiPagedRange.Used;
    ExQueryPoolUsage(&S->NonPagedPoolBytes, &S->PagedPoolBytes);
}
NT_EXPORT(MmQueryStatistics);    /* for the test library */
