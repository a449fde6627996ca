/*
 * Contiguous memory for devices: frames side by side, out of those that are free or on standby.
 *
 * A run is looked for without the PFN lock: frame states are only a guess then. It is claimed under the lock, a few
 * frames at a time; when a frame has meanwhile been taken by another, those that were claimed go back and the search
 * goes on behind it. So no step takes long, however large the machine and the run are. The price is that two who look
 * for runs at once may get into each other's way, and one of them finds none although giving way would have left both
 * one.
 *
 * The memory is shown where RAM is shown anyway, in the direct map; with another cache type, by system PTEs. The first
 * frame of a run has MI_RUN_OWNER and says how long the run is, so that freeing it needs its address only.
 */
#include "mm/mi.h"
#include "rtl/export.h"

#define CLAIM_BATCH 32                  /* frames claimed or given back in one hold of the PFN lock */
#define CACHE_LINE 64
#define FOUR_GIGABYTES (1ull << 32)

static BOOLEAN MiIsTakeable(PFN_NUMBER Frame)
{
    return MiPfn(Frame)->State <= MiFrameStandby;
}
C_ASSERT(MiFrameZeroed < MiFrameStandby && MiFrameFree < MiFrameStandby);

VOID MiUnclaimFrames(PFN_NUMBER First, PFN_NUMBER Count)
{
    while (Count != 0) {
        KIRQL Irql = MiLockPfn();
        for (ULONG i = 0; i < CLAIM_BATCH && Count != 0; i++, Count--)
            MiReleaseFrame(MiPfn(First++));
        MiUnlockPfn(Irql);
    }
}

/* Makes the frames permanent ones, zeroed. Returns how many it got, in order; fewer when the next one is in use. */
static PFN_NUMBER MiClaimFrames(PFN_NUMBER First, PFN_NUMBER Count)
{
    PFN_NUMBER Done = 0;

    while (Done < Count) {
        PFN_NUMBER Batch = 0;
        KIRQL Irql = MiLockPfn();
        for (; Batch < CLAIM_BATCH && Done + Batch < Count && MiIsTakeable(First + Done + Batch); Batch++)
            MiTakeThisFrame(MiPfn(First + Done + Batch));
        MiUnlockPfn(Irql);
        for (PFN_NUMBER i = 0; i < Batch; i++)
            MiZeroFrame(First + Done + i);
        Done += Batch;
        if (Batch < CLAIM_BATCH)
            break;
    }
    return Done;
}

/*
 * Where the next run of Count takeable frames in [From, End) begins that crosses no multiple of Boundary frames (0:
 * none is meant); MI_NO_FRAME: there is none. No lock: a guess.
 */
static PFN_NUMBER MiGuessRun(PFN_NUMBER From, PFN_NUMBER End, PFN_NUMBER Count, PFN_NUMBER Boundary)
{
    PFN_NUMBER First = From;

    for (PFN_NUMBER Frame = From; Frame < End; Frame++) {
        if (Boundary != 0 && (Frame & (Boundary - 1)) == 0)
            First = Frame;
        if (!MiIsTakeable(Frame))
            First = Frame + 1;
        else if (Frame + 1 - First == Count)
            return First;
    }
    return MI_NO_FRAME;
}

PFN_NUMBER MiClaimRun(PFN_NUMBER From, PFN_NUMBER End, PFN_NUMBER Count, PFN_NUMBER Boundary)
{
    PFN_NUMBER First;

    while ((First = MiGuessRun(From, End, Count, Boundary)) != MI_NO_FRAME) {
        PFN_NUMBER Got = MiClaimFrames(First, Count);
        if (Got == Count)
            return First;
        MiUnclaimFrames(First, Got);
        From = First + Got + 1;
    }
    return MI_NO_FRAME;
}

/*
 * What was written to the frames through the direct map, their zeroes, leaves the caches before another type shows
 * them.
 */
VOID MiWriteBackFrames(PFN_NUMBER First, PFN_NUMBER Count)
{
    PUCHAR Line = MiDirectAddress(First), End = Line + (Count << PAGE_SHIFT);

    for (; Line < End; Line += CACHE_LINE)
        __asm__ volatile("clflush (%0)" : : "r"(Line) : "memory");
    __asm__ volatile("mfence" : : : "memory");
}

static VOID MiNameRun(PFN_NUMBER First, PFN_NUMBER Count)
{
    KIRQL Irql = MiLockPfn();

    MiPfn(First)->Owner = MI_RUN_OWNER;
    MiPfn(First)->Flink = (ULONG)Count;
    MiUnlockPfn(Irql);
}

static VOID MiGiveRun(PFN_NUMBER First, PFN_NUMBER Count)
{
    KIRQL Irql = MiLockPfn();

    MiPfn(First)->Owner = 0;
    MiUnlockPfn(Irql);
    MiUnclaimFrames(First, Count);
    MiReturnPermanent(Count);
}

