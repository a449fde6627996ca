/*
 * The PFN database: one entry per frame of RAM, the lists that free and reusable frames wait on, and who gets one.
 *
 * Frames are handed out zeroed or free, as the caller prefers, and then from standby. Taking one from standby ends the
 * page that it still held: its entry, which says transition, becomes what the frame's OriginalPte says (paging-file or
 * demand-zero), so the next touch of that page brings it back from there.
 *
 * Standby is one list in the order in which frames are taken: pages that came by read-ahead and were never asked for,
 * then those that a touch brought in, then those that were there for a lock. Within each, who has waited longest goes
 * first.
 */
#include "mm/mi.h"

KSPIN_LOCK MiPfnLock;
MI_FRAME_LIST MiFrameLists[MI_LISTS] = {
    {MI_NO_FRAME, MI_NO_FRAME, 0}, {MI_NO_FRAME, MI_NO_FRAME, 0}, {MI_NO_FRAME, MI_NO_FRAME, 0}, {MI_NO_FRAME, MI_NO_FRAME, 0}};
PFN_NUMBER MiHighestFrame, MiTotalFrames, MiLowFrames;
LONG64 MiResidentAvailable;
KEVENT MiNeedFramesEvent, MiWriterEvent;
static KEVENT MiFramesEvent;            /* set whenever a frame becomes available while somebody waits */
static ULONG MiFrameWaiters;            /* PFN lock */
static ULONG MiStandbyLast[MI_RANKS] = {MI_NO_FRAME, MI_NO_FRAME, MI_NO_FRAME};     /* of each rank; PFN lock */

#define MI_WRITE_THRESHOLD 32           /* modified frames that are worth a round of the writer */

VOID MiInitializeFrameEvents(VOID)
{
    KeInitializeEvent(&MiNeedFramesEvent, SynchronizationEvent, FALSE);
    KeInitializeEvent(&MiWriterEvent, SynchronizationEvent, FALSE);
    KeInitializeEvent(&MiFramesEvent, NotificationEvent, FALSE);
    KeInitializeEvent(&MiWritesDone, SynchronizationEvent, FALSE);
}

static FORCEINLINE ULONG MiRankOf(PMMPFN Pfn)
{
    return (Pfn->Flags & MI_FRAME_READ_AHEAD) ? 0 : (Pfn->Flags & MI_FRAME_FOR_LOCK) ? 2 : 1;
}
C_ASSERT(MI_RANKS == 3);

/*
 * The frame on standby that one of this rank goes behind, MI_NO_FRAME for the front; and it is the last of its rank
 * now.
 */
static FORCEINLINE ULONG MiPlaceOnStandby(ULONG Frame, ULONG Rank)
{
    ULONG Place = MiStandbyLast[Rank];

    MiStandbyLast[Rank] = Frame;
    while (Place == MI_NO_FRAME && Rank-- > 0)
        Place = MiStandbyLast[Rank];
    return Place;
}

VOID MiInsertFrame(MI_FRAME_STATE List, PMMPFN Pfn)
{
    MI_FRAME_LIST *Head = &MiFrameLists[List];
    ULONG Frame = (ULONG)MiFrameNumber(Pfn);
    ULONG Place = List == MiFrameStandby ? MiPlaceOnStandby(Frame, MiRankOf(Pfn)) : Head->Last;
    PULONG Next = Place != MI_NO_FRAME ? &MiPfn(Place)->Flink : &Head->First;

    Pfn->State = (UCHAR)List;
    Pfn->Flink = *Next;
    Pfn->Blink = Place;
    if (*Next != MI_NO_FRAME)
        MiPfn(*Next)->Blink = Frame;
    else
        Head->Last = Frame;
    *Next = Frame;
    Head->Count++;
    if (List == MiFrameModified) {
        if (Head->Count == MI_WRITE_THRESHOLD)
            KeSetEvent(&MiWriterEvent, 0, FALSE);
    } else {
        if (MiFrameWaiters != 0)
            KeSetEvent(&MiFramesEvent, 0, FALSE);
        if (List == MiFrameFree && MiZeroerSleeps && Head->Count >= MI_ZERO_THRESHOLD)
            MiWakeZeroer();
    }
}

