/*
 * Counters, as `mem` shows them.
 */
#include "rtl/export.h"
#include "mm/mi.h"
#include "ex/pool.h"

VOID MmQueryStatistics(PMM_STATISTICS S)
{
    KIRQL Irql = MiLockPfn();

    RtlZeroMemory(S, sizeof(*S));
    S->TotalFrames = MiTotalFrames;
    S->ZeroedFrames = MiFrameLists[MiFrameZeroed].Count;
    S->FreeFrames = MiFrameLists[MiFrameFree].Count;
    S->StandbyFrames = MiFrameLists[MiFrameStandby].Count;
    S->ModifiedFrames = MiFrameLists[MiFrameModified].Count;
    for (PFN_NUMBER Frame = 0; Frame <= MiHighestFrame; Frame++) {
        if (MiPfn(Frame)->State == MiFrameTransit || MiPfn(Frame)->State == MiFrameDeleted)
            S->TransitFrames++;
        else if (MiPfn(Frame)->State == MiFrameActive)
            S->ActiveFrames++;
    }
    MiUnlockPfn(Irql);
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
    ExQueryPoolUsage(&S->NonPagedPoolBytes, &S->PagedPoolBytes);
}
NT_EXPORT(MmQueryStatistics);    /* for the test library */
