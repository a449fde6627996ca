/*
 * RTL_BITMAP: allocation maps, among them those of the paging files. All searching rests on one routine that finds
 * the next set or clear bit by looking at 32 bits at a time, so a full map is skipped at a word per step.
 *
 * The caller serialises access. IRQL: any, for a resident map.
 */
#include "rtl.h"

#define RTLP_WORD_BITS 32

VOID RtlInitializeBitMap(PRTL_BITMAP BitMap, PULONG Buffer, ULONG SizeOfBitMap)
{
    BitMap->SizeOfBitMap = SizeOfBitMap;
    BitMap->Buffer = Buffer;
}
NT_EXPORT(RtlInitializeBitMap);

/* The bits of one word from First up to, not including, End; both are within the word's 0 to 32. */
static FORCEINLINE ULONG RtlpMask(ULONG First, ULONG End)
{
    return (End == RTLP_WORD_BITS ? MAXULONG : (1u << End) - 1) & ~((1u << First) - 1);
}

/* Sets or clears Count bits; a range that leaves the map is cut at its end. */
static VOID RtlpWriteBits(PRTL_BITMAP BitMap, ULONG Start, ULONG Count, BOOLEAN Set)
{
    ULONG Limit = BitMap->SizeOfBitMap;

    if (Start >= Limit) {
        return;
    }
    Limit = Count < Limit - Start ? Start + Count : Limit;
    while (Start < Limit) {
        ULONG First = Start % RTLP_WORD_BITS;
        ULONG End = min(RTLP_WORD_BITS, First + (Limit - Start));
        if (Set) {
            BitMap->Buffer[Start / RTLP_WORD_BITS] |= RtlpMask(First, End);
        } else {
            BitMap->Buffer[Start / RTLP_WORD_BITS] &= ~RtlpMask(First, End);
        }
        Start += End - First;
    }
}

/* The index of the first bit in [Start, Limit) that is set (or clear, when Invert is all ones), or Limit. */
static FORCEINLINE ULONG RtlpNextBit(PRTL_BITMAP BitMap, ULONG Start, ULONG Limit, ULONG Invert)
{
    ULONG Index = Start / RTLP_WORD_BITS;
    ULONG Word;

    if (Start >= Limit) {
        return Limit;
    }
    Word = (BitMap->Buffer[Index] ^ Invert) & RtlpMask(Start % RTLP_WORD_BITS, RTLP_WORD_BITS);
    while (Word == 0) {
        Index++;
        if ((ULONGLONG)Index * RTLP_WORD_BITS >= Limit) {
            return Limit;
        }
        Word = BitMap->Buffer[Index] ^ Invert;
    }
    Start = Index * RTLP_WORD_BITS + (ULONG)__builtin_ctz(Word);
    return min(Start, Limit);
}

#define RTLP_SET    0u
#define RTLP_CLEAR  MAXULONG

/* The first run of Count bits of the kind that begins in [Start, End), or RTL_BITMAP_NONE. It may end behind End. */
static ULONG RtlpFindRun(PRTL_BITMAP BitMap, ULONG Start, ULONG End, ULONG Count, ULONG Kind)
{
    ULONG Limit = BitMap->SizeOfBitMap;

    for (;;) {
        ULONG First = RtlpNextBit(BitMap, Start, End, Kind);
        ULONG Behind;
        if (First >= End || Count > Limit - First) {
            return RTL_BITMAP_NONE;
        }
        Behind = RtlpNextBit(BitMap, First, First + Count, ~Kind);
        if (Behind == First + Count) {
            return First;
        }
        Start = Behind;
    }
}

/* From the hint to the end, then from the start to the hint ("RtlFindClearBits"). A hint outside the map is 0. */
static ULONG RtlpFindRunFromHint(PRTL_BITMAP BitMap, ULONG Count, ULONG Hint, ULONG Kind)
{
    ULONG Found;

    if (Hint >= BitMap->SizeOfBitMap) {
        Hint = 0;
    }
    if (Count == 0) {
        return Hint;
    }
    Found = RtlpFindRun(BitMap, Hint, BitMap->SizeOfBitMap, Count, Kind);
    if (Found == RTL_BITMAP_NONE && Hint != 0) {
        Found = RtlpFindRun(BitMap, 0, Hint, Count, Kind);
    }
    return Found;
}

VOID RtlClearAllBits(PRTL_BITMAP BitMap)
{
    memset(BitMap->Buffer, 0, (BitMap->SizeOfBitMap + 31ull) / 32 * sizeof(ULONG));
}
NT_EXPORT(RtlClearAllBits);

