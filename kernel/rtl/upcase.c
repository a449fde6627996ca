/*
 * Upper and lower case of 16-bit characters: Latin, Greek, Cyrillic and Armenian, one letter to one letter, as
 * names in the name space are compared.
 *
 * The alphabets are runs: in a run with stride 1 every letter has its partner at a fixed distance; in a run with
 * stride 2 capital and small letter alternate, so every second character is a small letter with its capital just
 * before it. Letters whose partner is not unique (the long s, the final sigma, the micro sign) have none here, so
 * that going up and down again always comes back.
 *
 * IRQL: any.
 */
#include "rtl.h"

typedef struct _RTLP_CASE_RUN {
    WCHAR FirstLower;
    WCHAR LastLower;
    UCHAR Stride;
    SHORT ToUpper;          /* what to add to a small letter */
} RTLP_CASE_RUN;

/* Ordered by FirstLower. */
static const RTLP_CASE_RUN RtlpCaseRuns[] = {
    {0x0061, 0x007A, 1, -32},       /* a to z */
    {0x00E0, 0x00F6, 1, -32},       /* Latin-1, up to the division sign */
    {0x00F8, 0x00FE, 1, -32},
    {0x00FF, 0x00FF, 1, 121},       /* y with diaeresis */
    {0x0101, 0x012F, 2, -1},        /* Latin Extended-A */
    {0x0133, 0x0137, 2, -1},
    {0x013A, 0x0148, 2, -1},
    {0x014B, 0x0177, 2, -1},
    {0x017A, 0x017E, 2, -1},
    {0x03AC, 0x03AC, 1, -38},       /* Greek letters with tonos */
    {0x03AD, 0x03AF, 1, -37},
    {0x03B1, 0x03C1, 1, -32},       /* Greek, up to the final sigma */
    {0x03C3, 0x03CB, 1, -32},
    {0x03CC, 0x03CC, 1, -64},
    {0x03CD, 0x03CE, 1, -63},
    {0x0430, 0x044F, 1, -32},       /* Cyrillic */
    {0x0450, 0x045F, 1, -80},
    {0x0461, 0x0481, 2, -1},
    {0x048B, 0x04BF, 2, -1},
    {0x0561, 0x0586, 1, -48},       /* Armenian */
};

WCHAR RtlUpcaseUnicodeChar(WCHAR Character)
{
    if (Character < 0x80) {
        return (WCHAR)toupper(Character);
    }
    for (SIZE_T Index = 0; Index < ARRAYSIZE(RtlpCaseRuns); Index++) {
        const RTLP_CASE_RUN *Run = &RtlpCaseRuns[Index];
        if (Character < Run->FirstLower) {
            break;
        }
        if (Character <= Run->LastLower && (Character - Run->FirstLower) % Run->Stride == 0) {
            return (WCHAR)(Character + Run->ToUpper);
        }
    }
    return Character;
}
NT_EXPORT(RtlUpcaseUnicodeChar);

WCHAR RtlDowncaseUnicodeChar(WCHAR Character)
{
    if (Character < 0x80) {
        return (WCHAR)tolower(Character);
    }
    for (SIZE_T Index = 0; Index < ARRAYSIZE(RtlpCaseRuns); Index++) {
        const RTLP_CASE_RUN *Run = &RtlpCaseRuns[Index];
        LONG Lower = Character - Run->ToUpper;
        if (Lower >= Run->FirstLower && Lower <= Run->LastLower && (Lower - Run->FirstLower) % Run->Stride == 0) {
            return (WCHAR)Lower;
        }
    }
    return Character;
}
NT_EXPORT(RtlDowncaseUnicodeChar);

/* Upper case of an 8-bit character; y with diaeresis has its capital outside ISO 8859-1 and stays. */
CHAR RtlUpperChar(CHAR Character)
{
    WCHAR Upper = RtlUpcaseUnicodeChar((UCHAR)Character);

    return Upper <= 0xFF ? (CHAR)Upper : Character;
}
NT_EXPORT(RtlUpperChar);
