/*
 * Bitmaps: each routine against an array of bytes, one per bit.
 */
#include "tap.h"
#include "rtl/rtl.h"

#define LARGEST 203

/* The map under test, what lies behind it, and the truth. */
static ULONG Words[LARGEST / 32 + 2];
static UCHAR Truth[LARGEST + 1];
static RTL_BITMAP Map;

static VOID Start(ULONG Size)
{
    memset(Words, 0, sizeof(Words));
    memset(Truth, 0, sizeof(Truth));
    RtlInitializeBitMap(&Map, Words, Size);
}

static VOID Mark(ULONG First, ULONG Count, UCHAR Value)
{
    for (ULONG Bit = First; Bit < First + Count && Bit < Map.SizeOfBitMap; Bit++) {
        Truth[Bit] = Value;
    }
}

static VOID Scatter(VOID)
{
    for (ULONG Run = 0; Run < 12; Run++) {
        ULONG First = TapRandom(Map.SizeOfBitMap), Count = TapRandom(40);
        if (TapRandom(2)) {
            RtlSetBits(&Map, First, Count);
            Mark(First, Count, 1);
        } else {
            RtlClearBits(&Map, First, Count);
            Mark(First, Count, 0);
        }
    }
}

/* The first run of Count bits of the value that begins in [From, To), or none. */
static ULONG Search(ULONG From, ULONG To, ULONG Count, UCHAR Value)
{
    for (ULONG First = From; First < To && First + Count <= Map.SizeOfBitMap; First++) {
        ULONG Bit = 0;
        while (Bit < Count && Truth[First + Bit] == Value) {
            Bit++;
        }
        if (Bit == Count) {
            return First;
        }
    }
    return RTL_BITMAP_NONE;
}

CASE(SetClearAndTest)
{
    for (ULONG Round = 0; Round < 3000; Round++) {
        ULONG Set = 0;
        Start(1 + TapRandom(LARGEST));
        Scatter();
        for (ULONG Bit = 0; Bit < Map.SizeOfBitMap; Bit++) {
            CHECK_EQUAL(RtlTestBit(&Map, Bit), Truth[Bit]);
            CHECK_EQUAL(RtlCheckBit(&Map, Bit), Truth[Bit]);
            Set += Truth[Bit];
        }
        CHECK_EQUAL(RtlNumberOfSetBits(&Map), Set);
        CHECK_EQUAL(RtlNumberOfClearBits(&Map), Map.SizeOfBitMap - Set);
        CHECK_EQUAL(Words[(Map.SizeOfBitMap + 31) / 32], 0);
        CHECK_EQUAL(RtlTestBit(&Map, Map.SizeOfBitMap), FALSE);
    }
}

CASE(SingleBitsAndAll)
{
    Start(70);
    RtlSetBit(&Map, 31);
    RtlSetBit(&Map, 32);
    RtlSetBit(&Map, 69);
    RtlSetBit(&Map, 70);
    CHECK_EQUAL(Words[0], 0x80000000);
    CHECK_EQUAL(Words[1], 1);
    CHECK_EQUAL(Words[2], 0x20);
    RtlClearBit(&Map, 32);
    CHECK_EQUAL(Words[1], 0);
    RtlSetAllBits(&Map);
    CHECK_EQUAL(RtlNumberOfSetBits(&Map), 70);
    CHECK_EQUAL(Words[3], 0);
    RtlClearAllBits(&Map);
    CHECK_EQUAL(RtlNumberOfSetBits(&Map), 0);
    RtlSetBits(&Map, 60, MAXULONG);
    CHECK_EQUAL(RtlNumberOfSetBits(&Map), 10);
}

CASE(Areas)
{
    for (ULONG Round = 0; Round < 5000; Round++) {
        ULONG First, Count;
        Start(1 + TapRandom(LARGEST));
        Scatter();
        First = TapRandom(Map.SizeOfBitMap);
        Count = 1 + TapRandom(Map.SizeOfBitMap - First);
        CHECK_EQUAL(RtlAreBitsClear(&Map, First, Count), Search(First, First + 1, Count, 0) == First);
        CHECK_EQUAL(RtlAreBitsSet(&Map, First, Count), Search(First, First + 1, Count, 1) == First);
    }
    Start(40);
    CHECK_EQUAL(RtlAreBitsClear(&Map, 0, 0), FALSE);
    CHECK_EQUAL(RtlAreBitsClear(&Map, 0, 40), TRUE);
    CHECK_EQUAL(RtlAreBitsClear(&Map, 0, 41), FALSE);
    CHECK_EQUAL(RtlAreBitsClear(&Map, 1, MAXULONG), FALSE);
}

