/*
 * Memory primitives: memcpy, memmove, memset, memcmp, memchr and the Rtl comparisons.
 *
 * Long runs go by `rep movsq`/`rep stosq`: one counted instruction for eight bytes, which is the least that
 * general registers allow. A length that is no multiple of eight ends with one eight-byte store that overlaps the
 * run, so there is no byte loop; lengths below eight are two overlapping moves of four or two bytes. Both ends are
 * read before anything is written, which is what makes the same code right for overlapping buffers.
 * Nothing sets the direction flag, so a trap in the middle finds it clear.
 *
 * IRQL: any, for resident buffers.
 */
#include "rtl.h"

/* Loads and stores of a machine word at any address and over any type. */
typedef struct { ULONGLONG Value; } __attribute__((packed, may_alias)) RTLP_ANY64;
typedef struct { ULONG Value; } __attribute__((packed, may_alias)) RTLP_ANY32;
typedef struct { USHORT Value; } __attribute__((packed, may_alias)) RTLP_ANY16;

static FORCEINLINE ULONGLONG RtlpLoad64(const UCHAR *From) { return ((const RTLP_ANY64 *)From)->Value; }
static FORCEINLINE ULONG RtlpLoad32(const UCHAR *From) { return ((const RTLP_ANY32 *)From)->Value; }
static FORCEINLINE USHORT RtlpLoad16(const UCHAR *From) { return ((const RTLP_ANY16 *)From)->Value; }
static FORCEINLINE void RtlpStore64(UCHAR *To, ULONGLONG Value) { ((RTLP_ANY64 *)To)->Value = Value; }
static FORCEINLINE void RtlpStore32(UCHAR *To, ULONG Value) { ((RTLP_ANY32 *)To)->Value = Value; }
static FORCEINLINE void RtlpStore16(UCHAR *To, USHORT Value) { ((RTLP_ANY16 *)To)->Value = Value; }

/* Copies fewer than eight bytes; every load comes before every store. */
static FORCEINLINE void RtlpMoveSmall(UCHAR *To, const UCHAR *From, size_t Length)
{
    if (Length >= 4) {
        ULONG Head = RtlpLoad32(From);
        ULONG Tail = RtlpLoad32(From + Length - 4);
        RtlpStore32(To, Head);
        RtlpStore32(To + Length - 4, Tail);
    } else if (Length >= 2) {
        USHORT Head = RtlpLoad16(From);
        USHORT Tail = RtlpLoad16(From + Length - 2);
        RtlpStore16(To, Head);
        RtlpStore16(To + Length - 2, Tail);
    } else if (Length != 0) {
        *To = *From;
    }
}

/* Copies eight bytes or more upwards; right for overlap when To is below From. */
static FORCEINLINE void RtlpMoveUp(UCHAR *To, const UCHAR *From, size_t Length)
{
    ULONGLONG Tail = RtlpLoad64(From + Length - 8);
    UCHAR *End = To + Length - 8;
    size_t Words = Length / 8;

    __asm__ volatile("rep movsq" : "+D"(To), "+S"(From), "+c"(Words) : : "memory");
    RtlpStore64(End, Tail);
}

/* Copies eight bytes or more downwards, for a destination that overlaps the source from above. */
static void RtlpMoveDown(UCHAR *To, const UCHAR *From, size_t Length)
{
    ULONGLONG Head = RtlpLoad64(From);
    size_t Left = Length;

    while (Left >= 32) {
        ULONGLONG A = RtlpLoad64(From + Left - 8);
        ULONGLONG B = RtlpLoad64(From + Left - 16);
        ULONGLONG C = RtlpLoad64(From + Left - 24);
        ULONGLONG D = RtlpLoad64(From + Left - 32);
        RtlpStore64(To + Left - 8, A);
        RtlpStore64(To + Left - 16, B);
        RtlpStore64(To + Left - 24, C);
        RtlpStore64(To + Left - 32, D);
        Left -= 32;
    }
    while (Left >= 8) {
        RtlpStore64(To + Left - 8, RtlpLoad64(From + Left - 8));
        Left -= 8;
    }
    RtlpStore64(To, Head);
}

/* Copies Length bytes between buffers that do not overlap. */
void *memcpy(void *Destination, const void *Source, size_t Length)
{
    if (Length < 8) {
        RtlpMoveSmall(Destination, Source, Length);
    } else {
        RtlpMoveUp(Destination, Source, Length);
    }
    return Destination;
}
NT_EXPORT(memcpy);

/* Copies Length bytes between buffers that may overlap. */
void *memmove(void *Destination, const void *Source, size_t Length)
{
    if (Length < 8) {
        RtlpMoveSmall(Destination, Source, Length);
    } else if ((ULONG_PTR)Destination - (ULONG_PTR)Source >= Length) {
        RtlpMoveUp(Destination, Source, Length);
    } else {
        RtlpMoveDown(Destination, Source, Length);
    }
    return Destination;
}
NT_EXPORT(memmove);

