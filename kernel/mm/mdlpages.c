/*
 * Pages that belong to an MDL and are at no address ("MmAllocatePagesForMdlEx"): a driver's own, to be mapped when they
 * are needed, or given to a device. They are permanent frames, paid for as nonpaged pool is.
 */
#include "mm/mi.h"
#include "ke/rules.h"
#include "rtl/export.h"

#define MI_MDL_TAG 'ldmM'
#define MOST_PAGES ((MAXSHORT - sizeof(MDL)) / sizeof(PFN_NUMBER))     /* what the documented structure can say */

/* What is asked for, in frames. */
typedef struct _MI_PAGE_REQUEST {
    PFN_NUMBER Low, End;                /* the first range: from Low on, End is behind it */
    PFN_NUMBER Skip;                    /* the next range begins so much further; 0: there is one range */
    PFN_NUMBER Chunk;                   /* frames that must lie side by side */
} MI_PAGE_REQUEST;

/* Fills in up to Count frames out of [From, End). Returns how many; a multiple of the chunk. */
static PFN_NUMBER MiCollectFrames(PPFN_NUMBER Frames, PFN_NUMBER Count, PFN_NUMBER From, PFN_NUMBER End, PFN_NUMBER Chunk)
{
    PFN_NUMBER Done = 0;

    End = min(End, MiHighestFrame + 1);
    /* Anywhere: the lists know the next one, and it may be zeroed already. */
    while (From == 0 && End == MiHighestFrame + 1 && Chunk == 1 && Done < Count) {
        PFN_NUMBER Frame = MiTakePermanentFrame();
        if (Frame == MI_NO_FRAME)
            return Done;
        Frames[Done++] = Frame;
    }
    while (Done + Chunk <= Count && From < End) {
        PFN_NUMBER First = MiClaimRun(From, End, Chunk, 0);
        if (First == MI_NO_FRAME)
            break;
        for (PFN_NUMBER i = 0; i < Chunk; i++)
            Frames[Done++] = First + i;
        From = First + Chunk;
    }
    return Done;
}

static VOID MiGiveFrames(PPFN_NUMBER Frames, PFN_NUMBER Count)
{
    for (PFN_NUMBER i = 0; i < Count; i++)
        MiGivePermanentFrame(Frames[i]);
}

/* FALSE: the flags or bounds mean nothing. */
static BOOLEAN MiReadRequest(PHYSICAL_ADDRESS Low, PHYSICAL_ADDRESS High, PHYSICAL_ADDRESS Skip, ULONG Flags,
                             MI_PAGE_REQUEST *Request)
{
    ULONG64 Lowest = (ULONG64)Low.QuadPart, Highest = (ULONG64)High.QuadPart;

    Request->Low = Lowest / PAGE_SIZE + (Lowest % PAGE_SIZE != 0);
    Request->End = Highest / PAGE_SIZE + (Highest % PAGE_SIZE == PAGE_SIZE - 1);
    Request->Skip = (ULONG64)Skip.QuadPart >> PAGE_SHIFT;
    Request->Chunk = 1;
    if (Flags & MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS) {
        Request->Chunk = Request->Skip;
        Request->Skip = 0;
    }
    return Lowest <= Highest && BYTE_OFFSET(Skip.QuadPart) == 0 && Request->Chunk != 0;
}

/*
 * Documentation: "MmAllocatePagesForMdlEx". Pages in [LowAddress, HighAddress], and in ranges SkipBytes further as long
 * as some are missing; with MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS, runs of SkipBytes each. Zeroed. The MDL says how
 * many there are: fewer than TotalBytes, unless MM_ALLOCATE_FULLY_REQUIRED. It goes by MmFreePagesFromMdl and then
 * ExFreePool. NULL: no page at all. It never waits for a frame. IRQL: <= DISPATCH_LEVEL.
 */
