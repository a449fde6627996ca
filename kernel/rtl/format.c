/*
 * Formatted print in the NT manner ("Format specification syntax: printf and wprintf functions", and the string
 * types that DbgPrint adds). One engine sends characters to a sink; the sprintf family are sinks over a buffer.
 *
 *   %[flags][width][.precision][size]type
 *   flags   -  left-justify   +  sign   space  blank for plus   #  0x or leading 0   0  pad with zeros
 *   size    hh char  h short  l 32 bits  ll I64 j 64 bits  I32 32 bits  I z t pointer-sized  w wide
 *   d i u o x X     numbers        p   pointer: 16 upper-case digits
 *   c C   character                s S   string that ends in a null; no more than precision characters are read
 *   Z     counted string: %Z takes a STRING *, %wZ (or %lZ) a UNICODE_STRING *
 *   %%    a percent sign
 *
 * Lower-case c and s are of the format's own width, upper-case of the other; h makes them narrow, l and w wide.
 * A null string prints as (null). Anything else after % prints as it stands, so a mistake is visible in the
 * output; %n and floating point are not there. A wide character above U+00FF prints as ? in 8-bit output.
 *
 * IRQL: any.
 */
#include "rtl.h"

#define RTLP_FLAG_LEFT      0x01
#define RTLP_FLAG_PLUS      0x02
#define RTLP_FLAG_SPACE     0x04
#define RTLP_FLAG_ALTERNATE 0x08
#define RTLP_FLAG_ZERO      0x10

#define RTLP_MAXIMUM_DIGITS 22      /* 2^64 - 1 in octal */
#define RTLP_WIDEST_FIELD   0x7FFF  /* wider ones are cut to this, so that a wrong argument cannot print for minutes */

typedef enum _RTLP_SIZE {
    RtlpSizeDefault, RtlpSizeChar, RtlpSizeShort, RtlpSizeLong, RtlpSize64, RtlpSizeWide
} RTLP_SIZE;

/* A string of either width, walked the same way. */
typedef struct _RTLP_TEXT {
    const VOID *Characters;
    BOOLEAN Wide;
} RTLP_TEXT;

/* One conversion as parsed. */
typedef struct _RTLP_SPEC {
    ULONG Flags;
    LONG Width;
    LONG Precision;         /* below zero: none was given */
    RTLP_SIZE Size;
} RTLP_SPEC;

typedef struct _RTLP_OUTPUT {
    PRTL_FORMAT_SINK Sink;
    PVOID Context;
    SIZE_T Count;
} RTLP_OUTPUT;

static FORCEINLINE WCHAR RtlpTextAt(RTLP_TEXT Text, SIZE_T Index)
{
    return Text.Wide ? ((const WCHAR *)Text.Characters)[Index] : ((const UCHAR *)Text.Characters)[Index];
}

static FORCEINLINE VOID RtlpPut(RTLP_OUTPUT *Output, WCHAR Character)
{
    Output->Sink(Output->Context, Character);
    Output->Count++;
}

static VOID RtlpPutRepeated(RTLP_OUTPUT *Output, WCHAR Character, LONG Times)
{
    while (Times-- > 0) {
        RtlpPut(Output, Character);
    }
}

/* Puts Length characters padded to the width. */
static VOID RtlpPutText(RTLP_OUTPUT *Output, const RTLP_SPEC *Spec, RTLP_TEXT Text, SIZE_T Length)
{
    LONG Padding = Length < (SIZE_T)Spec->Width ? Spec->Width - (LONG)Length : 0;

    if ((Spec->Flags & RTLP_FLAG_LEFT) == 0) {
        RtlpPutRepeated(Output, Spec->Flags & RTLP_FLAG_ZERO ? '0' : ' ', Padding);
    }
    for (SIZE_T Index = 0; Index < Length; Index++) {
        RtlpPut(Output, RtlpTextAt(Text, Index));
    }
    if (Spec->Flags & RTLP_FLAG_LEFT) {
        RtlpPutRepeated(Output, ' ', Padding);
    }
}

