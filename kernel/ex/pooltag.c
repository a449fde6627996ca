/*
 * Who has how much pool: one slot per tag and pool, found by hashing. A block remembers its slot, so freeing needs no search.
 * A slot, once taken, stays its tag's. Protected by the pool's lock.
 */
#include "ex/pool.h"
#include "ke/rules.h"

/* Slots looked at before a tag goes to the last one, which collects the rest. */
#define EXP_TAG_PROBES 16

static ULONG ExpFindTagSlot(PEXP_POOL Pool, ULONG Tag, ULONG Slot)
{
    for (ULONG Probe = 0; Probe < EXP_TAG_PROBES; Probe++) {
        PEX_POOL_TAG Entry = &Pool->Tags[Slot];
        if (Entry->Allocations == 0)
            Entry->Tag = Tag;
        if (Entry->Tag == Tag)
            return Slot;
        Slot = (Slot + 1) % (EXP_POOL_TAGS - 1);
    }
    Pool->Tags[EXP_POOL_TAGS - 1].Tag = EXP_POOL_TAG_OVERFLOW;
    return EXP_POOL_TAGS - 1;
}

ULONG ExpChargeTag(PEXP_POOL Pool, ULONG Tag, SIZE_T Bytes)
{
    /* 2^32 / golden ratio: spreads tags that differ in one letter; the high bits are the mixed ones. */
    ULONG Slot = (ULONG)(((ULONG64)(Tag * 0x9E3779B9u) * (EXP_POOL_TAGS - 1)) >> 32);
    PEX_POOL_TAG Entry = &Pool->Tags[Slot];

    if (Entry->Tag != Tag || Entry->Allocations == 0) {
        Slot = ExpFindTagSlot(Pool, Tag, Slot);
        Entry = &Pool->Tags[Slot];
    }
    Entry->Blocks++;
    Entry->Allocations++;
    Entry->Bytes += Bytes;
    Pool->Bytes += Bytes;
    return Slot;
}

VOID ExpReturnTag(PEXP_POOL Pool, ULONG Slot, SIZE_T Bytes)
{
    PEX_POOL_TAG Entry = &Pool->Tags[Slot];

    Entry->Blocks--;
    Entry->Bytes -= Bytes;
    Pool->Bytes -= Bytes;
}

VOID ExQueryPoolUsage(PULONG64 NonPagedBytes, PULONG64 PagedBytes)
{
    *NonPagedBytes = *(volatile ULONG64 *)&ExpPools[NonPagedPool].Bytes;
    *PagedBytes = *(volatile ULONG64 *)&ExpPools[PagedPool].Bytes;
}

ULONG ExQueryPoolTags(POOL_TYPE PoolType, PEX_POOL_TAG Tags, ULONG Count)
{
    PEXP_POOL Pool = &ExpPools[PoolType & PagedPool];
    ULONG Found = 0;

    KE_REQUIRE_IRQL(APC_LEVEL);
    for (ULONG Slot = 0; Slot < EXP_POOL_TAGS; Slot++) {
        KIRQL Irql = ExpLockPool(Pool);
        EX_POOL_TAG Entry = Pool->Tags[Slot];
        ExpUnlockPool(Pool, Irql);
        if (Entry.Allocations == 0)
            continue;
        if (Found < Count)
            Tags[Found] = Entry;    /* may be pageable memory, hence outside the lock */
        Found++;
    }
    return Found;
}
