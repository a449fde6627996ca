/* Map control blocks and tunnel caches, routine by routine. */
#include "testcase.h"
#include <ntifs.h>

static LARGE_MCB Mcb;

/* Run number Index is so; holes have -1 for their LBN. */
static VOID ExpectRun(ULONG Index, LONGLONG Vbn, LONGLONG Lbn, LONGLONG Count)
{
    LONGLONG SeenVbn, SeenLbn, SeenCount;

    if (EXPECT(FsRtlGetNextLargeMcbEntry(&Mcb, Index, &SeenVbn, &SeenLbn, &SeenCount))) {
        EXPECT_EQUAL(SeenVbn, Vbn);
        EXPECT_EQUAL(SeenLbn, Lbn);
        EXPECT_EQUAL(SeenCount, Count);
    }
}

TEST_CASE(EmptyMcb, "a new MCB maps nothing: no runs, no last entry, every lookup FALSE") {
    LONGLONG Vbn, Lbn, Count;

    FsRtlInitializeLargeMcb(&Mcb, PagedPool);
    EXPECT_EQUAL(FsRtlNumberOfRunsInLargeMcb(&Mcb), 0);
    EXPECT(!FsRtlLookupLastLargeMcbEntry(&Mcb, &Vbn, &Lbn));
    EXPECT(!FsRtlLookupLargeMcbEntry(&Mcb, 0, &Lbn, NULL, NULL, NULL, NULL));
    EXPECT(!FsRtlGetNextLargeMcbEntry(&Mcb, 0, &Vbn, &Lbn, &Count));
    FsRtlUninitializeLargeMcb(&Mcb);
}

TEST_CASE(McbRunsAndHoles, "FsRtlAddLargeMcbEntry: a gap between two runs is a hole, and counts as a run") {
    FsRtlInitializeLargeMcb(&Mcb, PagedPool);
    EXPECT(FsRtlAddLargeMcbEntry(&Mcb, 10, 100, 5));
    EXPECT(FsRtlAddLargeMcbEntry(&Mcb, 20, 300, 5));
    EXPECT_EQUAL(FsRtlNumberOfRunsInLargeMcb(&Mcb), 4);
    ExpectRun(0, 0, -1, 10);
    ExpectRun(1, 10, 100, 5);
    ExpectRun(2, 15, -1, 5);
    ExpectRun(3, 20, 300, 5);
    FsRtlUninitializeLargeMcb(&Mcb);
}

TEST_CASE(McbJoinsRuns, "FsRtlAddLargeMcbEntry: what goes on where a run ends becomes part of it") {
    FsRtlInitializeLargeMcb(&Mcb, PagedPool);
    EXPECT(FsRtlAddLargeMcbEntry(&Mcb, 0, 100, 5));
    EXPECT(FsRtlAddLargeMcbEntry(&Mcb, 10, 110, 5));
    EXPECT(FsRtlAddLargeMcbEntry(&Mcb, 5, 105, 5));
    EXPECT_EQUAL(FsRtlNumberOfRunsInLargeMcb(&Mcb), 1);
    ExpectRun(0, 0, 100, 15);
    FsRtlUninitializeLargeMcb(&Mcb);
}

TEST_CASE(McbConflicts, "FsRtlAddLargeMcbEntry: FALSE for what is mapped elsewhere already, TRUE for the same again") {
    FsRtlInitializeLargeMcb(&Mcb, PagedPool);
    EXPECT(FsRtlAddLargeMcbEntry(&Mcb, 0, 100, 10));
    EXPECT(!FsRtlAddLargeMcbEntry(&Mcb, 5, 200, 10));
    EXPECT(FsRtlAddLargeMcbEntry(&Mcb, 5, 105, 10));
    ExpectRun(0, 0, 100, 15);
    FsRtlUninitializeLargeMcb(&Mcb);
}