VOID RtlSetAllBits(PRTL_BITMAP BitMap)
{
    memset(BitMap->Buffer, 0xFF, (BitMap->SizeOfBitMap + 31ull) / 32 * sizeof(ULONG));
}
NT_EXPORT(RtlSetAllBits);

VOID RtlClearBits(PRTL_BITMAP BitMap, ULONG StartingIndex, ULONG NumberToClear)
{
    RtlpWriteBits(BitMap, StartingIndex, NumberToClear, FALSE);
}
NT_EXPORT(RtlClearBits);

VOID RtlSetBits(PRTL_BITMAP BitMap, ULONG StartingIndex, ULONG NumberToSet)
{
    RtlpWriteBits(BitMap, StartingIndex, NumberToSet, TRUE);
}
NT_EXPORT(RtlSetBits);

VOID RtlClearBit(PRTL_BITMAP BitMap, ULONG BitNumber)
{
    RtlpWriteBits(BitMap, BitNumber, 1, FALSE);
}
NT_EXPORT(RtlClearBit);

VOID RtlSetBit(PRTL_BITMAP BitMap, ULONG BitNumber)
{
    RtlpWriteBits(BitMap, BitNumber, 1, TRUE);
}
NT_EXPORT(RtlSetBit);

BOOLEAN RtlTestBit(PRTL_BITMAP BitMap, ULONG BitNumber)
{
    return BitNumber < BitMap->SizeOfBitMap && RtlCheckBit(BitMap, BitNumber) != 0;
}
NT_EXPORT(RtlTestBit);

/* Whether all bits of the range are of the kind; an empty range and one that leaves the map are not. */
static BOOLEAN RtlpAreBits(PRTL_BITMAP BitMap, ULONG Start, ULONG Length, ULONG Kind)
{
    return Length != 0 && Start < BitMap->SizeOfBitMap && Length <= BitMap->SizeOfBitMap - Start &&
        RtlpNextBit(BitMap, Start, Start + Length, ~Kind) == Start + Length;
}

BOOLEAN RtlAreBitsClear(PRTL_BITMAP BitMap, ULONG StartingIndex, ULONG Length)
{
    return RtlpAreBits(BitMap, StartingIndex, Length, RTLP_CLEAR);
}
NT_EXPORT(RtlAreBitsClear);

BOOLEAN RtlAreBitsSet(PRTL_BITMAP BitMap, ULONG StartingIndex, ULONG Length)
{
    return RtlpAreBits(BitMap, StartingIndex, Length, RTLP_SET);
}
NT_EXPORT(RtlAreBitsSet);

/* Bits set in a word: sums of pairs, of fours, of bytes, then all bytes by one multiplication. */
static ULONG RtlpCountWord(ULONG Word)
{
    Word = Word - ((Word >> 1) & 0x55555555);
    Word = (Word & 0x33333333) + ((Word >> 2) & 0x33333333);
    Word = (Word + (Word >> 4)) & 0x0F0F0F0F;
    return (Word * 0x01010101) >> 24;
}

ULONG RtlNumberOfSetBits(PRTL_BITMAP BitMap)
{
    ULONG Whole = BitMap->SizeOfBitMap / RTLP_WORD_BITS;
    ULONG Rest = BitMap->SizeOfBitMap % RTLP_WORD_BITS;
    ULONG Count = 0;

    for (ULONG Index = 0; Index < Whole; Index++) {
        Count += RtlpCountWord(BitMap->Buffer[Index]);
    }
    if (Rest != 0) {
        Count += RtlpCountWord(BitMap->Buffer[Whole] & RtlpMask(0, Rest));
    }
    return Count;
}
NT_EXPORT(RtlNumberOfSetBits);

ULONG RtlNumberOfClearBits(PRTL_BITMAP BitMap)
{
    return BitMap->SizeOfBitMap - RtlNumberOfSetBits(BitMap);
}
NT_EXPORT(RtlNumberOfClearBits);

ULONG RtlFindClearBits(PRTL_BITMAP BitMap, ULONG NumberToFind, ULONG HintIndex)
{
    return RtlpFindRunFromHint(BitMap, NumberToFind, HintIndex, RTLP_CLEAR);
}
NT_EXPORT(RtlFindClearBits);

ULONG RtlFindSetBits(PRTL_BITMAP BitMap, ULONG NumberToFind, ULONG HintIndex)
{
    return RtlpFindRunFromHint(BitMap, NumberToFind, HintIndex, RTLP_SET);
}
NT_EXPORT(RtlFindSetBits);

