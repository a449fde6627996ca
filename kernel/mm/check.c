/*
 * The invariant walker: holds the PFN database, the page tables, the working-set rings, the sections and the slot maps
 * against each other. It takes the working-set locks in list order, so nothing becomes valid or invalid meanwhile;
 * transfers that are on their way are allowed for.
 *
 * Sums alone would let one page with two owners make up for another that was lost. So each frame and its entry must
 * name each other, each ring is walked, and each slot is ticked off in a map of its own, which finds the one that
 * nobody owns and the one that two do.
 */
#include "rtl/export.h"
#include "mm/check.h"

#define MI_CHECK_TAG 'kcmM'

VOID MiFinding(PMI_CHECK Check, PCSTR Format, ...)
{
    va_list Arguments;

    if (!Check->Consistent)
        return;                         /* the first one tells most */
    Check->Consistent = FALSE;
    va_start(Arguments, Format);
    _vsnprintf(Check->Report, Check->ReportSize - 1, Format, Arguments);
    va_end(Arguments);
    Check->Report[Check->ReportSize - 1] = 0;
}

/* Somebody owns a slot: an entry, a frame that can go back to it, or a transfer. */
static VOID MiOwnSlot(PMI_CHECK Check, ULONG File, ULONG64 Slot)
{
    if (File >= MiPagingFileCount || Slot >= MiPagingFiles[File].Slots)
        MiFinding(Check, "somebody owns slot %I64u of paging file %u, which is not there", Slot, File);
    else if (!RtlTestBit(&MiPagingFiles[File].Map, (ULONG)Slot))
        MiFinding(Check, "somebody owns slot %I64u of paging file %u, which is free", Slot, File);
    else if (RtlTestBit(&Check->Owned[File], (ULONG)Slot))
        MiFinding(Check, "slot %I64u of paging file %u has two owners", Slot, File);
    else
        RtlSetBit(&Check->Owned[File], (ULONG)Slot);
}

VOID MiOwnSlotOf(PMI_CHECK Check, MMPTE Pte)
{
    if (!MiIsValid(Pte) && MiKindOf(Pte) == MiPtePagingFile)
        MiOwnSlot(Check, MiFileOf(Pte), MiSlotOf(Pte));
}

/* Lists: linked both ways, counted right, each member in the right state. PFN lock held. */
static VOID MiCheckLists(PMI_CHECK Check)
{
    for (ULONG List = 0; List < MI_LISTS; List++) {
        ULONG Previous = MI_NO_FRAME;
        PFN_NUMBER Count = 0;
        for (ULONG Frame = MiFrameLists[List].First; Frame != MI_NO_FRAME; Frame = MiPfn(Frame)->Flink) {
            PMMPFN Pfn = MiPfn(Frame);
            if (Pfn->State != List || Pfn->Blink != Previous || ++Count > MiFrameLists[List].Count) {
                MiFinding(Check, "frame %u on list %u: state %u, back link %u, expected %u", Frame, List, Pfn->State, Pfn->Blink,
                          Previous);
                return;
            }
            if (Pfn->ReferenceCount != 0)
                MiFinding(Check, "frame %u is on list %u with %u references", Frame, List, Pfn->ReferenceCount);
            if (List >= MiFrameStandby && (MiIsValid(*Pfn->Pte) || MiKindOf(*Pfn->Pte) != MiPteTransition ||
                                           MiFrameOf(*Pfn->Pte) != Frame))
                MiFinding(Check, "frame %u is on list %u but its entry says %I64x", Frame, List, Pfn->Pte->Value);
            Previous = Frame;
        }
        if (Count != MiFrameLists[List].Count)
            MiFinding(Check, "list %u counts %I64u frames and holds %I64u", List, MiFrameLists[List].Count, Count);
    }
}

/* The flags of a frame, by its state. */
static VOID MiCheckFlags(PMI_CHECK Check, PMMPFN Pfn, PFN_NUMBER Frame)
{
    BOOLEAN Mapped = Pfn->State == MiFrameActive && Pfn->Pte != NULL && !(Pfn->Flags & MI_FRAME_SHARED);

    if (Mapped != ((Pfn->Flags & MI_FRAME_IN_RING) != 0))
        MiFinding(Check, "frame %I64u, state %u, is %s a working set", Frame, Pfn->State, Mapped ? "not in" : "in");
    if ((Pfn->Flags & MI_FRAME_READING) && Pfn->State != MiFrameTransit)
        MiFinding(Check, "frame %I64u is being read but its state is %u", Frame, Pfn->State);
    if ((Pfn->Flags & (MI_FRAME_WRITING | MI_FRAME_CHARGED)) && Pfn->ReferenceCount == 0)
        MiFinding(Check, "frame %I64u has flags %x and no reference", Frame, Pfn->Flags);
    if ((Pfn->State == MiFrameDeleted || (Pfn->State == MiFrameTransit && !(Pfn->Flags & MI_FRAME_READING))) &&
        Pfn->ReferenceCount == 0)
        MiFinding(Check, "frame %I64u, state %u, has no reference and was neither freed nor put on a list", Frame, Pfn->State);
}

