/*
 * The invariant walker: holds the PFN database, the page tables, the working-set rings and the slot maps against each
 * other. It takes the working-set locks in list order, so nothing becomes valid or invalid meanwhile; transfers that are on
 * their way are allowed for.
 */
#include "rtl/export.h"
#include "mm/mi.h"
#include "rtl/rtl.h"

typedef struct _MI_CHECK {
    PCHAR Report;
    SIZE_T ReportSize;
    BOOLEAN Consistent;
    ULONG64 Valid, Transition, Slots;   /* entries seen */
} MI_CHECK, *PMI_CHECK;

static VOID MiFinding(PMI_CHECK Check, PCSTR Format, ...)
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
            if (List >= MiFrameStandby && (MiIsValid(*Pfn->Pte) || MiKindOf(*Pfn->Pte) != MiPteTransition ||
                                           MiFrameOf(*Pfn->Pte) != Frame))
                MiFinding(Check, "frame %u is on list %u but its entry says %I64x", Frame, List, Pfn->Pte->Value);
            Previous = Frame;
        }
        if (Count != MiFrameLists[List].Count)
            MiFinding(Check, "list %u counts %I64u frames and holds %I64u", List, MiFrameLists[List].Count, Count);
    }
}

/* Every frame: what its entry says of it, and how many slots frames own. PFN lock held. */
static VOID MiCheckFrames(PMI_CHECK Check, PULONG64 OwnedSlots, PULONG64 Mapped, PULONG64 InTransition)
{
    for (PFN_NUMBER Frame = 0; Frame <= MiHighestFrame; Frame++) {
        PMMPFN Pfn = MiPfn(Frame);
        if (Pfn->State >= MiFrameStates) {
            MiFinding(Check, "frame %I64u has no known state: %u", Frame, Pfn->State);
            return;
        }
        if ((Pfn->State == MiFrameActive) && Pfn->Pte != NULL) {
            (*Mapped)++;
            if (!MiIsValid(*Pfn->Pte) || MiFrameOf(*Pfn->Pte) != Frame)
                MiFinding(Check, "frame %I64u is active but its entry says %I64x", Frame, Pfn->Pte->Value);
            if (!(Pfn->Flags & MI_FRAME_IN_RING))
                MiFinding(Check, "frame %I64u is active and in no working set", Frame);
        } else if (Pfn->Flags & MI_FRAME_IN_RING) {
            MiFinding(Check, "frame %I64u, state %u, is in a working set", Frame, Pfn->State);
        }
        if (Pfn->State == MiFrameTransit || Pfn->State == MiFrameStandby || Pfn->State == MiFrameModified)
            (*InTransition)++;
        if (Pfn->State != MiFrameDeleted && !(Pfn->Flags & MI_FRAME_READING) && MiKindOf(Pfn->OriginalPte) == MiPtePagingFile)
            (*OwnedSlots)++;
        if (Pfn->Flags & (MI_FRAME_READING | MI_FRAME_WRITING))
            (*OwnedSlots)++;            /* the slot it comes from or goes to */
    }
}

/* Every last-level entry below a table. */
static VOID MiCheckTable(PMI_CHECK Check, PMMPTE Table, ULONG_PTR Base, ULONG Level, ULONG First, ULONG Last)
{
    for (ULONG i = First; i <= Last; i++) {
        MMPTE Entry = MiReadPte(&Table[i]);
        /* Shifted up and back: the upper half's addresses are sign-extended. */
        ULONG_PTR Address = (ULONG_PTR)((LONG_PTR)((Base + ((ULONG_PTR)i << (PAGE_SHIFT + 9 * Level))) << 16) >> 16);
        if (Level > 0) {
            if (MiIsValid(Entry) && !MiIsLarge(Entry))
                MiCheckTable(Check, MiDirectAddress(MiFrameOf(Entry)), Address, Level - 1, 0, 511);
        } else if (MiIsValid(Entry)) {
            PMMPFN Pfn = MiFrameOf(Entry) <= MiHighestFrame ? MiPfn(MiFrameOf(Entry)) : NULL;
            if (Pfn != NULL && Pfn->Pte != NULL) {
                Check->Valid++;
                if (Pfn->Pte != &Table[i])
                    MiFinding(Check, "%p maps frame %I64u, which belongs to %p, state %u", (PVOID)Address, MiFrameOf(Entry),
                              (PVOID)Pfn->VirtualPage, Pfn->State);
            }
            if (MiProtectionOf(Entry) == (MI_PROTECT_READ | MI_PROTECT_WRITE | MI_PROTECT_EXECUTE))
                MiFinding(Check, "%p is writable and executable", (PVOID)Address);
        } else if (MiKindOf(Entry) == MiPteTransition) {
            Check->Transition++;
            if (MiPfn(MiFrameOf(Entry))->Pte != &Table[i])
                MiFinding(Check, "%p is in transition in frame %I64u, which belongs to %p", (PVOID)Address, MiFrameOf(Entry),
                          (PVOID)MiPfn(MiFrameOf(Entry))->VirtualPage);
        } else if (MiKindOf(Entry) == MiPtePagingFile) {
            Check->Slots++;
            if (MiFileOf(Entry) >= MiPagingFileCount ||
                !RtlTestBit(&MiPagingFiles[MiFileOf(Entry)].Map, (ULONG)MiSlotOf(Entry)))
                MiFinding(Check, "%p refers to slot %I64u of paging file %u, which is free", (PVOID)Address, MiSlotOf(Entry),
                          MiFileOf(Entry));
        }
    }
}

