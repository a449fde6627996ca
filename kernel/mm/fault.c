/*
 * Page faults: from the address to the page that belongs there.
 *
 *   MmAccessFault        which address space, at which level, may it be at all; then, with the working-set lock,
 *   MiResolveFault       the entry's kind decides: demand-zero, transition (soft), paging-file (hard), or a mistake.
 *
 * Why it is right on many processors: an entry becomes valid or stops being valid only under its working-set lock,
 * which the resolver holds. A transition entry may meanwhile turn into its original (another processor takes the frame
 * from standby, under the PFN lock), so it is read again under that lock. A hard fault marks the frame as being read,
 * lets go of the working-set lock and reads; whoever faults on the page meanwhile finds the transition entry, and waits
 * for the same transfer. Whoever wants to delete the page waits for it, too. So nothing but this resolver ends that
 * state.
 */
#include "mm/mi.h"
#include "hal/hal.h"

#define EFLAGS_AC 0x40000
#define EFLAGS_INTERRUPT 0x200
#define READ_AHEAD 4                    /* pages of a section that one fault brings in at the most */

ULONG64 MiDemandZeroFaults, MiSoftFaults, MiHardFaults;

/* Frame becomes the page at Pte: PFN lock held. */
static VOID MiAttachFrame(PMMPFN Pfn, PMMPTE Pte, ULONG_PTR Address, ULONG_PTR Owner, MMPTE Original)
{
    Pfn->Pte = Pte;
    Pfn->OriginalPte = Original;
    Pfn->VirtualPage = Address & ~(ULONG_PTR)(PAGE_SIZE - 1);
    Pfn->Owner = Owner;
}

/* What tells a page that comes in for a lock. System working-set lock held if there is a section. */
static FORCEINLINE UCHAR MiLockFlag(PMM_SECTION Section)
{
    return Section != NULL && Section->LockCount != 0 ? MI_FRAME_FOR_LOCK : 0;
}

/* Lets go of the working-set lock, waits until there may be frames, takes it again. */
static NTSTATUS MiRetryWithFrames(PMM_WORKING_SET WorkingSet)
{
    MiUnlockWorkingSet(WorkingSet);
    MiWaitForFrames();
    MiLockWorkingSet(WorkingSet);
    return MI_RETRY;
}

static NTSTATUS MiDemandZeroFault(PMM_WORKING_SET WorkingSet, PMM_SECTION Section, PMMPTE Pte, ULONG_PTR Address,
                                  ULONG Protection)
{
    KIRQL Irql = MiLockPfn();
    BOOLEAN Zeroed;
    PFN_NUMBER Frame = MiTakeFrame(MiFrameZeroed, &Zeroed);
    PMMPFN Pfn = MiPfn(Frame);

    if (Frame == MI_NO_FRAME) {
        MiUnlockPfn(Irql);
        return MiRetryWithFrames(WorkingSet);
    }
    MiAttachFrame(Pfn, Pte, Address, MiMakeOwner(WorkingSet, Section), MiMakeDemandZero(Protection));
    Pfn->State = MiFrameActive;
    MiInsertInRing(WorkingSet, Pfn);
    MiUnlockPfn(Irql);
    /* The frame is ours alone until the entry is written, and the trimmer needs the lock that we hold. */
    if (!Zeroed)
        MiZeroFrame(Frame);
    MiWritePte(Pte, MiMakeValid(Frame, Protection));
    MiCountResident(Section, 1);
    InterlockedIncrement64((PLONG64)&MiDemandZeroFaults);
    return STATUS_SUCCESS;
}

