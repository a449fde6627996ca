/*
 * Pool requests too large for a block: whole pages from Mm. Since a page-aligned address has no header in front of it,
 * a hash table remembers how long each is and whose. The table is resident, whichever pool the pages are in.
 *
 * Open addressing with linear probing; an entry that is removed is filled from behind, so that there are no tombstones.
 */
#include "ex/pool.h"
#include "ex/bigtable.h"
#include "ke/rules.h"
#include "ke/spinlock.h"
#include "mm/mm.h"

#define EXP_FIRST_BIG_ENTRIES 128

static EXP_BIG_ENTRY ExpFirstBigEntries[EXP_FIRST_BIG_ENTRIES];
static EXP_BIG_TABLE ExpBigTable = {ExpFirstBigEntries, EXP_FIRST_BIG_ENTRIES, 0};    /* ExpBigLock, DISPATCH_LEVEL */
static KSPIN_LOCK ExpBigLock;

#if DBG
static SIZE_T ExpSlack(SIZE_T Bytes)
{
    return ROUND_TO_PAGES(Bytes) - Bytes;
}
#endif

/*
 * Records an allocation, with a table twice the size if this one is three quarters full. FALSE: no memory for that.
 * Lets go of the lock while Mm works, so whether the table is still full is asked again.
 */
static BOOLEAN ExpRecordPages(const EXP_BIG_ENTRY *Entry)
{
    PEXP_BIG_ENTRY Larger = NULL, Discard = NULL;
    ULONG LargerEntries = 0, DiscardEntries = 0;
    BOOLEAN Recorded = FALSE, Exhausted = FALSE;

    while (!Recorded && !Exhausted) {
        KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&ExpBigLock);
        if (Larger != NULL && LargerEntries > ExpBigTable.Entries) {
            Discard = ExpBigTable.Table;
            DiscardEntries = ExpBigTable.Entries;
            ExpBigGrow(&ExpBigTable, Larger, LargerEntries);
        } else {
            Discard = Larger;
            DiscardEntries = LargerEntries;
        }
        Larger = NULL;
        if (!ExpBigIsFull(&ExpBigTable)) {
            ExpBigInsert(&ExpBigTable, Entry);
            Recorded = TRUE;
        }
        LargerEntries = ExpBigTable.Entries * 2;
        KeReleaseSpinLock(&ExpBigLock, Irql);

        if (Discard != NULL && Discard != ExpFirstBigEntries)
            MmFreePoolPages(Discard, BYTES_TO_PAGES(DiscardEntries * sizeof(EXP_BIG_ENTRY)));
        if (!Recorded) {
            Larger = MmAllocatePoolPages(NonPagedPool, BYTES_TO_PAGES(LargerEntries * sizeof(EXP_BIG_ENTRY)));
            Exhausted = Larger == NULL;
        }
    }
    return Recorded;
}

PVOID ExpAllocatePages(PEXP_POOL Pool, SIZE_T Bytes, ULONG Tag, PEX_QUOTA Quota)
{
    PVOID Address;
    ULONG Slot;
    KIRQL Irql;

    if (Bytes > MAXULONG_PTR - PAGE_SIZE)
        return NULL;
    Address = MmAllocatePoolPages(Pool->Type, ROUND_TO_PAGES(Bytes) >> PAGE_SHIFT);
    if (Address == NULL)
        return NULL;
    Irql = ExpLockPool(Pool);
    Slot = ExpChargeTag(Pool, Tag, Bytes);
    ExpUnlockPool(Pool, Irql);
    if (!ExpRecordPages(&(EXP_BIG_ENTRY){Address, Bytes, Tag, Slot, Quota})) {
        Irql = ExpLockPool(Pool);
        ExpReturnTag(Pool, Slot, Bytes);
        ExpUnlockPool(Pool, Irql);
        MmFreePoolPages(Address, ROUND_TO_PAGES(Bytes) >> PAGE_SHIFT);
        return NULL;
    }
    ExpMarkTail((PUCHAR)Address + Bytes, ExpSlack(Bytes));
    return Address;
}

VOID ExpFreePages(PEXP_POOL Pool, PVOID Address, ULONG Tag, PVOID Caller)
{
    EXP_BIG_ENTRY Entry;
    BOOLEAN Found;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&ExpBigLock);

    Found = ExpBigRemove(&ExpBigTable, Address, &Entry);
    KeReleaseSpinLock(&ExpBigLock, Irql);
    if (!Found)
        ExpPoolFault(PoolNoBlock, Address, Caller);
    if (Tag != 0)
        ExpCheckTag(Address, Entry.Tag, Tag, Caller);
    ExpCheckTail(Address, Entry.Bytes, ExpSlack(Entry.Bytes), Entry.Tag, Caller);
    Irql = ExpLockPool(Pool);
    ExpReturnTag(Pool, Entry.TagSlot, Entry.Bytes);
    ExpUnlockPool(Pool, Irql);
    if (Entry.Quota != NULL)
        ExpReturnQuota(Entry.Quota, Pool->Type, Entry.Bytes);
    MmFreePoolPages(Address, ROUND_TO_PAGES(Entry.Bytes) >> PAGE_SHIFT);
}
