/*
 * Counted strings, their conversions and the numbers in them.
 */
#include "tap.h"
#include "rtl/rtl.h"

#define TEXT(Literal) {sizeof(Literal) - 2, sizeof(Literal), (PWCHAR)(Literal)}

static UNICODE_STRING Wide(PCWSTR Text)
{
    UNICODE_STRING String;

    RtlInitUnicodeString(&String, Text);
    return String;
}

static ANSI_STRING Narrow(PCSTR Text)
{
    ANSI_STRING String;

    RtlInitAnsiString(&String, Text);
    return String;
}

CASE(Initialise)
{
    UNICODE_STRING String = Wide(L"abc");
    ANSI_STRING Ansi = Narrow("abcd");
    PWCHAR Long = TapAllocate(70000 * sizeof(WCHAR));

    CHECK_EQUAL(String.Length, 6);
    CHECK_EQUAL(String.MaximumLength, 8);
    CHECK_EQUAL(Ansi.Length, 4);
    CHECK_EQUAL(Ansi.MaximumLength, 5);
    String = Wide(NULL);
    CHECK(String.Length == 0 && String.MaximumLength == 0 && String.Buffer == NULL);
    Ansi = Narrow(NULL);
    CHECK(Ansi.Length == 0 && Ansi.MaximumLength == 0 && Ansi.Buffer == NULL);

    /* The longest that a USHORT of bytes can say, and one more. */
    for (ULONG Index = 0; Index < 70000; Index++) {
        Long[Index] = 'x';
    }
    Long[32766] = 0;
    CHECK_EQUAL(RtlInitUnicodeStringEx(&String, Long), STATUS_SUCCESS);
    CHECK_EQUAL(String.Length, 65532);
    CHECK_EQUAL(String.MaximumLength, 65534);
    Long[32766] = 'x';
    Long[32767] = 0;
    CHECK_EQUAL(RtlInitUnicodeStringEx(&String, Long), STATUS_NAME_TOO_LONG);
    Long[32767] = 'x';
    Long[69999] = 0;
    RtlInitUnicodeString(&String, Long);
    CHECK_EQUAL(String.Length, 65532);
    TapFree(Long);
}

CASE(CompareAndEqual)
{
    UNICODE_STRING Abc = Wide(L"abc"), Abd = Wide(L"ABD"), Ab = Wide(L"ab"), Big = Wide(L"\x00E4\x03C9");
    UNICODE_STRING BigUpper = Wide(L"\x00C4\x03A9");
    ANSI_STRING A = Narrow("abc"), B = Narrow("ABC"), C = Narrow("abcd");

    CHECK(RtlCompareUnicodeString(&Abc, &Abd, TRUE) < 0);
    CHECK(RtlCompareUnicodeString(&Abc, &Abd, FALSE) > 0);
    CHECK(RtlCompareUnicodeString(&Abc, &Ab, FALSE) > 0);
    CHECK(RtlCompareUnicodeString(&Ab, &Abc, TRUE) < 0);
    CHECK_EQUAL(RtlCompareUnicodeString(&Abc, &Abc, FALSE), 0);
    CHECK(RtlEqualUnicodeString(&Big, &BigUpper, TRUE));
    CHECK(!RtlEqualUnicodeString(&Big, &BigUpper, FALSE));
    CHECK(!RtlEqualUnicodeString(&Abc, &Ab, TRUE));
    CHECK(RtlPrefixUnicodeString(&Ab, &Abd, TRUE));
    CHECK(!RtlPrefixUnicodeString(&Ab, &Abd, FALSE));
    CHECK(!RtlPrefixUnicodeString(&Abc, &Ab, TRUE));
    CHECK(RtlEqualString(&A, &B, TRUE));
    CHECK(!RtlEqualString(&A, &B, FALSE));
    CHECK(RtlCompareString(&A, &C, TRUE) < 0);
    CHECK(RtlCompareString(&A, &B, FALSE) > 0);
}

