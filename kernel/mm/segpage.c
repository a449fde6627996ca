/*
 * One page of a segment, in a frame: brought there from wherever it is, and kept there by a reference as long as
 * somebody uses it. The file system copies through this; a fault in a view maps what it gets here (viewfault.c).
 *
 * Why it is right on many processors: what a prototype says is decided under the PFN lock and by whoever finds it so. A
 * page that has no frame yet is zeroed before the prototype names the frame; who comes second finds that it does, and
 * gives his own back. A page that is read is marked so before the lock is let go of; who comes second waits for that
 * transfer. Nobody holds a lock while he waits, and the reference keeps the frame from every list meanwhile.
 *
 * Who uses a page touches a program's buffer at the same time, and may wait there for a frame. That he holds one
 * himself cannot bring all to a halt: each thread has paid for one frame with its stack (MmCreateKernelStack), so those
 * that are held are never the ones that faults live on.
 */
#include "mm/mi.h"
#include "rtl/export.h"

#define READ_AHEAD 8                    /* pages that come with one that is read, when frames are plenty */

/* The frame becomes the page of that prototype, in transit and with one reference. PFN lock held. */
static VOID MiAttachToPrototype(PMMPFN Pfn, PMMPTE Prototype, PMM_SEGMENT Segment, UCHAR Flags)
{
    Pfn->Pte = Prototype;
    Pfn->OriginalPte = *Prototype;
    Pfn->ShareCount = 0;
    Pfn->Owner = (ULONG_PTR)Segment;
    Pfn->State = MiFrameTransit;
    Pfn->Flags = (UCHAR)(MI_FRAME_SHARED | Flags);
    *Prototype = MiMakeTransition(MiFrameNumber(Pfn), MiProtectionOf(*Prototype));
}

/* A page that was never touched. STATUS_SUCCESS, or MI_RETRY. */
static NTSTATUS MiZeroSegmentPage(PMM_SEGMENT Segment, ULONG64 Page, PMMPFN *Frame)
{
    PFN_NUMBER New = MiWaitForPermanentFrame();
    KIRQL Irql = MiLockPfn();
    PMMPTE Prototype = MiFindPrototype(Segment, Page);

    if (Prototype == NULL || MiKindOf(*Prototype) != MiPteDemandZero) {
        MiFreeFrame(MiPfn(New));        /* another has been faster, or the page is gone */
        MiUnlockPfn(Irql);
        return MI_RETRY;
    }
    *Frame = MiPfn(New);
    MiAttachToPrototype(*Frame, Prototype, Segment, 0);
    MiReferenceFrame(*Frame);
    MiUnlockPfn(Irql);
    InterlockedIncrement64((PLONG64)&MiDemandZeroFaults);
    return STATUS_SUCCESS;
}

/*
 * How many pages to read with the one at Prototype: those whose slots follow, as far as frames are plenty. PFN lock
 * held.
 */
static ULONG MiReadAhead(PMMPTE Prototype, PMM_SEGMENT Segment)
{
    ULONG Count = 1, Most = Segment->Height == 0 ? 1 : 512 - (ULONG)((ULONG_PTR)Prototype % PAGE_SIZE / sizeof(MMPTE));

    while (Count < min(Most, READ_AHEAD) && MiAvailableFrames() > 2 * MiLowFrames + Count &&
           MiKindOf(Prototype[Count]) == MiPtePagingFile && MiFileOf(Prototype[Count]) == MiFileOf(*Prototype) &&
           MiSlotOf(Prototype[Count]) == MiSlotOf(*Prototype) + Count)
        Count++;
    return Count;
}

/*
 * Prepares a transfer of the page and of those that come with it. FALSE: it is not out any more, or there is no frame.
 */
static BOOLEAN MiStartSegmentRead(PMM_SEGMENT Segment, ULONG64 Page, PMI_TRANSFER Transfer)
{
    KIRQL Irql = MiLockPfn();
    PMMPTE Prototype = MiFindPrototype(Segment, Page);
    ULONG Count, i;

    if (Prototype == NULL || MiKindOf(*Prototype) != MiPtePagingFile) {
        MiUnlockPfn(Irql);
        return FALSE;
    }
    Transfer->File = MiFileOf(*Prototype);
    Transfer->Slot = MiSlotOf(*Prototype);
    Count = MiReadAhead(Prototype, Segment);
    for (i = 0; i < Count; i++) {
        BOOLEAN Zeroed;
        PFN_NUMBER Frame = MiTakeFrame(MiFrameFree, &Zeroed);
        if (Frame == MI_NO_FRAME)
            break;
        Transfer->Frames[i] = Frame;
        MiAttachToPrototype(MiPfn(Frame), &Prototype[i], Segment,
                            i == 0 ? MI_FRAME_READING : MI_FRAME_READING | MI_FRAME_READ_AHEAD);
        MiPfn(Frame)->Transfer = (USHORT)Transfer->Index;
    }
    Transfer->Count = i;
    MiUnlockPfn(Irql);
    if (i == 0)
        MiWaitForFrames();
    return i != 0;
}

