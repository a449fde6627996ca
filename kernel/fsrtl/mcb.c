/*
 * Map control blocks ("FsRtlAddLargeMcbEntry"): which logical blocks of a volume (LBN) hold the virtual blocks of a
 * file (VBN). The runs lie in order without a gap, since a hole between two is a run of its own, with LBN -1; the last
 * run is never a hole. A run ends where its NextVbn says and begins where the one before ended.
 *
 * Every change builds the list anew from the old one, in one pass: cut, put in, copy. What cannot be allocated raises
 * STATUS_INSUFFICIENT_RESOURCES and changes nothing. All routines: IRQL <= APC_LEVEL.
 */
#include "fsrtl/fsrtlp.h"

#define FSRTLP_HOLE (-1ll)
#define FSRTLP_MORE_RUNS 4      /* what one change can add, at most */

typedef struct _FSRTLP_RUN {
    LONGLONG NextVbn;
    LONGLONG Lbn;
} FSRTLP_RUN, *PFSRTLP_RUN;

/* A list that is being built. */
typedef struct _FSRTLP_LIST {
    PFSRTLP_RUN Runs;
    ULONG Count;
} FSRTLP_LIST, *PFSRTLP_LIST;

static PFSRTLP_RUN FsRtlpRuns(PLARGE_MCB Mcb)
{
    return Mcb->BaseMcb.Mapping;
}

static LONGLONG FsRtlpStartOf(PFSRTLP_RUN Runs, ULONG Index)
{
    return Index == 0 ? 0 : Runs[Index - 1].NextVbn;
}

static LONGLONG FsRtlpEnd(PLARGE_MCB Mcb)
{
    return FsRtlpStartOf(FsRtlpRuns(Mcb), Mcb->BaseMcb.PairCount);
}

/* The run that Vbn lies in, or PairCount. */
static ULONG FsRtlpFind(PLARGE_MCB Mcb, LONGLONG Vbn)
{
    ULONG Low = 0, High = Mcb->BaseMcb.PairCount;

    while (Low < High) {
        ULONG Middle = (Low + High) / 2;
        if (FsRtlpRuns(Mcb)[Middle].NextVbn <= Vbn) {
            Low = Middle + 1;
        } else {
            High = Middle;
        }
    }
    return Low;
}

/* Appends up to NextVbn, as part of the run before where it goes on. */
static VOID FsRtlpAppend(PFSRTLP_LIST List, LONGLONG NextVbn, LONGLONG Lbn)
{
    LONGLONG Start = FsRtlpStartOf(List->Runs, List->Count);

    if (NextVbn <= Start) {
        return;
    }
    if (List->Count != 0) {
        PFSRTLP_RUN Last = &List->Runs[List->Count - 1];
        LONGLONG Length = Start - FsRtlpStartOf(List->Runs, List->Count - 1);
        if (Lbn == FSRTLP_HOLE ? Last->Lbn == FSRTLP_HOLE : Last->Lbn != FSRTLP_HOLE && Last->Lbn + Length == Lbn) {
            Last->NextVbn = NextVbn;
            return;
        }
    }
    List->Runs[List->Count++] = (FSRTLP_RUN){NextVbn, Lbn};
}

/* Appends the old runs between From and To, moved upwards by Shift. What lies behind them is a hole. */
static VOID FsRtlpCopy(PFSRTLP_LIST List, PLARGE_MCB Mcb, LONGLONG From, LONGLONG To, LONGLONG Shift)
{
    PFSRTLP_RUN Runs = FsRtlpRuns(Mcb);

    for (ULONG Index = FsRtlpFind(Mcb, From); Index < Mcb->BaseMcb.PairCount && From < To; Index++) {
        LONGLONG Start = FsRtlpStartOf(Runs, Index), Next = min(Runs[Index].NextVbn, To);
        FsRtlpAppend(List, Next + Shift, Runs[Index].Lbn == FSRTLP_HOLE ? FSRTLP_HOLE : Runs[Index].Lbn + From - Start);
        From = Next;
    }
    if (From < To && To != MAXLONGLONG) {
        FsRtlpAppend(List, To + Shift, FSRTLP_HOLE);
    }
}

