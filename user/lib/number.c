/* 64-bit numbers from text. */
#include <stdlib.h>
#include "sdk.h"

/* The value of a digit in any base, or 36. */
static unsigned SdkDigit(char Character)
{
    if (Character >= '0' && Character <= '9')
        return (unsigned)(Character - '0');
    Character = (char)tolower(Character);
    return Character >= 'a' && Character <= 'z' ? (unsigned)(Character - 'a') + 10 : 36;
}

/* Base 0: by a leading 0x or 0, else ten. Too large a number is the largest there is, as documented. */
unsigned long long strtoull(const char *Text, char **End, int Base)
{
    unsigned long long Value = 0;
    const char *Start = Text;
    BOOL Overflow = FALSE;

    while (isspace(*Text))
        Text++;
    if ((Base == 0 || Base == 16) && Text[0] == '0' && (Text[1] == 'x' || Text[1] == 'X') && SdkDigit(Text[2]) < 16) {
        Text += 2;
        Base = 16;
    } else if (Base == 0) {
        Base = *Text == '0' ? 8 : 10;
    }
    if (SdkDigit(*Text) < (unsigned)Base)
        Start = NULL;
    for (unsigned Digit; (Digit = SdkDigit(*Text)) < (unsigned)Base; Text++) {
        if (Value > (MAXULONGLONG - Digit) / (unsigned)Base)
            Overflow = TRUE;
        Value = Value * (unsigned)Base + Digit;
    }
    if (End != NULL)
        *End = (char *)(Start != NULL ? Start : Text);
    return Overflow ? MAXULONGLONG : Value;
}