static NTSTATUS MiTransitionFault(PMM_WORKING_SET WorkingSet, PMM_SECTION Section, PMMPTE Pte)
{
    KIRQL Irql = MiLockPfn();
    MMPTE Value = MiReadPte(Pte);
    PMMPFN Pfn;

    if (MiIsValid(Value) || MiKindOf(Value) != MiPteTransition) {
        MiUnlockPfn(Irql);
        return MI_RETRY;
    }
    Pfn = MiPfn(MiFrameOf(Value));
    if (Pfn->Flags & MI_FRAME_READING) {
        /* A collided fault: the page is on its way for someone else. */
        PMI_TRANSFER Transfer = MiTransfer(Pfn->Transfer);
        MiReferenceTransfer(Transfer);
        MiUnlockPfn(Irql);
        MiUnlockWorkingSet(WorkingSet);
        MiWaitForTransfer(Transfer);
        MiLockWorkingSet(WorkingSet);
        return MI_RETRY;
    }
    if ((Pfn->Flags & MI_FRAME_READ_AHEAD) && Section != NULL)
        Section->PageIns++;             /* only now has it come in for somebody */
    MiTakeBackFrame(Pfn);
    Pfn->Flags |= MiLockFlag(Section);
    Pfn->State = MiFrameActive;
    MiInsertInRing(WorkingSet, Pfn);
    MiWritePte(Pte, MiMakeValid(MiFrameOf(Value), MiProtectionOf(Value)));
    MiUnlockPfn(Irql);
    MiCountResident(Section, 1);
    InterlockedIncrement64((PLONG64)&MiSoftFaults);
    return STATUS_SUCCESS;
}

/*
 * A page that was read becomes valid. When its protection was taken away meanwhile ("PAGE_NOACCESS") there is no valid
 * entry that says so: it stays in transition. PFN lock and working-set lock held.
 */
static BOOLEAN MiFinishRead(PMM_WORKING_SET WorkingSet, PMMPFN Pfn, PMMPTE Pte)
{
    ULONG Protection = MiProtectionOf(Pfn->OriginalPte);

    if (!MiMayBeValid(Protection)) {
        MiInsertFrame(MiFrameStandby, Pfn);
        return FALSE;
    }
    Pfn->State = MiFrameActive;
    MiInsertInRing(WorkingSet, Pfn);
    MiWritePte(Pte, MiMakeValid(MiFrameNumber(Pfn), Protection));
    return TRUE;
}

/*
 * Reads Count adjacent pages, whose entries lie side by side in one table and whose slots follow each other in one
 * file, in one request; fewer when there are not as many frames just now. The first Wanted become valid; the rest,
 * which nobody has asked for, are the first that standby gives away. Working-set lock held, let go of during the
 * transfer. STATUS_SUCCESS, MI_RETRY or STATUS_IN_PAGE_ERROR: one of those wanted cannot be read, whatever it was read
 * together with.
 */