/* Every frame: what its entry says of it, and which slots frames own. PFN lock held. */
static VOID MiCheckFrames(PMI_CHECK Check, PULONG64 Mapped, PULONG64 InTransition)
{
    for (PFN_NUMBER Frame = 0; Frame <= MiHighestFrame; Frame++) {
        PMMPFN Pfn = MiPfn(Frame);
        if (Pfn->State >= MiFrameStates) {
            MiFinding(Check, "frame %I64u has no known state: %u", Frame, Pfn->State);
            return;
        }
        MiCheckFlags(Check, Pfn, Frame);
        if (Pfn->Flags & MI_FRAME_SHARED) {
            (*InTransition)++;          /* whatever the state: that is what its prototype says */
        } else if (Pfn->State == MiFrameActive && Pfn->Pte != NULL) {
            (*Mapped)++;
            if (!MiIsValid(*Pfn->Pte) || MiFrameOf(*Pfn->Pte) != Frame)
                MiFinding(Check, "frame %I64u is active but its entry says %I64x", Frame, Pfn->Pte->Value);
        } else if (Pfn->State == MiFrameTransit || Pfn->State == MiFrameStandby || Pfn->State == MiFrameModified) {
            (*InTransition)++;
        }
        MiOwnSlotOf(Check, Pfn->OriginalPte);
    }
}

/* Each working set's frames form one closed ring, and are its own. PFN lock held. */
static VOID MiCheckRing(PMI_CHECK Check, PMM_WORKING_SET WorkingSet)
{
    PFN_NUMBER Frame = WorkingSet->FirstFrame;

    for (ULONG64 i = 0; i < WorkingSet->Size; i++) {
        PMMPFN Pfn = MiPfn(Frame);
        if (MiWorkingSetOfFrame(Pfn) != WorkingSet || MiPfn(Pfn->Flink)->Blink != Frame ||
            !(Pfn->Flags & MI_FRAME_IN_RING)) {
            MiFinding(Check, "frame %I64u, number %I64u of %I64u in a working set: owner %p, flags %x, links %u and %u", Frame, i,
                      WorkingSet->Size, (PVOID)Pfn->Owner, Pfn->Flags, Pfn->Blink, Pfn->Flink);
            return;
        }
        Frame = Pfn->Flink;
    }
    if (WorkingSet->Size != 0 && Frame != WorkingSet->FirstFrame)
        MiFinding(Check, "a working set counts %I64u frames, and its ring does not close with them", WorkingSet->Size);
}

/* A last-level entry. */
static VOID MiCheckEntry(PMI_CHECK Check, PMMPTE Pte, ULONG_PTR Address)
{
    MMPTE Entry = MiReadPte(Pte);

    if (MiIsValid(Entry)) {
        PMMPFN Pfn = MiFrameOf(Entry) <= MiHighestFrame ? MiPfn(MiFrameOf(Entry)) : NULL;
        if (Pfn != NULL && (Pfn->Flags & MI_FRAME_SHARED)) {
            Check->Shares[MiFrameOf(Entry)]++;
            Check->Shared++;
            if (Pfn->State != MiFrameActive || Address >= MM_SYSTEM_RANGE_START)
                MiFinding(Check, "%p maps the shared frame %I64u, state %u", (PVOID)Address, MiFrameOf(Entry), Pfn->State);
        } else if (Pfn != NULL && Pfn->Pte != NULL) {
            Check->Valid++;
            if (Pfn->Pte != Pte || Pfn->State != MiFrameActive)
                MiFinding(Check, "%p maps frame %I64u, which belongs to %p, state %u", (PVOID)Address, MiFrameOf(Entry),
                          (PVOID)Pfn->VirtualPage, Pfn->State);
        } else if (Pfn != NULL && Pfn->State != MiFrameActive && Pfn->State != MiFrameBad) {
            MiFinding(Check, "%p maps frame %I64u, which is nobody's, state %u", (PVOID)Address, MiFrameOf(Entry), Pfn->State);
        } else if (Address < MM_SYSTEM_RANGE_START) {
            MiFinding(Check, "%p, a program's, maps frame %I64u of the system's", (PVOID)Address, MiFrameOf(Entry));
        }
        if ((MiProtectionOf(Entry) & MI_PROTECT_WRITE) && (MiProtectionOf(Entry) & (MI_PROTECT_EXECUTE | MI_PROTECT_COPY)))
            MiFinding(Check, "%p is writable, and executable or shared by copies", (PVOID)Address);
        if ((Address < MM_SYSTEM_RANGE_START) != ((MiProtectionOf(Entry) & MI_PROTECT_USER) != 0))
            MiFinding(Check, "%p has an entry of the wrong half: %I64x", (PVOID)Address, Entry.Value);
    } else if (MiKindOf(Entry) == MiPteTransition) {
        Check->Transition++;
        if (MiFrameOf(Entry) > MiHighestFrame || MiPfn(MiFrameOf(Entry))->Pte != Pte)
            MiFinding(Check, "%p is in transition in frame %I64u, which is not its own", (PVOID)Address, MiFrameOf(Entry));
    } else {
        MiOwnSlotOf(Check, Entry);
    }
}