/* Stores the low byte of Value in Length bytes. */
void *memset(void *Destination, int Value, size_t Length)
{
    UCHAR *To = Destination;
    ULONGLONG Pattern = (UCHAR)Value * 0x0101010101010101ull;

    if (Length >= 8) {
        UCHAR *End = To + Length - 8;
        size_t Words = Length / 8;

        __asm__ volatile("rep stosq" : "+D"(To), "+c"(Words) : "a"(Pattern) : "memory");
        RtlpStore64(End, Pattern);
    } else if (Length >= 4) {
        RtlpStore32(To, (ULONG)Pattern);
        RtlpStore32(To + Length - 4, (ULONG)Pattern);
    } else if (Length >= 2) {
        RtlpStore16(To, (USHORT)Pattern);
        RtlpStore16(To + Length - 2, (USHORT)Pattern);
    } else if (Length != 0) {
        *To = (UCHAR)Value;
    }
    return Destination;
}
NT_EXPORT(memset);

/* The number of bytes at the start of both buffers that are equal: Length when all are. */
static FORCEINLINE size_t RtlpEqualPrefix(const UCHAR *First, const UCHAR *Second, size_t Length)
{
    size_t Offset = 0;

    while (Length - Offset >= 8) {
        ULONGLONG Difference = RtlpLoad64(First + Offset) ^ RtlpLoad64(Second + Offset);
        if (Difference != 0) {
            return Offset + (size_t)__builtin_ctzll(Difference) / 8;
        }
        Offset += 8;
    }
    while (Offset < Length && First[Offset] == Second[Offset]) {
        Offset++;
    }
    return Offset;
}

/* Orders two buffers by their first differing byte, as unsigned: below, equal or above zero. */
int memcmp(const void *First, const void *Second, size_t Length)
{
    size_t Same = RtlpEqualPrefix(First, Second, Length);

    return Same == Length ? 0 : ((const UCHAR *)First)[Same] - ((const UCHAR *)Second)[Same];
}
NT_EXPORT(memcmp);

/* Finds the first byte equal to the low byte of Value, or NULL. */
void *memchr(const void *Buffer, int Value, size_t Length)
{
    const UCHAR *Bytes = Buffer;

    for (size_t Index = 0; Index < Length; Index++) {
        if (Bytes[Index] == (UCHAR)Value) {
            return (void *)(Bytes + Index);
        }
    }
    return NULL;
}
NT_EXPORT(memchr);

/* Returns how many bytes match before the first difference ("RtlCompareMemory": not an ordering). */
SIZE_T RtlCompareMemory(const VOID *First, const VOID *Second, SIZE_T Length)
{
    return RtlpEqualPrefix(First, Second, Length);
}
NT_EXPORT(RtlCompareMemory);

/*
 * Returns how many bytes of Source, in whole ULONGs, hold Pattern. "RtlCompareMemoryUlong": Source is aligned on a
 * ULONG and the length is rounded down; a misaligned Source compares nothing.
 */
SIZE_T RtlCompareMemoryUlong(PVOID Source, SIZE_T Length, ULONG Pattern)
{
    const UCHAR *Bytes = Source;
    SIZE_T Offset = 0;

    if ((ULONG_PTR)Source % sizeof(ULONG) != 0) {
        return 0;
    }
    while (Length - Offset >= sizeof(ULONG) && RtlpLoad32(Bytes + Offset) == Pattern) {
        Offset += sizeof(ULONG);
    }
    return Offset;
}
NT_EXPORT(RtlCompareMemoryUlong);

/* Fills whole ULONGs with Pattern; a length that is no multiple of four is rounded down. */
VOID RtlFillMemoryUlong(PVOID Destination, SIZE_T Length, ULONG Pattern)
{
    ULONGLONG Wide = ((ULONGLONG)Pattern << 32) | Pattern;
    UCHAR *To = Destination;
    SIZE_T Words = Length / sizeof(ULONGLONG);

    __asm__ volatile("rep stosq" : "+D"(To), "+c"(Words) : "a"(Wide) : "memory");
    if (Length & sizeof(ULONG)) {
        RtlpStore32(To, Pattern);
    }
}
NT_EXPORT(RtlFillMemoryUlong);

/* Fills whole ULONGLONGs with Pattern; a length that is no multiple of eight is rounded down. */
VOID RtlFillMemoryUlonglong(PVOID Destination, SIZE_T Length, ULONGLONG Pattern)
{
    SIZE_T Words = Length / sizeof(ULONGLONG);

    __asm__ volatile("rep stosq" : "+D"(Destination), "+c"(Words) : "a"(Pattern) : "memory");
}
NT_EXPORT(RtlFillMemoryUlonglong);

/* Zeroes memory by stores that no optimiser may leave out, because nobody reads them afterwards. */
PVOID RtlSecureZeroMemory(PVOID Destination, SIZE_T Length)
{
    memset(Destination, 0, Length);
    __asm__ volatile("" : : "r"(Destination) : "memory");
    return Destination;
}
NT_EXPORT(RtlSecureZeroMemory);