PMDL MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress, PHYSICAL_ADDRESS SkipBytes,
                             SIZE_T TotalBytes, MEMORY_CACHING_TYPE CacheType, ULONG Flags)
{
    PFN_NUMBER Pages = TotalBytes / PAGE_SIZE + (TotalBytes % PAGE_SIZE != 0), Wanted = min(Pages, MOST_PAGES), Done;
    MI_PAGE_REQUEST Request;
    PMDL Mdl;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (Pages == 0 || CacheType > MmHardwareCoherentCached || !MiReadRequest(LowAddress, HighAddress, SkipBytes, Flags, &Request) ||
        ((Flags & MM_ALLOCATE_FULLY_REQUIRED) && (Pages > MOST_PAGES || Pages % Request.Chunk != 0)))
        return NULL;
    Wanted -= Wanted % Request.Chunk;
    /* What the budget allows: as many as there are, if that is enough for the caller. */
    while (Wanted != 0 && !MiChargePermanent(Wanted))
        Wanted = (Flags & MM_ALLOCATE_FULLY_REQUIRED) ? 0 : Wanted / 2 - Wanted / 2 % Request.Chunk;
    if (Wanted == 0)
        return NULL;
    Mdl = ExAllocatePoolZero(NonPagedPool, sizeof(MDL) + Wanted * sizeof(PFN_NUMBER), MI_MDL_TAG);
    if (Mdl == NULL) {
        MiReturnPermanent(Wanted);
        return NULL;
    }
    Done = MiCollectFrames(MmGetMdlPfnArray(Mdl), Wanted, Request.Low, Request.End, Request.Chunk);
    while (Done < Wanted && Request.Skip != 0 && Request.Low <= MiHighestFrame) {
        Request.Low += Request.Skip;
        Request.End += Request.Skip;
        Done += MiCollectFrames(MmGetMdlPfnArray(Mdl) + Done, Wanted - Done, Request.Low, Request.End, Request.Chunk);
    }
    MiReturnPermanent(Wanted - Done);
    if (Done == 0 || (Done < Pages && (Flags & MM_ALLOCATE_FULLY_REQUIRED))) {
        MiGiveFrames(MmGetMdlPfnArray(Mdl), Done);
        MiReturnPermanent(Done);
        ExFreePoolWithTag(Mdl, MI_MDL_TAG);
        return NULL;
    }
    for (PFN_NUMBER i = 0; CacheType != MmCached && i < Done; i++)
        MiWriteBackFrames(MmGetMdlPfnArray(Mdl)[i], 1);
    MmInitializeMdl(Mdl, NULL, Done == Pages ? TotalBytes : Done << PAGE_SHIFT);
    Mdl->MdlFlags |= MDL_PAGES_LOCKED;
    return Mdl;
}
NT_EXPORT(MmAllocatePagesForMdlEx);

PMDL MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress, PHYSICAL_ADDRESS SkipBytes,
                           SIZE_T TotalBytes)
{
    return MmAllocatePagesForMdlEx(LowAddress, HighAddress, SkipBytes, TotalBytes, MmCached, 0);
}
NT_EXPORT(MmAllocatePagesForMdl);

/*
 * Documentation: "MmFreePagesFromMdl". A mapping that was left goes, too; the MDL itself is the caller's. IRQL: <=
 * DISPATCH_LEVEL.
 */
VOID MmFreePagesFromMdl(PMDL Mdl)
{
    ULONG Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(Mdl->ByteOffset, Mdl->ByteCount);

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (!(Mdl->MdlFlags & MDL_PAGES_LOCKED) || Mdl->StartVa != NULL)
        KiBugCheck(MEMORY_MANAGEMENT, (ULONG_PTR)Mdl, (ULONG_PTR)Mdl->MdlFlags, 0, 0, NULL,
                   "MmFreePagesFromMdl: the pages of the MDL at %p are not from MmAllocatePagesForMdl, or were freed before", Mdl);
    if (Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        MmUnmapLockedPages(Mdl->MappedSystemVa, Mdl);
    Mdl->MdlFlags &= ~MDL_PAGES_LOCKED;
    MiGiveFrames(MmGetMdlPfnArray(Mdl), Pages);
    MiReturnPermanent(Pages);
}
NT_EXPORT(MmFreePagesFromMdl);

/* Documentation: "MmAllocateNonCachedMemory". Page aligned, zeroed. IRQL: <= DISPATCH_LEVEL. */
PVOID MmAllocateNonCachedMemory(SIZE_T NumberOfBytes)
{
    PHYSICAL_ADDRESS Zero = {.QuadPart = 0}, Highest = {.QuadPart = MAXLONGLONG};

    return MmAllocateContiguousMemorySpecifyCache(NumberOfBytes, Zero, Highest, Zero, MmNonCached);
}
NT_EXPORT(MmAllocateNonCachedMemory);

VOID MmFreeNonCachedMemory(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    MmFreeContiguousMemorySpecifyCache(BaseAddress, NumberOfBytes, MmNonCached);
}
NT_EXPORT(MmFreeNonCachedMemory);

/* Documentation: "MmSizeOfMdl": bytes of an MDL for that buffer. */
SIZE_T MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
    return sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(Base, Length);
}
NT_EXPORT(MmSizeOfMdl);
