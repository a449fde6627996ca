/*
 * Numbers in counted strings ("RtlUnicodeStringToInteger" and its relatives). Bases are 2, 8, 10 and 16; base 0
 * means: as the prefix 0b, 0o or 0x says, else 10.
 *
 * IRQL: any, for resident strings.
 */
#include "rtl.h"

#define RTLP_LONGEST_NUMBER 64      /* 64 bits in base 2 */

/* Text of either width and of known length. */
typedef struct _RTLP_DIGITS {
    const VOID *Characters;
    SIZE_T Length;
    BOOLEAN Wide;
} RTLP_DIGITS;

/* The character at Index, or 0 behind the end. */
static WCHAR RtlpDigitAt(const RTLP_DIGITS *Text, SIZE_T Index)
{
    if (Index >= Text->Length) {
        return 0;
    }
    return Text->Wide ? ((PCWCH)Text->Characters)[Index] : ((const UCHAR *)Text->Characters)[Index];
}

static BOOLEAN RtlpIsBase(ULONG Base)
{
    return Base == 2 || Base == 8 || Base == 10 || Base == 16;
}

/* Parses [space][sign][prefix]digits up to the first character that is no digit; what overflows is lost on top. */
static NTSTATUS RtlpParseNumber(const RTLP_DIGITS *Text, ULONG Base, PULONG Value)
{
    SIZE_T Next = 0;
    ULONG Result = 0;
    BOOLEAN Negative;

    if (Base != 0 && !RtlpIsBase(Base)) {
        return STATUS_INVALID_PARAMETER;
    }
    while (Next < Text->Length && RtlpDigitAt(Text, Next) <= ' ') {
        Next++;
    }
    Negative = RtlpDigitAt(Text, Next) == '-';
    if (Negative || RtlpDigitAt(Text, Next) == '+') {
        Next++;
    }
    if (Base == 0) {
        WCHAR Letter = RtlpDigitAt(Text, Next) == '0' ? RtlpDigitAt(Text, Next + 1) : 0;
        Base = Letter == 'x' ? 16 : Letter == 'o' ? 8 : Letter == 'b' ? 2 : 10;
        Next += Base == 10 ? 0 : 2;
    }
    for (;; Next++) {
        WCHAR Character = RtlpDigitAt(Text, Next);
        ULONG Digit;
        if (isdigit(Character)) {
            Digit = Character - '0';
        } else if (isxdigit(Character)) {
            Digit = (ULONG)tolower(Character) - 'a' + 10;
        } else {
            break;
        }
        if (Digit >= Base) {
            break;
        }
        Result = Result * Base + Digit;
    }
    *Value = Negative ? 0 - Result : Result;
    return STATUS_SUCCESS;
}

/* Fails with STATUS_INVALID_PARAMETER for an empty string or a base that is not documented. */
NTSTATUS RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    RTLP_DIGITS Text = {String->Buffer, String->Length / sizeof(WCHAR), TRUE};

    return Text.Length == 0 ? STATUS_INVALID_PARAMETER : RtlpParseNumber(&Text, Base, Value);
}
NT_EXPORT(RtlUnicodeStringToInteger);

/* The same for 8-bit text that ends in a null, where empty text is the number zero. */
NTSTATUS RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value)
{
    RTLP_DIGITS Text = {String, strlen(String), FALSE};

    return RtlpParseNumber(&Text, Base, Value);
}
NT_EXPORT(RtlCharToInteger);

/*
 * Writes Value with a null behind it; hexadecimal digits are capitals and there is no prefix. Fails with
 * STATUS_INVALID_PARAMETER (base) or STATUS_BUFFER_OVERFLOW (no room), and then leaves String alone.
 */
NTSTATUS RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String)
{
    CHAR Digits[RTLP_LONGEST_NUMBER];
    SIZE_T Count = 0;

    if (Base == 0) {
        Base = 10;
    }
    if (!RtlpIsBase(Base)) {
        return STATUS_INVALID_PARAMETER;
    }
    do {
        Digits[Count++] = "0123456789ABCDEF"[Value % Base];
        Value /= Base;
    } while (Value != 0);
    if ((Count + 1) * sizeof(WCHAR) > String->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (SIZE_T Index = 0; Index < Count; Index++) {
        String->Buffer[Index] = (UCHAR)Digits[Count - 1 - Index];
    }
    String->Buffer[Count] = 0;
    String->Length = (USHORT)(Count * sizeof(WCHAR));
    return STATUS_SUCCESS;
}
NT_EXPORT(RtlInt64ToUnicodeString);

NTSTATUS RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    return RtlInt64ToUnicodeString(Value, Base, String);
}
NT_EXPORT(RtlIntegerToUnicodeString);
