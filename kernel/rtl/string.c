/*
 * 8-bit strings that end in a null, as the C library defines them. Comparisons are of unsigned bytes; the forms
 * that ignore case know ASCII letters.
 *
 * IRQL: any, for resident strings.
 */
#include "rtl.h"

size_t strlen(const char *Text)
{
    const char *End = Text;

    while (*End != 0) {
        End++;
    }
    return (size_t)(End - Text);
}
NT_EXPORT(strlen);

size_t strnlen(const char *Text, size_t Limit)
{
    size_t Length = 0;

    while (Length < Limit && Text[Length] != 0) {
        Length++;
    }
    return Length;
}
NT_EXPORT(strnlen);

char *strcpy(char *Destination, const char *Source)
{
    memcpy(Destination, Source, strlen(Source) + 1);
    return Destination;
}
NT_EXPORT(strcpy);

/* Copies at most Count characters and fills the rest with nulls; without room there is no null. */
char *strncpy(char *Destination, const char *Source, size_t Count)
{
    size_t Length = strnlen(Source, Count);

    memcpy(Destination, Source, Length);
    memset(Destination + Length, 0, Count - Length);
    return Destination;
}
NT_EXPORT(strncpy);

char *strcat(char *Destination, const char *Source)
{
    strcpy(Destination + strlen(Destination), Source);
    return Destination;
}
NT_EXPORT(strcat);

/* Appends at most Count characters and always a null. */
char *strncat(char *Destination, const char *Source, size_t Count)
{
    size_t Length = strnlen(Source, Count);
    char *End = Destination + strlen(Destination);

    memcpy(End, Source, Length);
    End[Length] = 0;
    return Destination;
}
NT_EXPORT(strncat);

int strncmp(const char *First, const char *Second, size_t Count)
{
    for (size_t Index = 0; Index < Count; Index++) {
        int Difference = (UCHAR)First[Index] - (UCHAR)Second[Index];
        if (Difference != 0 || First[Index] == 0) {
            return Difference;
        }
    }
    return 0;
}
NT_EXPORT(strncmp);

int strcmp(const char *First, const char *Second)
{
    return strncmp(First, Second, ~(size_t)0);
}
NT_EXPORT(strcmp);

int _strnicmp(const char *First, const char *Second, size_t Count)
{
    for (size_t Index = 0; Index < Count; Index++) {
        int Difference = tolower((UCHAR)First[Index]) - tolower((UCHAR)Second[Index]);
        if (Difference != 0 || First[Index] == 0) {
            return Difference;
        }
    }
    return 0;
}
NT_EXPORT(_strnicmp);

int _stricmp(const char *First, const char *Second)
{
    return _strnicmp(First, Second, ~(size_t)0);
}
NT_EXPORT(_stricmp);

/* Finds the first Character, which may be the null at the end. */
char *strchr(const char *Text, int Character)
{
    while (*Text != (char)Character) {
        if (*Text++ == 0) {
            return NULL;
        }
    }
    return (char *)Text;
}
NT_EXPORT(strchr);

/* Finds the last Character, which may be the null at the end. */
char *strrchr(const char *Text, int Character)
{
    const char *Last = NULL;

    do {
        if (*Text == (char)Character) {
            Last = Text;
        }
    } while (*Text++ != 0);
    return (char *)Last;
}
NT_EXPORT(strrchr);

char *strstr(const char *Text, const char *Pattern)
{
    size_t Length = strlen(Pattern);

    for (;; Text++) {
        if (strncmp(Text, Pattern, Length) == 0) {
            return (char *)Text;
        }
        if (*Text == 0) {
            return NULL;
        }
    }
}
NT_EXPORT(strstr);

size_t strspn(const char *Text, const char *Accept)
{
    size_t Length = 0;

    while (Text[Length] != 0 && strchr(Accept, Text[Length]) != NULL) {
        Length++;
    }
    return Length;
}
NT_EXPORT(strspn);

size_t strcspn(const char *Text, const char *Reject)
{
    size_t Length = 0;

    while (Text[Length] != 0 && strchr(Reject, Text[Length]) == NULL) {
        Length++;
    }
    return Length;
}
NT_EXPORT(strcspn);

char *strpbrk(const char *Text, const char *Accept)
{
    const char *Found = Text + strcspn(Text, Accept);

    return *Found != 0 ? (char *)Found : NULL;
}
NT_EXPORT(strpbrk);

char *_strlwr(char *Text)
{
    for (char *Next = Text; *Next != 0; Next++) {
        *Next = (char)tolower(*Next);
    }
    return Text;
}
NT_EXPORT(_strlwr);

char *_strupr(char *Text)
{
    for (char *Next = Text; *Next != 0; Next++) {
        *Next = (char)toupper(*Next);
    }
    return Text;
}
NT_EXPORT(_strupr);
