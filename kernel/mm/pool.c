/*
 * Page runs for the pools: nonpaged ones are frames mapped at once, paged ones are demand-zero entries that cost
 * commit and, until they are touched, nothing else.
 */
#include "mm/mi.h"
#include "rtl/export.h"

PVOID MmNonPagedPoolStart, MmNonPagedPoolEnd, MmPagedPoolStart, MmPagedPoolEnd;

#define UNMAP_BATCH 64                  /* pages whose translations are taken back in one round */

static VOID MiUnmapNonPaged(ULONG_PTR Base, SIZE_T Pages)
{
    ULONG Frames[UNMAP_BATCH];

    while (Pages != 0) {
        ULONG Count = (ULONG)min(Pages, UNMAP_BATCH);
        for (ULONG i = 0; i < Count; i++)
            Frames[i] = (ULONG)MiFrameOf(MiExchangePte(MiSystemPte(Base + i * PAGE_SIZE), MiMakeZero()));
        MiFlushRange(NULL, Base, Count);
        for (ULONG i = 0; i < Count; i++)
            MiGivePermanentFrame(Frames[i]);
        Base += Count * PAGE_SIZE;
        Pages -= Count;
    }
}

static PVOID MiAllocateNonPaged(SIZE_T Pages)
{
    ULONG_PTR Base;
    SIZE_T Done;

    if (!MiChargePermanent(Pages))
        return NULL;
    Base = MiReserveRange(&MiNonPagedRange, Pages);
    if (Base != 0 && MiMakeSystemTables(Base, Pages)) {
        for (Done = 0; Done < Pages; Done++) {
            PFN_NUMBER Frame = MiTakePermanentFrame();
            if (Frame == MI_NO_FRAME)
                break;
            MiWritePte(MiSystemPte(Base + Done * PAGE_SIZE), MiMakePermanent(Frame, MI_PROTECT_READ | MI_PROTECT_WRITE));
        }
        if (Done == Pages)
            return (PVOID)Base;
        MiUnmapNonPaged(Base, Done);
    }
    if (Base != 0)
        MiReleaseRange(&MiNonPagedRange, Base, Pages);
    MiReturnPermanent(Pages);
    return NULL;
}

static PVOID MiAllocatePaged(SIZE_T Pages)
{
    ULONG_PTR Base;

    if (!MiChargeCommit(Pages))
        return NULL;
    Base = MiReserveRange(&MiPagedRange, Pages);
    if (Base != 0 && MiMakeSystemTables(Base, Pages)) {
        for (SIZE_T i = 0; i < Pages; i++)
            MiWritePte(MiSystemPte(Base + i * PAGE_SIZE), MiMakeDemandZero(MI_PROTECT_READ | MI_PROTECT_WRITE));
        return (PVOID)Base;
    }
    if (Base != 0)
        MiReleaseRange(&MiPagedRange, Base, Pages);
    MiReturnCommit(Pages);
    return NULL;
}

PVOID MmAllocatePoolPages(POOL_TYPE Type, SIZE_T Pages)
{
    return (Type & PagedPool) ? MiAllocatePaged(Pages) : MiAllocateNonPaged(Pages);
}

VOID MmFreePoolPages(PVOID Address, SIZE_T Pages)
{
    ULONG_PTR Base = (ULONG_PTR)Address;

    if (Base >= (ULONG_PTR)MmPagedPoolStart && Base < (ULONG_PTR)MmPagedPoolEnd) {
        MiLockWorkingSet(&MiSystemWorkingSet);
        MiDeletePages(&MiSystemWorkingSet, MiKernelRoot, Base, Pages, MiMakeZero());
        MiUnlockWorkingSet(&MiSystemWorkingSet);
        MiReleaseRange(&MiPagedRange, Base, Pages);
        MiReturnCommit(Pages);
    } else {
        MiUnmapNonPaged(Base, Pages);
        MiReleaseRange(&MiNonPagedRange, Base, Pages);
        MiReturnPermanent(Pages);
    }
}
