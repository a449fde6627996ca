/*
 * Search patterns of a listing: '*' stands for any characters, '?' for one; letters match without regard to case.
 * "*.*" means everything, as it always has.
 */
#include "fs/fsp.h"

PAGED_CODE_SECTION BOOLEAN FspMatches(PCUNICODE_STRING Pattern, PCUNICODE_STRING Name)
{
    ULONG PatternLength = Pattern->Length / sizeof(WCHAR), NameLength = Name->Length / sizeof(WCHAR);
    ULONG P = 0, N = 0, Star = MAXULONG, Resume = 0;

    if (Pattern->Buffer == NULL || (PatternLength == 3 && memcmp(Pattern->Buffer, L"*.*", 3 * sizeof(WCHAR)) == 0)) {
        return TRUE;
    }
    /* On a mismatch the last star takes one character more; earlier stars need no second try. */
    while (N < NameLength) {
        if (P < PatternLength && Pattern->Buffer[P] == L'*') {
            Star = P++;
            Resume = N;
        } else if (P < PatternLength && (Pattern->Buffer[P] == L'?' || RtlUpcaseUnicodeChar(Pattern->Buffer[P]) ==
                                                                           RtlUpcaseUnicodeChar(Name->Buffer[N]))) {
            P++;
            N++;
        } else if (Star != MAXULONG) {
            P = Star + 1;
            N = ++Resume;
        } else {
            return FALSE;
        }
    }
    while (P < PatternLength && Pattern->Buffer[P] == L'*') {
        P++;
    }
    return P == PatternLength;
}
