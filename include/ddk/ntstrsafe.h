/*
 * ntstrsafe.h: string routines that know the size of their buffer ("Summary of Kernel-Mode Safe String Functions").
 * Counts are in characters (Cch) or bytes (Cb) and include the null, which is always stored: a text that does not fit
 * is cut and the result is STATUS_BUFFER_OVERFLOW; a size of 0 or beyond NTSTRSAFE_MAX_CCH is STATUS_INVALID_PARAMETER
 * and the buffer is left alone.
 *
 * All of it is inline, so a driver carries what it uses in its own sections. IRQL: any, for resident memory.
 */
#pragma once

#include "ntdef.h"
#include "ntstatus.h"
#include "ntcrt.h"

#define STRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_MAX_CCH STRSAFE_MAX_CCH
#define STRSAFE_MAX_LENGTH (STRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xFFFF / sizeof(WCHAR))

/* Flags of the Ex routines. The low byte is what FILL flags fill with. */
#define STRSAFE_IGNORE_NULLS        0x00000100  /* null pointers are empty strings */
#define STRSAFE_FILL_BEHIND_NULL    0x00000200  /* success: fill what is behind the text */
#define STRSAFE_FILL_ON_FAILURE     0x00000400  /* failure: fill the whole buffer, with a null at its end */
#define STRSAFE_NULL_ON_FAILURE     0x00000800  /* failure: leave an empty string */
#define STRSAFE_NO_TRUNCATION       0x00001000  /* a text that does not fit leaves the buffer as it was, or empty */
#define STRSAFE_VALID_FLAGS         0x00001FFF
#define STRSAFE_FILL_BYTE(Byte)     ((ULONG)((Byte) & 0xFF) | STRSAFE_FILL_BEHIND_NULL)
#define STRSAFE_FAILURE_BYTE(Byte)  ((ULONG)((Byte) & 0xFF) | STRSAFE_FILL_ON_FAILURE)
#define STRSAFE_ZERO_LENGTH_ON_FAILURE STRSAFE_NULL_ON_FAILURE

typedef CHAR *NTSTRSAFE_PSTR, *STRSAFE_LPSTR;
typedef const CHAR *NTSTRSAFE_PCSTR, *STRSAFE_LPCSTR;
typedef WCHAR *NTSTRSAFE_PWSTR, *STRSAFE_LPWSTR;
typedef const WCHAR *NTSTRSAFE_PCWSTR, *STRSAFE_LPCWSTR;

/* The families, once for each width of character. */
#define STRSAFE_CHARACTER CHAR
#define STRSAFE_NAMED(Name) Name##A
#define STRSAFE_PRINT _vsnprintf
#include "strsafefamily.h"
#undef STRSAFE_CHARACTER
#undef STRSAFE_NAMED
#undef STRSAFE_PRINT

#define STRSAFE_CHARACTER WCHAR
#define STRSAFE_NAMED(Name) Name##W
#define STRSAFE_PRINT _vsnwprintf
#include "strsafefamily.h"
#undef STRSAFE_CHARACTER
#undef STRSAFE_NAMED
#undef STRSAFE_PRINT

/* Counted strings: no null is needed or counted; what does not fit is cut with STATUS_BUFFER_OVERFLOW. -------------- */