/* Puts a string that ends in a null or at the precision, whichever comes first. */
static VOID RtlpPutString(RTLP_OUTPUT *Output, const RTLP_SPEC *Spec, RTLP_TEXT Text)
{
    SIZE_T Length = 0;

    if (Text.Characters == NULL) {
        Text = (RTLP_TEXT){"(null)", FALSE};
    }
    while ((Spec->Precision < 0 || Length < (SIZE_T)Spec->Precision) && RtlpTextAt(Text, Length) != 0) {
        Length++;
    }
    RtlpPutText(Output, Spec, Text, Length);
}

/* Puts a counted string: a STRING, or a UNICODE_STRING when Wide. The two have the same layout. */
static VOID RtlpPutCounted(RTLP_OUTPUT *Output, const RTLP_SPEC *Spec, const STRING *Counted, BOOLEAN Wide)
{
    SIZE_T Length;

    if (Counted == NULL || Counted->Buffer == NULL) {
        RtlpPutString(Output, Spec, (RTLP_TEXT){NULL, FALSE});
        return;
    }
    Length = Wide ? Counted->Length / sizeof(WCHAR) : Counted->Length;
    if (Spec->Precision >= 0 && Length > (SIZE_T)Spec->Precision) {
        Length = (SIZE_T)Spec->Precision;
    }
    RtlpPutText(Output, Spec, (RTLP_TEXT){Counted->Buffer, Wide}, Length);
}

/* Puts sign or base prefix, zeros up to the precision or width, and the digits of Value. */
static VOID RtlpPutNumber(RTLP_OUTPUT *Output, const RTLP_SPEC *Spec, ULONGLONG Value, ULONG Base, BOOLEAN Upper,
                          PCSTR Prefix)
{
    PCSTR DigitSet = Upper ? "0123456789ABCDEF" : "0123456789abcdef";
    CHAR Digits[RTLP_MAXIMUM_DIGITS];
    LONG DigitCount = 0;
    LONG PrefixLength = (LONG)strlen(Prefix);
    LONG Zeros = 0;
    LONG Padding;

    while (Value != 0) {
        Digits[DigitCount++] = DigitSet[Value % Base];
        Value /= Base;
    }
    if (Spec->Precision >= 0) {
        Zeros = min(Spec->Precision, RTLP_WIDEST_FIELD) - DigitCount;
    } else if (DigitCount == 0) {
        Zeros = 1;
    }
    if (Base == 8 && (Spec->Flags & RTLP_FLAG_ALTERNATE) && Zeros <= 0) {
        Zeros = 1;
    }
    if (Zeros < 0) {
        Zeros = 0;
    }
    Padding = Spec->Width - PrefixLength - DigitCount;
    Padding = Padding > Zeros ? Padding - Zeros : 0;
    if ((Spec->Flags & (RTLP_FLAG_ZERO | RTLP_FLAG_LEFT)) == RTLP_FLAG_ZERO && Spec->Precision < 0) {
        Zeros += Padding;
        Padding = 0;
    }
    if ((Spec->Flags & RTLP_FLAG_LEFT) == 0) {
        RtlpPutRepeated(Output, ' ', Padding);
    }
    while (*Prefix != 0) {
        RtlpPut(Output, (UCHAR)*Prefix++);
    }
    RtlpPutRepeated(Output, '0', Zeros);
    while (DigitCount > 0) {
        RtlpPut(Output, (UCHAR)Digits[--DigitCount]);
    }
    if (Spec->Flags & RTLP_FLAG_LEFT) {
        RtlpPutRepeated(Output, ' ', Padding);
    }
}

static VOID RtlpPutSigned(RTLP_OUTPUT *Output, const RTLP_SPEC *Spec, LONGLONG Value)
{
    PCSTR Sign = "";

    if (Value < 0) {
        Sign = "-";
    } else if (Spec->Flags & RTLP_FLAG_PLUS) {
        Sign = "+";
    } else if (Spec->Flags & RTLP_FLAG_SPACE) {
        Sign = " ";
    }
    RtlpPutNumber(Output, Spec, Value < 0 ? 0 - (ULONGLONG)Value : (ULONGLONG)Value, 10, FALSE, Sign);
}