/*
 * Documentation: "MmAllocateContiguousMemorySpecifyCache". Page aligned, zeroed, in [Lowest, Highest], and across no
 * multiple of Boundary, a power of two (0: none is meant). Frames above 4 GiB are tried first, since there are devices
 * that reach only what lies below. NULL: no such run, no system PTEs, or a budget is used up. IRQL: <= DISPATCH_LEVEL.
 */
PVOID MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
                                             PHYSICAL_ADDRESS HighestAcceptableAddress,
                                             PHYSICAL_ADDRESS BoundaryAddressMultiple, MEMORY_CACHING_TYPE CacheType)
{
    ULONG64 Lowest = (ULONG64)LowestAcceptableAddress.QuadPart, Highest = (ULONG64)HighestAcceptableAddress.QuadPart;
    ULONG64 BoundaryBytes = (ULONG64)BoundaryAddressMultiple.QuadPart;
    PFN_NUMBER Count = NumberOfBytes / PAGE_SIZE + (NumberOfBytes % PAGE_SIZE != 0), Boundary = BoundaryBytes >> PAGE_SHIFT;
    PFN_NUMBER From = Lowest / PAGE_SIZE + (Lowest % PAGE_SIZE != 0), End, High, First;
    PVOID Address;

    if (KeGetCurrentIrql() > DISPATCH_LEVEL)
        KiBugCheck(IRQL_NOT_LESS_OR_EQUAL, NumberOfBytes, KeGetCurrentIrql(), DISPATCH_LEVEL, 0, NULL,
                   "contiguous memory is allocated at IRQL %u; it is to be had at DISPATCH_LEVEL and below",
                   KeGetCurrentIrql());
    End = Highest >> PAGE_SHIFT > MiHighestFrame ? MiHighestFrame + 1
          : (Highest & (PAGE_SIZE - 1)) == PAGE_SIZE - 1 ? (Highest >> PAGE_SHIFT) + 1 : Highest >> PAGE_SHIFT;
    if (Count == 0 || From >= End || Count > End - From || (BoundaryBytes & (BoundaryBytes - 1)) != 0 ||
        (BoundaryBytes != 0 && Count > Boundary) || !MiChargePermanent(Count))
        return NULL;
    High = max(From, min(End, (PFN_NUMBER)(FOUR_GIGABYTES >> PAGE_SHIFT)));
    First = MiClaimRun(High, End, Count, Boundary);
    if (First == MI_NO_FRAME)
        First = MiClaimRun(From, High, Count, Boundary);
    if (First == MI_NO_FRAME) {
        MiReturnPermanent(Count);
        return NULL;
    }
    MiNameRun(First, Count);
    if (CacheType != MmCached)
        MiWriteBackFrames(First, Count);
    Address = MmMapIoSpace((PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)(First << PAGE_SHIFT)}, Count << PAGE_SHIFT, CacheType);
    if (Address == NULL)
        MiGiveRun(First, Count);
    return Address;
}
NT_EXPORT(MmAllocateContiguousMemorySpecifyCache);

PVOID MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    PHYSICAL_ADDRESS Zero = {.QuadPart = 0};

    return MmAllocateContiguousMemorySpecifyCache(NumberOfBytes, Zero, HighestAcceptableAddress, Zero, MmCached);
}
NT_EXPORT(MmAllocateContiguousMemory);

/* Documentation: "MmFreeContiguousMemory". BaseAddress is what the allocation returned. IRQL: <= DISPATCH_LEVEL. */
VOID MmFreeContiguousMemory(PVOID BaseAddress)
{
    PFN_NUMBER First = (PFN_NUMBER)MmGetPhysicalAddress(BaseAddress).QuadPart >> PAGE_SHIFT, Count;

    if (BYTE_OFFSET(BaseAddress) != 0 || First == 0 || First > MiHighestFrame || MiPfn(First)->Owner != MI_RUN_OWNER)
        KiBugCheck(MEMORY_MANAGEMENT, (ULONG_PTR)BaseAddress, First, 0, 0, NULL,
                   "%p is freed as contiguous memory and is none: give MmFreeContiguousMemory, once, what "
                   "MmAllocateContiguousMemory returned", BaseAddress);
    Count = MiPfn(First)->Flink;
    MmUnmapIoSpace(BaseAddress, Count << PAGE_SHIFT);
    MiGiveRun(First, Count);
}
NT_EXPORT(MmFreeContiguousMemory);

/* The run knows its length and its mapping; the caller says them again, as documented. */
VOID MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType)
{
    UNREFERENCED_PARAMETER(NumberOfBytes);
    UNREFERENCED_PARAMETER(CacheType);
    MmFreeContiguousMemory(BaseAddress);
}
NT_EXPORT(MmFreeContiguousMemorySpecifyCache);
