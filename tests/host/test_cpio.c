/*
 * The archive reader: a good archive made by the host's cpio, then archives made here with one thing wrong in each.
 */
#include "tap.h"
#include "rtl/rtl.h"
#include "rtl/cpio.h"

/* Builds an archive in Bytes; the header's fields are those that cpio would write. */
static UCHAR Bytes[4096];
static SIZE_T Used;

static VOID Pad(VOID)
{
    while (Used % 4 != 0) {
        Bytes[Used++] = 0;
    }
}

static SIZE_T Add(PCSTR Name, PCSTR Data, ULONG Mode)
{
    SIZE_T Header = Used;
    ULONG Sum = 0;

    for (SIZE_T Index = 0; Index < strlen(Data); Index++) {
        Sum += (UCHAR)Data[Index];
    }
    Used += (SIZE_T)sprintf((char *)Bytes + Used, "07070%c%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
                            Mode & 0x80000000 ? '2' : '1', 1, Mode & 0xFFFF, 0, 0, 1, 0x5F000000, (ULONG)strlen(Data),
                            0, 0, 0, 0, (ULONG)strlen(Name) + 1, Sum);
    strcpy((char *)Bytes + Used, Name);
    Used += strlen(Name) + 1;
    Pad();
    memcpy(Bytes + Used, Data, strlen(Data));
    Used += strlen(Data);
    Pad();
    return Header;
}

#define FILE_MODE 0100644
#define FOLDER_MODE 0040755
#define WITH_SUM 0x80000000

static VOID Start(VOID)
{
    memset(Bytes, 0, sizeof(Bytes));
    Used = 0;
}

/* Reads through an exact copy of Size bytes; the status that ended it, and what was wrong. */
static NTSTATUS ReadAll(SIZE_T Size, PULONG Count, PCSTR *Error)
{
    PUCHAR Copy = TapAllocate(Size);
    RTL_CPIO Archive;
    RTL_CPIO_ENTRY Entry;
    NTSTATUS Status;

    memcpy(Copy, Bytes, Size);
    RtlCpioOpen(&Archive, Copy, Size);
    *Count = 0;
    while ((Status = RtlCpioNext(&Archive, &Entry)) == STATUS_SUCCESS) {
        ULONG Sum = 0;
        for (SIZE_T Index = 0; Index < Entry.Size; Index++) {
            Sum += Entry.Data[Index];
        }
        CHECK(Sum != 1 && strlen(Entry.Name) == Entry.NameLength);
        ++*Count;
    }
    CHECK_EQUAL(RtlCpioNext(&Archive, &Entry), Status);
    CHECK(Archive.Offset <= Size);
    *Error = Archive.Error;
    CHECK((Status == STATUS_DATA_ERROR) == (Archive.Error != NULL));
    TapFree(Copy);
    return Status;
}

#define EXPECT_ERROR(Words)                                                                                    \
    do {                                                                                                       \
        ULONG Count;                                                                                           \
        PCSTR Error;                                                                                           \
        CHECK_EQUAL(ReadAll(Used, &Count, &Error), STATUS_DATA_ERROR);                                         \
        CHECK(strstr(Error, Words) != NULL, "the error is \"%s\"", Error);                                     \
    } while (0)

CASE(GoodArchive)
{
    SIZE_T Size;
    PUCHAR File = TapReadFile(GOOD_ARCHIVE, &Size);
    RTL_CPIO Archive;
    RTL_CPIO_ENTRY Entry;
    ULONG Seen = 0;

    RtlCpioOpen(&Archive, File, Size);
    while (RtlCpioNext(&Archive, &Entry) == STATUS_SUCCESS) {
        if (strcmp(Entry.Name, "drivers") == 0) {
            CHECK_EQUAL(Entry.Kind, RtlCpioFolder);
            Seen |= 1;
        } else if (strcmp(Entry.Name, "drivers/one.txt") == 0) {
            CHECK_EQUAL(Entry.Kind, RtlCpioFile);
            CHECK_EQUAL(Entry.Size, 5);
            CHECK_EQUAL(memcmp(Entry.Data, "hello", 5), 0);
            CHECK_EQUAL(Entry.NameLength, 15);
            Seen |= 2;
        } else if (strcmp(Entry.Name, "empty") == 0) {
            CHECK_EQUAL(Entry.Size, 0);
            Seen |= 4;
        } else if (strcmp(Entry.Name, "link") == 0) {
            CHECK_EQUAL(Entry.Kind, RtlCpioOther);
            Seen |= 8;
        } else {
            CHECK(FALSE, "there should be no \"%s\"", Entry.Name);
        }
    }
    CHECK_EQUAL(RtlCpioNext(&Archive, &Entry), STATUS_NO_MORE_ENTRIES);
    CHECK_EQUAL(Seen, 15);
    TapFree(File);
}

CASE(MadeHere)
{
    ULONG Count;
    PCSTR Error;

    Start();
    Add(".", "", FOLDER_MODE);
    Add("./a", "data", FILE_MODE);
    Add("b/c", "12345", FILE_MODE | WITH_SUM);
    Add("TRAILER!!!", "", 0);
    CHECK_EQUAL(ReadAll(Used, &Count, &Error), STATUS_NO_MORE_ENTRIES);
    CHECK_EQUAL(Count, 2);
    CHECK_EQUAL(ReadAll(Used + 400, &Count, &Error), STATUS_NO_MORE_ENTRIES);
}

