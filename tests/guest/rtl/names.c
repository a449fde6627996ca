/* Names for file systems: taking paths apart, patterns, what is legal where. */
#include "testcase.h"
#include <ntifs.h>

static BOOLEAN Wide(PCWSTR Pattern, PCWSTR Text, BOOLEAN IgnoreCase)
{
    UNICODE_STRING Expression, Name;

    RtlInitUnicodeString(&Expression, Pattern);
    RtlInitUnicodeString(&Name, Text);
    return FsRtlIsNameInExpression(&Expression, &Name, IgnoreCase, NULL);
}

static BOOLEAN Narrow(PCSTR Pattern, PCSTR Text)
{
    ANSI_STRING Expression, Name;

    RtlInitAnsiString(&Expression, Pattern);
    RtlInitAnsiString(&Name, Text);
    return FsRtlIsDbcsInExpression(&Expression, &Name);
}

static BOOLEAN Fat(PCSTR Text, BOOLEAN WildOk, BOOLEAN PathOk, BOOLEAN LeadingOk)
{
    ANSI_STRING Name;

    RtlInitAnsiString(&Name, Text);
    return FsRtlIsFatDbcsLegal(Name, WildOk, PathOk, LeadingOk);
}

static BOOLEAN Hpfs(PCSTR Text, BOOLEAN WildOk, BOOLEAN PathOk, BOOLEAN LeadingOk)
{
    ANSI_STRING Name;

    RtlInitAnsiString(&Name, Text);
    return FsRtlIsHpfsDbcsLegal(Name, WildOk, PathOk, LeadingOk);
}

TEST_CASE(DissectNames, "FsRtlDissectName: the first name, without a leading backslash, and what remains behind it") {
    static const struct { PCWSTR Path, First, Rest; } Paths[] = {
        {L"", L"", L""}, {L"\\", L"", L""}, {L"A", L"A", L""}, {L"\\A", L"A", L""}, {L"A\\B", L"A", L"B"},
        {L"\\Abc\\D\\E", L"Abc", L"D\\E"}, {L"*A?", L"*A?", L""},
    };

    for (ULONG Index = 0; Index < ARRAYSIZE(Paths); Index++) {
        UNICODE_STRING Path, First, Rest, Expected;
        RtlInitUnicodeString(&Path, Paths[Index].Path);
        FsRtlDissectName(Path, &First, &Rest);
        RtlInitUnicodeString(&Expected, Paths[Index].First);
        EXPECT(RtlEqualUnicodeString(&First, &Expected, FALSE));
        RtlInitUnicodeString(&Expected, Paths[Index].Rest);
        EXPECT(RtlEqualUnicodeString(&Rest, &Expected, FALSE));
    }
}

TEST_CASE(DissectBytes, "FsRtlDissectDbcs does the same for names in bytes") {
    ANSI_STRING Path, First, Rest, Expected;

    RtlInitAnsiString(&Path, "\\first\\second\\third");
    FsRtlDissectDbcs(Path, &First, &Rest);
    RtlInitAnsiString(&Expected, "first");
    EXPECT(RtlEqualString(&First, &Expected, FALSE));
    RtlInitAnsiString(&Expected, "second\\third");
    EXPECT(RtlEqualString(&Rest, &Expected, FALSE));
    EXPECT(Rest.Buffer == Path.Buffer + 7);
}

TEST_CASE(StarAndQuestionMark, "FsRtlIsNameInExpression: * matches any characters, ? exactly one") {
    EXPECT(Wide(L"*", L"a", FALSE));
    EXPECT(Wide(L"*.*", L"a.b", FALSE));
    EXPECT(!Wide(L"*.*", L"ab", FALSE));
    EXPECT(Wide(L"a*c*e", L"abcde", FALSE));
    EXPECT(!Wide(L"a*c*e", L"abcdef", FALSE));
    EXPECT(Wide(L"a?c", L"abc", FALSE));
    EXPECT(!Wide(L"a?", L"a", FALSE));
    EXPECT(Wide(L"*a*a*a*a*b", L"aaaaaaaaaaaaaaaaaaaaaaaaaaaaab", FALSE));
    EXPECT(!Wide(L"*a*a*a*a*b", L"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", FALSE));
}

TEST_CASE(EmptyNames, "FsRtlIsNameInExpression: \"*\" does not match an empty name; only an empty pattern does") {
    EXPECT(!Wide(L"*", L"", FALSE));
    EXPECT(!Wide(L"", L"a", FALSE));
    EXPECT(Wide(L"", L"", FALSE));
}

TEST_CASE(CaseOfPatterns, "FsRtlIsNameInExpression: with IgnoreCase the name is put into upper case, not the pattern") {
    EXPECT(Wide(L"ABC", L"abc", TRUE));
    EXPECT(!Wide(L"abc", L"ABC", TRUE));
    EXPECT(!Wide(L"ABC", L"abc", FALSE));
}

