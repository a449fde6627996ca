/*
 * The formatted print: every conversion as a row of text, then numbers in random formats against the host.
 */
#include "tap.h"
#include "rtl/rtl.h"

/* Formats and compares; the row's line number is in the message. */
#define ROW(Expected, ...)                                                                                     \
    do {                                                                                                       \
        CHAR Text[256];                                                                                        \
        int Length = _snprintf(Text, sizeof(Text), __VA_ARGS__);                                               \
        CHECK_TEXT(Text, Expected);                                                                            \
        CHECK_EQUAL(Length, sizeof(Expected) - 1);                                                             \
    } while (0)

static const UNICODE_STRING Counted = {8, 10, (PWCHAR)L"wideX"};
static const ANSI_STRING CountedAnsi = {4, 5, (PCHAR)"ansiX"};
static const UNICODE_STRING NoBuffer;

CASE(Plain)
{
    ROW("", "%s", "");
    ROW("100%", "100%%");
    ROW("a\xE4\n", "a\xE4\n");
}

CASE(Integers)
{
    ROW("0 -1 42", "%d %i %d", 0, -1, 42);
    ROW("-2147483648", "%d", (int)0x80000000);
    ROW("4294967295", "%u", 0xFFFFFFFFu);
    ROW("ff FF 377", "%x %X %o", 255, 255, 255);
    ROW("0xff 0XFF 0377 0 0", "%#x %#X %#o %#x %#o", 255, 255, 255, 0, 0);
    ROW("+5 +0 -5", "%+d %+d %+d", 5, 0, -5);
    ROW(" 5 -5", "% d % d", 5, -5);
    ROW("[   42][42   ][00042]", "[%5d][%-5d][%05d]", 42, 42, 42);
    ROW("[  -42][-42  ][-0042]", "[%5d][%-5d][%05d]", -42, -42, -42);
    ROW("[0x00ff][  0xff]", "[%#06x][%#6x]", 255, 255);
    ROW("[   00042]", "[%8.5d]", 42);
    ROW("[00042   ]", "[%-8.5d]", 42);
    ROW("[      42]", "[%08.2d]", 42);
    ROW("[]", "[%.0d]", 0);
    ROW("[     ]", "[%5.0d]", 0);
    ROW("[0]", "[%#.0o]", 0);
    ROW("[ab   ]", "[%-05x]", 0xAB);
    ROW("[  7][7  ][007]", "[%*d][%*d][%.*d]", 3, 7, -3, 7, 3, 7);
    ROW("[7]", "[%.*d]", -3, 7);
}

/* %l is 32 bits, as the literature's drivers pass LONG and ULONG. */
CASE(Sizes)
{
    ROW("-1 4294967295 ffffffff", "%ld %lu %lx", -1, -1, -1);
    ROW("-1 18446744073709551615", "%lld %llu", -1ll, -1ll);
    ROW("-1 ffffffffffffffff", "%I64d %I64x", -1ll, -1ll);
    ROW("123456789abcdef", "%Ix", 0x123456789ABCDEFull);
    ROW("123456789abcdef 7", "%zx %d", 0x123456789ABCDEFull, 7);
    ROW("-1 1234567890123 9", "%td %ju %d", -1ll, 1234567890123ull, 9);
    ROW("-5 89abcdef", "%I32d %I32x", -5, 0x89ABCDEF);
    ROW("-1 65535 ffff", "%hd %hu %hx", 0x1FFFF, 0x1FFFF, 0x1FFFF);
    ROW("-1 255", "%hhd %hhu", 0x1FF, 0x1FF);
    ROW("1 2", "%d %I64d", 1, 2ll);
    /* A 32-bit argument must not drag the upper half of its slot along. */
    ROW("89abcdef", "%lx", (ULONG)0x0123456789ABCDEFull);
}