CASE(TruncatedEverywhere)
{
    ULONG Count;
    PCSTR Error;
    SIZE_T LastNeeded;

    Start();
    Add("drivers", "", FOLDER_MODE);
    Add("drivers/one", "some data", FILE_MODE);
    LastNeeded = Used + 110 + sizeof("TRAILER!!!");
    Add("TRAILER!!!", "", 0);
    for (SIZE_T Size = 0; Size < LastNeeded; Size++) {
        CHECK(ReadAll(Size, &Count, &Error) == STATUS_DATA_ERROR, "size %llu of %llu", Size, Used);
    }
    CHECK_EQUAL(ReadAll(Used, &Count, &Error), STATUS_NO_MORE_ENTRIES);
}

CASE(WrongMagic)
{
    Start();
    Bytes[Add("a", "x", FILE_MODE) + 5] = '7';
    EXPECT_ERROR("070701");
}

CASE(FieldIsNotHexadecimal)
{
    Start();
    Bytes[Add("a", "x", FILE_MODE) + 6 + 12 * 8] = 'g';
    EXPECT_ERROR("hexadecimal");
}

CASE(DataRunsPastTheEnd)
{
    Start();
    memcpy(Bytes + Add("a", "x", FILE_MODE) + 6 + 6 * 8, "ffffffff", 8);
    EXPECT_ERROR("data runs past");
}

CASE(NameRunsPastTheEnd)
{
    Start();
    memcpy(Bytes + Add("a", "", FILE_MODE) + 6 + 11 * 8, "000000f0", 8);
    EXPECT_ERROR("name runs past");
}

CASE(NameTooLongOrEmpty)
{
    Start();
    memcpy(Bytes + Add("a", "", FILE_MODE) + 6 + 11 * 8, "fffffff0", 8);
    EXPECT_ERROR("too long");
    Start();
    Add("", "", FILE_MODE);
    EXPECT_ERROR("empty");
}

CASE(NameEndsElsewhere)
{
    SIZE_T Header;

    Start();
    Header = Add("abcd", "", FILE_MODE);
    Bytes[Header + 110 + 2] = 0;
    EXPECT_ERROR("does not end where");
    Start();
    Header = Add("abcd", "", FILE_MODE);
    Bytes[Header + 110 + 4] = 'e';
    EXPECT_ERROR("does not end where");
}

CASE(NameLeavesTheFolder)
{
    static const PCSTR Names[] = {"/a", "..", "../a", "a/../b", "a//b", "a/", "a/./b", "./../x", "b/.."};

    for (SIZE_T Index = 0; Index < ARRAYSIZE(Names); Index++) {
        Start();
        Add(Names[Index], "x", FILE_MODE);
        TapNote("%s", Names[Index]);
        EXPECT_ERROR("leaves the folder");
    }
}

CASE(ChecksumDoesNotMatch)
{
    SIZE_T Header;

    Start();
    Header = Add("a", "abc", FILE_MODE | WITH_SUM);
    Bytes[Header + 112] ^= 1;
    EXPECT_ERROR("checksum");
}

/* Any bytes at all: no crash, no loop. */
CASE(DamagedAtRandom)
{
    for (ULONG Round = 0; Round < 20000; Round++) {
        ULONG Count;
        PCSTR Error;
        Start();
        Add("drivers", "", FOLDER_MODE);
        Add("drivers/one", "some data", FILE_MODE | (Round & 1 ? WITH_SUM : 0));
        Add("TRAILER!!!", "", 0);
        for (ULONG Change = 0; Change <= Round % 4; Change++) {
            UCHAR New = Round & 2 ? (UCHAR)TapRandom(256) : (UCHAR)"0123456789abcdef"[TapRandom(16)];
            Bytes[TapRandom((ULONG)Used)] = New;
        }
        ReadAll(Used, &Count, &Error);
    }
}

CASE(Crc32)
{
    CHECK_EQUAL(RtlCrc32(0, "", 0), 0);
    CHECK_EQUAL(RtlCrc32(0, "123456789", 9), 0xCBF43926);
    CHECK_EQUAL(RtlCrc32(RtlCrc32(0, "1234", 4), "56789", 5), 0xCBF43926);
    CHECK_EQUAL(RtlCrc32(0, "\0\0\0\0", 4), 0x2144DF1C);
}

CASE(Random)
{
    ULONG Seed = 1, Same = 1, Buckets[16] = {0};

    for (ULONG Round = 0; Round < 16000; Round++) {
        ULONG Number = RtlRandomEx(&Seed);
        CHECK_EQUAL(Number, RtlRandomEx(&Same));
        CHECK(Number < MAXLONG);
        Buckets[Number >> 27]++;
    }
    for (ULONG Bucket = 0; Bucket < 16; Bucket++) {
        CHECK(Buckets[Bucket] > 800 && Buckets[Bucket] < 1200, "bucket %u has %u of 16000", Bucket, Buckets[Bucket]);
    }
}