VOID MiUnlinkFrame(PMMPFN Pfn)
{
    MI_FRAME_LIST *Head = &MiFrameLists[Pfn->State];

    ASSERT(Pfn->State < MI_LISTS && Head->Count != 0);
    if (Pfn->State == MiFrameStandby) {
        ULONG Rank = MiRankOf(Pfn);
        if (MiStandbyLast[Rank] == (ULONG)MiFrameNumber(Pfn))
            MiStandbyLast[Rank] = Pfn->Blink != MI_NO_FRAME && MiRankOf(MiPfn(Pfn->Blink)) == Rank ? Pfn->Blink : MI_NO_FRAME;
    }
    if (Pfn->Blink != MI_NO_FRAME)
        MiPfn(Pfn->Blink)->Flink = Pfn->Flink;
    else
        Head->First = Pfn->Flink;
    if (Pfn->Flink != MI_NO_FRAME)
        MiPfn(Pfn->Flink)->Blink = Pfn->Blink;
    else
        Head->Last = Pfn->Blink;
    Head->Count--;
}

/* A frame that is off its list begins anew. Inline: every fault that takes one comes this way. */
static FORCEINLINE VOID MiEmptyFrame(PMMPFN Pfn, ULONG List)
{
    if (List == MiFrameStandby)
        MiWritePte(Pfn->Pte, Pfn->OriginalPte);
    Pfn->Flags = 0;
    Pfn->OriginalPte = MiMakeZero();
    /* Set already: the manager has not looked yet, and will. */
    if (MiAvailableFrames() < MiLowFrames && KeReadStateEvent(&MiNeedFramesEvent) == 0)
        KeSetEvent(&MiNeedFramesEvent, 0, FALSE);
}

PFN_NUMBER MiTakeFrame(MI_FRAME_STATE Preferred, PBOOLEAN Zeroed)
{
    ULONG List = MiFrameLists[Preferred].Count != 0 ? Preferred : Preferred ^ MiFrameZeroed ^ MiFrameFree;
    MI_FRAME_LIST *Head = &MiFrameLists[List];
    PFN_NUMBER Frame;
    PMMPFN Pfn;

    if (Head->Count == 0) {
        List = MiFrameStandby;
        Frame = MiFrameLists[MiFrameStandby].First;
        if (Frame == MI_NO_FRAME)
            return MI_NO_FRAME;
        Pfn = MiPfn(Frame);
        MiUnlinkFrame(Pfn);
    } else {
        Frame = Head->First;
        Pfn = MiPfn(Frame);
        Head->First = Pfn->Flink;
        if (Pfn->Flink != MI_NO_FRAME)
            MiPfn(Pfn->Flink)->Blink = MI_NO_FRAME;
        else
            Head->Last = MI_NO_FRAME;
        Head->Count--;
    }
    MiEmptyFrame(Pfn, List);
    *Zeroed = List == MiFrameZeroed;
    return Frame;
}

static VOID MiMakeFramePermanent(PMMPFN Pfn)
{
    Pfn->State = MiFrameActive;
    Pfn->Pte = NULL;
    Pfn->Owner = 0;
    Pfn->ShareCount = 0;
}

VOID MiTakeThisFrame(PMMPFN Pfn)
{
    MiUnlinkFrame(Pfn);
    MiEmptyFrame(Pfn, Pfn->State);
    MiMakeFramePermanent(Pfn);
}

VOID MiFreeFrame(PMMPFN Pfn)
{
    ASSERT(Pfn->ReferenceCount == 0 && (Pfn->Flags & (MI_FRAME_IN_RING | MI_FRAME_CHARGED)) == 0);
    Pfn->Pte = NULL;
    Pfn->Owner = 0;
    Pfn->Flags = 0;
    Pfn->OriginalPte = MiMakeZero();
    MiInsertFrame(MiFrameFree, Pfn);
}

VOID MiReferenceFrame(PMMPFN Pfn)
{
    ASSERT(Pfn->ReferenceCount != MAXULONG);
    Pfn->ReferenceCount++;
}