/* Mutex held; it is released before the exception. */
static FSRTLP_LIST FsRtlpBegin(PLARGE_MCB Mcb)
{
    FSRTLP_LIST List = {.Count = 0};

    List.Runs = ExAllocatePoolWithTag(Mcb->BaseMcb.PoolType, (Mcb->BaseMcb.PairCount + FSRTLP_MORE_RUNS) *
                                                                 sizeof(FSRTLP_RUN), FSRTLP_TAG);
    if (List.Runs == NULL) {
        KeReleaseGuardedMutex(Mcb->GuardedMutex);
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    }
    return List;
}

static VOID FsRtlpFinish(PLARGE_MCB Mcb, PFSRTLP_LIST List)
{
    while (List->Count != 0 && List->Runs[List->Count - 1].Lbn == FSRTLP_HOLE) {
        List->Count--;
    }
    if (Mcb->BaseMcb.Mapping != NULL) {
        ExFreePoolWithTag(Mcb->BaseMcb.Mapping, FSRTLP_TAG);
    }
    Mcb->BaseMcb.MaximumPairCount = Mcb->BaseMcb.PairCount + FSRTLP_MORE_RUNS;
    Mcb->BaseMcb.Mapping = List->Runs;
    Mcb->BaseMcb.PairCount = List->Count;
}

/* Puts Vbn..Next to Lbn, or makes a hole of it. Mutex held. */
static VOID FsRtlpPut(PLARGE_MCB Mcb, LONGLONG Vbn, LONGLONG Next, LONGLONG Lbn)
{
    FSRTLP_LIST List = FsRtlpBegin(Mcb);

    FsRtlpCopy(&List, Mcb, 0, Vbn, 0);
    FsRtlpAppend(&List, Next, Lbn);
    FsRtlpCopy(&List, Mcb, Next, MAXLONGLONG, 0);
    FsRtlpFinish(Mcb, &List);
}

/* An empty block; its runs come from PoolType. Raises STATUS_INSUFFICIENT_RESOURCES. */
VOID FsRtlInitializeLargeMcb(PLARGE_MCB Mcb, POOL_TYPE PoolType)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    RtlZeroMemory(Mcb, sizeof(*Mcb));
    Mcb->BaseMcb.PoolType = (USHORT)PoolType;
    Mcb->GuardedMutex = ExAllocatePoolWithTag(NonPagedPool, sizeof(KGUARDED_MUTEX), FSRTLP_TAG);
    if (Mcb->GuardedMutex == NULL) {
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    }
    KeInitializeGuardedMutex(Mcb->GuardedMutex);
}
NT_EXPORT(FsRtlInitializeLargeMcb);

VOID FsRtlUninitializeLargeMcb(PLARGE_MCB Mcb)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    if (Mcb->BaseMcb.Mapping != NULL) {
        ExFreePoolWithTag(Mcb->BaseMcb.Mapping, FSRTLP_TAG);
    }
    if (Mcb->GuardedMutex != NULL) {
        ExFreePoolWithTag(Mcb->GuardedMutex, FSRTLP_TAG);
    }
    RtlZeroMemory(Mcb, sizeof(*Mcb));
}
NT_EXPORT(FsRtlUninitializeLargeMcb);

