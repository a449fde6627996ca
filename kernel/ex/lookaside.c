/*
 * Lookaside lists ("Using Lookaside Lists"): freed entries of one size are kept for the next caller, up to a depth, so
 * that most allocations never reach the pool. The nonpaged kind is a sequenced list; the paged kind has a fast mutex,
 * because its entries are pageable and may fault when they are touched.
 */
#include "executive.h"
#include "ke/rules.h"
#include "rtl/export.h"

/* Entries kept when the caller leaves it to the system, as the documentation says drivers should. */
#define EXP_LOOKASIDE_DEPTH 32

static PVOID ExpLookasideAllocate(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}

static USHORT ExpLookasideDepth(USHORT Depth)
{
    return Depth != 0 && Depth < EXP_LOOKASIDE_DEPTH ? Depth : EXP_LOOKASIDE_DEPTH;
}

/*
 * A list of nonpaged entries of Size bytes. Allocate, Free: the caller's own routines, or NULL for the pool. Flags:
 * POOL_NX_ALLOCATION and POOL_RAISE_IF_ALLOCATION_FAILURE. Depth is a hint. The list itself is resident and 16-byte
 * aligned. IRQL: <= DISPATCH_LEVEL.
 */
VOID ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                     ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    RtlZeroMemory(Lookaside, sizeof *Lookaside);
    ExInitializeSListHead(&Lookaside->ListHead);
    Lookaside->Depth = ExpLookasideDepth(Depth);
    Lookaside->Type = NonPagedPoolNx | (POOL_TYPE)(Flags & POOL_RAISE_IF_ALLOCATION_FAILURE);
    Lookaside->Tag = Tag;
    Lookaside->Size = (ULONG)max(Size, sizeof(SLIST_ENTRY));
    Lookaside->Allocate = Allocate != NULL ? Allocate : ExpLookasideAllocate;
    Lookaside->Free = Free != NULL ? Free : ExFreePool;
}
NT_EXPORT(ExInitializeNPagedLookasideList);

/* Gives the kept entries back. Nobody uses the list any more. IRQL: <= DISPATCH_LEVEL. */
VOID ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    PSLIST_ENTRY Entry = InterlockedFlushSList(&Lookaside->ListHead);

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    while (Entry != NULL) {
        PSLIST_ENTRY Next = Entry->Next;
        Lookaside->Free(Entry);
        Entry = Next;
    }
}
NT_EXPORT(ExDeleteNPagedLookasideList);

/* An entry, contents undefined; NULL when there is no memory. IRQL: <= DISPATCH_LEVEL. */
PVOID ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    PVOID Entry = InterlockedPopEntrySList(&Lookaside->ListHead);

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    InterlockedIncrement(&Lookaside->TotalAllocates);
    if (Entry != NULL)
        return Entry;
    InterlockedIncrement(&Lookaside->AllocateMisses);
    return Lookaside->Allocate(Lookaside->Type, Lookaside->Size, Lookaside->Tag);
}
NT_EXPORT(ExAllocateFromNPagedLookasideList);

VOID ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    InterlockedIncrement(&Lookaside->TotalFrees);
    if (ExQueryDepthSList(&Lookaside->ListHead) < Lookaside->Depth) {
        InterlockedPushEntrySList(&Lookaside->ListHead, Entry);
        return;
    }
    InterlockedIncrement(&Lookaside->FreeMisses);
    Lookaside->Free(Entry);
}
NT_EXPORT(ExFreeToNPagedLookasideList);

/* As the nonpaged kind, for pageable entries. IRQL of all: <= APC_LEVEL. */
VOID ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                    ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    RtlZeroMemory(Lookaside, sizeof *Lookaside);
    ExInitializeFastMutex(&Lookaside->Lock);
    Lookaside->Depth = ExpLookasideDepth(Depth);
    Lookaside->Type = PagedPool | (POOL_TYPE)(Flags & POOL_RAISE_IF_ALLOCATION_FAILURE);
    Lookaside->Tag = Tag;
    Lookaside->Size = (ULONG)max(Size, sizeof(SINGLE_LIST_ENTRY));
    Lookaside->Allocate = Allocate != NULL ? Allocate : ExpLookasideAllocate;
    Lookaside->Free = Free != NULL ? Free : ExFreePool;
}
NT_EXPORT(ExInitializePagedLookasideList);

VOID ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    PSINGLE_LIST_ENTRY Entry;

    KE_REQUIRE_IRQL(APC_LEVEL);
    while ((Entry = PopEntryList(&Lookaside->ListHead)) != NULL)
        Lookaside->Free(Entry);
    Lookaside->Count = 0;
}
NT_EXPORT(ExDeletePagedLookasideList);

PVOID ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    PSINGLE_LIST_ENTRY Entry;

    KE_REQUIRE_IRQL(APC_LEVEL);
    ExAcquireFastMutex(&Lookaside->Lock);
    Lookaside->TotalAllocates++;
    Entry = PopEntryList(&Lookaside->ListHead);
    if (Entry != NULL)
        Lookaside->Count--;
    else
        Lookaside->AllocateMisses++;
    ExReleaseFastMutex(&Lookaside->Lock);
    return Entry != NULL ? (PVOID)Entry : Lookaside->Allocate(Lookaside->Type, Lookaside->Size, Lookaside->Tag);
}
NT_EXPORT(ExAllocateFromPagedLookasideList);

VOID ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    BOOLEAN Kept;

    KE_REQUIRE_IRQL(APC_LEVEL);
    ExAcquireFastMutex(&Lookaside->Lock);
    Lookaside->TotalFrees++;
    Kept = Lookaside->Count < Lookaside->Depth;
    if (Kept) {
        PushEntryList(&Lookaside->ListHead, Entry);
        Lookaside->Count++;
    } else {
        Lookaside->FreeMisses++;
    }
    ExReleaseFastMutex(&Lookaside->Lock);
    if (!Kept)
        Lookaside->Free(Entry);
}
NT_EXPORT(ExFreeToPagedLookasideList);
