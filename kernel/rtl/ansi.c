/*
 * Conversions that make a string from a string: 8 bits to 16 and back, upper and lower case. Each either fills the
 * caller's buffer or allocates one from paged pool, to be given back by RtlFreeUnicodeString or RtlFreeAnsiString.
 *
 * IRQL: APC_LEVEL at most where a buffer is allocated or freed, else any for resident strings.
 */
#include "rtl.h"
#include "executive.h"

#define RTLP_STRING_TAG 'grtS'

typedef WCHAR (*RTLP_CASE_ROUTINE)(WCHAR Character);

/* Bytes that the converted string takes with its null. */
ULONG RtlxAnsiStringToUnicodeSize(PCANSI_STRING String)
{
    return (String->Length + 1u) * sizeof(WCHAR);
}
NT_EXPORT(RtlxAnsiStringToUnicodeSize);

ULONG RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING String)
{
    return String->Length / sizeof(WCHAR) + 1u;
}
NT_EXPORT(RtlxUnicodeStringToAnsiSize);

/*
 * Fails with STATUS_INVALID_PARAMETER_2 when the result is longer than a counted string can say, STATUS_NO_MEMORY,
 * or, for a caller's buffer without room for text and null, STATUS_BUFFER_OVERFLOW with nothing converted.
 */
NTSTATUS RtlAnsiStringToUnicodeString(PUNICODE_STRING Destination, PCANSI_STRING Source, BOOLEAN AllocateDestination)
{
    ULONG Size = RtlxAnsiStringToUnicodeSize(Source);

    if (Size > MAXUSHORT) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (AllocateDestination) {
        PWCHAR Buffer = ExAllocatePoolWithTag(PagedPool, Size, RTLP_STRING_TAG);
        if (Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        Destination->Buffer = Buffer;
        Destination->MaximumLength = (USHORT)Size;
    } else if (Destination->MaximumLength < Size) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (USHORT Index = 0; Index < Source->Length; Index++) {
        Destination->Buffer[Index] = (UCHAR)Source->Buffer[Index];
    }
    Destination->Buffer[Source->Length] = 0;
    Destination->Length = (USHORT)(Size - sizeof(WCHAR));
    return STATUS_SUCCESS;
}
NT_EXPORT(RtlAnsiStringToUnicodeString);

/*
 * Fails with STATUS_NO_MEMORY; a caller's buffer that is too small receives what fits and its null, and
 * STATUS_BUFFER_OVERFLOW says so.
 */
NTSTATUS RtlUnicodeStringToAnsiString(PANSI_STRING Destination, PCUNICODE_STRING Source, BOOLEAN AllocateDestination)
{
    ULONG Size = RtlxUnicodeStringToAnsiSize(Source);
    NTSTATUS Status = STATUS_SUCCESS;

    if (AllocateDestination) {
        PCHAR Buffer = ExAllocatePoolWithTag(PagedPool, Size, RTLP_STRING_TAG);
        if (Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        Destination->Buffer = Buffer;
        Destination->MaximumLength = (USHORT)Size;
    } else if (Destination->MaximumLength < Size) {
        if (Destination->MaximumLength == 0) {
            return STATUS_BUFFER_OVERFLOW;
        }
        Size = Destination->MaximumLength;
        Status = STATUS_BUFFER_OVERFLOW;
    }
    for (ULONG Index = 0; Index < Size - 1; Index++) {
        WCHAR Character = Source->Buffer[Index];
        Destination->Buffer[Index] = Character <= 0xFF ? (CHAR)Character : '?';
    }
    Destination->Buffer[Size - 1] = 0;
    Destination->Length = (USHORT)(Size - 1);
    return Status;
}
NT_EXPORT(RtlUnicodeStringToAnsiString);

/* Source with every character through Convert; STATUS_BUFFER_OVERFLOW when a caller's buffer is too small. */
static NTSTATUS RtlpConvertCase(PUNICODE_STRING Destination, PCUNICODE_STRING Source, BOOLEAN AllocateDestination,
                                RTLP_CASE_ROUTINE Convert)
{
    if (AllocateDestination) {
        PWCHAR Buffer = ExAllocatePoolWithTag(PagedPool, Source->Length + sizeof(WCHAR), RTLP_STRING_TAG);
        if (Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        Buffer[Source->Length / sizeof(WCHAR)] = 0;
        Destination->Buffer = Buffer;
        Destination->MaximumLength = Source->Length;
    } else if (Source->Length > Destination->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (SIZE_T Index = 0; Index < Source->Length / sizeof(WCHAR); Index++) {
        Destination->Buffer[Index] = Convert(Source->Buffer[Index]);
    }
    Destination->Length = Source->Length;
    return STATUS_SUCCESS;
}

NTSTATUS RtlUpcaseUnicodeString(PUNICODE_STRING Destination, PCUNICODE_STRING Source, BOOLEAN AllocateDestination)
{
    return RtlpConvertCase(Destination, Source, AllocateDestination, RtlUpcaseUnicodeChar);
}
NT_EXPORT(RtlUpcaseUnicodeString);

NTSTATUS RtlDowncaseUnicodeString(PUNICODE_STRING Destination, PCUNICODE_STRING Source, BOOLEAN AllocateDestination)
{
    return RtlpConvertCase(Destination, Source, AllocateDestination, RtlDowncaseUnicodeChar);
}
NT_EXPORT(RtlDowncaseUnicodeString);

/* Gives the buffer back, whatever tag it was allocated with, and empties the string; freeing twice does nothing. */
VOID RtlFreeUnicodeString(PUNICODE_STRING String)
{
    if (String->Buffer != NULL) {
        ExFreePool(String->Buffer);
        *String = (UNICODE_STRING){0, 0, NULL};
    }
}
NT_EXPORT(RtlFreeUnicodeString);

VOID RtlFreeAnsiString(PANSI_STRING String)
{
    if (String->Buffer != NULL) {
        ExFreePool(String->Buffer);
        *String = (ANSI_STRING){0, 0, NULL};
    }
}
NT_EXPORT(RtlFreeAnsiString);