/* Every last-level entry below a table. */
static VOID MiCheckTable(PMI_CHECK Check, PMMPTE Table, ULONG_PTR Base, ULONG Level, ULONG First, ULONG Last)
{
    ULONG64 Shared = Check->Shared;

    for (ULONG i = First; i <= Last; i++) {
        MMPTE Entry = MiReadPte(&Table[i]);
        /* Shifted up and back: the upper half's addresses are sign-extended. */
        ULONG_PTR Address = (ULONG_PTR)((LONG_PTR)((Base + ((ULONG_PTR)i << (PAGE_SHIFT + 9 * Level))) << 16) >> 16);
        if (Level == 0) {
            MiCheckEntry(Check, &Table[i], Address);
        } else if (MiIsValid(Entry) && !MiIsLarge(Entry)) {
            Check->Tables++;
            MiCheckTable(Check, MiDirectAddress(MiFrameOf(Entry)), Address, Level - 1, 0, 511);
        }
    }
    if (Level == 0)
        MiCheckShareTable(Check, Table, Base, Check->Shared - Shared);
}

#define TOP_OF(Address) ((ULONG)(((Address) >> 39) & 511))

static VOID MiCheckSpace(PMI_CHECK Check, PMM_ADDRESS_SPACE Space)
{
    Check->Tables = Check->Shared = Check->ShareTables = 0;
    MiCheckTable(Check, MiDirectAddress(Space->DirectoryTableBase >> PAGE_SHIFT), 0, 3, 0, 255);
    if (Check->Tables != Space->PageTablePages)
        MiFinding(Check, "a process counts %I64u page tables and has %I64u", Space->PageTablePages, Check->Tables);
    MiCheckViews(Check, Space);
    MiCheckVads(Check, Space);
}

/* Every slot that is marked used has been found to have an owner, but for those that failed. */
static VOID MiCheckFile(PMI_CHECK Check, ULONG File)
{
    PMI_PAGING_FILE F = &MiPagingFiles[File];
    ULONG Owned = RtlNumberOfSetBits(&Check->Owned[File]);

    if (RtlNumberOfSetBits(&F->Map) != F->Used)
        MiFinding(Check, "paging file %s counts %u used slots, its map %u", F->Name, F->Used, RtlNumberOfSetBits(&F->Map));
    if (Owned != F->Used - F->Bad)
        MiFinding(Check, "paging file %s: %u slots are used, %u of them bad, and %u have an owner", F->Name, F->Used, F->Bad,
                  Owned);
}

/* A section counts as resident what is valid, and a nonpaged one is all in. */
static VOID MiCheckSection(PMI_CHECK Check, PMM_SECTION Section)
{
    ULONG Valid = 0;

    /* The kernel's own nonpaged ones hold a guard page and change no more. */
    if (Section->Kind == MmSectionNonpaged && Section->Base < MM_DRIVER_IMAGES)
        return;
    for (ULONG i = 0; i < Section->PageCount; i++)
        Valid += MiIsValid(MiReadPte(MiSystemPte(Section->Base + ((ULONG_PTR)i << PAGE_SHIFT))));
    if (Valid != Section->ResidentPages)
        MiFinding(Check, "section %s of %s counts %u resident pages and has %u", Section->Name, Section->Owner,
                  Section->ResidentPages, Valid);
    if (Section->LockCount < 0 || (Section->Kind == MmSectionNonpaged && Valid != Section->PageCount))
        MiFinding(Check, "section %s of %s: %d locks, %u of %u pages in, kind %u", Section->Name, Section->Owner,
                  Section->LockCount, Valid, Section->PageCount, Section->Kind);
}

