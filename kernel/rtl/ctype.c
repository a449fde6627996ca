/*
 * Character classes and number parsing for ASCII text, as the C library defines them for the "C" locale.
 *
 * IRQL: any.
 */
#include "rtl.h"

int isupper(int Character) { return Character >= 'A' && Character <= 'Z'; }
int islower(int Character) { return Character >= 'a' && Character <= 'z'; }
int isdigit(int Character) { return Character >= '0' && Character <= '9'; }
int isalpha(int Character) { return isupper(Character) || islower(Character); }
int isalnum(int Character) { return isalpha(Character) || isdigit(Character); }
int isspace(int Character) { return Character == ' ' || (Character >= '\t' && Character <= '\r'); }
int isprint(int Character) { return Character >= ' ' && Character <= '~'; }
int toupper(int Character) { return islower(Character) ? Character - 'a' + 'A' : Character; }
int tolower(int Character) { return isupper(Character) ? Character - 'A' + 'a' : Character; }
NT_EXPORT(isupper);
NT_EXPORT(islower);
NT_EXPORT(isdigit);
NT_EXPORT(isalpha);
NT_EXPORT(isalnum);
NT_EXPORT(isspace);
NT_EXPORT(isprint);
NT_EXPORT(toupper);
NT_EXPORT(tolower);

int isxdigit(int Character)
{
    int Lower = tolower(Character);

    return isdigit(Character) || (Lower >= 'a' && Lower <= 'f');
}
NT_EXPORT(isxdigit);

/* The value of a digit in bases up to 36, or 36 when the character is none. */
static unsigned RtlpDigitValue(int Character)
{
    if (isdigit(Character)) {
        return (unsigned)(Character - '0');
    }
    return isalpha(Character) ? (unsigned)(tolower(Character) - 'a') + 10 : 36;
}

/*
 * Parses [space][sign][0x|0]digits. Stores where it stopped (at Text when there was no digit), whether there was a
 * minus and whether the magnitude ran over; then the magnitude is the largest.
 */
static unsigned long RtlpParseMagnitude(const char *Text, char **End, int Base, BOOLEAN *Negative, BOOLEAN *Over)
{
    const char *Next = Text;
    const char *Stop = Text;
    unsigned long Value = 0;

    while (isspace(*Next)) {
        Next++;
    }
    *Negative = *Next == '-';
    *Over = FALSE;
    if (*Next == '-' || *Next == '+') {
        Next++;
    }
    if ((Base == 0 || Base == 16) && Next[0] == '0' && tolower(Next[1]) == 'x' && RtlpDigitValue(Next[2]) < 16) {
        Next += 2;
        Base = 16;
    } else if (Base == 0) {
        Base = *Next == '0' ? 8 : 10;
    }
    if (Base < 2 || Base > 36) {
        Base = 0;       /* no character is a digit of such a base */
    }
    for (unsigned Digit; (Digit = RtlpDigitValue(*Next)) < (unsigned)Base; Next++) {
        if (__builtin_mul_overflow(Value, (unsigned long)Base, &Value) ||
            __builtin_add_overflow(Value, Digit, &Value)) {
            *Over = TRUE;
        }
        Stop = Next + 1;
    }
    if (End != NULL) {
        *End = (char *)Stop;
    }
    return *Over ? ~0ul : Value;
}

/* Parses an unsigned number; the largest value when it does not fit. */
unsigned long strtoul(const char *Text, char **End, int Base)
{
    BOOLEAN Negative, Over;
    unsigned long Value = RtlpParseMagnitude(Text, End, Base, &Negative, &Over);

    return Negative && !Over ? -Value : Value;
}
NT_EXPORT(strtoul);

/* Parses a signed number; the nearest limit when it does not fit. */
long strtol(const char *Text, char **End, int Base)
{
    BOOLEAN Negative, Over;
    unsigned long Value = RtlpParseMagnitude(Text, End, Base, &Negative, &Over);
    unsigned long Limit = (~0ul >> 1) + Negative;

    if (Over || Value > Limit) {
        Value = Limit;
    }
    return (long)(Negative ? -Value : Value);
}
NT_EXPORT(strtol);

int atoi(const char *Text)
{
    return (int)strtol(Text, NULL, 10);
}
NT_EXPORT(atoi);