CASE(FindFromHint)
{
    for (ULONG Round = 0; Round < 20000; Round++) {
        ULONG Count, Hint, Real, Expected;
        Start(1 + TapRandom(LARGEST));
        Scatter();
        Count = 1 + TapRandom(50);
        Hint = TapRandom(Map.SizeOfBitMap + 10);
        Real = Hint < Map.SizeOfBitMap ? Hint : 0;
        for (UCHAR Value = 0; Value < 2; Value++) {
            Expected = Search(Real, Map.SizeOfBitMap, Count, Value);
            if (Expected == RTL_BITMAP_NONE) {
                Expected = Search(0, Real, Count, Value);
            }
            CHECK_EQUAL(Value ? RtlFindSetBits(&Map, Count, Hint) : RtlFindClearBits(&Map, Count, Hint), Expected);
        }
    }
    Start(64);
    CHECK_EQUAL(RtlFindClearBits(&Map, 0, 7), 7);
    CHECK_EQUAL(RtlFindClearBits(&Map, 65, 0), RTL_BITMAP_NONE);
    CHECK_EQUAL(RtlFindClearBits(&Map, MAXULONG, 3), RTL_BITMAP_NONE);
}

CASE(AllocateUntilFull)
{
    ULONG Taken = 0, Found;

    Start(LARGEST);
    while ((Found = RtlFindClearBitsAndSet(&Map, 3, Taken)) != RTL_BITMAP_NONE) {
        CHECK(Search(Found, Found + 1, 3, 0) == Found, "bits %u to %u were taken twice", Found, Found + 2);
        Mark(Found, 3, 1);
        Taken += 3;
    }
    CHECK_EQUAL(Taken, LARGEST / 3 * 3);
    while ((Found = RtlFindSetBitsAndClear(&Map, 3, 99)) != RTL_BITMAP_NONE) {
        Taken -= 3;
    }
    CHECK_EQUAL(Taken, 0);
    CHECK_EQUAL(RtlNumberOfSetBits(&Map), 0);
}

CASE(Runs)
{
    for (ULONG Round = 0; Round < 3000; Round++) {
        RTL_BITMAP_RUN Runs[100], Few[3];
        ULONG Count = 0, Start1, Length, From;

        Start(1 + TapRandom(LARGEST));
        Scatter();
        /* All runs in order, against the truth. */
        Count = RtlFindClearRuns(&Map, Runs, 100, FALSE);
        for (ULONG Bit = 0, Run = 0; Bit < Map.SizeOfBitMap; Bit++) {
            if (Truth[Bit]) {
                continue;
            }
            CHECK(Run < Count);
            CHECK_EQUAL(Runs[Run].StartingIndex, Bit);
            for (ULONG Index = 0; Index < Runs[Run].NumberOfBits; Index++) {
                CHECK_EQUAL(Truth[Bit + Index], 0);
            }
            Bit += Runs[Run++].NumberOfBits;
            CHECK(Bit == Map.SizeOfBitMap || Truth[Bit]);
            CHECK(Bit < Map.SizeOfBitMap || Run == Count);
        }
        /* The longest ones, longest first. */
        Length = RtlFindClearRuns(&Map, Few, 3, TRUE);
        CHECK_EQUAL(Length, min(Count, 3));
        for (ULONG Run = 0; Run < Length; Run++) {
            ULONG Longer = 0;
            for (ULONG Other = 0; Other < Count; Other++) {
                Longer += Runs[Other].NumberOfBits > Few[Run].NumberOfBits ||
                    (Runs[Other].NumberOfBits == Few[Run].NumberOfBits &&
                     Runs[Other].StartingIndex < Few[Run].StartingIndex);
            }
            CHECK_EQUAL(Longer, Run);
        }
        CHECK_EQUAL(RtlFindLongestRunClear(&Map, &Start1), Count ? Few[0].NumberOfBits : 0);
        CHECK_EQUAL(RtlFindFirstRunClear(&Map, &Start1), Count ? Runs[0].NumberOfBits : 0);
        /* The run that holds or precedes a bit, as far as that bit. */
        From = TapRandom(Map.SizeOfBitMap);
        Length = RtlFindLastBackwardRunClear(&Map, From, &Start1);
        {
            ULONG End = From + 1, First;
            while (End > 0 && Truth[End - 1]) {
                End--;
            }
            for (First = End; First > 0 && !Truth[First - 1];) {
                First--;
            }
            CHECK_EQUAL(Length, End - First);
            CHECK(Length == 0 || Start1 == First, "start %u, should be %u", Start1, First);
        }
    }
}

CASE(SignificantBits)
{
    CHECK_EQUAL(RtlFindMostSignificantBit(0), -1);
    CHECK_EQUAL(RtlFindLeastSignificantBit(0), -1);
    CHECK_EQUAL(RtlFindMostSignificantBit(0x8000000000000001), 63);
    CHECK_EQUAL(RtlFindLeastSignificantBit(0x8000000000000000), 63);
    CHECK_EQUAL(RtlFindLeastSignificantBit(0x18), 3);
}