TEST_CASE(McbLookup, "FsRtlLookupLargeMcbEntry: the block's LBN, what follows, the whole run; -1 in a hole") {
    LONGLONG Lbn, After, Start, Length;
    ULONG Index;

    FsRtlInitializeLargeMcb(&Mcb, PagedPool);
    FsRtlAddLargeMcbEntry(&Mcb, 10, 100, 5);
    EXPECT(FsRtlLookupLargeMcbEntry(&Mcb, 12, &Lbn, &After, &Start, &Length, &Index));
    EXPECT(Lbn == 102 && After == 3 && Start == 100 && Length == 5 && Index == 1);
    EXPECT(FsRtlLookupLargeMcbEntry(&Mcb, 4, &Lbn, &After, &Start, &Length, &Index));
    EXPECT(Lbn == -1 && After == 6 && Start == -1 && Length == 10 && Index == 0);
    EXPECT(!FsRtlLookupLargeMcbEntry(&Mcb, 15, &Lbn, NULL, NULL, NULL, NULL));
    FsRtlUninitializeLargeMcb(&Mcb);
}

TEST_CASE(McbLast, "FsRtlLookupLastLargeMcbEntryAndIndex: the last mapped block, its LBN, the index of its run") {
    LONGLONG Vbn, Lbn;
    ULONG Index;

    FsRtlInitializeLargeMcb(&Mcb, PagedPool);
    FsRtlAddLargeMcbEntry(&Mcb, 10, 100, 5);
    EXPECT(FsRtlLookupLastLargeMcbEntryAndIndex(&Mcb, &Vbn, &Lbn, &Index));
    EXPECT(Vbn == 14 && Lbn == 104 && Index == 1);
    FsRtlUninitializeLargeMcb(&Mcb);
}

TEST_CASE(McbRemove, "FsRtlRemoveLargeMcbEntry makes a hole, or shortens the mapping at its end") {
    FsRtlInitializeLargeMcb(&Mcb, NonPagedPool);
    FsRtlAddLargeMcbEntry(&Mcb, 0, 100, 20);
    FsRtlRemoveLargeMcbEntry(&Mcb, 5, 5);
    ExpectRun(0, 0, 100, 5);
    ExpectRun(1, 5, -1, 5);
    ExpectRun(2, 10, 110, 10);
    FsRtlRemoveLargeMcbEntry(&Mcb, 15, 100);
    ExpectRun(2, 10, 110, 5);
    FsRtlRemoveLargeMcbEntry(&Mcb, 10, 5);
    EXPECT_EQUAL(FsRtlNumberOfRunsInLargeMcb(&Mcb), 1);         /* the hole goes with what was behind it */
    FsRtlUninitializeLargeMcb(&Mcb);
}

TEST_CASE(McbTruncate, "FsRtlTruncateLargeMcb takes off everything from a block on") {
    FsRtlInitializeLargeMcb(&Mcb, PagedPool);
    FsRtlAddLargeMcbEntry(&Mcb, 0, 100, 10);
    FsRtlAddLargeMcbEntry(&Mcb, 20, 300, 10);
    FsRtlTruncateLargeMcb(&Mcb, 7);
    EXPECT_EQUAL(FsRtlNumberOfRunsInLargeMcb(&Mcb), 1);
    ExpectRun(0, 0, 100, 7);
    FsRtlTruncateLargeMcb(&Mcb, 0);
    EXPECT_EQUAL(FsRtlNumberOfRunsInLargeMcb(&Mcb), 0);
    FsRtlUninitializeLargeMcb(&Mcb);
}

TEST_CASE(McbSplit, "FsRtlSplitLargeMcb moves what lies behind a block upwards; FALSE when nothing does") {
    FsRtlInitializeLargeMcb(&Mcb, PagedPool);
    FsRtlAddLargeMcbEntry(&Mcb, 0, 100, 10);
    EXPECT(FsRtlSplitLargeMcb(&Mcb, 4, 6));
    ExpectRun(0, 0, 100, 4);
    ExpectRun(1, 4, -1, 6);
    ExpectRun(2, 10, 104, 6);
    EXPECT(!FsRtlSplitLargeMcb(&Mcb, 16, 1));
    FsRtlUninitializeLargeMcb(&Mcb);
}

/* Tunnel caches ---------------------------------------------------------------------------------------------------- */

static TUNNEL Tunnel;
static UNICODE_STRING Short = RTL_CONSTANT_STRING(L"LONGNA~1"), Long = RTL_CONSTANT_STRING(L"Long name.text");