static FORCEINLINE NTSTATUS MiReadRun(PMM_WORKING_SET WorkingSet, PMM_SECTION Section, PMMPTE Pte, ULONG_PTR Address,
                                      ULONG Count, ULONG Wanted)
{
    KIRQL Irql = MiLockPfn();
    PMI_TRANSFER Transfer = MiTakeTransfer();
    ULONG_PTR Owner = MiMakeOwner(WorkingSet, Section);
    UCHAR Flags = MI_FRAME_READING | MiLockFlag(Section);
    ULONG Resident = 0, Read = 0, Came = 0, Good = MI_ALL_PAGES, OldIrql;
    BOOLEAN Failed = FALSE, Zeroed;
    NTSTATUS Status;

    if (Transfer == NULL) {
        MiUnlockPfn(Irql);
        MiUnlockWorkingSet(WorkingSet);
        MiWaitForTransferSlot();
        MiLockWorkingSet(WorkingSet);
        return MI_RETRY;
    }
    Transfer->File = MiFileOf(*Pte);
    Transfer->Slot = MiSlotOf(*Pte);
    for (ULONG i = 0; i < Count; i++) {
        PFN_NUMBER Frame = MiTakeFrame(MiFrameFree, &Zeroed);
        PMMPFN Pfn = MiPfn(Frame);
        if (Frame == MI_NO_FRAME) {
            Count = i;
            break;
        }
        Transfer->Frames[i] = Frame;
        MiAttachFrame(Pfn, &Pte[i], Address + i * PAGE_SIZE, Owner, Pte[i]);
        Pfn->State = MiFrameTransit;
        Pfn->Flags = Flags;
        Pfn->Transfer = (USHORT)Transfer->Index;
        MiWritePte(&Pte[i], MiMakeTransition(Frame, MiProtectionOf(Pfn->OriginalPte)));
    }
    MiUnlockPfn(Irql);
    if (Count == 0) {
        MiDereferenceTransfer(Transfer);
        return MiRetryWithFrames(WorkingSet);
    }
    Transfer->Count = Count;
    /* Stays at APC_LEVEL without the lock: an APC of this thread that touched the page would wait for its own read. */
    OldIrql = WorkingSet->Lock.OldIrql;
    WorkingSet->Lock.OldIrql = APC_LEVEL;
    MiUnlockWorkingSet(WorkingSet);

    Status = MiTransferPages(Transfer, FALSE);
    if (!NT_SUCCESS(Status))
        Good = Count > 1 ? MiTransferSingly(Transfer, FALSE) : 0;

    MiLockWorkingSet(WorkingSet);
    WorkingSet->Lock.OldIrql = OldIrql;
    Irql = MiLockPfn();
    Wanted = min(Wanted, Count);
    for (ULONG i = 0; i < Count; i++) {
        PMMPFN Pfn = MiPfn(Transfer->Frames[i]);
        Pfn->Flags &= (UCHAR)~MI_FRAME_READING;
        if (!(Good & (1u << i))) {
            MiWritePte(&Pte[i], Pfn->OriginalPte);
            MiFreeFrame(Pfn);
            Failed |= i < Wanted;
            continue;
        }
        Came++;
        if (i < Wanted) {
            Read++;
            Resident += MiFinishRead(WorkingSet, Pfn, &Pte[i]);
        } else {
            Pfn->Flags |= MI_FRAME_READ_AHEAD;
            MiInsertFrame(MiFrameStandby, Pfn);
        }
    }
    MiDropTransfer(Transfer);
    MiUnlockPfn(Irql);
    InterlockedExchangeAdd64((PLONG64)&MiPagesIn, Came);
    MiCountResident(Section, (LONG)Resident);
    if (Section != NULL)
        Section->PageIns += Read;
    if (Failed)
        return STATUS_IN_PAGE_ERROR;
    InterlockedIncrement64((PLONG64)&MiHardFaults);
    return STATUS_SUCCESS;
}

/* A page alone, which is what most faults read: the same with the loops gone. */
DECLSPEC_NOINLINE static NTSTATUS MiReadOnePage(PMM_WORKING_SET WorkingSet, PMM_SECTION Section, PMMPTE Pte, ULONG_PTR Address)
{
    return MiReadRun(WorkingSet, Section, Pte, Address, 1, 1);
}

NTSTATUS MiReadPages(PMM_WORKING_SET WorkingSet, PMM_SECTION Section, PMMPTE Pte, ULONG_PTR Address, ULONG Count,
                     ULONG Wanted)
{
    return Count == 1 ? MiReadOnePage(WorkingSet, Section, Pte, Address)
                      : MiReadRun(WorkingSet, Section, Pte, Address, Count, Wanted);
}

/* How many pages a fault reads, with the one that is wanted: none besides it when frames are low. */
static ULONG MiReadAhead(PMM_SECTION Section, PMMPTE Pte, ULONG_PTR Address)
{
    if (Section == NULL || MiAvailableFrames() < MiLowFrames)
        return 1;
    return MiCountRun(Section, Pte, Address, READ_AHEAD);
}

/*
 * A guard page tells once ("Creating Guard Pages"): its guard goes, and it is what its protection says otherwise. That
 * of a stack stays until the stack has grown (MiGrowStack).
 */
static NTSTATUS MiTouchGuard(PMM_ADDRESS_SPACE Space, PMMVAD Vad, PMMPTE Pte, ULONG_PTR Address, ULONG Protection)
{
    if (!Vad->Stack)
        MiProtectPage(Space, Vad, Pte, Address, Protection & ~(ULONG)MI_PROTECT_GUARD);
    return STATUS_GUARD_PAGE_VIOLATION;
}

