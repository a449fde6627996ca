/*
 * ntstrsafe.h: the documented results of each family, at both widths, with the sizes where they change.
 */
#include "tap.h"
#include "rtl/rtl.h"
#include "ntstrsafe.h"

CASE(Copy)
{
    CHAR Text[8] = "zzzzzzz";
    WCHAR Wide[4];

    CHECK_EQUAL(RtlStringCchCopyA(Text, 4, "abc"), STATUS_SUCCESS);
    CHECK_TEXT(Text, "abc");
    CHECK_EQUAL(Text[4], 'z');
    CHECK_EQUAL(RtlStringCchCopyA(Text, 4, "wxyz"), STATUS_BUFFER_OVERFLOW);
    CHECK_TEXT(Text, "wxy");
    CHECK_EQUAL(Text[4], 'z');
    CHECK_EQUAL(RtlStringCchCopyA(Text, 0, "q"), STATUS_INVALID_PARAMETER);
    CHECK_EQUAL(RtlStringCchCopyA(Text, (size_t)NTSTRSAFE_MAX_CCH + 1, "q"), STATUS_INVALID_PARAMETER);
    CHECK_TEXT(Text, "wxy");
    CHECK_EQUAL(RtlStringCbCopyW(Wide, sizeof(Wide), L"abc"), STATUS_SUCCESS);
    CHECK_EQUAL(wcscmp(Wide, L"abc"), 0);
    CHECK_EQUAL(RtlStringCbCopyW(Wide, 7, L"abc"), STATUS_BUFFER_OVERFLOW);
    CHECK_EQUAL(wcscmp(Wide, L"ab"), 0);
    CHECK_EQUAL(RtlStringCbCopyW(Wide, 1, L"abc"), STATUS_INVALID_PARAMETER);
    CHECK_EQUAL(RtlStringCchCopyNA(Text, 8, "abcdef", 2), STATUS_SUCCESS);
    CHECK_TEXT(Text, "ab");
    CHECK_EQUAL(RtlStringCbCopyNA(Text, 3, "abcdef", 3), STATUS_BUFFER_OVERFLOW);
    CHECK_TEXT(Text, "ab");
    CHECK_EQUAL(RtlStringCchCopyNA(Text, 3, "abcdef", 2), STATUS_SUCCESS);
    CHECK_EQUAL(RtlStringCbCopyNW(Wide, sizeof(Wide), L"xyz", 4), STATUS_SUCCESS);
    CHECK_EQUAL(wcscmp(Wide, L"xy"), 0);
}

CASE(CopyNReadsNoFurther)
{
    CHAR Text[8];
    PCHAR Source = (PCHAR)TapBeforeGuard(3);

    memcpy(Source, "abc", 3);
    CHECK_EQUAL(RtlStringCchCopyNA(Text, 8, Source, 3), STATUS_SUCCESS);
    CHECK_TEXT(Text, "abc");
}

