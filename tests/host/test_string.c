/*
 * Null-terminated strings of both widths, character classes and number parsing, held against the host's C library
 * where that has the same routine.
 */
#include "tap.h"
#include "rtl/rtl.h"

extern int HostStrcmp(const char *First, const char *Second) __asm__("strcmp");
extern int HostStrncmp(const char *First, const char *Second, size_t Count) __asm__("strncmp");
extern int HostStrncasecmp(const char *First, const char *Second, size_t Count) __asm__("strncasecmp");
extern char *HostStrstr(const char *Text, const char *Pattern) __asm__("strstr");
extern char *HostStrchr(const char *Text, int Character) __asm__("strchr");
extern char *HostStrrchr(const char *Text, int Character) __asm__("strrchr");
extern size_t HostStrspn(const char *Text, const char *Accept) __asm__("strspn");
extern size_t HostStrcspn(const char *Text, const char *Reject) __asm__("strcspn");
extern char *HostStrpbrk(const char *Text, const char *Accept) __asm__("strpbrk");
extern long HostStrtol(const char *Text, char **End, int Base) __asm__("strtol");
extern unsigned long HostStrtoul(const char *Text, char **End, int Base) __asm__("strtoul");
extern int HostIsalnum(int Character) __asm__("isalnum");
extern int HostIsalpha(int Character) __asm__("isalpha");
extern int HostIsdigit(int Character) __asm__("isdigit");
extern int HostIsxdigit(int Character) __asm__("isxdigit");
extern int HostIsspace(int Character) __asm__("isspace");
extern int HostIsprint(int Character) __asm__("isprint");
extern int HostIsupper(int Character) __asm__("isupper");
extern int HostIslower(int Character) __asm__("islower");
extern int HostToupper(int Character) __asm__("toupper");
extern int HostTolower(int Character) __asm__("tolower");

static int Sign(int Value)
{
    return (Value > 0) - (Value < 0);
}

/* A random text of up to Longest characters out of a few, so that matches happen. */
static VOID Scribble(PCHAR Text, ULONG Longest)
{
    static const CHAR Letters[] = {'a', 'b', 'A', 'B', '\xE4', '0'};
    ULONG Length = TapRandom(Longest + 1);

    for (ULONG Index = 0; Index < Length; Index++) {
        Text[Index] = Letters[TapRandom(sizeof(Letters))];
    }
    Text[Length] = 0;
}

static VOID Widen(PWCHAR Wide, PCSTR Text)
{
    do {
        *Wide++ = (UCHAR)*Text;
    } while (*Text++ != 0);
}

CASE(SearchesAgreeWithTheHost)
{
    CHAR Text[16], Other[8];

    for (ULONG Round = 0; Round < 20000; Round++) {
        size_t Count = TapRandom(10);
        int Character = "abAB\xE4" "0\0x"[TapRandom(8)];
        Scribble(Text, 12);
        Scribble(Other, 4);
        CHECK_EQUAL(Sign(strcmp(Text, Other)), Sign(HostStrcmp(Text, Other)));
        CHECK_EQUAL(Sign(strncmp(Text, Other, Count)), Sign(HostStrncmp(Text, Other, Count)));
        CHECK_EQUAL(Sign(_strnicmp(Text, Other, Count)), Sign(HostStrncasecmp(Text, Other, Count)));
        CHECK(strstr(Text, Other) == HostStrstr(Text, Other), "\"%s\" in \"%s\"", Other, Text);
        CHECK(strchr(Text, Character) == HostStrchr(Text, Character), "'%c' in \"%s\"", Character, Text);
        CHECK(strrchr(Text, Character) == HostStrrchr(Text, Character), "'%c' in \"%s\"", Character, Text);
        CHECK_EQUAL(strspn(Text, Other), HostStrspn(Text, Other));
        CHECK_EQUAL(strcspn(Text, Other), HostStrcspn(Text, Other));
        CHECK(strpbrk(Text, Other) == HostStrpbrk(Text, Other), "\"%s\" of \"%s\"", Other, Text);
    }
}

CASE(WideSearchesAgreeWithNarrowOnes)
{
    CHAR Text[16], Other[8];
    WCHAR WideText[16], WideOther[8];

    for (ULONG Round = 0; Round < 20000; Round++) {
        size_t Count = TapRandom(10);
        CHAR Character = "abAB\xE4" "0\0x"[TapRandom(8)];
        PCSTR Found;
        PWCHAR WideFound;
        Scribble(Text, 12);
        Scribble(Other, 4);
        Widen(WideText, Text);
        Widen(WideOther, Other);
        CHECK_EQUAL(wcslen(WideText), strlen(Text));
        CHECK_EQUAL(wcsnlen(WideText, Count), strnlen(Text, Count));
        CHECK_EQUAL(Sign(wcscmp(WideText, WideOther)), Sign(strcmp(Text, Other)));
        CHECK_EQUAL(Sign(wcsncmp(WideText, WideOther, Count)), Sign(strncmp(Text, Other, Count)));
        CHECK_EQUAL(Sign(_wcsicmp(WideText, WideOther)), Sign(_stricmp(Text, Other)));
        CHECK_EQUAL(Sign(_wcsnicmp(WideText, WideOther, Count)), Sign(_strnicmp(Text, Other, Count)));
        Found = strstr(Text, Other);
        WideFound = wcsstr(WideText, WideOther);
        CHECK_EQUAL(WideFound == NULL ? -1 : WideFound - WideText, Found == NULL ? -1 : Found - Text);
        Found = strchr(Text, Character);
        WideFound = wcschr(WideText, (UCHAR)Character);
        CHECK_EQUAL(WideFound == NULL ? -1 : WideFound - WideText, Found == NULL ? -1 : Found - Text);
        Found = strrchr(Text, Character);
        WideFound = wcsrchr(WideText, (UCHAR)Character);
        CHECK_EQUAL(WideFound == NULL ? -1 : WideFound - WideText, Found == NULL ? -1 : Found - Text);
    }
}