/* Reads a page. STATUS_SUCCESS: *Frame holds it, referenced. MI_RETRY or STATUS_IN_PAGE_ERROR. */
static NTSTATUS MiReadSegmentPage(PMM_SEGMENT Segment, ULONG64 Page, PMMPFN *Frame)
{
    PMI_TRANSFER Transfer = MiTryAllocateTransfer();
    ULONG Good = MI_ALL_PAGES;
    NTSTATUS Status;
    KIRQL Irql, OldIrql;

    if (Transfer == NULL) {
        MiWaitForTransferSlot();
        return MI_RETRY;
    }
    /* An APC of this thread that touched the page would wait for its own read. */
    KeRaiseIrql(APC_LEVEL, &OldIrql);
    if (!MiStartSegmentRead(Segment, Page, Transfer)) {
        MiDereferenceTransfer(Transfer);
        KeLowerIrql(OldIrql);
        return MI_RETRY;
    }
    Status = MiTransferPages(Transfer, FALSE);
    if (!NT_SUCCESS(Status)) {
        Good = Transfer->Count > 1 ? MiTransferSingly(Transfer, FALSE) : 0;
        Status = Good & 1 ? STATUS_SUCCESS : Status;
    }
    Irql = MiLockPfn();
    for (ULONG i = 0; i < Transfer->Count; i++) {
        PMMPFN Pfn = MiPfn(Transfer->Frames[i]);
        Pfn->Flags &= (UCHAR)~MI_FRAME_READING;
        if (!(Good & (1u << i))) {
            *Pfn->Pte = Pfn->OriginalPte;
            MiFreeFrame(Pfn);
        } else if (i == 0) {
            MiReferenceFrame(Pfn);
            *Frame = Pfn;
        } else {
            MiRetireFrame(Pfn);
        }
    }
    MiUnlockPfn(Irql);
    if (NT_SUCCESS(Status)) {
        InterlockedExchangeAdd64((PLONG64)&MiPagesIn, Transfer->Count);
        InterlockedIncrement64((PLONG64)&MiHardFaults);
    }
    MiDereferenceTransfer(Transfer);
    KeLowerIrql(OldIrql);
    return NT_SUCCESS(Status) ? STATUS_SUCCESS : STATUS_IN_PAGE_ERROR;
}

/* A page that is in a frame, or on its way there. PFN lock held, let go of here. STATUS_SUCCESS or MI_RETRY. */
static NTSTATUS MiTakeBackSegmentPage(PMMPFN Pfn, KIRQL Irql, PMMPFN *Frame)
{
    if (Pfn->Flags & MI_FRAME_READING) {
        PMI_TRANSFER Transfer = MiTransfer(Pfn->Transfer);
        MiReferenceTransfer(Transfer);
        MiUnlockPfn(Irql);
        MiWaitForTransfer(Transfer);
        return MI_RETRY;
    }
    MiHoldFrame(Pfn);
    *Frame = Pfn;
    MiUnlockPfn(Irql);
    return STATUS_SUCCESS;
}

NTSTATUS MiBringSegmentPage(PMM_SEGMENT Segment, ULONG64 Page, PMMPFN *Frame)
{
    NTSTATUS Status;

    do {
        KIRQL Irql = MiLockPfn();
        PMMPTE Prototype = MiFindPrototype(Segment, Page);
        MMPTE Value = Prototype != NULL ? *Prototype : MiMakeZero();
        if (MiKindOf(Value) == MiPteTransition) {
            Status = MiTakeBackSegmentPage(MiPfn(MiFrameOf(Value)), Irql, Frame);
            continue;
        }
        MiUnlockPfn(Irql);
        if (MiKindOf(Value) == MiPteDemandZero)
            Status = MiZeroSegmentPage(Segment, Page, Frame);
        else if (MiKindOf(Value) == MiPtePagingFile)
            Status = MiReadSegmentPage(Segment, Page, Frame);
        else
            Status = STATUS_END_OF_FILE;
    } while (Status == MI_RETRY);
    return Status;
}

NTSTATUS MmHoldSegmentPage(PMM_SEGMENT Segment, ULONG64 Page, BOOLEAN Write, PVOID *Data)
{
    PMMPFN Pfn;
    NTSTATUS Status = MiBringSegmentPage(Segment, Page, &Pfn);
    KIRQL Irql;

    if (!NT_SUCCESS(Status))
        return Status;
    if (Write) {
        /* Not before: what the writer had begun to write is told from what comes now by this flag. */
        Irql = MiLockPfn();
        Pfn->Flags |= MI_FRAME_DIRTY;
        MiUnlockPfn(Irql);
    }
    *Data = MiDirectAddress(MiFrameNumber(Pfn));
    return STATUS_SUCCESS;
}

VOID MmReleaseSegmentPage(PVOID Data)
{
    KIRQL Irql = MiLockPfn();

    MiDereferenceFrame(MiPfn(((ULONG_PTR)Data - MM_DIRECT_MAP) >> PAGE_SHIFT));
    MiUnlockPfn(Irql);
}

/* For the tests' drivers. */
NT_EXPORT(MmHoldSegmentPage);
NT_EXPORT(MmReleaseSegmentPage);
