/*
 * What lies at an address of a process ("VirtualQuery").
 */
#include "mm/mi.h"

#define TABLE_SPAN (512ull * PAGE_SIZE)

/* What makes pages alike. */
typedef struct _MI_PAGE_KIND { ULONG State, Protect; } MI_PAGE_KIND;

/* A page of a segment that exists. */
static BOOLEAN MiExistsInSegment(PMMVAD Vad, ULONG_PTR Address)
{
    KIRQL Irql = MiLockPfn();
    PMMPTE Prototype = MiFindPrototype(Vad->Segment, Vad->FirstPage + ((Address - Vad->Start) >> PAGE_SHIFT));
    BOOLEAN Exists = Prototype != NULL && Prototype->Value != 0;

    MiUnlockPfn(Irql);
    return Exists;
}

static MI_PAGE_KIND MiKindOfPage(PMMVAD Vad, PMMPTE Pte, ULONG_PTR Address)
{
    MMPTE Value = Pte != NULL ? MiReadPte(Pte) : MiMakeZero();
    BOOLEAN Asks = Vad->Segment != NULL && (Value.Value == 0 || (!MiIsValid(Value) && MiKindOf(Value) == MiPteView));
    MI_PAGE_KIND Kind = {MEM_RESERVE, 0};

    if (Asks ? MiExistsInSegment(Vad, Address) : MiIsCommitted(Vad, Pte)) {
        Kind.State = MEM_COMMIT;
        Kind.Protect = MiPageFromProtection(Value.Value != 0 ? MiProtectionOf(Value) : Vad->Protection);
    }
    return Kind;
}

/*
 * The end of the pages that are like the one at Start. Private memory without a table is all alike, so the search is
 * bounded by what has been touched and not by what is reserved.
 */
static ULONG_PTR MiEndOfKind(PMM_ADDRESS_SPACE Space, PMMVAD Vad, ULONG_PTR Start, MI_PAGE_KIND Kind)
{
    ULONG_PTR At = Start;

    while (At < Vad->End) {
        PMMPTE Pte = MiFindPte(Space->DirectoryTableBase, At);
        MI_PAGE_KIND Next = MiKindOfPage(Vad, Pte, At);
        if (Next.State != Kind.State || Next.Protect != Kind.Protect)
            break;
        At = Pte == NULL && Vad->Segment == NULL ? (At | (TABLE_SPAN - 1)) + 1 : At + PAGE_SIZE;
    }
    return min(At, Vad->End);
}

/* Nothing is there, up to the next VAD or the end of user space. */
static VOID MiDescribeGap(PMM_ADDRESS_SPACE Space, ULONG_PTR Start, PMEMORY_BASIC_INFORMATION Information)
{
    PMMVAD Next = MiNextVad(Space, Start);

    Information->RegionSize = (Next != NULL ? Next->Start : MM_HIGHEST_USER_ADDRESS + 1) - Start;
    Information->State = MEM_FREE;
    Information->Protect = PAGE_NOACCESS;
}

NTSTATUS MmQueryVirtualMemory(PMM_ADDRESS_SPACE Space, ULONG_PTR Address, PMEMORY_BASIC_INFORMATION Information)
{
    ULONG_PTR Start = Address & ~(ULONG_PTR)(PAGE_SIZE - 1);
    PMMVAD Vad;

    if (Address > MM_HIGHEST_USER_ADDRESS)
        return STATUS_INVALID_PARAMETER;
    RtlZeroMemory(Information, sizeof(*Information));
    Information->BaseAddress = (PVOID)Start;
    MiLockRanges(Space);
    Vad = MiFindVad(Space, Start);
    if (Vad == NULL) {
        MiDescribeGap(Space, Start, Information);
    } else {
        MI_PAGE_KIND Kind = MiKindOfPage(Vad, MiFindPte(Space->DirectoryTableBase, Start), Start);
        Information->AllocationBase = (PVOID)Vad->AllocationBase;
        Information->AllocationProtect = MiPageFromProtection(Vad->Protection);
        Information->RegionSize = MiEndOfKind(Space, Vad, Start, Kind) - Start;
        Information->State = Kind.State;
        Information->Protect = Kind.Protect;
        Information->Type = Vad->Image ? MEM_IMAGE : Vad->Segment != NULL ? MEM_MAPPED : MEM_PRIVATE;
    }
    MiUnlockRanges(Space);
    return STATUS_SUCCESS;
}
