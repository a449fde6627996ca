/*
 * The pools, inside Ex: what pool.c (blocks), poolbig.c (whole pages), pooltag.c (accounting) and poolcheck.c (the
 * checked build's questions) share, and what other rooms may ask of them.
 *
 * The nonpaged pool is under a spin lock at DISPATCH_LEVEL and touches resident memory only. The paged pool is under a
 * fast mutex at APC_LEVEL; its page headers lie in its own pageable pages, which may fault then. Which pool an address
 * is in follows from the address, so that freeing nonpaged memory never looks at pageable memory.
 */
#pragma once

#include "executive.h"
#include "ex/poolblock.h"
#include "ex/quota.h"

/* Bytes that callers have asked for and not freed, for `mem`. IRQL: any. */
VOID ExQueryPoolUsage(PULONG64 NonPagedBytes, PULONG64 PagedBytes);

typedef struct _EX_POOL_TAG {
    ULONG Tag;
    ULONG64 Bytes;              /* allocated now */
    ULONG64 Allocations;        /* ever */
    ULONG64 Frees;              /* ever */
} EX_POOL_TAG, *PEX_POOL_TAG;

/*
 * The first tag of a pool (PagedPool or NonPagedPool) in its slots from *Slot on; FALSE: no more. IRQL: <= APC_LEVEL.
 */
BOOLEAN ExQueryPoolTag(POOL_TYPE PoolType, PULONG Slot, PEX_POOL_TAG Tag);

/* Inside --------------------------------------------------------------------------------------------------------- */

/* Slots for tags, and one more that collects every tag which found none. */
#define EXP_POOL_TAG_BITS 7
#define EXP_POOL_TAGS (1 << EXP_POOL_TAG_BITS)
#define EXP_POOL_TAG_OVERFLOW 0x2A2A2A2A    /* '****' */

/* Empty pages a pool keeps for the next class that needs one. */
#define EXP_POOL_EMPTY_PAGES 4

typedef struct _EXP_POOL {
    PPOOL_PAGE Partial[POOL_CLASSES];   /* pages with a free block, the one last freed into first */
    PPOOL_PAGE Empty;
    ULONG EmptyCount;
    POOL_TYPE Type;
    KSPIN_LOCK Lock;                    /* nonpaged */
    FAST_MUTEX Mutex;                   /* paged */
    EX_POOL_TAG Tags[EXP_POOL_TAGS + 1];
} EXP_POOL, *PEXP_POOL;

extern EXP_POOL ExpPools[2];            /* by base type */

/* pool.c: the lock of a pool. Returns the level to go back to. */
KIRQL ExpLockPool(PEXP_POOL Pool);
VOID ExpUnlockPool(PEXP_POOL Pool, KIRQL Irql);

/* pooltag.c: the slot of a tag that is not in the one its hash names. Pool lock held. */
ULONG ExpFindTagSlot(PEXP_POOL Pool, ULONG Tag, ULONG Slot);

/* Accounts Bytes to a tag; returns its slot. Pool lock held. */
static FORCEINLINE ULONG ExpChargeTag(PEXP_POOL Pool, ULONG Tag, SIZE_T Bytes)
{
    /* 2^32 / golden ratio spreads tags that differ in one letter; the highest bits are the best mixed. */
    ULONG Slot = Tag * 0x9E3779B9u >> (32 - EXP_POOL_TAG_BITS);

    if (Pool->Tags[Slot].Tag != Tag)
        Slot = ExpFindTagSlot(Pool, Tag, Slot);
    Pool->Tags[Slot].Allocations++;
    Pool->Tags[Slot].Bytes += Bytes;
    return Slot;
}

static FORCEINLINE VOID ExpReturnTag(PEXP_POOL Pool, ULONG Slot, SIZE_T Bytes)
{
    Pool->Tags[Slot].Frees++;
    Pool->Tags[Slot].Bytes -= Bytes;
}

/* poolbig.c: requests of more than POOL_LARGEST_BODY bytes, page aligned, zero-filled. */
PVOID ExpAllocatePages(PEXP_POOL Pool, SIZE_T Bytes, ULONG Tag, PEX_QUOTA Quota);
VOID ExpFreePages(PEXP_POOL Pool, PVOID Address, ULONG Tag, PVOID Caller);

/* A bit of POOL_TYPE of our own: charge the current process' quota. */
#define EXP_POOL_CHARGED 0x10000

/*
 * quota.c: charges Bytes of a pool to the current process. FALSE: its quota is used up. *Quota, to be kept with the
 * memory, is NULL where nothing is limited, in the system process. Any IRQL up to DISPATCH_LEVEL, both.
 */
BOOLEAN ExpChargeQuota(POOL_TYPE Pool, SIZE_T Bytes, PEX_QUOTA *Quota);
VOID ExpReturnQuota(PEX_QUOTA Quota, POOL_TYPE Pool, SIZE_T Bytes);

/* poolcheck.c. */
DECLSPEC_NORETURN VOID ExpPoolFault(POOL_FAULT Fault, PVOID Body, PVOID Caller);
#if DBG
VOID ExpCheckTag(PVOID Body, ULONG Allocated, ULONG Given, PVOID Caller);
VOID ExpCheckNewTag(ULONG Tag, PVOID Caller);
VOID ExpMarkAllocated(PPOOL_HEADER Header);
VOID ExpCheckAndMarkFreed(PPOOL_HEADER Header, PVOID Caller);
VOID ExpMarkTail(PUCHAR End, SIZE_T Slack);
VOID ExpCheckTail(PVOID Body, SIZE_T Bytes, SIZE_T Slack, ULONG Tag, PVOID Caller);
#else
#define ExpCheckTag(Body, Allocated, Given, Caller) ((void)(Given))
#define ExpCheckNewTag(Tag, Caller) ((void)0)
#define ExpMarkAllocated(Header) ((void)0)
#define ExpCheckAndMarkFreed(Header, Caller) ((void)0)
#define ExpMarkTail(End, Slack) ((void)0)
#define ExpCheckTail(Body, Bytes, Slack, Tag, Caller) ((void)0)
#endif