static VOID RtlpPutPointer(RTLP_OUTPUT *Output, RTLP_SPEC *Spec, const VOID *Pointer)
{
    Spec->Precision = 2 * sizeof(PVOID);
    RtlpPutNumber(Output, Spec, (ULONG_PTR)Pointer, 16, TRUE, Spec->Flags & RTLP_FLAG_ALTERNATE ? "0X" : "");
}

static ULONG RtlpFlagOf(WCHAR Character)
{
    switch (Character) {
    case '-': return RTLP_FLAG_LEFT;
    case '+': return RTLP_FLAG_PLUS;
    case ' ': return RTLP_FLAG_SPACE;
    case '#': return RTLP_FLAG_ALTERNATE;
    case '0': return RTLP_FLAG_ZERO;
    default: return 0;
    }
}

/* Parses a decimal number at *Next; one that does not fit stays at the largest LONG. */
static LONG RtlpParseCount(RTLP_TEXT Format, SIZE_T *Next)
{
    LONG Value = 0;

    for (; isdigit(RtlpTextAt(Format, *Next)); (*Next)++) {
        if (__builtin_mul_overflow(Value, 10, &Value) ||
            __builtin_add_overflow(Value, RtlpTextAt(Format, *Next) - '0', &Value)) {
            Value = MAXLONG;
        }
    }
    return Value;
}

/* Parses the size letters at *Next. A lone I is pointer-sized, as are z and t. */
static RTLP_SIZE RtlpParseSize(RTLP_TEXT Format, SIZE_T *Next)
{
    WCHAR First = RtlpTextAt(Format, *Next);

    switch (First) {
    case 'h':
    case 'l':
        (*Next)++;
        if (RtlpTextAt(Format, *Next) == First) {
            (*Next)++;
            return First == 'h' ? RtlpSizeChar : RtlpSize64;
        }
        return First == 'h' ? RtlpSizeShort : RtlpSizeLong;
    case 'I':
        (*Next)++;
        if (RtlpTextAt(Format, *Next) == '3' && RtlpTextAt(Format, *Next + 1) == '2') {
            *Next += 2;
            return RtlpSizeDefault;
        }
        if (RtlpTextAt(Format, *Next) == '6' && RtlpTextAt(Format, *Next + 1) == '4') {
            *Next += 2;
        }
        return RtlpSize64;
    case 'j':
    case 'z':
    case 't':
        (*Next)++;
        return RtlpSize64;
    case 'w':
        (*Next)++;
        return RtlpSizeWide;
    default:
        return RtlpSizeDefault;
    }
}

/* Whether a c or s conversion is wide: OwnWidth says that the letter is lower case, the format's own width. */
static BOOLEAN RtlpIsWide(RTLP_SIZE Size, BOOLEAN OwnWidth, BOOLEAN FormatWide)
{
    switch (Size) {
    case RtlpSizeLong:
    case RtlpSize64:
    case RtlpSizeWide:
        return TRUE;
    case RtlpSizeShort:
    case RtlpSizeChar:
        return FALSE;
    default:
        return OwnWidth ? FormatWide : !FormatWide;
    }
}

