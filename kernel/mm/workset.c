/*
 * Working sets: the pages that are mapped now, in a ring for each address space, oldest first; taking pages out of
 * them; and the thread that does so before anyone has to wait for a frame.
 *
 * A page that leaves is in its frame still: on the standby list when its contents can be had again, on the modified
 * list when they have to be written first. A touch takes it back without any transfer (soft fault).
 *
 * Trimming and faults. Both hold the working-set lock, so a page that a fault has just made valid is not taken before
 * the fault is over; another thread may take it before the instruction has run, and then faults anew. That this ends is
 * due to the minimum: below it nothing is taken, and what is taken is what has not been used longest.
 */
#include "mm/mi.h"
#include "ke/rules.h"
#include "rtl/export.h"

LIST_ENTRY MiWorkingSetList;
FAST_MUTEX MiWorkingSetListLock;

#define TRIM_BATCH 32
#define TRIM_ROUND 64                   /* pages the manager takes from one working set before it looks at the next */

VOID MiInitializeWorkingSet(PMM_WORKING_SET WorkingSet, PKPROCESS Process)
{
    ExInitializeFastMutex(&WorkingSet->Lock);
    WorkingSet->FirstFrame = WorkingSet->FirstTable = MI_NO_FRAME;
    WorkingSet->Size = WorkingSet->Tables = WorkingSet->SharedSize = 0;
    WorkingSet->MinimumSize = 0;
    WorkingSet->Process = Process;
    ExAcquireFastMutex(&MiWorkingSetListLock);
    InsertTailList(&MiWorkingSetList, &WorkingSet->WorkingSetLinks);
    ExReleaseFastMutex(&MiWorkingSetListLock);
}

VOID MiRemoveWorkingSet(PMM_WORKING_SET WorkingSet)
{
    ExAcquireFastMutex(&MiWorkingSetListLock);
    RemoveEntryList(&WorkingSet->WorkingSetLinks);
    ExReleaseFastMutex(&MiWorkingSetListLock);
}

/*
 * The oldest frame that may go, unlinked from the ring; NULL after a whole round without one. PFN lock held. A frame
 * that must stay, or (gentle) was used since the last look, moves to the young end: with the entry's accessed bit
 * cleared, it has one round to be used again. The translation is not flushed for that; an access that the processor
 * answers from its TLB is not seen, which only makes the guess a little worse.
 */
static PMMPFN MiChooseVictim(PMM_WORKING_SET WorkingSet, BOOLEAN Gentle, PULONG64 Looks)
{
    while (WorkingSet->Size != 0 && *Looks != 0) {
        PMMPFN Pfn = MiPfn(WorkingSet->FirstFrame);
        PMM_SECTION Section = MiSectionOfFrame(Pfn);
        MMPTE Pte = MiReadPte(Pfn->Pte);

        (*Looks)--;
        if (Pfn->ReferenceCount == 0 && (Section == NULL || Section->LockCount == 0)) {
            if (!Gentle || !MiIsAccessed(Pte)) {
                MiRemoveFromRing(Pfn);
                return Pfn;
            }
            __atomic_and_fetch(&Pfn->Pte->Value, ~MI_PTE_ACCESSED, __ATOMIC_RELAXED);
        }
        WorkingSet->FirstFrame = Pfn->Flink;
    }
    return NULL;
}

/* Takes up to Count pages out that are the working set's own. */
static ULONG64 MiTrimOwnPages(PMM_WORKING_SET WorkingSet, ULONG64 Count, BOOLEAN Gentle)
{
    PMMPFN Victims[TRIM_BATCH];
    ULONG_PTR Addresses[TRIM_BATCH];
    MMPTE Old[TRIM_BATCH];
    ULONG64 Done = 0, Looks = WorkingSet->Size;
    ULONG Batch;

    do {
        ULONG Wanted = (ULONG)min(Count - Done, TRIM_BATCH);
        KIRQL Irql = MiLockPfn();
        for (Batch = 0; Batch < Wanted; Batch++) {
            Victims[Batch] = MiChooseVictim(WorkingSet, Gentle, &Looks);
            if (Victims[Batch] == NULL)
                break;
            Addresses[Batch] = Victims[Batch]->VirtualPage;
        }
        MiUnlockPfn(Irql);
        /* Entries first, then the TLBs, then the lists: until it is on a list nobody else can reach the frame. */
        for (ULONG i = 0; i < Batch; i++)
            Old[i] = MiExchangePte(Victims[i]->Pte, MiMakeTransition(MiFrameNumber(Victims[i]),
                                                                     MiProtectionOf(MiReadPte(Victims[i]->Pte))));
        MiFlushTlb(WorkingSet->Process, Addresses, Batch);
        Irql = MiLockPfn();
        for (ULONG i = 0; i < Batch; i++) {
            MiCountResident(MiSectionOfFrame(Victims[i]), -1);
            if (MiIsDirty(Old[i]))
                Victims[i]->Flags |= MI_FRAME_DIRTY;
            MiRetireFrame(Victims[i]);
        }
        MiUnlockPfn(Irql);
        Done += Batch;
    } while (Batch == TRIM_BATCH && Done < Count);
    return Done;
}

