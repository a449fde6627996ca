/*
 * Counted strings: initialise, compare, copy, append. Lengths are in bytes, buffers need not end in a null; where
 * there is room behind the text of a destination a null is stored, because debuggers and careless readers like it.
 *
 * IRQL: any, for resident strings.
 */
#include "rtl.h"

/* The longest text that leaves room for its null in a USHORT of bytes. */
#define RTLP_LONGEST_ANSI       (MAXUSHORT - 1)
#define RTLP_LONGEST_UNICODE    (MAXUSHORT - 1 - sizeof(WCHAR))

/* A null source makes an empty string without a buffer; a longer one than a counted string can say is cut. */
VOID RtlInitAnsiString(PANSI_STRING Destination, PCSZ Source)
{
    SIZE_T Length = Source == NULL ? 0 : strnlen(Source, RTLP_LONGEST_ANSI);

    Destination->Length = (USHORT)Length;
    Destination->MaximumLength = Source == NULL ? 0 : (USHORT)(Length + 1);
    Destination->Buffer = (PCHAR)Source;
}
NT_EXPORT(RtlInitAnsiString);

VOID RtlInitString(PSTRING Destination, PCSZ Source)
{
    RtlInitAnsiString(Destination, Source);
}
NT_EXPORT(RtlInitString);

VOID RtlInitUnicodeString(PUNICODE_STRING Destination, PCWSTR Source)
{
    SIZE_T Length = Source == NULL ? 0 : wcsnlen(Source, RTLP_LONGEST_UNICODE / sizeof(WCHAR)) * sizeof(WCHAR);

    Destination->Length = (USHORT)Length;
    Destination->MaximumLength = Source == NULL ? 0 : (USHORT)(Length + sizeof(WCHAR));
    Destination->Buffer = (PWCHAR)Source;
}
NT_EXPORT(RtlInitUnicodeString);

/* The same, but a source that is too long fails with STATUS_NAME_TOO_LONG and leaves Destination alone. */
NTSTATUS RtlInitUnicodeStringEx(PUNICODE_STRING Destination, PCWSTR Source)
{
    SIZE_T Limit = RTLP_LONGEST_UNICODE / sizeof(WCHAR);

    if (Source != NULL && wcsnlen(Source, Limit + 1) > Limit) {
        return STATUS_NAME_TOO_LONG;
    }
    RtlInitUnicodeString(Destination, Source);
    return STATUS_SUCCESS;
}
NT_EXPORT(RtlInitUnicodeStringEx);

/* Orders by the first character that differs, then by length: below, equal or above zero. */
LONG RtlCompareString(const STRING *First, const STRING *Second, BOOLEAN CaseInSensitive)
{
    USHORT Common = min(First->Length, Second->Length);

    for (USHORT Index = 0; Index < Common; Index++) {
        CHAR A = First->Buffer[Index];
        CHAR B = Second->Buffer[Index];
        if (A != B && CaseInSensitive) {
            A = RtlUpperChar(A);
            B = RtlUpperChar(B);
        }
        if (A != B) {
            return (UCHAR)A - (UCHAR)B;
        }
    }
    return First->Length - Second->Length;
}
NT_EXPORT(RtlCompareString);

BOOLEAN RtlEqualString(const STRING *First, const STRING *Second, BOOLEAN CaseInSensitive)
{
    return First->Length == Second->Length && RtlCompareString(First, Second, CaseInSensitive) == 0;
}
NT_EXPORT(RtlEqualString);

/* Copies as much of Source as fits; a null Source empties Destination. */
VOID RtlCopyString(PSTRING Destination, const STRING *Source)
{
    USHORT Length = Source == NULL ? 0 : min(Source->Length, Destination->MaximumLength);

    if (Length != 0) {
        memmove(Destination->Buffer, Source->Buffer, Length);
    }
    Destination->Length = Length;
}
NT_EXPORT(RtlCopyString);

/* Copies Source, as much as fits, in upper case. */
VOID RtlUpperString(PSTRING Destination, const STRING *Source)
{
    USHORT Length = min(Source->Length, Destination->MaximumLength);

    for (USHORT Index = 0; Index < Length; Index++) {
        Destination->Buffer[Index] = RtlUpperChar(Source->Buffer[Index]);
    }
    Destination->Length = Length;
}
NT_EXPORT(RtlUpperString);