TEST_CASE(OldWildcards, "FsRtlIsNameInExpression: DOS_STAR up to the final period, DOS_QM and DOS_DOT also nothing") {
    EXPECT(Wide(L"<.txt", L"a.b.txt", FALSE));
    EXPECT(!Wide(L"<b", L"a.b", FALSE));
    EXPECT(Wide(L"a>>>", L"ab", FALSE));
    EXPECT(Wide(L"a>>>.c", L"ab.c", FALSE));
    EXPECT(!Wide(L"a>", L"abc", FALSE));
    EXPECT(Wide(L"a\"", L"a", FALSE));
    EXPECT(Wide(L"a\"", L"a.", FALSE));
    EXPECT(Wide(L"a\"b", L"a.b", FALSE));
    EXPECT(!Wide(L"a\"b", L"ab", FALSE));
}

TEST_CASE(PatternsInBytes, "FsRtlIsDbcsInExpression matches byte by byte, with regard to case") {
    EXPECT(Narrow("*.SYS", "NULL.SYS"));
    EXPECT(!Narrow("*.SYS", "null.sys"));
    EXPECT(Narrow("N??L*", "NULL.SYS"));
    EXPECT(!Narrow("*", ""));
}

TEST_CASE(LongPatterns, "FsRtlIsNameInExpression takes patterns of any length, and gives back what they need") {
    static WCHAR Long[601];

    for (ULONG Index = 0; Index < 600; Index++)
        Long[Index] = L'*';
    EXPECT(Wide(Long, L"anything", FALSE));
    Long[599] = L'!';
    EXPECT(!Wide(Long, L"anything", FALSE));
}

TEST_CASE(WildCharacters, "FsRtlIsAnsiCharacterWild: * ? and the three old ones, no others") {
    for (LONG Character = 0; Character < 256; Character++)
        EXPECT_EQUAL(FsRtlIsAnsiCharacterWild((CHAR)Character),
                     Character != 0 && strchr("*?<>\"", Character) != NULL);
}

TEST_CASE(LegalCharacters, "FsRtlIsAnsiCharacterLegal...: letters everywhere, + not on FAT, : nowhere, | in streams") {
    EXPECT(FsRtlIsAnsiCharacterLegalFat('A', FALSE) && FsRtlIsAnsiCharacterLegalFat((CHAR)0xE4, FALSE));
    EXPECT(!FsRtlIsAnsiCharacterLegalFat('+', FALSE) && FsRtlIsAnsiCharacterLegalHpfs('+', FALSE));
    EXPECT(!FsRtlIsAnsiCharacterLegalFat('*', FALSE) && FsRtlIsAnsiCharacterLegalFat('*', TRUE));
    EXPECT(!FsRtlIsAnsiCharacterLegalNtfs(':', TRUE) && !FsRtlIsAnsiCharacterLegalNtfs('|', TRUE));
    EXPECT(FsRtlIsAnsiCharacterLegalNtfs('[', FALSE) && FsRtlIsAnsiCharacterLegalNtfsStream('|', FALSE));
    EXPECT(!FsRtlIsAnsiCharacterLegalNtfsStream('\\', FALSE));
}

TEST_CASE(FatNames, "FsRtlIsFatDbcsLegal: eight characters, a period, three; paths and patterns if allowed") {
    EXPECT(Fat("A", FALSE, FALSE, FALSE) && Fat("12345678.123", FALSE, FALSE, FALSE));
    EXPECT(!Fat("123456789", FALSE, FALSE, FALSE) && !Fat("A.1234", FALSE, FALSE, FALSE));
    EXPECT(!Fat("", FALSE, FALSE, FALSE) && !Fat("A.B.C", FALSE, FALSE, FALSE));
    EXPECT(!Fat(".A", FALSE, FALSE, FALSE) && !Fat("A.", FALSE, FALSE, FALSE) && !Fat("A ", FALSE, FALSE, FALSE));
    EXPECT(!Fat("A*.*", FALSE, FALSE, FALSE) && Fat("A*.*", TRUE, FALSE, FALSE));
    EXPECT(!Fat("A\\B", FALSE, FALSE, FALSE) && Fat("A\\B", FALSE, TRUE, FALSE));
    EXPECT(!Fat("\\A", FALSE, TRUE, FALSE) && Fat("\\A\\B.C", FALSE, TRUE, TRUE));
    EXPECT(!Fat("A\\\\B", FALSE, TRUE, TRUE) && !Fat("A\\", FALSE, TRUE, TRUE));
    EXPECT(!Fat("..", FALSE, FALSE, FALSE) && Fat("..", TRUE, FALSE, FALSE));
}

TEST_CASE(HpfsNames, "FsRtlIsHpfsDbcsLegal: 255 characters, several periods, none and no blank at the end") {
    static CHAR Long[257];

    EXPECT(Hpfs("A longer.name.than 8.3", FALSE, FALSE, FALSE));
    EXPECT(!Hpfs("A.", FALSE, FALSE, FALSE) && !Hpfs("A ", FALSE, FALSE, FALSE));
    memset(Long, 'x', 255);
    EXPECT(Hpfs(Long, FALSE, FALSE, FALSE));
    Long[255] = 'x';
    EXPECT(!Hpfs(Long, FALSE, FALSE, FALSE));
    EXPECT(Hpfs("\\A\\B*", TRUE, TRUE, TRUE) && !Hpfs("A\\B", FALSE, FALSE, FALSE));
}
