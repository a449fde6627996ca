/*
 * 16-bit strings that end in a null: the wcs* subset that drivers use. Comparisons are of unsigned code units.
 *
 * IRQL: any, for resident strings.
 */
#include "rtl.h"

size_t wcslen(const WCHAR *Text)
{
    const WCHAR *End = Text;

    while (*End != 0) {
        End++;
    }
    return (size_t)(End - Text);
}
NT_EXPORT(wcslen);

size_t wcsnlen(const WCHAR *Text, size_t Limit)
{
    size_t Length = 0;

    while (Length < Limit && Text[Length] != 0) {
        Length++;
    }
    return Length;
}
NT_EXPORT(wcsnlen);

WCHAR *wcscpy(WCHAR *Destination, const WCHAR *Source)
{
    memcpy(Destination, Source, (wcslen(Source) + 1) * sizeof(WCHAR));
    return Destination;
}
NT_EXPORT(wcscpy);

/* Copies at most Count characters and fills the rest with nulls; without room there is no null. */
WCHAR *wcsncpy(WCHAR *Destination, const WCHAR *Source, size_t Count)
{
    size_t Length = wcsnlen(Source, Count);

    memcpy(Destination, Source, Length * sizeof(WCHAR));
    memset(Destination + Length, 0, (Count - Length) * sizeof(WCHAR));
    return Destination;
}
NT_EXPORT(wcsncpy);

WCHAR *wcscat(WCHAR *Destination, const WCHAR *Source)
{
    wcscpy(Destination + wcslen(Destination), Source);
    return Destination;
}
NT_EXPORT(wcscat);

/* Appends at most Count characters and always a null. */
WCHAR *wcsncat(WCHAR *Destination, const WCHAR *Source, size_t Count)
{
    size_t Length = wcsnlen(Source, Count);
    WCHAR *End = Destination + wcslen(Destination);

    memcpy(End, Source, Length * sizeof(WCHAR));
    End[Length] = 0;
    return Destination;
}
NT_EXPORT(wcsncat);

int wcsncmp(const WCHAR *First, const WCHAR *Second, size_t Count)
{
    for (size_t Index = 0; Index < Count; Index++) {
        int Difference = First[Index] - Second[Index];
        if (Difference != 0 || First[Index] == 0) {
            return Difference;
        }
    }
    return 0;
}
NT_EXPORT(wcsncmp);

int wcscmp(const WCHAR *First, const WCHAR *Second)
{
    return wcsncmp(First, Second, ~(size_t)0);
}
NT_EXPORT(wcscmp);

int _wcsnicmp(const WCHAR *First, const WCHAR *Second, size_t Count)
{
    for (size_t Index = 0; Index < Count; Index++) {
        int Difference = tolower(First[Index]) - tolower(Second[Index]);
        if (Difference != 0 || First[Index] == 0) {
            return Difference;
        }
    }
    return 0;
}
NT_EXPORT(_wcsnicmp);

int _wcsicmp(const WCHAR *First, const WCHAR *Second)
{
    return _wcsnicmp(First, Second, ~(size_t)0);
}
NT_EXPORT(_wcsicmp);

/* Finds the first Character, which may be the null at the end. */
WCHAR *wcschr(const WCHAR *Text, WCHAR Character)
{
    while (*Text != Character) {
        if (*Text++ == 0) {
            return NULL;
        }
    }
    return (WCHAR *)Text;
}
NT_EXPORT(wcschr);

/* Finds the last Character, which may be the null at the end. */
WCHAR *wcsrchr(const WCHAR *Text, WCHAR Character)
{
    const WCHAR *Last = NULL;

    do {
        if (*Text == Character) {
            Last = Text;
        }
    } while (*Text++ != 0);
    return (WCHAR *)Last;
}
NT_EXPORT(wcsrchr);

WCHAR *wcsstr(const WCHAR *Text, const WCHAR *Pattern)
{
    size_t Length = wcslen(Pattern);

    for (;; Text++) {
        if (wcsncmp(Text, Pattern, Length) == 0) {
            return (WCHAR *)Text;
        }
        if (*Text == 0) {
            return NULL;
        }
    }
}
NT_EXPORT(wcsstr);
