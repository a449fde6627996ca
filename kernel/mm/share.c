/*
 * Frames that several entries map, and how a working set finds its own entries among them.
 *
 * The ring of a working set goes through its frames, and a shared frame cannot be in several rings. What a process has
 * of its own is the page table with the entry. So each working set has a second ring, of its page tables that map pages
 * of views; it goes through their entries in the PFN database, as the first goes through those of pages, and needs no
 * memory either. In such a table's entry ShareCount says how many pages of views it maps, Owner which address it begins
 * at, and Transfer where the trimmer goes on in it. Trimming looks at each of its entries once in a round, 512 at the
 * most for each table that maps something: it does not grow with the sizes of views.
 *
 * A page of a view leaves memory when the last entry has let go of it: it then lies on standby or modified as any
 * other, and its prototype, which said transition all the time, finds it there.
 */
#include "mm/mi.h"

#define ENTRIES 512
#define TRIM_BATCH 32

/* The page table that an entry lies in. */
static PMMPFN MiTableFrame(PMMPTE Pte)
{
    return MiPfn(((ULONG_PTR)Pte - MM_DIRECT_MAP) >> PAGE_SHIFT);
}

static VOID MiInsertTable(PMM_WORKING_SET WorkingSet, PMMPFN Table)
{
    ULONG Frame = (ULONG)MiFrameNumber(Table);

    if (WorkingSet->Tables++ == 0) {
        Table->Flink = Table->Blink = Frame;
        WorkingSet->FirstTable = Frame;
    } else {
        PMMPFN First = MiPfn(WorkingSet->FirstTable);
        Table->Flink = (ULONG)WorkingSet->FirstTable;
        Table->Blink = First->Blink;
        MiPfn(First->Blink)->Flink = Frame;
        First->Blink = Frame;
    }
    Table->Transfer = 0;
}

static VOID MiRemoveTable(PMM_WORKING_SET WorkingSet, PMMPFN Table)
{
    if (--WorkingSet->Tables == 0)
        return;
    MiPfn(Table->Blink)->Flink = Table->Flink;
    MiPfn(Table->Flink)->Blink = Table->Blink;
    if (WorkingSet->FirstTable == MiFrameNumber(Table))
        WorkingSet->FirstTable = Table->Flink;
}

VOID MiShareFrame(PMM_WORKING_SET WorkingSet, PMMPTE Pte, ULONG_PTR Address, PMMPFN Pfn, ULONG Protection)
{
    PMMPFN Table = MiTableFrame(Pte);

    if (Table->ShareCount++ == 0) {
        Table->Owner = Address & ~(ULONG_PTR)(ENTRIES * PAGE_SIZE - 1);
        MiInsertTable(WorkingSet, Table);
    }
    WorkingSet->SharedSize++;
    if (Pfn->ShareCount++ == 0) {
        MiTakeBackFrame(Pfn);
        Pfn->State = MiFrameActive;
    }
    MiWritePte(Pte, MiMakeValid(MiFrameNumber(Pfn), Protection));
}

VOID MiUnshareFrame(PMM_WORKING_SET WorkingSet, PMMPTE Pte, MMPTE Old)
{
    PMMPFN Table = MiTableFrame(Pte), Pfn = MiPfn(MiFrameOf(Old));

    ASSERT((Pfn->Flags & MI_FRAME_SHARED) && Pfn->ShareCount != 0 && Table->ShareCount != 0);
    if (MiIsDirty(Old))
        Pfn->Flags |= MI_FRAME_DIRTY;
    if (MiIsPinned(Old))
        MiUnpinFrame(WorkingSet, Pfn);
    WorkingSet->SharedSize--;
    if (--Table->ShareCount == 0)
        MiRemoveTable(WorkingSet, Table);
    if (--Pfn->ShareCount == 0)
        MiRetireFrame(Pfn);
}

/*
 * Entries of one table that may go, up to Wanted, from where the last look ended. What was used since then stays and
 * has one round to be used again, as in MiChooseVictim; what VirtualLock holds stays. Returns how many; *Ended: the
 * table is through.
 */
static ULONG MiChooseEntries(PMMPFN Table, BOOLEAN Gentle, ULONG Wanted, PMMPTE *Victims, ULONG_PTR *Addresses, PBOOLEAN Ended)
{
    PMMPTE Entries = MiDirectAddress(MiFrameNumber(Table));
    ULONG Count = 0, Index;

    for (Index = Table->Transfer; Index < ENTRIES && Count < Wanted; Index++) {
        MMPTE Pte = MiReadPte(&Entries[Index]);
        if (!MiMapsSharedFrame(Pte) || MiIsPinned(Pte))
            continue;
        if (Gentle && MiIsAccessed(Pte)) {
            __atomic_and_fetch(&Entries[Index].Value, ~MI_PTE_ACCESSED, __ATOMIC_RELAXED);
            continue;
        }
        Victims[Count] = &Entries[Index];
        Addresses[Count++] = Table->Owner + Index * PAGE_SIZE;
    }
    *Ended = Index == ENTRIES;
    Table->Transfer = (USHORT)(*Ended ? 0 : Index);
    return Count;
}

ULONG64 MiTrimViews(PMM_WORKING_SET WorkingSet, ULONG64 Count, BOOLEAN Gentle)
{
    PMMPTE Victims[TRIM_BATCH];
    ULONG_PTR Addresses[TRIM_BATCH];
    MMPTE Old[TRIM_BATCH];
    ULONG64 Done = 0;

    /* Only a holder of the working-set lock changes the ring, so the tables may be walked without the PFN lock. */
    for (ULONG64 Tables = WorkingSet->Tables; Tables != 0 && WorkingSet->Tables != 0 && Done < Count;) {
        PMMPFN Table = MiPfn(WorkingSet->FirstTable);
        BOOLEAN Ended;
        ULONG Batch = MiChooseEntries(Table, Gentle, (ULONG)min(Count - Done, TRIM_BATCH), Victims, Addresses, &Ended);
        KIRQL Irql;

        if (Ended) {
            WorkingSet->FirstTable = Table->Flink;
            Tables--;
        }
        for (ULONG i = 0; i < Batch; i++)
            Old[i] = MiExchangePte(Victims[i], MiMakeView(MiProtectionOf(MiReadPte(Victims[i]))));
        MiFlushTlb(WorkingSet->Process, Addresses, Batch);
        Irql = MiLockPfn();
        for (ULONG i = 0; i < Batch; i++)
            MiUnshareFrame(WorkingSet, Victims[i], Old[i]);
        MiUnlockPfn(Irql);
        Done += Batch;
    }
    return Done;
}
