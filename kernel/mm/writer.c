/*
 * The modified-page writer: takes frames from the modified list in clusters, writes each cluster to adjacent slots in
 * one request, and puts the frames, now clean, on standby.
 *
 * While a frame is written its entry still says transition, so a touch takes the page back at once; the entry is then
 * valid with its dirty bit clear, and what is written to it from then on sets that bit. So when the write is done, the
 * slot holds the page's contents unless the dirty bit says otherwise, and the trimmer looks at that bit.
 */
#include "mm/mi.h"

static volatile LONG MiWritesInFlight;
KEVENT MiWritesDone;                        /* set when the last write in flight has ended */
volatile BOOLEAN MiWriterStuck;

#define RECLAIM_STEP 256                    /* frames looked at in one hold of the PFN lock */
#define WRITE_BACK_DELAY (-1000000ll)       /* 100 ms: after a write error or with no slot to be had */

/*
 * No slot is free although commit promised one: clean pages that are in memory hold slots that they could do without.
 * Takes the slots of active frames; their pages have to be written again some day. Those on standby keep theirs: a slot
 * taken there makes one more page to be written for each page that can be, so the writer would go round for ever. PFN
 * lock held. Looks at RECLAIM_STEP frames, from where the last call ended, or until it has got Wanted slots: so the PFN
 * lock is never held for long, however large the machine is.
 */
static VOID MiReclaimSlots(ULONG Wanted)
{
    static PFN_NUMBER Next;
    ULONG Got = 0;

    for (ULONG Looks = 0; Looks < RECLAIM_STEP && Got < Wanted; Looks++) {
        PMMPFN Pfn = MiPfn(Next);
        Next = Next == MiHighestFrame ? 0 : Next + 1;
        if (Pfn->State != MiFrameActive || (Pfn->Flags & MI_FRAME_WRITING) || Pfn->Pte == NULL ||
            MiKindOf(Pfn->OriginalPte) != MiPtePagingFile)
            continue;
        MiFreeSlotOf(Pfn->OriginalPte);
        Pfn->OriginalPte = MiMakeDemandZero(MiProtectionOf(Pfn->OriginalPte));
        Pfn->Flags |= MI_FRAME_DIRTY;
        Got++;
    }
}

/* Fills a transfer from the modified list. PFN lock held. 0: nothing to write, or no slot. */
static ULONG MiGatherCluster(PMI_TRANSFER Transfer)
{
    ULONG Count = (ULONG)min(MiFrameLists[MiFrameModified].Count, MI_CLUSTER), Got;

    if (Count == 0 || MiPagingFileCount == 0)
        return 0;
    Got = MiAllocateSlots(Count, &Transfer->File, &Transfer->Slot);
    for (ULONG i = 0; i < Got; i++) {
        PMMPFN Pfn = MiPfn(MiFrameLists[MiFrameModified].First);
        MiUnlinkFrame(Pfn);
        Pfn->State = MiFrameTransit;
        Pfn->Flags = (UCHAR)((Pfn->Flags | MI_FRAME_WRITING) & ~MI_FRAME_DIRTY);
        MiReferenceFrame(Pfn);
        Transfer->Frames[i] = MiFrameNumber(Pfn);
    }
    Transfer->Count = Got;
    Transfer->OwnsSlots = Got != 0;
    return Got;
}

/*
 * The same, taking slots from frames if none is free: all frames are looked at before it gives up, the lock let go of
 * often.
 */
static ULONG MiGatherWithSlots(PMI_TRANSFER Transfer, KIRQL Irql)
{
    ULONG Count = MiGatherCluster(Transfer);

    for (PFN_NUMBER Looked = 0; Count == 0 && MiPagingFileCount != 0 && MiFrameLists[MiFrameModified].Count != 0 &&
                                Looked <= MiHighestFrame; Looked += RECLAIM_STEP) {
        MiReclaimSlots(MI_CLUSTER);
        MiUnlockPfn(Irql);
        MiLockPfn();
        Count = MiGatherCluster(Transfer);
    }
    return Count;
}

typedef enum _MI_WRITE_RESULT {
    MiWritten,
    MiNotWritten,           /* the device is at fault: the slot may be used again */
    MiSlotIsBad
} MI_WRITE_RESULT;

static VOID MiGiveUpSlot(ULONG File, ULONG64 Slot, MI_WRITE_RESULT Result)
{
    if (Result == MiSlotIsBad)
        MiRetireSlot(File, Slot);
    else
        MiFreeSlot(File, Slot);
}