CASE(Pointers)
{
    ROW("0000000000000000", "%p", NULL);
    ROW("FFFF800000ABCDEF", "%p", (PVOID)0xFFFF800000ABCDEFull);
    ROW("[    00000000000000FF]", "[%20p]", (PVOID)0xFF);
    ROW("0X00000000000000FF", "%#p", (PVOID)0xFF);
}

CASE(Characters)
{
    ROW("A", "%c", 'A');
    ROW("[  A][A  ]", "[%3c][%-3c]", 'A', 'A');
    ROW("\xE4", "%c", 0xE4);
    ROW("A?", "%C%C", L'A', 0x20AC);
    ROW("A\xE4?", "%wc%lc%wc", L'A', 0xE4, 0x3B1);
    ROW("A", "%hc", 'A');
    ROW("a", "%hC", 'a');
}

CASE(Strings)
{
    ROW("abc", "%s", "abc");
    ROW("[  abc][abc  ][ab]", "[%5s][%-5s][%.2s]", "abc", "abc", "abc");
    ROW("[   ab]", "[%5.2s]", "abc");
    ROW("[]", "[%.0s]", "abc");
    ROW("[00abc]", "[%05s]", "abc");
    ROW("wide wide wide wide", "%S %ws %ls %lS", L"wide", L"wide", L"wide", L"wide");
    ROW("abc", "%hs", "abc");
    ROW("a?b", "%S", L"a\x20AC" L"b");
    ROW("(null) (null) (null)", "%s %S %ws", NULL, NULL, NULL);
    ROW("[  ab]", "[%4.2ws]", L"abc");
}

CASE(CountedStrings)
{
    ROW("wide", "%wZ", &Counted);
    ROW("wide", "%lZ", &Counted);
    ROW("ansi", "%Z", &CountedAnsi);
    ROW("ansi", "%hZ", &CountedAnsi);
    ROW("[  wide][wide  ][wi]", "[%6wZ][%-6wZ][%.2wZ]", &Counted, &Counted, &Counted);
    ROW("(null) (null) (null)", "%wZ %Z %wZ", NULL, NULL, &NoBuffer);
}

CASE(PrecisionBoundsWhatIsRead)
{
    PCHAR Text = (PCHAR)TapBeforeGuard(3);
    CHAR Out[8];

    memcpy(Text, "abc", 3);
    CHECK_EQUAL(_snprintf(Out, sizeof(Out), "%.3s", Text), 3);
    CHECK_TEXT(Out, "abc");
}

/* A mistake shows up in the output instead of taking an argument or being swallowed. */
CASE(UnknownConversionsStay)
{
    ROW("%q 1", "%q %d", 1);
    ROW("%5.1f 1", "%5.1f %d", 1);
    ROW("%n|7", "%n|%d", 7);
    ROW("%", "%");
    ROW("a%-05", "a%-05");
    ROW("%k", "%k");
    ROW("%I64", "%I64");
}

CASE(WideFormat)
{
    WCHAR Text[64];

    CHECK_EQUAL(_snwprintf(Text, 64, L"%s %S %c %ws %hs %wZ %Z %d", L"wide", "narrow", 0x20AC, L"w", "h", &Counted,
                           &CountedAnsi, 5), 29);
    CHECK_EQUAL(wcscmp(Text, L"wide narrow \x20AC w h wide ansi 5"), 0);
    CHECK_EQUAL(swprintf_s(Text, 4, L"%d", 12345), -1);
    CHECK_EQUAL(Text[0], 0);
    CHECK_EQUAL(swprintf_s(Text, 6, L"%d", 12345), 5);
    CHECK_EQUAL(_swprintf(Text, L"%s", L"abc"), 3);
    CHECK_EQUAL(wcscmp(Text, L"abc"), 0);
}