/* Its own pages and those of views give in proportion. */
ULONG64 MiTrimWorkingSet(PMM_WORKING_SET WorkingSet, ULONG64 Count, BOOLEAN Gentle)
{
    ULONG64 Size = WorkingSet->Size + WorkingSet->SharedSize, Done = 0;

    Count = min(Count, Size);
    if (WorkingSet->SharedSize != 0)
        Done = MiTrimViews(WorkingSet, (Count * WorkingSet->SharedSize + Size - 1) / Size, Gentle);
    return Done + MiTrimOwnPages(WorkingSet, Count - Done, Gentle);
}

/*
 * One round of the manager over all working sets: a few pages from each, gently first. Returns how many left. The
 * list's lock keeps the working sets alive; MmDeleteAddressSpace takes it to leave the list.
 */
static ULONG64 MiTrimRound(BOOLEAN Gentle, ULONG64 Wanted)
{
    ULONG64 Done = 0;

    ExAcquireFastMutex(&MiWorkingSetListLock);
    for (PLIST_ENTRY Entry = MiWorkingSetList.Flink; Entry != &MiWorkingSetList && Done < Wanted; Entry = Entry->Flink) {
        PMM_WORKING_SET WorkingSet = CONTAINING_RECORD(Entry, MM_WORKING_SET, WorkingSetLinks);
        MiLockWorkingSet(WorkingSet);
        if (WorkingSet->Size + WorkingSet->SharedSize > WorkingSet->MinimumSize)
            Done += MiTrimWorkingSet(WorkingSet, min(TRIM_ROUND, WorkingSet->Size + WorkingSet->SharedSize -
                                                                 WorkingSet->MinimumSize), Gentle);
        MiUnlockWorkingSet(WorkingSet);
    }
    ExReleaseFastMutex(&MiWorkingSetListLock);
    return Done;
}

/*
 * The working-set manager, a system thread. Called when frames run low, it takes pages until enough frames are
 * available or on their way through the writer; while the writer gets none through, only those count that are
 * available, so that clean pages go. When nothing can be had gently it takes what it may.
 */
static VOID MiWorkingSetManager(PVOID Context)
{
    LARGE_INTEGER Second = {.QuadPart = -10000000};

    UNREFERENCED_PARAMETER(Context);
    KeEnterGuardedRegion();     /* what it has in hand, no APC may wait for */
    for (;;) {
        KeWaitForSingleObject(&MiNeedFramesEvent, Executive, KernelMode, FALSE, &Second);
        for (;;) {
            ULONG64 Have = MiAvailableFrames(), Target = MiLowFrames;
            if (!MiWriterStuck) {
                Have += MiFrameLists[MiFrameModified].Count;
                Target *= 2;
            }
            if (Have >= Target)
                break;
            if (MiTrimRound(TRUE, Target - Have) == 0 && MiTrimRound(FALSE, Target - Have) == 0)
                break;
        }
        if (MiAvailableFrames() < MiLowFrames && MiFrameLists[MiFrameModified].Count != 0)
            KeSetEvent(&MiWriterEvent, 0, FALSE);
    }
}

/* Drops every page on the standby list: the next touch has to read it in. */
static VOID MiPurgeStandby(VOID)
{
    KIRQL Irql = MiLockPfn();

    while (MiFrameLists[MiFrameStandby].Count != 0) {
        PMMPFN Pfn = MiPfn(MiFrameLists[MiFrameStandby].First);
        MiUnlinkFrame(Pfn);
        MiWritePte(Pfn->Pte, Pfn->OriginalPte);
        MiFreeFrame(Pfn);
        /* A breath for interrupts that wait for this level to end. */
        MiUnlockPfn(Irql);
        Irql = MiLockPfn();
    }
    MiUnlockPfn(Irql);
}

/*
 * Takes everything pageable of the system out of the working set; with PurgeTransition also out of memory, by writing
 * what is modified and dropping what is then on standby. IRQL: <= APC_LEVEL. Waits for the paging file.
 */
NTSTATUS MmTrimAllSystemPageableMemory(BOOLEAN PurgeTransition)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    MiLockWorkingSet(&MiSystemWorkingSet);
    MiTrimWorkingSet(&MiSystemWorkingSet, MAXULONGLONG, FALSE);
    MiUnlockWorkingSet(&MiSystemWorkingSet);
    if (PurgeTransition) {
        MiFlushModifiedPages();
        MiPurgeStandby();
    }
    return STATUS_SUCCESS;
}
NT_EXPORT(MmTrimAllSystemPageableMemory);

VOID MiModifiedPageWriter(PVOID Context);

/* The threads are resident through and through and never touch pageable memory. IRQL: PASSIVE_LEVEL. */
INIT_CODE NTSTATUS MmStartThreads(VOID)
{
    static const struct { PKSTART_ROUTINE Routine; KPRIORITY Priority; } Threads[] = {
        {MiWorkingSetManager, 16}, {MiModifiedPageWriter, 17}, {MiZeroPageThread, LOW_PRIORITY}};

    for (ULONG i = 0; i < ARRAYSIZE(Threads); i++) {
        HANDLE Handle;
        PVOID Thread;
        NTSTATUS Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Threads[i].Routine, NULL);
        if (!NT_SUCCESS(Status))
            return Status;
        Status = ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &Thread, NULL);
        if (NT_SUCCESS(Status)) {
            KeSetPriorityThread(Thread, Threads[i].Priority);
            ObDereferenceObject(Thread);
        }
        ZwClose(Handle);
    }
    return STATUS_SUCCESS;
}