/* A page that its view's segment has to give. */
static NTSTATUS MiFaultInView(PMM_ADDRESS_SPACE Space, PMMVAD Vad, PMMPTE Pte, ULONG_PTR Address, ULONG Protection, ULONG Reason)
{
    NTSTATUS Status;

    if (!MiPermits(Protection, Reason & MM_FAULT_WRITE, Reason & MM_FAULT_EXECUTE, 0))
        return STATUS_ACCESS_VIOLATION;
    Status = MiViewFault(Space, Vad, Pte, Address, Protection);
    /* A write to a page that is to be copied finds the original mapped now. */
    return NT_SUCCESS(Status) && !MiPermitsNow(Protection, Reason & MM_FAULT_WRITE) ? MI_RETRY : Status;
}

/*
 * What an entry's kind says, in either half of the address space. Inline: each half has its own, and the fault path is
 * one.
 */
static FORCEINLINE NTSTATUS MiResolveEntry(PMM_WORKING_SET WorkingSet, PMM_ADDRESS_SPACE Space, PMM_SECTION Section, PMMPTE Pte,
                                           MMPTE Value, ULONG_PTR Address, ULONG Reason)
{
    ULONG Write = Reason & MM_FAULT_WRITE;

    if (!MiPermits(MiProtectionOf(Value), Write, Reason & MM_FAULT_EXECUTE, 0))
        return !MiIsValid(Value) && MiKindOf(Value) == MiPteDiscarded ? STATUS_FILE_DELETED : STATUS_ACCESS_VIOLATION;
    if (MiIsValid(Value)) {
        /* Somebody else resolved it, or it is to be copied. An old, less permissive translation may linger here. */
        if (Space != NULL && !MiPermitsNow(MiProtectionOf(Value), Write))
            return MiCopyOnWrite(Space, Pte, Address);
        MiFlushHere(Address);
        return STATUS_SUCCESS;
    }
    switch (MiKindOf(Value)) {
    case MiPteDemandZero:
        return MiDemandZeroFault(WorkingSet, Section, Pte, Address, MiProtectionOf(Value));
    case MiPteTransition:
        return MiTransitionFault(WorkingSet, Section, Pte);
    case MiPtePagingFile:
        Address &= ~(ULONG_PTR)(PAGE_SIZE - 1);
        return MiReadPages(WorkingSet, Section, Pte, Address, MiReadAhead(Section, Pte, Address), 1);
    default:
        KiBugCheck(MEMORY_MANAGEMENT, Address, Value.Value, 0, 0, NULL, "the page-table entry of %p is of no known kind: %I64x",
                   (PVOID)Address, Value.Value);
    }
}

static NTSTATUS MiResolveUserFault(PMM_ADDRESS_SPACE Space, ULONG_PTR Address, ULONG Reason)
{
    PMMVAD Vad = MiFindVad(Space, Address);
    ULONG Protection;
    PMMPTE Pte;
    MMPTE Value;

    if (Vad == NULL || Vad->Deleting)
        return STATUS_ACCESS_VIOLATION;
    Pte = MiMakePte(Space->DirectoryTableBase, Address, &Space->PageTablePages);
    if (Pte == NULL)
        return MiRetryWithFrames(&Space->WorkingSet);
    Value = MiReadPte(Pte);
    if (!MiIsValid(Value)) {
        Protection = Value.Value == 0 ? Vad->Protection : MiProtectionOf(Value);
        if ((Protection & MI_PROTECT_GUARD) && (Value.Value != 0 || Vad->Committed))
            return MiTouchGuard(Space, Vad, Pte, Address, Protection);
        if (Value.Value == 0 &&
            !(Vad->Committed && MiPermits(Protection, Reason & MM_FAULT_WRITE, Reason & MM_FAULT_EXECUTE, 0)))
            return STATUS_ACCESS_VIOLATION;
        if (Vad->Segment != NULL && (Value.Value == 0 || MiKindOf(Value) == MiPteView))
            return MiFaultInView(Space, Vad, Pte, Address, Protection, Reason);
        if (Value.Value == 0)
            return MiDemandZeroFault(&Space->WorkingSet, NULL, Pte, Address, Protection);
    }
    return MiResolveEntry(&Space->WorkingSet, Space, NULL, Pte, Value, Address, Reason);
}