static inline NTSTATUS RtlUnicodeStringValidate(const UNICODE_STRING *SourceString)
{
    if (SourceString == NULL || SourceString->Length % sizeof(WCHAR) != 0 ||
        SourceString->MaximumLength % sizeof(WCHAR) != 0 || SourceString->Length > SourceString->MaximumLength ||
        (SourceString->Buffer == NULL && SourceString->MaximumLength != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

static inline NTSTATUS RtlUnicodeStringInit(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc)
{
    size_t Length = pszSrc == NULL ? 0 : wcsnlen(pszSrc, NTSTRSAFE_UNICODE_STRING_MAX_CCH);

    if (Length == NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    DestinationString->Length = (USHORT)(Length * sizeof(WCHAR));
    DestinationString->MaximumLength = pszSrc == NULL ? 0 : (USHORT)((Length + 1) * sizeof(WCHAR));
    DestinationString->Buffer = (PWCHAR)pszSrc;
    return STATUS_SUCCESS;
}

/* Puts Count characters behind the first Kept of the string. */
static inline NTSTATUS RtlpUnicodeStringPut(PUNICODE_STRING String, size_t Kept, const WCHAR *Source, size_t Count)
{
    size_t Room = String->MaximumLength / sizeof(WCHAR) - Kept;
    size_t Stored = Count < Room ? Count : Room;

    if (Stored != 0) {
        memmove(String->Buffer + Kept, Source, Stored * sizeof(WCHAR));
    }
    String->Length = (USHORT)((Kept + Stored) * sizeof(WCHAR));
    return Stored < Count ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static inline NTSTATUS RtlUnicodeStringCopyString(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc)
{
    NTSTATUS Status = RtlUnicodeStringValidate(DestinationString);

    return NT_SUCCESS(Status) ? RtlpUnicodeStringPut(DestinationString, 0, pszSrc, wcslen(pszSrc)) : Status;
}

static inline NTSTATUS RtlUnicodeStringCopy(PUNICODE_STRING DestinationString, const UNICODE_STRING *SourceString)
{
    if (!NT_SUCCESS(RtlUnicodeStringValidate(DestinationString)) ||
        !NT_SUCCESS(RtlUnicodeStringValidate(SourceString))) {
        return STATUS_INVALID_PARAMETER;
    }
    return RtlpUnicodeStringPut(DestinationString, 0, SourceString->Buffer, SourceString->Length / sizeof(WCHAR));
}

static inline NTSTATUS RtlUnicodeStringCatString(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc)
{
    NTSTATUS Status = RtlUnicodeStringValidate(DestinationString);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return RtlpUnicodeStringPut(DestinationString, DestinationString->Length / sizeof(WCHAR), pszSrc, wcslen(pszSrc));
}

static inline NTSTATUS RtlUnicodeStringCat(PUNICODE_STRING DestinationString, const UNICODE_STRING *SourceString)
{
    if (!NT_SUCCESS(RtlUnicodeStringValidate(DestinationString)) ||
        !NT_SUCCESS(RtlUnicodeStringValidate(SourceString))) {
        return STATUS_INVALID_PARAMETER;
    }
    return RtlpUnicodeStringPut(DestinationString, DestinationString->Length / sizeof(WCHAR), SourceString->Buffer,
                                SourceString->Length / sizeof(WCHAR));
}

/* RemainingString (optional) receives the part of the buffer behind the text, as an empty string. */
static inline NTSTATUS RtlUnicodeStringVPrintfEx(PUNICODE_STRING DestinationString, PUNICODE_STRING RemainingString,
                                                 ULONG dwFlags, NTSTRSAFE_PCWSTR pszFormat, va_list argList)
{
    NTSTATUS Status = RtlUnicodeStringValidate(DestinationString);
    size_t Room, Used;
    int Length;

    if (!NT_SUCCESS(Status) || (dwFlags & ~STRSAFE_VALID_FLAGS) != 0 ||
        (pszFormat == NULL && !(dwFlags & STRSAFE_IGNORE_NULLS))) {
        return STATUS_INVALID_PARAMETER;
    }
    Room = DestinationString->MaximumLength / sizeof(WCHAR);
    Length = _vsnwprintf(DestinationString->Buffer, Room, pszFormat == NULL ? L"" : pszFormat, argList);
    Used = Length < 0 || (size_t)Length > Room ? Room : (size_t)Length;
    if (Length < 0 || (size_t)Length > Room) {
        Status = STATUS_BUFFER_OVERFLOW;
        if (dwFlags & (STRSAFE_NO_TRUNCATION | STRSAFE_ZERO_LENGTH_ON_FAILURE | STRSAFE_FILL_ON_FAILURE)) {
            Used = 0;
        }
        if (dwFlags & STRSAFE_FILL_ON_FAILURE) {
            memset(DestinationString->Buffer, (UCHAR)dwFlags, Room * sizeof(WCHAR));
        }
    } else if (dwFlags & STRSAFE_FILL_BEHIND_NULL) {
        memset(DestinationString->Buffer + Used, (UCHAR)dwFlags, (Room - Used) * sizeof(WCHAR));
    }
    DestinationString->Length = (USHORT)(Used * sizeof(WCHAR));
    if (RemainingString != NULL) {
        RemainingString->Length = 0;
        RemainingString->MaximumLength = (USHORT)(DestinationString->MaximumLength - DestinationString->Length);
        RemainingString->Buffer = DestinationString->Buffer + Used;
    }
    return Status;
}

static inline NTSTATUS RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszFormat,
                                               va_list argList)
{
    return RtlUnicodeStringVPrintfEx(DestinationString, NULL, 0, pszFormat, argList);
}

static inline NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszFormat, ...)
{
    va_list Arguments;
    NTSTATUS Status;

    va_start(Arguments, pszFormat);
    Status = RtlUnicodeStringVPrintfEx(DestinationString, NULL, 0, pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}

static inline NTSTATUS RtlUnicodeStringPrintfEx(PUNICODE_STRING DestinationString, PUNICODE_STRING RemainingString,
                                                ULONG dwFlags, NTSTRSAFE_PCWSTR pszFormat, ...)
{
    va_list Arguments;
    NTSTATUS Status;

    va_start(Arguments, pszFormat);
    Status = RtlUnicodeStringVPrintfEx(DestinationString, RemainingString, dwFlags, pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}