CASE(BufferEnds)
{
    CHAR Text[8];

    memset(Text, 'z', sizeof(Text));
    CHECK_EQUAL(_snprintf(Text, 4, "abc"), 3);
    CHECK_TEXT(Text, "abc");
    CHECK_EQUAL(Text[4], 'z');
    CHECK_EQUAL(_snprintf(Text, 4, "wxyz"), 4);
    CHECK_EQUAL(memcmp(Text, "wxyzz", 5), 0);
    CHECK_EQUAL(_snprintf(Text, 4, "abcde"), -1);
    CHECK_EQUAL(memcmp(Text, "abcdz", 5), 0);
    CHECK_EQUAL(_snprintf(Text, 0, "abcde"), -1);
    CHECK_EQUAL(_snprintf(NULL, 0, "abc%d", 12), 5);
    CHECK_EQUAL(_snwprintf(NULL, 0, L"abc%d", 12), 5);
    CHECK_EQUAL(sprintf(Text, "%s", "1234567"), 7);
    CHECK_EQUAL(sprintf_s(Text, sizeof(Text), "%s", "12345678"), -1);
    CHECK_TEXT(Text, "");
    CHECK_EQUAL(sprintf_s(Text, sizeof(Text), "%s", "1234567"), 7);
    CHECK_TEXT(Text, "1234567");
}

/* A width that does not fit a LONG is no reason to read or write elsewhere: only the count runs. */
CASE(AbsurdWidths)
{
    CHAR Text[8];

    CHECK_EQUAL(_snprintf(Text, sizeof(Text), "%.99999999999s", "abc"), 3);
    CHECK_EQUAL(_snprintf(Text, sizeof(Text), "%-2147483649.2s|", "abc"), -1);
    CHECK_EQUAL(memcmp(Text, "ab      ", 8), 0);
}

/* Random flags, width, precision and size around one number, host against kernel. */
CASE(NumbersAgreeWithTheHost)
{
    static const PCSTR HostSizes[] = {"hh", "h", "", "ll"};
    static const PCSTR NtSizes[] = {"hh", "h", "l", "I64"};

    for (ULONG Round = 0; Round < 200000; Round++) {
        CHAR Host[128], Nt[128], Flags[8] = "", HostFormat[40], NtFormat[40], Fields[20] = "";
        ULONGLONG Value = ((ULONGLONG)TapRandom(1u << 31) << 33 | TapRandom(1u << 31)) >> TapRandom(64);
        ULONG Size = TapRandom(4);
        CHAR Type = "diuxXo"[TapRandom(6)];
        SIZE_T Count = 0;

        if (Round % 16 == 0) {
            Value = 0;
        }
        for (ULONG Index = 0; Index < 5; Index++) {
            /* The host gives "+" and " " a meaning for signed numbers only, and so do we. */
            if (TapRandom(3) == 0) {
                Flags[Count++] = "-+ #0"[Index];
            }
        }
        Flags[Count] = 0;
        if (TapRandom(2)) {
            TapHostFormat(Fields, sizeof(Fields), "%u", 1 + TapRandom(30));
        }
        if (TapRandom(2)) {
            TapHostFormat(Fields + strlen(Fields), 8, ".%u", TapRandom(26));
        }
        TapHostFormat(HostFormat, sizeof(HostFormat), "%%%s%s%s%c", Flags, Fields, HostSizes[Size], Type);
        TapHostFormat(NtFormat, sizeof(NtFormat), "%%%s%s%s%c", Flags, Fields, NtSizes[Size], Type);
        if (Size == 3) {
            TapHostFormat(Host, sizeof(Host), HostFormat, Value);
            _snprintf(Nt, sizeof(Nt), NtFormat, Value);
        } else {
            TapHostFormat(Host, sizeof(Host), HostFormat, (int)Value);
            _snprintf(Nt, sizeof(Nt), NtFormat, (int)Value);
        }
        CHECK(strcmp(Host, Nt) == 0, "%s of %#llx: \"%s\", host \"%s\"", NtFormat, Value, Nt, Host);
    }
}