/* PFN lock and all working-set locks held. */
static VOID MiCheckAll(PMI_CHECK Check)
{
    PMMPTE Root = MiDirectAddress(MiKernelRoot >> PAGE_SHIFT);
    ULONG64 Mapped = 0, InTransition = 0, Rings = 0;

    MiForgetViews();
    MiCheckLists(Check);
    MiCheckFrames(Check, &Mapped, &InTransition);
    MiCheckTable(Check, Root, 0, 3, TOP_OF(MM_PFN_DATABASE), TOP_OF(MM_PFN_DATABASE));
    MiCheckTable(Check, Root, 0, 3, TOP_OF(MM_KERNEL_BASE), TOP_OF(MM_KERNEL_BASE));
    for (PLIST_ENTRY Entry = MiWorkingSetList.Flink; Entry != &MiWorkingSetList; Entry = Entry->Flink) {
        PMM_WORKING_SET WorkingSet = CONTAINING_RECORD(Entry, MM_WORKING_SET, WorkingSetLinks);
        Rings += WorkingSet->Size;
        MiCheckRing(Check, WorkingSet);
        if (WorkingSet != &MiSystemWorkingSet)
            MiCheckSpace(Check, CONTAINING_RECORD(WorkingSet, MM_ADDRESS_SPACE, WorkingSet));
    }
    MiCheckSegments(Check);
    for (ULONG i = 0; i < MI_TRANSFERS; i++)
        for (ULONG j = 0; MiTransfer(i)->OwnsSlots && j < MiTransfer(i)->Count; j++)
            MiOwnSlot(Check, MiTransfer(i)->File, MiTransfer(i)->Slot + j);
    for (ULONG i = 0; i < MiPagingFileCount; i++)
        MiCheckFile(Check, i);
    for (PMM_SECTION Section = MiNextSection(NULL); Section != NULL; Section = MiNextSection(Section))
        MiCheckSection(Check, Section);
    if (Mapped != Check->Valid || Rings != Mapped)
        MiFinding(Check, "%I64u frames are active, %I64u are mapped, %I64u are in working sets", Mapped, Check->Valid, Rings);
    if (InTransition != Check->Transition)
        MiFinding(Check, "%I64u frames are in transition, %I64u entries say so", InTransition, Check->Transition);
}

BOOLEAN MmCheckConsistency(PCHAR Report, SIZE_T ReportSize)
{
    MI_CHECK Check = {.Report = Report, .ReportSize = ReportSize, .Consistent = TRUE};
    ULONG Files = MiPagingFileCount;
    PLIST_ENTRY Entry;
    KIRQL Irql;

    Report[0] = 0;
    for (ULONG i = 0; i < Files; i++) {
        ULONG Slots = MiPagingFiles[i].Maximum;     /* it may grow meanwhile */
        PVOID Bits = ExAllocatePoolZero(NonPagedPool, (Slots + 31) / 32 * sizeof(ULONG), MI_CHECK_TAG);
        if (Bits == NULL)
            MiFinding(&Check, "there is no memory to check the slots of paging file %u with", i);
        RtlInitializeBitMap(&Check.Owned[i], Bits, Slots);
    }
    Check.Shares = ExAllocatePoolZero(NonPagedPool, (MiHighestFrame + 1) * sizeof(ULONG), MI_CHECK_TAG);
    if (Check.Shares == NULL)
        MiFinding(&Check, "there is no memory to count the entries that map each frame");
    if (Check.Consistent) {
        ExAcquireFastMutex(&MiWorkingSetListLock);
        for (Entry = MiWorkingSetList.Flink; Entry != &MiWorkingSetList; Entry = Entry->Flink)
            MiLockWorkingSet(CONTAINING_RECORD(Entry, MM_WORKING_SET, WorkingSetLinks));
        Irql = MiLockPfn();
        if (MiPagingFileCount == Files)
            MiCheckAll(&Check);
        MiUnlockPfn(Irql);
        for (Entry = MiWorkingSetList.Blink; Entry != &MiWorkingSetList; Entry = Entry->Blink)
            MiUnlockWorkingSet(CONTAINING_RECORD(Entry, MM_WORKING_SET, WorkingSetLinks));
        ExReleaseFastMutex(&MiWorkingSetListLock);
    }
    if (Check.Shares != NULL)
        ExFreePoolWithTag(Check.Shares, MI_CHECK_TAG);
    for (ULONG i = 0; i < Files; i++)
        if (Check.Owned[i].Buffer != NULL)
            ExFreePoolWithTag(Check.Owned[i].Buffer, MI_CHECK_TAG);
    return Check.Consistent;
}
NT_EXPORT(MmCheckConsistency);    /* for the test library */