/* Compares Characters code units; the difference of the first pair that differs, or zero. */
static LONG RtlpCompareWide(PCWCH First, PCWCH Second, SIZE_T Characters, BOOLEAN CaseInSensitive)
{
    for (SIZE_T Index = 0; Index < Characters; Index++) {
        WCHAR A = First[Index];
        WCHAR B = Second[Index];
        if (A != B && CaseInSensitive) {
            A = RtlUpcaseUnicodeChar(A);
            B = RtlUpcaseUnicodeChar(B);
        }
        if (A != B) {
            return A - B;
        }
    }
    return 0;
}

/* Orders by the first character that differs, then by length: below, equal or above zero. */
LONG RtlCompareUnicodeString(PCUNICODE_STRING First, PCUNICODE_STRING Second, BOOLEAN CaseInSensitive)
{
    SIZE_T Common = min(First->Length, Second->Length) / sizeof(WCHAR);
    LONG Difference = RtlpCompareWide(First->Buffer, Second->Buffer, Common, CaseInSensitive);

    return Difference != 0 ? Difference : First->Length - Second->Length;
}
NT_EXPORT(RtlCompareUnicodeString);

BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING First, PCUNICODE_STRING Second, BOOLEAN CaseInSensitive)
{
    return First->Length == Second->Length && RtlCompareUnicodeString(First, Second, CaseInSensitive) == 0;
}
NT_EXPORT(RtlEqualUnicodeString);

/* Whether String begins with Prefix. */
BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING Prefix, PCUNICODE_STRING String, BOOLEAN CaseInSensitive)
{
    return Prefix->Length <= String->Length &&
        RtlpCompareWide(Prefix->Buffer, String->Buffer, Prefix->Length / sizeof(WCHAR), CaseInSensitive) == 0;
}
NT_EXPORT(RtlPrefixUnicodeString);

static VOID RtlpEndWithNull(PUNICODE_STRING String)
{
    if (String->MaximumLength - String->Length >= (LONG)sizeof(WCHAR)) {
        String->Buffer[String->Length / sizeof(WCHAR)] = 0;
    }
}

/* Copies as much of Source as fits; a null Source empties Destination. */
VOID RtlCopyUnicodeString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    USHORT Length;

    if (Source == NULL) {
        Destination->Length = 0;
        return;
    }
    Length = min(Source->Length, Destination->MaximumLength) & ~1u;
    if (Length != 0) {
        memmove(Destination->Buffer, Source->Buffer, Length);
    }
    Destination->Length = Length;
    RtlpEndWithNull(Destination);
}
NT_EXPORT(RtlCopyUnicodeString);

/* Appends Length bytes, or changes nothing and returns STATUS_BUFFER_TOO_SMALL. */
static NTSTATUS RtlpAppendWide(PUNICODE_STRING Destination, PCWCH Source, SIZE_T Length)
{
    if (Length > (SIZE_T)Destination->MaximumLength - min(Destination->Length, Destination->MaximumLength)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (Length != 0) {
        memmove((PUCHAR)Destination->Buffer + Destination->Length, Source, Length);
        Destination->Length = (USHORT)(Destination->Length + Length);
        RtlpEndWithNull(Destination);
    }
    return STATUS_SUCCESS;
}

/* Appends a string that ends in a null; a null pointer appends nothing. */
NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    return Source == NULL ? STATUS_SUCCESS : RtlpAppendWide(Destination, Source, wcslen(Source) * sizeof(WCHAR));
}
NT_EXPORT(RtlAppendUnicodeToString);

NTSTATUS RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    return RtlpAppendWide(Destination, Source->Buffer, Source->Length);
}
NT_EXPORT(RtlAppendUnicodeStringToString);

/* The documented hash: each character adds to 65599 times what was there. */
NTSTATUS RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive, ULONG Algorithm, PULONG Hash)
{
    ULONG Value = 0;

    if (String == NULL || Hash == NULL ||
        (Algorithm != HASH_STRING_ALGORITHM_DEFAULT && Algorithm != HASH_STRING_ALGORITHM_X65599)) {
        return STATUS_INVALID_PARAMETER;
    }
    for (SIZE_T Index = 0; Index < String->Length / sizeof(WCHAR); Index++) {
        WCHAR Character = String->Buffer[Index];
        Value = Value * 65599 + (CaseInSensitive ? RtlUpcaseUnicodeChar(Character) : Character);
    }
    *Hash = Value;
    return STATUS_SUCCESS;
}
NT_EXPORT(RtlHashUnicodeString);
