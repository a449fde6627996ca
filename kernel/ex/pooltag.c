/*
 * Who has how much pool: one slot per tag and pool, found by hashing. A block remembers its slot, so freeing needs no
 * search. A slot, once taken, stays its tag's. Protected by the pool's lock.
 */
#include "ex/pool.h"
#include "ke/rules.h"

/* Slots looked at before a tag goes to the last one, which collects the rest. */
#define EXP_TAG_PROBES 16

ULONG ExpFindTagSlot(PEXP_POOL Pool, ULONG Tag, ULONG Slot)
{
    for (ULONG Probe = 0; Probe < EXP_TAG_PROBES; Probe++) {
        PEX_POOL_TAG Entry = &Pool->Tags[Slot];
        if (Entry->Allocations == 0)
            Entry->Tag = Tag;
        if (Entry->Tag == Tag)
            return Slot;
        Slot = (Slot + 1) % EXP_POOL_TAGS;
    }
    Pool->Tags[EXP_POOL_TAGS].Tag = EXP_POOL_TAG_OVERFLOW;
    return EXP_POOL_TAGS;
}

static ULONG64 ExpPoolBytes(PEXP_POOL Pool)
{
    ULONG64 Bytes = 0;

    for (ULONG Slot = 0; Slot <= EXP_POOL_TAGS; Slot++)
        Bytes += *(volatile ULONG64 *)&Pool->Tags[Slot].Bytes;
    return Bytes;
}

/* Read without the locks: exact when nobody allocates meanwhile. */
VOID ExQueryPoolUsage(PULONG64 NonPagedBytes, PULONG64 PagedBytes)
{
    *NonPagedBytes = ExpPoolBytes(&ExpPools[NonPagedPool]);
    *PagedBytes = ExpPoolBytes(&ExpPools[PagedPool]);
}

BOOLEAN ExQueryPoolTag(POOL_TYPE PoolType, PULONG Slot, PEX_POOL_TAG Tag)
{
    PEXP_POOL Pool = &ExpPools[PoolType & PagedPool];

    KE_REQUIRE_IRQL(APC_LEVEL);
    for (; *Slot <= EXP_POOL_TAGS; (*Slot)++) {
        EX_POOL_TAG Entry;
        KIRQL Irql = ExpLockPool(Pool);
        Entry = Pool->Tags[*Slot];
        ExpUnlockPool(Pool, Irql);
        if (Entry.Allocations != 0) {
            *Tag = Entry;               /* may be pageable memory, hence outside the lock */
            return TRUE;
        }
    }
    return FALSE;
}