CASE(LengthsStopAtTheLimit)
{
    PCHAR Text = (PCHAR)TapBeforeGuard(3);

    memcpy(Text, "abc", 3);
    CHECK_EQUAL(strnlen(Text, 3), 3);
    CHECK_EQUAL(strncmp(Text, "abc", 3), 0);
    Text[2] = 0;
    CHECK_EQUAL(strlen(Text), 2);
    CHECK_EQUAL(strnlen(Text, 100), 2);
}

CASE(Copies)
{
    CHAR Text[8] = "zzzzzzz";

    CHECK(strcpy(Text, "ab") == Text);
    CHECK_TEXT(Text, "ab");
    CHECK_EQUAL(Text[3], 'z');
    strcat(Text, "cd");
    CHECK_TEXT(Text, "abcd");
    strncat(Text, "efgh", 2);
    CHECK_TEXT(Text, "abcdef");
    memset(Text, 'z', sizeof(Text));
    strncpy(Text, "abc", 2);
    CHECK_EQUAL(memcmp(Text, "abzz", 4), 0);
    strncpy(Text, "q", 4);
    CHECK_EQUAL(memcmp(Text, "q\0\0\0z", 5), 0);
    CHECK_TEXT(_strupr(strcpy(Text, "aZ1\xE4")), "AZ1\xE4");
    CHECK_TEXT(_strlwr(Text), "az1\xE4");
}

CASE(WideCopies)
{
    WCHAR Text[8];

    RtlFillMemoryUlong(Text, sizeof(Text), 0x007A007A);
    CHECK(wcscpy(Text, L"ab") == Text);
    CHECK_EQUAL(wcscmp(Text, L"ab"), 0);
    CHECK_EQUAL(Text[3], 'z');
    wcscat(Text, L"cd");
    wcsncat(Text, L"efgh", 2);
    CHECK_EQUAL(wcscmp(Text, L"abcdef"), 0);
    RtlFillMemoryUlong(Text, sizeof(Text), 0x007A007A);
    wcsncpy(Text, L"q", 4);
    CHECK_EQUAL(memcmp(Text, L"q\0\0\0z", 10), 0);
    CHECK(wcscmp(L"\xFFFF", L"a") > 0);
}

CASE(ClassesAgreeWithTheHost)
{
    for (int Character = -1; Character < 256; Character++) {
        CHECK_EQUAL(!isalnum(Character), !HostIsalnum(Character));
        CHECK_EQUAL(!isalpha(Character), !HostIsalpha(Character));
        CHECK_EQUAL(!isdigit(Character), !HostIsdigit(Character));
        CHECK_EQUAL(!isxdigit(Character), !HostIsxdigit(Character));
        CHECK_EQUAL(!isspace(Character), !HostIsspace(Character));
        CHECK_EQUAL(!isprint(Character), !HostIsprint(Character));
        CHECK_EQUAL(!isupper(Character), !HostIsupper(Character));
        CHECK_EQUAL(!islower(Character), !HostIslower(Character));
        CHECK_EQUAL(toupper(Character), HostToupper(Character));
        CHECK_EQUAL(tolower(Character), HostTolower(Character));
    }
}

CASE(NumbersAgreeWithTheHost)
{
    static const PCSTR Texts[] = {
        "", " ", "0", "-0", "42", " +42x", "-42", "0x", "0xg", "0x1F", "0X1f", "010", "08", "zz", "-", "+-1",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "18446744073709551615", "18446744073709551616", "-18446744073709551616", "99999999999999999999999", "\t\n12",
        "1010102", "7fffffffffffffff", "ffffffffffffffff", "0x8000000000000000",
    };
    static const int Bases[] = {0, 2, 8, 10, 16, 36};

    for (SIZE_T Text = 0; Text < ARRAYSIZE(Texts); Text++) {
        for (SIZE_T Base = 0; Base < ARRAYSIZE(Bases); Base++) {
            char *End, *HostEnd;
            CHECK_EQUAL(strtol(Texts[Text], &End, Bases[Base]), HostStrtol(Texts[Text], &HostEnd, Bases[Base]));
            CHECK(End == HostEnd, "\"%s\" base %d", Texts[Text], Bases[Base]);
            CHECK_EQUAL(strtoul(Texts[Text], &End, Bases[Base]), HostStrtoul(Texts[Text], &HostEnd, Bases[Base]));
            CHECK(End == HostEnd, "\"%s\" base %d", Texts[Text], Bases[Base]);
        }
    }
    CHECK_EQUAL(atoi("-17 "), -17);
    CHECK_EQUAL(strtol("zzz", NULL, 37), 0);
    CHECK_EQUAL(strtol("111", NULL, 1), 0);
}