/* The last one decides where a frame goes that nothing maps: freed, or onto the list that its contents call for. */
VOID MiDereferenceFrame(PMMPFN Pfn)
{
    ASSERT(Pfn->ReferenceCount != 0);
    if (--Pfn->ReferenceCount != 0)
        return;
    if (Pfn->Flags & MI_FRAME_CHARGED) {
        Pfn->Flags &= (UCHAR)~MI_FRAME_CHARGED;
        MiReturnResident(1);
    }
    if (Pfn->State == MiFrameDeleted)
        MiFreeFrame(Pfn);
    else if (Pfn->State == MiFrameTransit)
        MiRetireFrame(Pfn);
}

/*
 * A page with changes has no use for the slot that holds its old contents. One that was never written since it was
 * zeroed, and has no slot, goes to standby, too: demand-zero brings it back.
 */
VOID MiRetireFrame(PMMPFN Pfn)
{
    if (Pfn->ReferenceCount != 0) {
        Pfn->State = MiFrameTransit;
    } else if (Pfn->Flags & MI_FRAME_DIRTY) {
        MiFreeSlotOf(Pfn->OriginalPte);
        Pfn->OriginalPte = MiMakeDemandZero(MiProtectionOf(Pfn->OriginalPte));
        MiInsertFrame(MiFrameModified, Pfn);
    } else {
        MiInsertFrame(MiFrameStandby, Pfn);
    }
}

/*
 * A page is paid for once, however many MDLs and VirtualLock hold it, and until the last reference of any kind is gone:
 * a transfer's may be the last, so the flag and not the count says what was paid.
 */
BOOLEAN MiLockFrame(PMMPFN Pfn)
{
    if (Pfn->Pte != NULL && !(Pfn->Flags & MI_FRAME_CHARGED)) {
        if (!MiChargeResident(1))
            return FALSE;
        Pfn->Flags |= MI_FRAME_CHARGED;
    }
    if (Pfn->Pte != NULL)
        Pfn->Flags = (UCHAR)((Pfn->Flags | MI_FRAME_FOR_LOCK) & ~MI_FRAME_READ_AHEAD);
    MiReferenceFrame(Pfn);
    return TRUE;
}

VOID MiTakeBackFrame(PMMPFN Pfn)
{
    if (Pfn->State == MiFrameModified)
        Pfn->Flags |= MI_FRAME_DIRTY;   /* it was not written, so it stays to be written */
    if (Pfn->State < MI_LISTS)
        MiUnlinkFrame(Pfn);
    Pfn->Flags &= (UCHAR)~(MI_FRAME_READ_AHEAD | MI_FRAME_FOR_LOCK);     /* who takes it back says what for */
}

VOID MiHoldFrame(PMMPFN Pfn)
{
    if (Pfn->State != MiFrameActive) {
        MiTakeBackFrame(Pfn);
        Pfn->State = MiFrameTransit;
    }
    MiReferenceFrame(Pfn);
}

VOID MiReleaseFrame(PMMPFN Pfn)
{
    if (Pfn->ReferenceCount != 0)
        Pfn->State = MiFrameDeleted;
    else
        MiFreeFrame(Pfn);
}

VOID MiRemoveFromRing(PMMPFN Pfn)
{
    PMM_WORKING_SET WorkingSet = MiWorkingSetOfFrame(Pfn);

    ASSERT(Pfn->Flags & MI_FRAME_IN_RING);
    if (--WorkingSet->Size != 0) {
        MiPfn(Pfn->Blink)->Flink = Pfn->Flink;
        MiPfn(Pfn->Flink)->Blink = Pfn->Blink;
        if (WorkingSet->FirstFrame == MiFrameNumber(Pfn))
            WorkingSet->FirstFrame = Pfn->Flink;
    }
    Pfn->Flags &= (UCHAR)~MI_FRAME_IN_RING;
}