#define TOP_OF(Address) ((ULONG)(((Address) >> 39) & 511))

BOOLEAN MmCheckConsistency(PCHAR Report, SIZE_T ReportSize)
{
    MI_CHECK Check = {Report, ReportSize, TRUE, 0, 0, 0};
    ULONG64 Owned = 0, Mapped = 0, InTransition = 0, Used = 0, Rings = 0;
    PLIST_ENTRY Entry;
    KIRQL Irql;

    Report[0] = 0;
    ExAcquireFastMutex(&MiWorkingSetListLock);
    for (Entry = MiWorkingSetList.Flink; Entry != &MiWorkingSetList; Entry = Entry->Flink)
        MiLockWorkingSet(CONTAINING_RECORD(Entry, MM_WORKING_SET, WorkingSetLinks));
    Irql = MiLockPfn();

    MiCheckLists(&Check);
    MiCheckFrames(&Check, &Owned, &Mapped, &InTransition);
    MiCheckTable(&Check, MiDirectAddress(MiKernelRoot >> PAGE_SHIFT), 0, 3, TOP_OF(MM_PFN_DATABASE), TOP_OF(MM_PFN_DATABASE));
    MiCheckTable(&Check, MiDirectAddress(MiKernelRoot >> PAGE_SHIFT), 0, 3, TOP_OF(MM_KERNEL_BASE), TOP_OF(MM_KERNEL_BASE));
    for (Entry = MiWorkingSetList.Flink; Entry != &MiWorkingSetList; Entry = Entry->Flink) {
        PMM_WORKING_SET WorkingSet = CONTAINING_RECORD(Entry, MM_WORKING_SET, WorkingSetLinks);
        Rings += WorkingSet->Size;
        if (WorkingSet != &MiSystemWorkingSet)
            MiCheckTable(&Check, MiDirectAddress(CONTAINING_RECORD(WorkingSet, MM_ADDRESS_SPACE, WorkingSet)->DirectoryTableBase
                                                 >> PAGE_SHIFT), 0, 3, 0, 255);
    }
    for (ULONG i = 0; i < MiPagingFileCount; i++) {
        Used += MiPagingFiles[i].Used - MiPagingFiles[i].Bad;
        if (RtlNumberOfSetBits(&MiPagingFiles[i].Map) != MiPagingFiles[i].Used)
            MiFinding(&Check, "paging file %s counts %u used slots, its map %u", MiPagingFiles[i].Name, MiPagingFiles[i].Used,
                      RtlNumberOfSetBits(&MiPagingFiles[i].Map));
    }
    if (Mapped != Check.Valid || Rings != Mapped)
        MiFinding(&Check, "%I64u frames are active, %I64u are mapped, %I64u are in working sets", Mapped, Check.Valid, Rings);
    if (InTransition != Check.Transition)
        MiFinding(&Check, "%I64u frames are in transition, %I64u entries say so", InTransition, Check.Transition);
    if (Used != Owned + Check.Slots)
        MiFinding(&Check, "%I64u slots are used, %I64u are owned by entries and %I64u by frames", Used, Check.Slots, Owned);

    MiUnlockPfn(Irql);
    for (Entry = MiWorkingSetList.Blink; Entry != &MiWorkingSetList; Entry = Entry->Blink)
        MiUnlockWorkingSet(CONTAINING_RECORD(Entry, MM_WORKING_SET, WorkingSetLinks));
    ExReleaseFastMutex(&MiWorkingSetListLock);
    return Check.Consistent;
}
NT_EXPORT(MmCheckConsistency);    /* for the test library */