/* STATUS_FILE_DELETED: it was INIT; the caller knows who touched it, and says so. */
NTSTATUS MiResolveFault(PMM_WORKING_SET WorkingSet, PMM_ADDRESS_SPACE Space, ULONG_PTR Address, ULONG Reason)
{
    PMM_SECTION Section;
    PMMPTE Pte;

    if (Space != NULL)
        return MiResolveUserFault(Space, Address, Reason);
    Pte = MiSystemPte(Address);
    if (Pte == NULL)
        return STATUS_ACCESS_VIOLATION;
    Section = Address >= MM_KERNEL_BASE ? MiSectionOfAddress(Address) : NULL;
    return MiResolveEntry(WorkingSet, NULL, Section, Pte, MiReadPte(Pte), Address, Reason);
}

/*
 * The page-fault path. IRQL: any; above APC_LEVEL, and in the kernel with interrupts off, nothing can be resolved and
 * it is a bugcheck that states the rule. Else raises to APC_LEVEL, may wait for a transfer or a frame. Returns
 * STATUS_SUCCESS when the instruction shall be tried again, STATUS_ACCESS_VIOLATION or STATUS_IN_PAGE_ERROR otherwise.
 */
NTSTATUS MmAccessFault(ULONG_PTR Address, ULONG Reason, KPROCESSOR_MODE Mode, PKTRAP_FRAME Frame)
{
    KIRQL Irql = KeGetCurrentIrql();
    PMM_ADDRESS_SPACE Space = NULL;
    PMM_WORKING_SET WorkingSet = &MiSystemWorkingSet;
    NTSTATUS Status;

    if (Reason & MM_FAULT_RESERVED)
        KiBugCheck(MEMORY_MANAGEMENT, Address, Reason, 0, 0, Frame, "a page-table entry on the way to %p has reserved bits set",
                   (PVOID)Address);
    if (Address >= MM_SYSTEM_RANGE_START) {
        if (Mode == UserMode)
            return STATUS_ACCESS_VIOLATION;
    } else {
        Space = MmProcessSpace(KiCurrentThread()->ApcState.Process);
        if (Space == NULL || Address < MM_LOWEST_USER_ADDRESS || Address > MM_HIGHEST_USER_ADDRESS)
            return Irql <= APC_LEVEL ? STATUS_ACCESS_VIOLATION : MiFaultAtRaisedIrql(Address, Reason, Irql, Frame);
        WorkingSet = &Space->WorkingSet;
        InterlockedIncrement64((PLONG64)&Space->PageFaults);
    }
    /* With interrupts off nothing can be waited for either: neither a transfer, nor other processors' TLBs. */
    if (Irql > APC_LEVEL || (Mode == KernelMode && !(Frame->EFlags & EFLAGS_INTERRUPT)))
        return MiFaultAtRaisedIrql(Address, Reason, Irql, Frame);
    if (WorkingSet->Lock.Owner == KiCurrentThread())
        KiBugCheck(MEMORY_MANAGEMENT, Address, Reason, Frame->Rip, 0, Frame,
                   "a holder of the working-set lock touched %p, which is not in memory; whoever resolves faults may touch "
                   "resident memory only", (PVOID)Address);
    /*
     * SMAP: the kernel reaches user memory through the copy routines, which set AC, or in a thread that has probed it:
     * AC is set for that one here, and lasts until the next entry into the kernel or thread switch clears it. All else
     * is a mistake.
     */
    if (Space != NULL && Mode == KernelMode && HalHasSmap && !(Frame->EFlags & EFLAGS_AC)) {
        if (!KiCurrentThread()->UserProbed)
            return STATUS_ACCESS_VIOLATION;
        Frame->EFlags |= EFLAGS_AC;
        return STATUS_SUCCESS;
    }
    MiLockWorkingSet(WorkingSet);
    do
        Status = MiResolveFault(WorkingSet, Space, Address, Reason);
    while (Status == MI_RETRY);
    MiUnlockWorkingSet(WorkingSet);
    if (Status == STATUS_GUARD_PAGE_VIOLATION)
        Status = MiGrowStack(Space, Address);
    if (Status == STATUS_FILE_DELETED)
        MiTouchedDiscarded(Address, Frame);
    return Status;
}
