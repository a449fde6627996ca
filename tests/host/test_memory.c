/*
 * Memory primitives. They are assembly in part, which the sanitizers cannot see, so buffers end at pages that cannot be
 * touched, and every result is held against a loop over bytes.
 */
#include "tap.h"
#include "rtl/rtl.h"

#define LARGEST 200

/* A block of bytes that all differ from their neighbours. */
static VOID Number(PUCHAR Bytes, SIZE_T Size, UCHAR First)
{
    for (SIZE_T Index = 0; Index < Size; Index++) {
        Bytes[Index] = (UCHAR)(First + Index * 7);
    }
}

CASE(CopyOfEveryLengthAndOffset)
{
    UCHAR Source[LARGEST + 16], Target[LARGEST + 32];

    for (SIZE_T Offset = 0; Offset < 16; Offset++) {
        for (SIZE_T Length = 0; Length <= LARGEST; Length++) {
            Number(Source, sizeof(Source), 1);
            for (SIZE_T Index = 0; Index < sizeof(Target); Index++) {
                Target[Index] = 0xEE;
            }
            CHECK(memcpy(Target + 8, Source + Offset, Length) == Target + 8);
            for (SIZE_T Index = 0; Index < sizeof(Target); Index++) {
                UCHAR Expected = Index >= 8 && Index < 8 + Length ? Source[Offset + Index - 8] : 0xEE;
                CHECK(Target[Index] == Expected, "length %llu offset %llu index %llu", Length, Offset, Index);
            }
        }
    }
}

CASE(MoveOverlappingBothWays)
{
    UCHAR Bytes[2 * LARGEST], Expected[2 * LARGEST];

    for (SIZE_T Length = 0; Length <= 100; Length++) {
        for (SIZE_T From = 0; From <= 60; From++) {
            for (SIZE_T To = 0; To <= 60; To++) {
                Number(Bytes, sizeof(Bytes), 3);
                Number(Expected, sizeof(Expected), 3);
                for (SIZE_T Index = 0; Index < Length; Index++) {
                    Expected[To + Index] = Bytes[From + Index];
                }
                CHECK(memmove(Bytes + To, Bytes + From, Length) == Bytes + To);
                for (SIZE_T Index = 0; Index < sizeof(Bytes); Index++) {
                    CHECK(Bytes[Index] == Expected[Index], "length %llu from %llu to %llu index %llu", Length, From, To,
                          Index);
                }
            }
        }
    }
}

CASE(SetOfEveryLength)
{
    UCHAR Bytes[LARGEST + 16];

    for (SIZE_T Length = 0; Length <= LARGEST; Length++) {
        for (SIZE_T Index = 0; Index < sizeof(Bytes); Index++) {
            Bytes[Index] = 0x11;
        }
        CHECK(memset(Bytes + 5, 0x1C7, Length) == Bytes + 5);
        for (SIZE_T Index = 0; Index < sizeof(Bytes); Index++) {
            CHECK_EQUAL(Bytes[Index], Index >= 5 && Index < 5 + Length ? 0xC7 : 0x11);
        }
    }
}

CASE(NothingBeyondTheEnds)
{
    UCHAR Other[LARGEST];

    Number(Other, sizeof(Other), 9);
    for (SIZE_T Length = 0; Length <= LARGEST; Length++) {
        PUCHAR Bytes = TapBeforeGuard(Length);
        memcpy(Bytes, Other, Length);
        memmove(Bytes, Bytes + Length / 2, Length - Length / 2);
        memset(Bytes, 1, Length);
        memcpy(Other, Bytes, Length);
        CHECK_EQUAL(memcmp(Bytes, Other, Length), 0);
        CHECK(memchr(Bytes, 2, Length) == NULL);
        RtlFillMemoryUlong(Bytes, Length, 7);
        RtlFillMemoryUlonglong(Bytes, Length, 7);
        Bytes = TapBehindGuard(Length);
        memcpy(Bytes, Other, Length);
        memmove(Bytes + Length / 2, Bytes, Length - Length / 2);
        memset(Bytes, 1, Length);
        CHECK_EQUAL(RtlCompareMemory(Bytes, Other, Length), Length);
    }
}

CASE(CompareOrdersByFirstDifference)
{
    UCHAR First[64], Second[64];

    for (SIZE_T Length = 1; Length <= sizeof(First); Length++) {
        for (SIZE_T Place = 0; Place < Length; Place++) {
            Number(First, sizeof(First), 0);
            Number(Second, sizeof(Second), 0);
            First[Place] = 0x7F;
            Second[Place] = 0x80;
            First[Length - 1] ^= Place == Length - 1 ? 0 : 0xFF;
            CHECK(memcmp(First, Second, Length) < 0, "length %llu place %llu", Length, Place);
            CHECK(memcmp(Second, First, Length) > 0, "length %llu place %llu", Length, Place);
            CHECK_EQUAL(memcmp(First, Second, Place), 0);
            CHECK_EQUAL(RtlCompareMemory(First, Second, Length), Place);
        }
    }
}

CASE(FindByte)
{
    UCHAR Bytes[4] = {1, 0xFF, 3, 0xFF};

    CHECK(memchr(Bytes, -1, 4) == Bytes + 1);
    CHECK(memchr(Bytes, 3, 2) == NULL);
    CHECK(memchr(Bytes, 1, 0) == NULL);
}

CASE(PatternsOfWords)
{
    ULONG Words[8] = {0};
    UCHAR *Bytes = (UCHAR *)Words;

    RtlFillMemoryUlong(Words, 23, 0x12345678);
    for (ULONG Index = 0; Index < 8; Index++) {
        CHECK_EQUAL(Words[Index], Index < 5 ? 0x12345678 : 0);
    }
    CHECK_EQUAL(RtlCompareMemoryUlong(Words, sizeof(Words), 0x12345678), 20);
    CHECK_EQUAL(RtlCompareMemoryUlong(Words, 11, 0x12345678), 8);
    CHECK_EQUAL(RtlCompareMemoryUlong(Bytes + 1, 8, 0x12345678), 0);
    RtlFillMemoryUlonglong(Words, 16, 0x1122334455667788);
    CHECK_EQUAL(Words[3], 0x11223344);
    CHECK_EQUAL(Words[4], 0x12345678);
    RtlSecureZeroMemory(Words, sizeof(Words));
    CHECK_EQUAL(RtlCompareMemoryUlong(Words, sizeof(Words), 0), sizeof(Words));
}