CASE(CopyEx)
{
    CHAR Text[8];
    WCHAR Wide[6], *WideEnd;
    PSTR End;
    size_t Left;

    CHECK_EQUAL(RtlStringCbCopyExA(Text, 8, "abc", &End, &Left, 0), STATUS_SUCCESS);
    CHECK(End == Text + 3);
    CHECK_EQUAL(Left, 5);
    CHECK_EQUAL(RtlStringCbCopyExA(Text, 8, "abcdefgh", &End, &Left, 0), STATUS_BUFFER_OVERFLOW);
    CHECK(End == Text + 7);
    CHECK_EQUAL(Left, 1);
    CHECK_EQUAL(RtlStringCbCopyExA(Text, 8, "ab", &End, &Left, STRSAFE_FILL_BYTE('-')), STATUS_SUCCESS);
    CHECK_EQUAL(memcmp(Text, "ab\0-----", 8), 0);
    CHECK_EQUAL(RtlStringCchCopyExA(Text, 4, "abcd", &End, &Left, STRSAFE_FAILURE_BYTE('+')), STATUS_BUFFER_OVERFLOW);
    CHECK_EQUAL(memcmp(Text, "+++\0----", 8), 0);
    CHECK_EQUAL(RtlStringCchCopyExA(Text, 4, "abcd", &End, &Left, STRSAFE_FAILURE_BYTE(0)), STATUS_BUFFER_OVERFLOW);
    CHECK_EQUAL(memcmp(Text, "\0\0\0\0----", 8), 0);
    CHECK_EQUAL(RtlStringCchCopyExA(Text, 4, "abcd", &End, &Left, STRSAFE_NULL_ON_FAILURE), STATUS_BUFFER_OVERFLOW);
    CHECK(Text[0] == 0 && End == Text && Left == 4);
    CHECK_EQUAL(RtlStringCchCopyExA(Text, 4, "abcd", NULL, NULL, STRSAFE_NO_TRUNCATION), STATUS_BUFFER_OVERFLOW);
    CHECK_EQUAL(Text[0], 0);
    CHECK_EQUAL(RtlStringCchCopyExA(Text, 4, NULL, &End, &Left, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
    CHECK(Text[0] == 0 && Left == 4);
    CHECK_EQUAL(RtlStringCchCopyExA(NULL, 0, "", &End, &Left, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
    CHECK(End == NULL && Left == 0);
    CHECK_EQUAL(RtlStringCchCopyExA(NULL, 0, "a", &End, &Left, STRSAFE_IGNORE_NULLS), STATUS_INVALID_PARAMETER);
    CHECK_EQUAL(RtlStringCchCopyExA(NULL, 1, "a", &End, &Left, STRSAFE_IGNORE_NULLS), STATUS_INVALID_PARAMETER);
    CHECK_EQUAL(RtlStringCchCopyExA(Text, 0, "a", &End, &Left, STRSAFE_IGNORE_NULLS), STATUS_BUFFER_OVERFLOW);
    CHECK_EQUAL(RtlStringCchCopyExA(Text, 4, NULL, &End, &Left, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQUAL(RtlStringCchCopyExA(Text, 4, "a", &End, &Left, 0x8000), STATUS_INVALID_PARAMETER);
    CHECK_EQUAL(RtlStringCbCopyExW(Wide, 11, L"abc", &WideEnd, &Left, 0), STATUS_SUCCESS);
    CHECK(WideEnd == Wide + 3);
    CHECK_EQUAL(Left, 5);
}

CASE(Cat)
{
    CHAR Text[8] = "ab";
    WCHAR Wide[6] = L"ab";
    PSTR End;
    size_t Left;

    CHECK_EQUAL(RtlStringCchCatA(Text, 6, "cd"), STATUS_SUCCESS);
    CHECK_TEXT(Text, "abcd");
    CHECK_EQUAL(RtlStringCbCatA(Text, 6, "ef"), STATUS_BUFFER_OVERFLOW);
    CHECK_TEXT(Text, "abcde");
    CHECK_EQUAL(RtlStringCchCatA(Text, 6, ""), STATUS_SUCCESS);
    CHECK_EQUAL(RtlStringCchCatA(Text, 5, "x"), STATUS_INVALID_PARAMETER);
    CHECK_EQUAL(RtlStringCchCatNA(Text, 8, "xyz", 1), STATUS_SUCCESS);
    CHECK_TEXT(Text, "abcdex");
    CHECK_EQUAL(RtlStringCchCatExA(Text, 8, "yz", &End, &Left, STRSAFE_NO_TRUNCATION), STATUS_BUFFER_OVERFLOW);
    CHECK_TEXT(Text, "abcdex");
    CHECK(End == Text + 6 && Left == 2);
    CHECK_EQUAL(RtlStringCbCatExA(Text, 8, "y", &End, &Left, 0), STATUS_SUCCESS);
    CHECK(End == Text + 7 && Left == 1);
    CHECK_EQUAL(RtlStringCbCatW(Wide, sizeof(Wide), L"cde"), STATUS_SUCCESS);
    CHECK_EQUAL(wcscmp(Wide, L"abcde"), 0);
    CHECK_EQUAL(RtlStringCbCatNW(Wide, sizeof(Wide), L"f", 2), STATUS_BUFFER_OVERFLOW);
}

CASE(Print)
{
    CHAR Text[8];
    WCHAR Wide[8], *WideEnd;
    PSTR End;
    size_t Left;

    CHECK_EQUAL(RtlStringCbPrintfA(Text, sizeof(Text), "%d-%s", 12, "abcd"), STATUS_SUCCESS);
    CHECK_TEXT(Text, "12-abcd");
    CHECK_EQUAL(RtlStringCbPrintfA(Text, sizeof(Text), "%d-%s", 123, "abcd"), STATUS_BUFFER_OVERFLOW);
    CHECK_TEXT(Text, "123-abc");
    CHECK_EQUAL(RtlStringCchPrintfA(Text, 0, "x"), STATUS_INVALID_PARAMETER);
    CHECK_EQUAL(RtlStringCchPrintfA(Text, 1, "x"), STATUS_BUFFER_OVERFLOW);
    CHECK_TEXT(Text, "");
    CHECK_EQUAL(RtlStringCchPrintfExA(Text, 8, &End, &Left, STRSAFE_FILL_BYTE('.'), "%u", 7), STATUS_SUCCESS);
    CHECK(End == Text + 1 && Left == 7 && memcmp(Text, "7\0......", 8) == 0);
    CHECK_EQUAL(RtlStringCchPrintfExA(Text, 8, &End, &Left, STRSAFE_IGNORE_NULLS, NULL), STATUS_SUCCESS);
    CHECK_TEXT(Text, "");
    CHECK_EQUAL(RtlStringCbPrintfW(Wide, sizeof(Wide), L"%d %S", 1, "ansi"), STATUS_SUCCESS);
    CHECK_EQUAL(wcscmp(Wide, L"1 ansi"), 0);
    CHECK_EQUAL(RtlStringCbPrintfExW(Wide, 15, &WideEnd, &Left, 0, L"%d", 12), STATUS_SUCCESS);
    CHECK(WideEnd == Wide + 2 && Left == 11);
}

CASE(Length)
{
    PCHAR Text = (PCHAR)TapBeforeGuard(3);
    size_t Length;

    memcpy(Text, "abc", 3);
    CHECK_EQUAL(RtlStringCchLengthA(Text, 3, &Length), STATUS_INVALID_PARAMETER);
    CHECK_EQUAL(Length, 0);
    Text[2] = 0;
    CHECK_EQUAL(RtlStringCchLengthA(Text, 3, &Length), STATUS_SUCCESS);
    CHECK_EQUAL(Length, 2);
    CHECK_EQUAL(RtlStringCbLengthW(L"abc", 8, &Length), STATUS_SUCCESS);
    CHECK_EQUAL(Length, 6);
    CHECK_EQUAL(RtlStringCchLengthA(NULL, 3, NULL), STATUS_INVALID_PARAMETER);
}

CASE(CountedStrings)
{
    WCHAR Buffer[8];
    UNICODE_STRING String = {0, 8 * sizeof(WCHAR), Buffer}, Rest, Other, Bad = {3, 8, Buffer};

    CHECK_EQUAL(RtlUnicodeStringInit(&Other, L"xyz"), STATUS_SUCCESS);
    CHECK_EQUAL(RtlUnicodeStringCopyString(&String, L"abc"), STATUS_SUCCESS);
    CHECK_EQUAL(String.Length, 6);
    CHECK_EQUAL(RtlUnicodeStringCat(&String, &Other), STATUS_SUCCESS);
    CHECK_EQUAL(RtlUnicodeStringCatString(&String, L"12"), STATUS_SUCCESS);
    CHECK_EQUAL(String.Length, 16);
    CHECK_EQUAL(memcmp(Buffer, L"abcxyz12", 16), 0);
    CHECK_EQUAL(RtlUnicodeStringCatString(&String, L"3"), STATUS_BUFFER_OVERFLOW);
    CHECK_EQUAL(RtlUnicodeStringCopy(&String, &Other), STATUS_SUCCESS);
    CHECK_EQUAL(String.Length, 6);
    CHECK_EQUAL(RtlUnicodeStringCopy(&Bad, &Other), STATUS_INVALID_PARAMETER);
    CHECK_EQUAL(RtlUnicodeStringPrintf(&String, L"%d:%wZ", 42, &Other), STATUS_SUCCESS);
    CHECK_EQUAL(String.Length, 12);
    CHECK_EQUAL(memcmp(Buffer, L"42:xyz", 12), 0);
    CHECK_EQUAL(RtlUnicodeStringPrintf(&String, L"%d", 12345678), STATUS_SUCCESS);
    CHECK_EQUAL(String.Length, 16);
    CHECK_EQUAL(RtlUnicodeStringPrintf(&String, L"%d", 123456789), STATUS_BUFFER_OVERFLOW);
    CHECK_EQUAL(String.Length, 16);
    CHECK_EQUAL(RtlUnicodeStringPrintfEx(&String, &Rest, 0, L"%s", L"abc"), STATUS_SUCCESS);
    CHECK(Rest.Buffer == Buffer + 3 && Rest.Length == 0 && Rest.MaximumLength == 10);
    CHECK_EQUAL(RtlUnicodeStringPrintfEx(&String, &Rest, STRSAFE_NO_TRUNCATION, L"%s", L"123456789"),
                STATUS_BUFFER_OVERFLOW);
    CHECK_EQUAL(String.Length, 0);
}