VOID MiZeroFrame(PFN_NUMBER Frame)
{
    PVOID Address = MiDirectAddress(Frame);
    ULONG64 Words = PAGE_SIZE / sizeof(ULONG64);

    __asm__ volatile("rep stosq" : "+D"(Address), "+c"(Words) : "a"(0ull) : "memory");
}

BOOLEAN MiChargePermanent(ULONG64 Frames)
{
    if (!MiChargeCommit(Frames))
        return FALSE;
    if (MiChargeResident(Frames))
        return TRUE;
    MiReturnCommit(Frames);
    return FALSE;
}

VOID MiReturnPermanent(ULONG64 Frames)
{
    MiReturnResident(Frames);
    MiReturnCommit(Frames);
}

PFN_NUMBER MiTakePermanentFrame(VOID)
{
    BOOLEAN Zeroed = FALSE;
    PFN_NUMBER Frame;
    KIRQL Irql;

    if (KiAllocationFails("frame"))
        return MI_NO_FRAME;
    Irql = MiLockPfn();
    Frame = MiTakeFrame(MiFrameZeroed, &Zeroed);
    if (Frame != MI_NO_FRAME)
        MiMakeFramePermanent(MiPfn(Frame));
    MiUnlockPfn(Irql);
    if (Frame != MI_NO_FRAME && !Zeroed)
        MiZeroFrame(Frame);
    return Frame;
}

PFN_NUMBER MiWaitForPermanentFrame(VOID)
{
    PFN_NUMBER Frame;

    while ((Frame = MiTakePermanentFrame()) == MI_NO_FRAME)
        MiWaitForFrames();
    return Frame;
}

/* A frame that an MDL still refers to (nonpaged memory, freed too early) goes with that reference. */
VOID MiGivePermanentFrame(PFN_NUMBER Frame)
{
    KIRQL Irql = MiLockPfn();

    ASSERT(MiPfn(Frame)->State == MiFrameActive && MiPfn(Frame)->Pte == NULL);
    MiReleaseFrame(MiPfn(Frame));
    MiUnlockPfn(Irql);
}

PFN_NUMBER MiAllocatePermanentFrame(VOID)
{
    PFN_NUMBER Frame;

    if (!MiChargePermanent(1))
        return MI_NO_FRAME;
    Frame = MiTakePermanentFrame();
    if (Frame == MI_NO_FRAME)
        MiReturnPermanent(1);
    return Frame;
}

VOID MiFreePermanentFrame(PFN_NUMBER Frame)
{
    MiGivePermanentFrame(Frame);
    MiReturnPermanent(1);
}

/*
 * Waits until a frame is available; another may have taken it by the time this returns, so callers look again. The
 * event is cleared under the PFN lock before the wait, and every insertion sets it under that lock: none is missed.
 *
 * Why the wait ends. Who waits holds no lock of Mm, so the working-set manager and the writer get on; they touch
 * resident memory only and need no frame. Everything that cannot leave memory (permanent and locked frames, the
 * minimums of working sets, what threads may hold) is charged to the resident budget, which leaves a reserve of frames
 * that are available, or in a working set above its minimum, or modified, or in a transfer. From working sets the
 * manager takes them. What it takes is clean, and available, or modified, and goes to a slot: the transfer for that is
 * the writer's own, and there is a slot, since commit never promises more pages than frames and slots can hold
 * together; or clean pages in memory hold slots, which the writer takes from them (MiReclaimSlots). A transfer ends by
 * itself, since its driver is resident, too. A frame that becomes available may be taken by another who waits; but he
 * gets on, and needs no more than his minimum.
 */
VOID MiWaitForFrames(VOID)
{
    KIRQL Irql = MiLockPfn();

    if (MiAvailableFrames() != 0) {
        MiUnlockPfn(Irql);
        return;
    }
    MiFrameWaiters++;
    KeClearEvent(&MiFramesEvent);
    MiUnlockPfn(Irql);
    KeSetEvent(&MiNeedFramesEvent, 0, FALSE);
    KeWaitForSingleObject(&MiFramesEvent, WrFreePage, KernelMode, FALSE, NULL);
    Irql = MiLockPfn();
    MiFrameWaiters--;
    MiUnlockPfn(Irql);
}