CASE(CopyAndAppend)
{
    WCHAR Buffer[6] = {9, 9, 9, 9, 9, 9};
    UNICODE_STRING String = {0, 5 * sizeof(WCHAR), Buffer};
    UNICODE_STRING Abc = Wide(L"abc"), Defgh = Wide(L"defgh");

    RtlCopyUnicodeString(&String, &Abc);
    CHECK_EQUAL(String.Length, 6);
    CHECK_EQUAL(Buffer[3], 0);
    CHECK_EQUAL(RtlAppendUnicodeToString(&String, L"xyz"), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQUAL(String.Length, 6);
    CHECK_EQUAL(RtlAppendUnicodeToString(&String, NULL), STATUS_SUCCESS);
    CHECK_EQUAL(RtlAppendUnicodeToString(&String, L"x"), STATUS_SUCCESS);
    CHECK_EQUAL(Buffer[4], 0);
    CHECK_EQUAL(RtlAppendUnicodeToString(&String, L"y"), STATUS_SUCCESS);
    CHECK_EQUAL(String.Length, 10);
    CHECK_EQUAL(Buffer[5], 9);
    CHECK_EQUAL(wcsncmp(Buffer, L"abcxy", 5), 0);
    CHECK_EQUAL(RtlAppendUnicodeStringToString(&String, &Abc), STATUS_BUFFER_TOO_SMALL);
    RtlCopyUnicodeString(&String, &Defgh);
    CHECK_EQUAL(String.Length, 10);
    CHECK_EQUAL(Buffer[5], 9);
    String.MaximumLength = 5;
    RtlCopyUnicodeString(&String, &Abc);
    CHECK_EQUAL(String.Length, 4);
    RtlCopyUnicodeString(&String, NULL);
    CHECK_EQUAL(String.Length, 0);
}

CASE(CopyAndUpperAnsi)
{
    CHAR Buffer[4];
    STRING String = {0, 3, Buffer};
    ANSI_STRING Source = Narrow("a\xE4\xFFz");

    RtlUpperString(&String, &Source);
    CHECK_EQUAL(String.Length, 3);
    CHECK_EQUAL(memcmp(Buffer, "A\xC4\xFF", 3), 0);
    RtlCopyString(&String, &Source);
    CHECK_EQUAL(memcmp(Buffer, "a\xE4\xFF", 3), 0);
    RtlCopyString(&String, NULL);
    CHECK_EQUAL(String.Length, 0);
}

CASE(CaseGoesUpAndDownAgain)
{
    ULONG Letters = 0;

    for (ULONG Character = 0; Character <= 0xFFFF; Character++) {
        WCHAR Upper = RtlUpcaseUnicodeChar((WCHAR)Character);
        if (Upper != Character) {
            Letters++;
            CHECK_EQUAL(RtlDowncaseUnicodeChar(Upper), Character);
            CHECK_EQUAL(RtlUpcaseUnicodeChar(Upper), Upper);
        }
        CHECK_EQUAL(RtlUpcaseUnicodeChar(RtlDowncaseUnicodeChar((WCHAR)Character)), RtlUpcaseUnicodeChar(Upper));
    }
    CHECK(Letters > 250, "%u letters", Letters);
    CHECK_EQUAL(RtlUpcaseUnicodeChar('z'), 'Z');
    CHECK_EQUAL(RtlUpcaseUnicodeChar('{'), '{');
    CHECK_EQUAL(RtlUpcaseUnicodeChar(0xF7), 0xF7);
    CHECK_EQUAL(RtlUpcaseUnicodeChar(0xFF), 0x178);
    CHECK_EQUAL(RtlUpcaseUnicodeChar(0x0444), 0x0424);
    CHECK_EQUAL(RtlUpcaseUnicodeChar(0x0142), 0x0141);
}

CASE(AnsiToUnicode)
{
    WCHAR Buffer[5] = {9, 9, 9, 9, 9};
    UNICODE_STRING String = {0, 8, Buffer};
    ANSI_STRING Abc = Narrow("ab\xE4"), Abcd = Narrow("abcd"), Long = {0, 0, NULL};

    CHECK_EQUAL(RtlAnsiStringToUnicodeString(&String, &Abc, FALSE), STATUS_SUCCESS);
    CHECK_EQUAL(String.Length, 6);
    CHECK_EQUAL(wcscmp(Buffer, L"ab\x00E4"), 0);
    CHECK_EQUAL(RtlAnsiStringToUnicodeString(&String, &Abcd, FALSE), STATUS_BUFFER_OVERFLOW);
    CHECK_EQUAL(RtlAnsiStringToUnicodeString(&String, &Abcd, TRUE), STATUS_SUCCESS);
    CHECK_EQUAL(String.Length, 8);
    CHECK_EQUAL(String.MaximumLength, 10);
    CHECK_EQUAL(wcscmp(String.Buffer, L"abcd"), 0);
    CHECK_EQUAL(PoolBlocks, 1);
    RtlFreeUnicodeString(&String);
    RtlFreeUnicodeString(&String);
    CHECK_EQUAL(PoolBlocks, 0);
    CHECK(String.Buffer == NULL && String.MaximumLength == 0);
    PoolAllocationsLeft = 0;
    CHECK_EQUAL(RtlAnsiStringToUnicodeString(&String, &Abcd, TRUE), STATUS_NO_MEMORY);
    Long.Length = 32767;
    CHECK_EQUAL(RtlAnsiStringToUnicodeString(&String, &Long, TRUE), STATUS_INVALID_PARAMETER_2);
}

CASE(UnicodeToAnsi)
{
    CHAR Buffer[4] = {9, 9, 9, 9};
    ANSI_STRING String = {0, 4, Buffer};
    UNICODE_STRING Abc = Wide(L"a\x20AC\x00E4"), Abcd = Wide(L"abcd");

    CHECK_EQUAL(RtlUnicodeStringToAnsiString(&String, &Abc, FALSE), STATUS_SUCCESS);
    CHECK_TEXT(Buffer, "a?\xE4");
    CHECK_EQUAL(String.Length, 3);
    CHECK_EQUAL(RtlUnicodeStringToAnsiString(&String, &Abcd, FALSE), STATUS_BUFFER_OVERFLOW);
    CHECK_TEXT(Buffer, "abc");
    CHECK_EQUAL(String.Length, 3);
    String.MaximumLength = 0;
    CHECK_EQUAL(RtlUnicodeStringToAnsiString(&String, &Abcd, FALSE), STATUS_BUFFER_OVERFLOW);
    CHECK_EQUAL(RtlUnicodeStringToAnsiString(&String, &Abcd, TRUE), STATUS_SUCCESS);
    CHECK_TEXT(String.Buffer, "abcd");
    CHECK_EQUAL(String.MaximumLength, 5);
    RtlFreeAnsiString(&String);
    CHECK_EQUAL(PoolBlocks, 0);
    PoolAllocationsLeft = 0;
    CHECK_EQUAL(RtlUnicodeStringToAnsiString(&String, &Abcd, TRUE), STATUS_NO_MEMORY);
}

CASE(UpcaseString)
{
    WCHAR Buffer[4];
    UNICODE_STRING String = {0, 6, Buffer}, Abc = Wide(L"ab\x00E4"), Abcd = Wide(L"aBcd");

    CHECK_EQUAL(RtlUpcaseUnicodeString(&String, &Abc, FALSE), STATUS_SUCCESS);
    CHECK_EQUAL(wcsncmp(Buffer, L"AB\x00C4", 3), 0);
    CHECK_EQUAL(RtlUpcaseUnicodeString(&String, &Abcd, FALSE), STATUS_BUFFER_OVERFLOW);
    CHECK_EQUAL(RtlUpcaseUnicodeString(&String, &Abcd, TRUE), STATUS_SUCCESS);
    CHECK_EQUAL(wcscmp(String.Buffer, L"ABCD"), 0);
    RtlFreeUnicodeString(&String);
    CHECK_EQUAL(RtlDowncaseUnicodeString(&String, &Abcd, TRUE), STATUS_SUCCESS);
    CHECK_EQUAL(wcscmp(String.Buffer, L"abcd"), 0);
    RtlFreeUnicodeString(&String);
    CHECK_EQUAL(PoolBlocks, 0);
    PoolAllocationsLeft = 0;
    CHECK_EQUAL(RtlUpcaseUnicodeString(&String, &Abcd, TRUE), STATUS_NO_MEMORY);
}

CASE(Hash)
{
    UNICODE_STRING Lower = Wide(L"ab"), Upper = Wide(L"AB");
    ULONG A, B;

    CHECK_EQUAL(RtlHashUnicodeString(&Lower, FALSE, HASH_STRING_ALGORITHM_X65599, &A), STATUS_SUCCESS);
    CHECK_EQUAL(A, 'a' * 65599 + 'b');
    CHECK_EQUAL(RtlHashUnicodeString(&Lower, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &A), STATUS_SUCCESS);
    CHECK_EQUAL(RtlHashUnicodeString(&Upper, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &B), STATUS_SUCCESS);
    CHECK_EQUAL(A, B);
    CHECK_EQUAL(RtlHashUnicodeString(&Upper, TRUE, 2, &B), STATUS_INVALID_PARAMETER);
}

CASE(StringToInteger)
{
    static const struct { PCSTR Text; ULONG Base; NTSTATUS Status; ULONG Value; } Rows[] = {
        {"42", 10, STATUS_SUCCESS, 42},
        {"42", 0, STATUS_SUCCESS, 42},
        {" \t+42!", 10, STATUS_SUCCESS, 42},
        {"-1", 10, STATUS_SUCCESS, 0xFFFFFFFF},
        {"0x1Fg", 0, STATUS_SUCCESS, 0x1F},
        {"-0x10", 0, STATUS_SUCCESS, 0xFFFFFFF0},
        {"0o17", 0, STATUS_SUCCESS, 15},
        {"0b101", 0, STATUS_SUCCESS, 5},
        {"0b102", 0, STATUS_SUCCESS, 2},
        {"017", 0, STATUS_SUCCESS, 17},
        {"0x1F", 16, STATUS_SUCCESS, 0},
        {"1F", 16, STATUS_SUCCESS, 0x1F},
        {"abc", 10, STATUS_SUCCESS, 0},
        {"789", 8, STATUS_SUCCESS, 7},
        {"FFFFFFFF", 16, STATUS_SUCCESS, 0xFFFFFFFF},
        {"1", 7, STATUS_INVALID_PARAMETER, 0},
        {"1", 36, STATUS_INVALID_PARAMETER, 0},
    };

    for (SIZE_T Row = 0; Row < ARRAYSIZE(Rows); Row++) {
        WCHAR Buffer[16];
        UNICODE_STRING String = {0, sizeof(Buffer), Buffer};
        ANSI_STRING Ansi = Narrow(Rows[Row].Text);
        ULONG Value = 0;
        TapNote("\"%s\" base %u", Rows[Row].Text, Rows[Row].Base);
        CHECK_EQUAL(RtlCharToInteger(Rows[Row].Text, Rows[Row].Base, &Value), Rows[Row].Status);
        CHECK_EQUAL(Value, Rows[Row].Value);
        CHECK_EQUAL(RtlAnsiStringToUnicodeString(&String, &Ansi, FALSE), STATUS_SUCCESS);
        Buffer[String.Length / 2] = '7';    /* what lies behind the text is not part of it */
        Value = 0;
        CHECK_EQUAL(RtlUnicodeStringToInteger(&String, Rows[Row].Base, &Value), Rows[Row].Status);
        CHECK_EQUAL(Value, Rows[Row].Value);
    }
    {
        UNICODE_STRING Empty = {0, 0, NULL};
        ULONG Value;
        CHECK_EQUAL(RtlUnicodeStringToInteger(&Empty, 10, &Value), STATUS_INVALID_PARAMETER);
    }
}

CASE(IntegerToString)
{
    WCHAR Buffer[70];
    UNICODE_STRING String = {0, sizeof(Buffer), Buffer};

    CHECK_EQUAL(RtlIntegerToUnicodeString(0, 10, &String), STATUS_SUCCESS);
    CHECK_EQUAL(wcscmp(Buffer, L"0"), 0);
    CHECK_EQUAL(RtlIntegerToUnicodeString(0xDEADBEEF, 16, &String), STATUS_SUCCESS);
    CHECK_EQUAL(wcscmp(Buffer, L"DEADBEEF"), 0);
    CHECK_EQUAL(String.Length, 16);
    CHECK_EQUAL(RtlIntegerToUnicodeString(4294967295u, 0, &String), STATUS_SUCCESS);
    CHECK_EQUAL(wcscmp(Buffer, L"4294967295"), 0);
    CHECK_EQUAL(RtlInt64ToUnicodeString(~0ull, 2, &String), STATUS_SUCCESS);
    CHECK_EQUAL(String.Length, 128);
    CHECK_EQUAL(RtlIntegerToUnicodeString(1, 3, &String), STATUS_INVALID_PARAMETER);
    String.MaximumLength = 6;
    CHECK_EQUAL(RtlIntegerToUnicodeString(99, 10, &String), STATUS_SUCCESS);
    CHECK_EQUAL(RtlIntegerToUnicodeString(100, 10, &String), STATUS_BUFFER_OVERFLOW);
    CHECK_EQUAL(String.Length, 4);
}