static SIZE_T RtlpFormatText(PRTL_FORMAT_SINK Sink, PVOID Context, RTLP_TEXT Format, va_list CallerArguments)
{
    RTLP_OUTPUT Output = {Sink, Context, 0};
    va_list Arguments;
    SIZE_T Next = 0;

    va_copy(Arguments, CallerArguments);
    for (WCHAR Character; (Character = RtlpTextAt(Format, Next)) != 0;) {
        SIZE_T Start = Next++;
        RTLP_SPEC Spec = {0, 0, -1, RtlpSizeDefault};
        BOOLEAN Wide;
        WCHAR Single[1];
        WCHAR Type;

        if (Character != '%') {
            RtlpPut(&Output, Character);
            continue;
        }
        for (ULONG Flag; (Flag = RtlpFlagOf(RtlpTextAt(Format, Next))) != 0; Next++) {
            Spec.Flags |= Flag;
        }
        if (RtlpTextAt(Format, Next) == '*') {
            Next++;
            Spec.Width = va_arg(Arguments, int);
            if (Spec.Width < 0) {
                Spec.Flags |= RTLP_FLAG_LEFT;
                Spec.Width = -max(Spec.Width, -RTLP_WIDEST_FIELD);
            }
        } else {
            Spec.Width = RtlpParseCount(Format, &Next);
        }
        if (RtlpTextAt(Format, Next) == '.') {
            Next++;
            if (RtlpTextAt(Format, Next) == '*') {
                Next++;
                Spec.Precision = va_arg(Arguments, int);
            } else {
                Spec.Precision = RtlpParseCount(Format, &Next);
            }
        }
        Spec.Width = min(Spec.Width, RTLP_WIDEST_FIELD);
        Spec.Size = RtlpParseSize(Format, &Next);
        Type = RtlpTextAt(Format, Next);
        switch (Type) {
        case 'd':
        case 'i': {
            LONGLONG Value = Spec.Size == RtlpSize64 ? va_arg(Arguments, long long) : va_arg(Arguments, int);
            if (Spec.Size == RtlpSizeShort) {
                Value = (SHORT)Value;
            } else if (Spec.Size == RtlpSizeChar) {
                Value = (SCHAR)Value;
            }
            RtlpPutSigned(&Output, &Spec, Value);
            break;
        }
        case 'u':
        case 'o':
        case 'x':
        case 'X': {
            ULONGLONG Value =
                Spec.Size == RtlpSize64 ? va_arg(Arguments, unsigned long long) : va_arg(Arguments, unsigned int);
            PCSTR Prefix = "";
            if (Spec.Size == RtlpSizeShort) {
                Value = (USHORT)Value;
            } else if (Spec.Size == RtlpSizeChar) {
                Value = (UCHAR)Value;
            }
            if ((Type == 'x' || Type == 'X') && (Spec.Flags & RTLP_FLAG_ALTERNATE) && Value != 0) {
                Prefix = Type == 'x' ? "0x" : "0X";
            }
            RtlpPutNumber(&Output, &Spec, Value, Type == 'u' ? 10 : Type == 'o' ? 8 : 16, Type == 'X', Prefix);
            break;
        }
        case 'p':
            RtlpPutPointer(&Output, &Spec, va_arg(Arguments, PVOID));
            break;
        case 'c':
        case 'C':
            Wide = RtlpIsWide(Spec.Size, Type == 'c', Format.Wide);
            Single[0] = (WCHAR)va_arg(Arguments, int);
            if (!Wide) {
                Single[0] = (UCHAR)Single[0];
            }
            RtlpPutText(&Output, &Spec, (RTLP_TEXT){Single, TRUE}, 1);
            break;
        case 's':
        case 'S':
            Wide = RtlpIsWide(Spec.Size, Type == 's', Format.Wide);
            RtlpPutString(&Output, &Spec, (RTLP_TEXT){va_arg(Arguments, PVOID), Wide});
            break;
        case 'Z':
            Wide = Spec.Size == RtlpSizeWide || Spec.Size == RtlpSizeLong;
            RtlpPutCounted(&Output, &Spec, va_arg(Arguments, PVOID), Wide);
            break;
        case '%':
            RtlpPut(&Output, '%');
            break;
        default:
            for (; Start < Next; Start++) {
                RtlpPut(&Output, RtlpTextAt(Format, Start));
            }
            continue;
        }
        Next++;
    }
    va_end(Arguments);
    return Output.Count;
}

SIZE_T RtlpFormat(PRTL_FORMAT_SINK Sink, PVOID Context, PCSTR Format, va_list Arguments)
{
    return RtlpFormatText(Sink, Context, (RTLP_TEXT){Format, FALSE}, Arguments);
}

SIZE_T RtlpFormatWide(PRTL_FORMAT_SINK Sink, PVOID Context, PCWSTR Format, va_list Arguments)
{
    return RtlpFormatText(Sink, Context, (RTLP_TEXT){Format, TRUE}, Arguments);
}
