/*
 * Page tables: finding the entry of an address, and making the tables on the way.
 *
 *   63     48 47    39 38    30 29    21 20    12 11      0
 *   +--------+--------+--------+--------+--------+---------+
 *   |  sign  | level 3| level 2| level 1| level 0| offset  |
 *   +--------+--------+--------+--------+--------+---------+
 *
 * Tables are read through the direct map. Those of the upper half are made once and never given back; those of a
 * process are made as its pages are touched and go with the last VAD that they serve.
 */
#include "mm/mi.h"

LONG64 MiSystemTablePages;

/* Looked up and not worked out, since every fault makes an entry. */
#define BITS4(P) MI_VALID_BITS(P), MI_VALID_BITS((P) + 1), MI_VALID_BITS((P) + 2), MI_VALID_BITS((P) + 3)
#define BITS16(P) BITS4(P), BITS4((P) + 4), BITS4((P) + 8), BITS4((P) + 12)
const ULONG64 MiValidBits[MI_PROTECT_ALL + 1] = {BITS16(0), BITS16(16), BITS16(32), BITS16(48)};

#define LEVELS 4
#define TABLE_BATCH 64                  /* tables that are given back after one round of flushing */
#define INDEX(Address, Level) (((Address) >> (PAGE_SHIFT + 9 * (Level))) & 511)

static PMMPTE MiTableAt(ULONG64 Physical)
{
    return (PMMPTE)(MM_DIRECT_MAP + Physical);
}

/* Level by level and not in a loop: every fault comes this way. Large pages are of level 1 alone. */
PMMPTE MiFindPte(ULONG64 Root, ULONG_PTR Address)
{
    MMPTE Entry = MiTableAt(Root)[INDEX(Address, 3)];

    if (!MiIsValid(Entry))
        return NULL;
    Entry = MiTableAt(Entry.Value & MI_PTE_FRAME_MASK)[INDEX(Address, 2)];
    if (!MiIsValid(Entry))
        return NULL;
    Entry = MiTableAt(Entry.Value & MI_PTE_FRAME_MASK)[INDEX(Address, 1)];
    if (!MiIsValid(Entry) || MiIsLarge(Entry))
        return NULL;
    return &MiTableAt(Entry.Value & MI_PTE_FRAME_MASK)[INDEX(Address, 0)];
}

/* IRQL: <= DISPATCH_LEVEL. User half: working-set lock held. System half: the caller serialises by owning the range. */
PMMPTE MiMakePte(ULONG64 Root, ULONG_PTR Address, PULONG64 TablePages)
{
    PMMPTE Table = MiTableAt(Root);
    BOOLEAN User = Address < MM_SYSTEM_RANGE_START;

    for (ULONG Level = LEVELS - 1; Level > 0; Level--) {
        PMMPTE Entry = &Table[INDEX(Address, Level)];
        MMPTE Value = MiReadPte(Entry);
        if (!MiIsValid(Value)) {
            PFN_NUMBER Frame = User ? MiTakePermanentFrame() : MiAllocatePermanentFrame();
            MMPTE New = MiMakeTable(Frame, User);
            if (Frame == MI_NO_FRAME)
                return NULL;
            /* Two processors may make a table of system space at once for neighbouring ranges: one of them wins. */
            if (!__sync_bool_compare_and_swap(&Entry->Value, Value.Value, New.Value)) {
                MiFreePermanentFrame(Frame);
                New = MiReadPte(Entry);
            } else if (User) {
                (*TablePages)++;
            } else {
                /* There for good: nothing is promised with it, but there is a page less to promise. */
                InterlockedIncrement64(&MiSystemTablePages);
                MiRaiseCommitLimit(-1);
                MiReturnCommit(1);
            }
            Value = New;
        }
        Table = MiTableAt(Value.Value & MI_PTE_FRAME_MASK);
    }
    return &Table[INDEX(Address, 0)];
}

BOOLEAN MiMakeSystemTables(ULONG_PTR Address, ULONG64 Pages)
{
    ULONG_PTR End = Address + (Pages << PAGE_SHIFT);

    for (; Address < End; Address = (Address | ((512ull << PAGE_SHIFT) - 1)) + 1)
        if (MiMakePte(MiKernelRoot, Address, NULL) == NULL)
            return FALSE;
    return TRUE;
}

/* The entry of an address in a table of that level, or NULL when there is no such table. */
static PMMPTE MiFindEntry(ULONG64 Root, ULONG_PTR Address, ULONG Level)
{
    PMMPTE Table = MiTableAt(Root);

    for (ULONG At = LEVELS - 1; At > Level; At--) {
        MMPTE Entry = Table[INDEX(Address, At)];
        if (!MiIsValid(Entry))
            return NULL;
        Table = MiTableAt(Entry.Value & MI_PTE_FRAME_MASK);
    }
    return &Table[INDEX(Address, Level)];
}

/*
 * Flushing any address drops what a processor remembers of upper levels, too (Intel SDM vol. 3, "Invalidation of
 * TLBs").
 */
static VOID MiGiveTables(PKPROCESS Process, ULONG_PTR Address, const ULONG *Frames, ULONG Count)
{
    if (Count == 0)
        return;
    MiFlushRange(Process, Address, 1);
    for (ULONG i = 0; i < Count; i++)
        MiGivePermanentFrame(Frames[i]);
}

/* Lowest tables first: one whose whole span lies in the hole has lost all of its own by the time it is looked at. */
VOID MiFreeUserTables(PKPROCESS Process, ULONG64 Root, ULONG_PTR Start, ULONG_PTR End, ULONG_PTR HoleStart,
                      ULONG_PTR HoleEnd, PULONG64 TablePages)
{
    ULONG Frames[TABLE_BATCH], Count = 0;

    for (ULONG Level = 1; Level < LEVELS; Level++) {
        ULONG_PTR Span = 1ull << (PAGE_SHIFT + 9 * Level);
        for (ULONG_PTR At = Start & ~(Span - 1); At < End; At += Span) {
            PMMPTE Entry = At >= HoleStart && At + Span <= HoleEnd ? MiFindEntry(Root, At, Level) : NULL;
            if (Entry == NULL || !MiIsValid(MiReadPte(Entry)))
                continue;
            Frames[Count++] = (ULONG)MiFrameOf(MiExchangePte(Entry, MiMakeZero()));
            (*TablePages)--;
            if (Count == TABLE_BATCH) {
                MiGiveTables(Process, Start, Frames, Count);
                Count = 0;
            }
        }
    }
    MiGiveTables(Process, Start, Frames, Count);
}