/* Looks for a name of directory Key; TRUE, and both names and the data are as they were kept. */
static BOOLEAN Find(ULONGLONG Key, PCWSTR Text, ULONG Expected)
{
    WCHAR ShortBuffer[12], LongBuffer[32];
    UNICODE_STRING SeenShort = {0, sizeof(ShortBuffer), ShortBuffer};
    UNICODE_STRING SeenLong = {0, sizeof(LongBuffer), LongBuffer}, Name;
    ULONG Data = 0, Length = sizeof(Data);

    RtlInitUnicodeString(&Name, Text);
    if (!FsRtlFindInTunnelCache(&Tunnel, Key, &Name, &SeenShort, &SeenLong, &Length, &Data))
        return FALSE;
    EXPECT_EQUAL(Length, sizeof(Data));
    EXPECT_EQUAL(Data, Expected);
    EXPECT(RtlEqualUnicodeString(&SeenShort, &Short, FALSE));
    EXPECT(RtlEqualUnicodeString(&SeenLong, &Long, FALSE));
    return TRUE;
}

static VOID Add(ULONGLONG Key, BOOLEAN ByShortName, ULONG Data)
{
    FsRtlAddToTunnelCache(&Tunnel, Key, &Short, &Long, ByShortName, sizeof(Data), &Data);
}

TEST_CASE(TunnelFindsBoth, "FsRtlFindInTunnelCache finds a name by the key it was kept by, and hands out all of it") {
    FsRtlInitializeTunnelCache(&Tunnel);
    Add(1, FALSE, 11);
    EXPECT(Find(1, L"long NAME.text", 11));
    EXPECT(!Find(1, L"LONGNA~1", 0));           /* kept by its long name */
    EXPECT(!Find(2, L"Long name.text", 0));     /* of another directory */
    Add(2, TRUE, 22);
    EXPECT(Find(2, L"LONGNA~1", 22));
    FsRtlDeleteTunnelCache(&Tunnel);
}

TEST_CASE(TunnelReplaces, "FsRtlAddToTunnelCache of a name that is kept already replaces it") {
    FsRtlInitializeTunnelCache(&Tunnel);
    Add(1, FALSE, 11);
    Add(1, FALSE, 12);
    EXPECT(Find(1, L"Long name.text", 12));
    EXPECT_EQUAL(Tunnel.NumEntries, 1);
    FsRtlDeleteTunnelCache(&Tunnel);
}

TEST_CASE(TunnelForgetsADirectory, "FsRtlDeleteKeyFromTunnelCache forgets one directory's names, no others") {
    FsRtlInitializeTunnelCache(&Tunnel);
    Add(1, FALSE, 11);
    Add(1, TRUE, 12);
    Add(2, FALSE, 22);
    FsRtlDeleteKeyFromTunnelCache(&Tunnel, 1);
    EXPECT(!Find(1, L"Long name.text", 0) && !Find(1, L"LONGNA~1", 0));
    EXPECT(Find(2, L"Long name.text", 22));
    FsRtlDeleteTunnelCache(&Tunnel);
}

TEST_CASE(TunnelIsBounded, "a tunnel cache keeps a bounded number of names, the newest") {
    FsRtlInitializeTunnelCache(&Tunnel);
    for (ULONG Key = 1; Key <= 1000; Key++)
        Add(Key, FALSE, Key);
    EXPECT(Tunnel.NumEntries < 1000);
    EXPECT(Find(1000, L"Long name.text", 1000));
    EXPECT(!Find(1, L"Long name.text", 0));
    FsRtlDeleteTunnelCache(&Tunnel);
}

TEST_CASE(TunnelGrowsTheLongName, "FsRtlFindInTunnelCache replaces a LongName that is too small by a larger buffer") {
    WCHAR ShortBuffer[12], Small[2];
    UNICODE_STRING SeenShort = {0, sizeof(ShortBuffer), ShortBuffer}, SeenLong = {0, sizeof(Small), Small};
    ULONG Data, Length = sizeof(Data);

    FsRtlInitializeTunnelCache(&Tunnel);
    Add(1, FALSE, 11);
    EXPECT(FsRtlFindInTunnelCache(&Tunnel, 1, &Long, &SeenShort, &SeenLong, &Length, &Data));
    EXPECT(SeenLong.Buffer != Small && RtlEqualUnicodeString(&SeenLong, &Long, FALSE));
    ExFreePool(SeenLong.Buffer);
    FsRtlDeleteTunnelCache(&Tunnel);
}