ULONG RtlFindClearBitsAndSet(PRTL_BITMAP BitMap, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG Found = RtlFindClearBits(BitMap, NumberToFind, HintIndex);

    if (Found != RTL_BITMAP_NONE) {
        RtlSetBits(BitMap, Found, NumberToFind);
    }
    return Found;
}
NT_EXPORT(RtlFindClearBitsAndSet);

ULONG RtlFindSetBitsAndClear(PRTL_BITMAP BitMap, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG Found = RtlFindSetBits(BitMap, NumberToFind, HintIndex);

    if (Found != RTL_BITMAP_NONE) {
        RtlClearBits(BitMap, Found, NumberToFind);
    }
    return Found;
}
NT_EXPORT(RtlFindSetBitsAndClear);

/* The first run of clear bits at or above FromIndex: returns its length, 0 when there is none. */
ULONG RtlFindNextForwardRunClear(PRTL_BITMAP BitMap, ULONG FromIndex, PULONG StartingRunIndex)
{
    ULONG Limit = BitMap->SizeOfBitMap;
    ULONG First = RtlpNextBit(BitMap, FromIndex, Limit, RTLP_CLEAR);

    *StartingRunIndex = First;
    return First >= Limit ? 0 : RtlpNextBit(BitMap, First, Limit, RTLP_SET) - First;
}
NT_EXPORT(RtlFindNextForwardRunClear);

ULONG RtlFindFirstRunClear(PRTL_BITMAP BitMap, PULONG StartingIndex)
{
    return RtlFindNextForwardRunClear(BitMap, 0, StartingIndex);
}
NT_EXPORT(RtlFindFirstRunClear);

/* The last run of clear bits that begins at or below FromIndex, as far as FromIndex: its length, or 0. */
ULONG RtlFindLastBackwardRunClear(PRTL_BITMAP BitMap, ULONG FromIndex, PULONG StartingRunIndex)
{
    ULONG Next = 0;
    ULONG Length = 0;
    ULONG Start, Run;

    *StartingRunIndex = FromIndex;
    while (Next <= FromIndex && (Run = RtlFindNextForwardRunClear(BitMap, Next, &Start)) != 0 && Start <= FromIndex) {
        *StartingRunIndex = Start;
        Length = min(Run, FromIndex - Start + 1);
        Next = Start + Run;
    }
    return Length;
}
NT_EXPORT(RtlFindLastBackwardRunClear);

ULONG RtlFindLongestRunClear(PRTL_BITMAP BitMap, PULONG StartingIndex)
{
    RTL_BITMAP_RUN Longest = {0, 0};

    RtlFindClearRuns(BitMap, &Longest, 1, TRUE);
    *StartingIndex = Longest.StartingIndex;
    return Longest.NumberOfBits;
}
NT_EXPORT(RtlFindLongestRunClear);

/*
 * Fills RunArray with runs of clear bits and returns how many: the first ones in the map's order, or with
 * LocateLongestRuns the longest ones, longest first and of equal ones the lower first.
 */
ULONG RtlFindClearRuns(PRTL_BITMAP BitMap, PRTL_BITMAP_RUN RunArray, ULONG SizeOfRunArray, BOOLEAN LocateLongestRuns)
{
    ULONG Count = 0;
    ULONG Start = 0;
    ULONG Length;

    for (ULONG Next = 0; (Length = RtlFindNextForwardRunClear(BitMap, Next, &Start)) != 0; Next = Start + Length) {
        ULONG Place = Count;
        if (LocateLongestRuns) {
            while (Place > 0 && RunArray[Place - 1].NumberOfBits < Length) {
                Place--;
            }
        }
        if (Place >= SizeOfRunArray) {
            if (!LocateLongestRuns) {
                break;
            }
            continue;
        }
        if (Count < SizeOfRunArray) {
            Count++;
        }
        for (ULONG Index = Count - 1; Index > Place; Index--) {
            RunArray[Index] = RunArray[Index - 1];
        }
        RunArray[Place] = (RTL_BITMAP_RUN){Start, Length};
    }
    return Count;
}
NT_EXPORT(RtlFindClearRuns);

/* The index of the highest or lowest bit that is set, or -1 when none is. */
CCHAR RtlFindMostSignificantBit(ULONGLONG Set)
{
    return (CCHAR)(Set == 0 ? -1 : 63 - __builtin_clzll(Set));
}
NT_EXPORT(RtlFindMostSignificantBit);

CCHAR RtlFindLeastSignificantBit(ULONGLONG Set)
{
    return (CCHAR)(Set == 0 ? -1 : __builtin_ctzll(Set));
}
NT_EXPORT(RtlFindLeastSignificantBit);