/* One frame of a finished write. PFN lock held. */
static VOID MiFinishWrite(PMMPFN Pfn, ULONG File, ULONG64 Slot, MI_WRITE_RESULT Result)
{
    PMM_SECTION Section;

    Pfn->Flags &= (UCHAR)~MI_FRAME_WRITING;
    if (Pfn->State == MiFrameDeleted) {
        MiGiveUpSlot(File, Slot, Result);
        MiDereferenceFrame(Pfn);
        return;
    }
    if (Result == MiWritten && (Pfn->Flags & MI_FRAME_DIRTY)) {
        /* Taken back, changed and given up again meanwhile: what was written is old. */
        MiFreeSlot(File, Slot);
    } else if (Result == MiWritten) {
        Pfn->OriginalPte = MiMakePagingFile(File, Slot, MiProtectionOf(Pfn->OriginalPte));
        Section = MiSectionOfFrame(Pfn);
        if (Section != NULL)
            InterlockedIncrement64((PLONG64)&Section->PageOuts);
        MiPagesOut++;
    } else {
        Pfn->Flags |= MI_FRAME_DIRTY;
        MiGiveUpSlot(File, Slot, Result);
    }
    MiDereferenceFrame(Pfn);
}

/*
 * Writes what was gathered; a bit for each page that is in its slot then. When the request fails each page is tried by
 * itself, so that one slot that cannot be written costs no other.
 */
static ULONG MiWriteGathered(PMI_TRANSFER Transfer)
{
    NTSTATUS Status = MiTransferPages(Transfer, TRUE);
    ULONG Written;

    if (NT_SUCCESS(Status))
        return MI_ALL_PAGES;
    Written = MiTransferSingly(Transfer, TRUE);
    DbgPrint("Paging file %s: writing %u pages at slot %I64u failed with status 0x%08X; by themselves %s\n",
             MiPagingFiles[Transfer->File].Name, Transfer->Count, Transfer->Slot, Status,
             Written == 0 && Transfer->Count > 1 ? "none can be written either: they stay in memory"
                                                 : "some can be written, and the slots of the others are not used again");
    return Written;
}

BOOLEAN MiWriteCluster(VOID)
{
    PMI_TRANSFER Transfer;
    ULONG Written;
    KIRQL Irql;

    while ((Transfer = MiTryAllocateWriteTransfer()) == NULL)
        MiWaitForTransferSlot();
    InterlockedIncrement(&MiWritesInFlight);
    Irql = MiLockPfn();
    if (MiGatherWithSlots(Transfer, Irql) == 0) {
        MiWriterStuck = MiFrameLists[MiFrameModified].Count != 0;
        MiUnlockPfn(Irql);
        MiDereferenceTransfer(Transfer);
        if (InterlockedDecrement(&MiWritesInFlight) == 0)
            KeSetEvent(&MiWritesDone, 0, FALSE);
        return FALSE;
    }
    MiUnlockPfn(Irql);
    Written = MiWriteGathered(Transfer);
    Irql = MiLockPfn();
    for (ULONG i = 0; i < Transfer->Count; i++)
        /* Where nothing at all could be written of several pages it is not their slots that are bad. */
        MiFinishWrite(MiPfn(Transfer->Frames[i]), Transfer->File, Transfer->Slot + i,
                      Written & (1u << i) ? MiWritten : Written == 0 && Transfer->Count > 1 ? MiNotWritten : MiSlotIsBad);
    Transfer->OwnsSlots = FALSE;
    MiWriterStuck = Written == 0;
    MiUnlockPfn(Irql);
    MiDereferenceTransfer(Transfer);
    if (InterlockedDecrement(&MiWritesInFlight) == 0)
        KeSetEvent(&MiWritesDone, 0, FALSE);
    return Written != 0;
}

VOID MiFlushModifiedPages(VOID)
{
    LARGE_INTEGER Short = {.QuadPart = WRITE_BACK_DELAY};

    while (MiWriteCluster())
        ;
    /* Clusters that the writer thread had begun. */
    while (MiWritesInFlight != 0)
        KeWaitForSingleObject(&MiWritesDone, WrPageOut, KernelMode, FALSE, &Short);
}

/* Its thread, made by MmStartThreads. Writes when enough is modified and when frames are wanted. */
VOID MiModifiedPageWriter(PVOID Context)
{
    LARGE_INTEGER Delay = {.QuadPart = WRITE_BACK_DELAY};

    UNREFERENCED_PARAMETER(Context);
    KeEnterGuardedRegion();     /* what it has in hand, no APC may wait for */
    for (;;) {
        KeWaitForSingleObject(&MiWriterEvent, WrPageOut, KernelMode, FALSE, NULL);
        while (MiWriteCluster())
            ;
        /*
         * Nothing could be written: no slot, or errors. Not in a tight loop, so that others can change that; the frames
         * that came back to the list have set the event themselves.
         */
        if (MiWriterStuck)
            KeDelayExecutionThread(KernelMode, FALSE, &Delay);
        if (MiFrameLists[MiFrameModified].Count != 0 && MiAvailableFrames() < MiLowFrames)
            KeSetEvent(&MiWriterEvent, 0, FALSE);
    }
}