/* Whether Vbn..Next is a hole, or maps to Lbn already, as far as it is not one. */
static BOOLEAN FsRtlpAgrees(PLARGE_MCB Mcb, LONGLONG Vbn, LONGLONG Next, LONGLONG Lbn)
{
    PFSRTLP_RUN Runs = FsRtlpRuns(Mcb);

    for (ULONG Index = FsRtlpFind(Mcb, Vbn); Index < Mcb->BaseMcb.PairCount; Index++) {
        LONGLONG Start = FsRtlpStartOf(Runs, Index);
        if (Start >= Next) {
            break;
        }
        if (Runs[Index].Lbn != FSRTLP_HOLE && Runs[Index].Lbn - Start != Lbn - Vbn) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Maps SectorCount blocks. FALSE, and nothing is changed: a part of them is mapped elsewhere. */
BOOLEAN FsRtlAddLargeMcbEntry(PLARGE_MCB Mcb, LONGLONG Vbn, LONGLONG Lbn, LONGLONG SectorCount)
{
    BOOLEAN Agrees;

    KE_REQUIRE_IRQL(APC_LEVEL);
    if (Vbn < 0 || Lbn < 0 || SectorCount <= 0 || SectorCount > MAXLONGLONG - Vbn || SectorCount > MAXLONGLONG - Lbn) {
        return FALSE;
    }
    KeAcquireGuardedMutex(Mcb->GuardedMutex);
    Agrees = FsRtlpAgrees(Mcb, Vbn, Vbn + SectorCount, Lbn);
    if (Agrees) {
        FsRtlpPut(Mcb, Vbn, Vbn + SectorCount, Lbn);
    }
    KeReleaseGuardedMutex(Mcb->GuardedMutex);
    return Agrees;
}
NT_EXPORT(FsRtlAddLargeMcbEntry);

/* Makes a hole of SectorCount blocks. */
VOID FsRtlRemoveLargeMcbEntry(PLARGE_MCB Mcb, LONGLONG Vbn, LONGLONG SectorCount)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    if (Vbn < 0 || SectorCount <= 0) {
        return;
    }
    KeAcquireGuardedMutex(Mcb->GuardedMutex);
    if (Vbn < FsRtlpEnd(Mcb)) {
        FsRtlpPut(Mcb, Vbn, min(SectorCount, FsRtlpEnd(Mcb) - Vbn) + Vbn, FSRTLP_HOLE);
    }
    KeReleaseGuardedMutex(Mcb->GuardedMutex);
}
NT_EXPORT(FsRtlRemoveLargeMcbEntry);

/* Takes off everything from Vbn on. */
VOID FsRtlTruncateLargeMcb(PLARGE_MCB Mcb, LONGLONG Vbn)
{
    FsRtlRemoveLargeMcbEntry(Mcb, Vbn, MAXLONGLONG);
}
NT_EXPORT(FsRtlTruncateLargeMcb);

/* Moves what is mapped from Vbn on upwards by Amount. FALSE: nothing is. */
BOOLEAN FsRtlSplitLargeMcb(PLARGE_MCB Mcb, LONGLONG Vbn, LONGLONG Amount)
{
    BOOLEAN Splits;

    KE_REQUIRE_IRQL(APC_LEVEL);
    KeAcquireGuardedMutex(Mcb->GuardedMutex);
    Splits = Vbn >= 0 && Amount > 0 && Vbn < FsRtlpEnd(Mcb) && Amount <= MAXLONGLONG - 1 - FsRtlpEnd(Mcb);
    if (Splits) {
        FSRTLP_LIST List = FsRtlpBegin(Mcb);
        FsRtlpCopy(&List, Mcb, 0, Vbn, 0);
        FsRtlpAppend(&List, Vbn + Amount, FSRTLP_HOLE);
        FsRtlpCopy(&List, Mcb, Vbn, MAXLONGLONG, Amount);
        FsRtlpFinish(Mcb, &List);
    }
    KeReleaseGuardedMutex(Mcb->GuardedMutex);
    return Splits;
}
NT_EXPORT(FsRtlSplitLargeMcb);

static VOID FsRtlpTell(PLONGLONG Where, LONGLONG Value)
{
    if (Where != NULL) {
        *Where = Value;
    }
}

/*
 * The run that Vbn lies in: its LBN there and how many blocks follow, its first LBN and its length, its index. LBNs of
 * a hole are -1. FALSE: Vbn is behind the last block that is mapped.
 */
BOOLEAN FsRtlLookupLargeMcbEntry(PLARGE_MCB Mcb, LONGLONG Vbn, PLONGLONG Lbn, PLONGLONG SectorCountFromLbn,
                                 PLONGLONG StartingLbn, PLONGLONG SectorCountFromStartingLbn, PULONG Index)
{
    ULONG Found;
    BOOLEAN Exists;

    KE_REQUIRE_IRQL(APC_LEVEL);
    KeAcquireGuardedMutex(Mcb->GuardedMutex);
    Found = FsRtlpFind(Mcb, Vbn);
    Exists = Vbn >= 0 && Found < Mcb->BaseMcb.PairCount;
    if (Exists) {
        PFSRTLP_RUN Run = &FsRtlpRuns(Mcb)[Found];
        LONGLONG Start = FsRtlpStartOf(FsRtlpRuns(Mcb), Found);
        FsRtlpTell(Lbn, Run->Lbn == FSRTLP_HOLE ? FSRTLP_HOLE : Run->Lbn + Vbn - Start);
        FsRtlpTell(SectorCountFromLbn, Run->NextVbn - Vbn);
        FsRtlpTell(StartingLbn, Run->Lbn);
        FsRtlpTell(SectorCountFromStartingLbn, Run->NextVbn - Start);
        if (Index != NULL) {
            *Index = Found;
        }
    }
    KeReleaseGuardedMutex(Mcb->GuardedMutex);
    return Exists;
}
NT_EXPORT(FsRtlLookupLargeMcbEntry);

/* The last block that is mapped, its LBN, and the index of its run. FALSE: none is. */
BOOLEAN FsRtlLookupLastLargeMcbEntryAndIndex(PLARGE_MCB Mcb, PLONGLONG Vbn, PLONGLONG Lbn, PULONG Index)
{
    ULONG Count;

    KE_REQUIRE_IRQL(APC_LEVEL);
    KeAcquireGuardedMutex(Mcb->GuardedMutex);
    Count = Mcb->BaseMcb.PairCount;
    if (Count != 0) {
        *Vbn = FsRtlpEnd(Mcb) - 1;
        *Lbn = FsRtlpRuns(Mcb)[Count - 1].Lbn + *Vbn - FsRtlpStartOf(FsRtlpRuns(Mcb), Count - 1);
        *Index = Count - 1;
    }
    KeReleaseGuardedMutex(Mcb->GuardedMutex);
    return Count != 0;
}
NT_EXPORT(FsRtlLookupLastLargeMcbEntryAndIndex);

BOOLEAN FsRtlLookupLastLargeMcbEntry(PLARGE_MCB Mcb, PLONGLONG Vbn, PLONGLONG Lbn)
{
    ULONG Index;

    return FsRtlLookupLastLargeMcbEntryAndIndex(Mcb, Vbn, Lbn, &Index);
}
NT_EXPORT(FsRtlLookupLastLargeMcbEntry);

/* How many runs there are, the holes between them counted. */
ULONG FsRtlNumberOfRunsInLargeMcb(PLARGE_MCB Mcb)
{
    return *(volatile ULONG *)&Mcb->BaseMcb.PairCount;
}
NT_EXPORT(FsRtlNumberOfRunsInLargeMcb);

/* Run number RunIndex, holes counted. FALSE: there are not so many. */
BOOLEAN FsRtlGetNextLargeMcbEntry(PLARGE_MCB Mcb, ULONG RunIndex, PLONGLONG Vbn, PLONGLONG Lbn, PLONGLONG SectorCount)
{
    BOOLEAN Exists;

    KE_REQUIRE_IRQL(APC_LEVEL);
    KeAcquireGuardedMutex(Mcb->GuardedMutex);
    Exists = RunIndex < Mcb->BaseMcb.PairCount;
    if (Exists) {
        *Vbn = FsRtlpStartOf(FsRtlpRuns(Mcb), RunIndex);
        *Lbn = FsRtlpRuns(Mcb)[RunIndex].Lbn;
        *SectorCount = FsRtlpRuns(Mcb)[RunIndex].NextVbn - *Vbn;
    }
    KeReleaseGuardedMutex(Mcb->GuardedMutex);
    return Exists;
}
NT_EXPORT(FsRtlGetNextLargeMcbEntry);
