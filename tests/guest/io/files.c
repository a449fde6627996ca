/*
 * RamFs through the system services.
 */
#include "target.h"

#define ALL_SHARED (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define ROOT L"\\SystemRoot\\"

static NTSTATUS Create(PCWSTR Name, ACCESS_MASK Access, ULONG Share, ULONG Disposition, ULONG Options, PHANDLE Handle)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Iosb;
    UNICODE_STRING FileName;

    RtlInitUnicodeString(&FileName, Name);
    InitializeObjectAttributes(&Attributes, &FileName, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    return ZwCreateFile(Handle, Access | SYNCHRONIZE, &Attributes, &Iosb, NULL, FILE_ATTRIBUTE_NORMAL, Share,
                        Disposition, Options | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
}

/* A new file that is gone when its handle is closed. */
static NTSTATUS Scratch(PCWSTR Name, PHANDLE Handle)
{
    return Create(Name, GENERIC_READ | GENERIC_WRITE | DELETE, ALL_SHARED, FILE_CREATE, FILE_DELETE_ON_CLOSE, Handle);
}

static NTSTATUS Write(HANDLE Handle, ULONGLONG Offset, const VOID *Data, ULONG Length)
{
    LARGE_INTEGER ByteOffset = {.QuadPart = (LONGLONG)Offset};
    IO_STATUS_BLOCK Iosb;

    return ZwWriteFile(Handle, NULL, NULL, NULL, &Iosb, (PVOID)Data, Length, &ByteOffset, NULL);
}

/* Returns how many bytes were read; MAXULONG after a failure other than the end of the file. */
static ULONG Read(HANDLE Handle, ULONGLONG Offset, PVOID Data, ULONG Length)
{
    LARGE_INTEGER ByteOffset = {.QuadPart = (LONGLONG)Offset};
    IO_STATUS_BLOCK Iosb;
    NTSTATUS Status = ZwReadFile(Handle, NULL, NULL, NULL, &Iosb, Data, Length, &ByteOffset, NULL);

    return Status == STATUS_END_OF_FILE ? 0 : NT_SUCCESS(Status) ? (ULONG)Iosb.Information : MAXULONG;
}

static ULONGLONG SizeOf(HANDLE Handle, PULONGLONG Allocated)
{
    FILE_STANDARD_INFORMATION Standard = {0};
    IO_STATUS_BLOCK Iosb;

    EXPECT_STATUS(ZwQueryInformationFile(Handle, &Iosb, &Standard, sizeof(Standard), FileStandardInformation),
                  STATUS_SUCCESS);
    if (Allocated != NULL) {
        *Allocated = (ULONGLONG)Standard.AllocationSize.QuadPart;
    }
    return (ULONGLONG)Standard.EndOfFile.QuadPart;
}

static NTSTATUS SetSize(HANDLE Handle, ULONGLONG Size)
{
    FILE_END_OF_FILE_INFORMATION EndOfFile = {{.QuadPart = (LONGLONG)Size}};
    IO_STATUS_BLOCK Iosb;

    return ZwSetInformationFile(Handle, &Iosb, &EndOfFile, sizeof(EndOfFile), FileEndOfFileInformation);
}

static NTSTATUS SetDelete(HANDLE Handle, BOOLEAN Delete)
{
    FILE_DISPOSITION_INFORMATION Disposition = {Delete};
    IO_STATUS_BLOCK Iosb;

    return ZwSetInformationFile(Handle, &Iosb, &Disposition, sizeof(Disposition), FileDispositionInformation);
}

TEST_CASE(WriteReadBack, "what was written across pages is read back, also after it has been paged out") {
    PUCHAR Data = ExAllocatePoolWithTag(PagedPool, 20000, 'tseT');
    PUCHAR Back = ExAllocatePoolWithTag(PagedPool, 20000, 'tseT');
    HANDLE Handle;

    REQUIRE(Data != NULL && Back != NULL);
    for (ULONG I = 0; I < 20000; I++) {
        Data[I] = (UCHAR)(I * 7 + I / 256);
    }
    REQUIRE(NT_SUCCESS(Scratch(ROOT L"scratch", &Handle)));
    EXPECT_STATUS(Write(Handle, 100, Data, 20000), STATUS_SUCCESS);
    EXPECT_EQUAL(SizeOf(Handle, NULL), 20100);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Read(Handle, 100, Back, 20000), 20000);
    EXPECT(memcmp(Data, Back, 20000) == 0);
    EXPECT_EQUAL(Read(Handle, 20000, Back, 20000), 100);
    EXPECT_EQUAL(Read(Handle, 20100, Back, 1), 0);
    ZwClose(Handle);
    ExFreePoolWithTag(Back, 'tseT');
    ExFreePoolWithTag(Data, 'tseT');
}

TEST_CASE(Position, "a synchronous file keeps its position, and an append goes to the end") {
    IO_STATUS_BLOCK Iosb;
    LARGE_INTEGER End = {.HighPart = -1, .LowPart = FILE_WRITE_TO_END_OF_FILE};
    FILE_POSITION_INFORMATION At = {{.QuadPart = 2}};
    HANDLE Handle;
    CHAR Buffer[8];

    REQUIRE(NT_SUCCESS(Scratch(ROOT L"scratch", &Handle)));
    EXPECT_STATUS(ZwWriteFile(Handle, NULL, NULL, NULL, &Iosb, "abc", 3, NULL, NULL), STATUS_SUCCESS);
    EXPECT_STATUS(ZwWriteFile(Handle, NULL, NULL, NULL, &Iosb, "def", 3, NULL, NULL), STATUS_SUCCESS);
    EXPECT_STATUS(ZwSetInformationFile(Handle, &Iosb, &At, sizeof(At), FilePositionInformation), STATUS_SUCCESS);
    EXPECT_STATUS(ZwReadFile(Handle, NULL, NULL, NULL, &Iosb, Buffer, 2, NULL, NULL), STATUS_SUCCESS);
    EXPECT(memcmp(Buffer, "cd", 2) == 0);
    EXPECT_STATUS(ZwWriteFile(Handle, NULL, NULL, NULL, &Iosb, "ghi", 3, &End, NULL), STATUS_SUCCESS);
    EXPECT_EQUAL(SizeOf(Handle, NULL), 9);
    EXPECT_STATUS(ZwQueryInformationFile(Handle, &Iosb, &At, sizeof(At), FilePositionInformation), STATUS_SUCCESS);
    EXPECT_EQUAL(At.CurrentByteOffset.QuadPart, 9);
    ZwClose(Handle);
}

TEST_CASE(Holes, "a file larger than memory may have holes, which read as zeroes and take no room") {
    ULONGLONG Far = 1ull << 40, Allocated;
    HANDLE Handle;
    UCHAR Buffer[600];

    REQUIRE(NT_SUCCESS(Scratch(ROOT L"scratch", &Handle)));
    EXPECT_STATUS(Write(Handle, 0, "start", 5), STATUS_SUCCESS);
    EXPECT_STATUS(Write(Handle, Far, "end", 3), STATUS_SUCCESS);
    EXPECT_EQUAL(SizeOf(Handle, &Allocated), Far + 3);
    EXPECT_EQUAL(Allocated, 2 * PAGE_SIZE);
    memset(Buffer, 0xFF, sizeof(Buffer));
    EXPECT_EQUAL(Read(Handle, 1 << 20, Buffer, sizeof(Buffer)), sizeof(Buffer));
    EXPECT(Buffer[0] == 0 && Buffer[512] == 0 && Buffer[599] == 0);
    EXPECT_EQUAL(Read(Handle, Far - 1, Buffer, 16), 4);
    EXPECT(memcmp(Buffer, "\0end", 4) == 0);
    EXPECT_EQUAL(Read(Handle, 0, Buffer, 6), 6);
    EXPECT(memcmp(Buffer, "start", 6) == 0);
    EXPECT_STATUS(SetSize(Handle, 3), STATUS_SUCCESS);
    EXPECT_EQUAL(SizeOf(Handle, &Allocated), 3);
    EXPECT_EQUAL(Allocated, PAGE_SIZE);
    EXPECT_STATUS(SetSize(Handle, 10), STATUS_SUCCESS);
    EXPECT_EQUAL(Read(Handle, 0, Buffer, 16), 10);
    EXPECT(memcmp(Buffer, "sta\0\0\0\0\0\0\0", 10) == 0);
    EXPECT_STATUS(SetSize(Handle, 1ull << 62), STATUS_DISK_FULL);
    ZwClose(Handle);
}

TEST_CASE(DiskFull, "a write that does not fit changes nothing and gives everything back") {
    ULONGLONG Allocated;
    HANDLE Handle;
    NTSTATUS Status;
    CHAR Byte = 'x';

    REQUIRE(NT_SUCCESS(Scratch(ROOT L"scratch", &Handle)));
    EXPECT_STATUS(Write(Handle, 0, &Byte, 1), STATUS_SUCCESS);
    /* The room is asked for before the first byte is copied, so there need not be as many bytes as that. */
    Status = Write(Handle, 10, &Byte, 0xF0000000);
    EXPECT(Status == STATUS_DISK_FULL || Status == STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_EQUAL(SizeOf(Handle, &Allocated), 1);
    EXPECT_EQUAL(Allocated, PAGE_SIZE);
    ZwClose(Handle);
}

TEST_CASE(Dispositions, "create, open, overwrite: each finds or makes what it says") {
    HANDLE Handle, Other;

    EXPECT_STATUS(Create(ROOT L"scratch", GENERIC_READ, ALL_SHARED, FILE_OPEN, 0, &Handle),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_STATUS(Create(ROOT L"scratch", GENERIC_READ, ALL_SHARED, FILE_OVERWRITE, 0, &Handle),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    REQUIRE(NT_SUCCESS(Scratch(ROOT L"scratch", &Handle)));
    EXPECT_STATUS(Write(Handle, 0, "text", 4), STATUS_SUCCESS);
    EXPECT_STATUS(Create(ROOT L"SCRATCH", GENERIC_READ, ALL_SHARED, FILE_CREATE, 0, &Other),
                  STATUS_OBJECT_NAME_COLLISION);
    EXPECT_STATUS(Create(ROOT L"SCRATCH", GENERIC_READ, ALL_SHARED, FILE_OPEN_IF, 0, &Other), STATUS_SUCCESS);
    EXPECT_EQUAL(SizeOf(Other, NULL), 4);
    ZwClose(Other);
    EXPECT_STATUS(Create(ROOT L"scratch", GENERIC_WRITE, ALL_SHARED, FILE_OVERWRITE_IF, 0, &Other), STATUS_SUCCESS);
    EXPECT_EQUAL(SizeOf(Handle, NULL), 0);
    ZwClose(Other);
    ZwClose(Handle);
    EXPECT_STATUS(Create(ROOT L"scratch", GENERIC_READ, ALL_SHARED, FILE_OPEN, 0, &Handle),
                  STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST_CASE(DeleteOpenFile, "a file marked for deletion takes no new opens, can be read, and goes with its last handle") {
    HANDLE Handle, Other, New;
    CHAR Byte = 0;

    REQUIRE(NT_SUCCESS(Create(ROOT L"scratch", GENERIC_READ | GENERIC_WRITE | DELETE, ALL_SHARED, FILE_CREATE, 0,
                              &Handle)));
    EXPECT_STATUS(Write(Handle, 0, "x", 1), STATUS_SUCCESS);
    EXPECT_STATUS(Create(ROOT L"scratch", GENERIC_READ, ALL_SHARED, FILE_OPEN, 0, &Other), STATUS_SUCCESS);
    EXPECT_STATUS(SetDelete(Handle, TRUE), STATUS_SUCCESS);
    EXPECT_STATUS(Create(ROOT L"scratch", GENERIC_READ, ALL_SHARED, FILE_OPEN, 0, &New), STATUS_DELETE_PENDING);
    EXPECT_STATUS(SetDelete(Handle, FALSE), STATUS_SUCCESS);
    EXPECT_STATUS(Create(ROOT L"scratch", GENERIC_READ, ALL_SHARED, FILE_OPEN, 0, &New), STATUS_SUCCESS);
    ZwClose(New);
    EXPECT_STATUS(SetDelete(Handle, TRUE), STATUS_SUCCESS);
    ZwClose(Handle);
    EXPECT_STATUS(Create(ROOT L"scratch", GENERIC_READ, ALL_SHARED, FILE_OPEN, 0, &New), STATUS_DELETE_PENDING);
    EXPECT_EQUAL(Read(Other, 0, &Byte, 1), 1);
    EXPECT_EQUAL(Byte, 'x');
    ZwClose(Other);
    EXPECT_STATUS(Create(ROOT L"scratch", GENERIC_READ, ALL_SHARED, FILE_OPEN, 0, &New), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST_CASE(Sharing, "an open that others did not share for is STATUS_SHARING_VIOLATION") {
    HANDLE Handle, Other;

    REQUIRE(NT_SUCCESS(Create(ROOT L"scratch", GENERIC_READ | DELETE, FILE_SHARE_READ | FILE_SHARE_DELETE, FILE_CREATE,
                              FILE_DELETE_ON_CLOSE, &Handle)));
    EXPECT_STATUS(Create(ROOT L"scratch", GENERIC_WRITE, ALL_SHARED, FILE_OPEN, 0, &Other), STATUS_SHARING_VIOLATION);
    EXPECT_STATUS(Create(ROOT L"scratch", GENERIC_READ, FILE_SHARE_READ, FILE_OPEN, 0, &Other),
                  STATUS_SHARING_VIOLATION);
    EXPECT_STATUS(Create(ROOT L"scratch", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, FILE_OPEN, 0, &Other),
                  STATUS_SUCCESS);
    ZwClose(Other);
    EXPECT_STATUS(Create(ROOT L"scratch", FILE_READ_ATTRIBUTES, 0, FILE_OPEN, 0, &Other), STATUS_SUCCESS);
    ZwClose(Other);
    ZwClose(Handle);
}

TEST_CASE(Folders, "folders hold files, are no files, and go only when they are empty") {
    HANDLE Folder, File, Other;

    REQUIRE(NT_SUCCESS(Create(ROOT L"folder", GENERIC_READ | DELETE, ALL_SHARED, FILE_CREATE, FILE_DIRECTORY_FILE,
                              &Folder)));
    EXPECT_STATUS(Create(ROOT L"folder\\none\\file", GENERIC_READ, ALL_SHARED, FILE_CREATE, 0, &Other),
                  STATUS_OBJECT_PATH_NOT_FOUND);
    REQUIRE(NT_SUCCESS(Scratch(ROOT L"folder\\file", &File)));
    EXPECT_STATUS(SetDelete(Folder, TRUE), STATUS_DIRECTORY_NOT_EMPTY);
    EXPECT_STATUS(Create(ROOT L"folder", GENERIC_READ, ALL_SHARED, FILE_OPEN, FILE_NON_DIRECTORY_FILE, &Other),
                  STATUS_FILE_IS_A_DIRECTORY);
    EXPECT_STATUS(Create(ROOT L"folder\\file", GENERIC_READ, ALL_SHARED, FILE_OPEN, FILE_DIRECTORY_FILE, &Other),
                  STATUS_NOT_A_DIRECTORY);
    EXPECT_STATUS(Create(ROOT L"folder\\file\\x", GENERIC_READ, ALL_SHARED, FILE_OPEN, 0, &Other),
                  STATUS_OBJECT_PATH_NOT_FOUND);
    EXPECT_EQUAL(Read(Folder, 0, &Other, 1), MAXULONG);
    ZwClose(File);
    EXPECT_STATUS(SetDelete(Folder, TRUE), STATUS_SUCCESS);
    EXPECT_STATUS(Scratch(ROOT L"folder\\file", &File), STATUS_DELETE_PENDING);
    ZwClose(Folder);
    EXPECT_STATUS(Create(ROOT L"folder", GENERIC_READ, ALL_SHARED, FILE_OPEN, 0, &Other), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_STATUS(Create(ROOT, GENERIC_READ | DELETE, ALL_SHARED, FILE_OPEN, FILE_DELETE_ON_CLOSE, &Other),
                  STATUS_CANNOT_DELETE);
}

TEST_CASE(FileNames, "names are at most 255 characters long and have no characters that patterns and paths use") {
    WCHAR Long[300];
    HANDLE Handle;

    wcscpy(Long, ROOT);
    for (ULONG I = 0; I < 256; I++) {
        wcscat(Long, L"n");
    }
    EXPECT_STATUS(Scratch(Long, &Handle), STATUS_OBJECT_NAME_INVALID);
    Long[wcslen(Long) - 1] = L'\0';
    EXPECT_STATUS(Scratch(Long, &Handle), STATUS_SUCCESS);
    ZwClose(Handle);
    EXPECT_STATUS(Scratch(ROOT L"a*b", &Handle), STATUS_OBJECT_NAME_INVALID);
    EXPECT_STATUS(Scratch(ROOT L"..", &Handle), STATUS_OBJECT_NAME_INVALID);
    EXPECT_STATUS(Scratch(ROOT L"bin\\\\b", &Handle), STATUS_OBJECT_NAME_INVALID);
    EXPECT_STATUS(Scratch(ROOT L"a/b", &Handle), STATUS_OBJECT_NAME_INVALID);
}

/* Lists a folder with a buffer of Size bytes; returns how many names came, and checks that they ascend. */
static ULONG List(HANDLE Folder, PCWSTR Pattern, ULONG Size, PNTSTATUS Last)
{
    PUCHAR Buffer = ExAllocatePoolWithTag(PagedPool, Size, 'tseT');
    UNICODE_STRING Match, Before = {0}, Name;
    WCHAR Previous[64];
    IO_STATUS_BLOCK Iosb;
    BOOLEAN Restart = TRUE;
    ULONG Count = 0;

    *Last = STATUS_INSUFFICIENT_RESOURCES;
    if (Buffer == NULL) {
        return 0;
    }
    RtlInitUnicodeString(&Match, Pattern);
    RtlInitEmptyUnicodeString(&Before, Previous, sizeof(Previous));
    for (;;) {
        ULONG Offset = 0;
        *Last = ZwQueryDirectoryFile(Folder, NULL, NULL, NULL, &Iosb, Buffer, Size, FileDirectoryInformation, FALSE,
                                     Pattern != NULL ? &Match : NULL, Restart);
        if (*Last != STATUS_SUCCESS) {
            break;
        }
        Restart = FALSE;
        for (;;) {
            PFILE_DIRECTORY_INFORMATION Entry = (PFILE_DIRECTORY_INFORMATION)(Buffer + Offset);
            Name.Buffer = Entry->FileName;
            Name.Length = Name.MaximumLength = (USHORT)Entry->FileNameLength;
            EXPECT(RtlCompareUnicodeString(&Before, &Name, TRUE) < 0);
            RtlCopyUnicodeString(&Before, &Name);
            Count++;
            if (Entry->NextEntryOffset == 0) {
                break;
            }
            Offset += Entry->NextEntryOffset;
        }
    }
    ExFreePoolWithTag(Buffer, 'tseT');
    return Count;
}

TEST_CASE(Listing, "a folder is listed in order, in pieces, by pattern") {
    HANDLE Folder, Files[40];
    WCHAR Name[64];
    NTSTATUS Last;

    REQUIRE(NT_SUCCESS(Create(ROOT L"folder", GENERIC_READ | DELETE, ALL_SHARED, FILE_CREATE,
                              FILE_DIRECTORY_FILE | FILE_DELETE_ON_CLOSE, &Folder)));
    EXPECT_EQUAL(List(Folder, NULL, 4096, &Last), 0);
    EXPECT_STATUS(Last, STATUS_NO_MORE_FILES);
    for (ULONG I = 0; I < 40; I++) {
        _snwprintf(Name, 64, ROOT L"folder\\File%u.%s", (I * 7) % 40, I % 2 ? L"txt" : L"dat");
        REQUIRE(NT_SUCCESS(Scratch(Name, &Files[I])));
    }
    EXPECT_EQUAL(List(Folder, NULL, 4096, &Last), 40);
    EXPECT_STATUS(Last, STATUS_NO_MORE_FILES);
    EXPECT_EQUAL(List(Folder, NULL, 200, &Last), 40);
    EXPECT_EQUAL(List(Folder, L"*.TXT", 4096, &Last), 20);
    EXPECT_EQUAL(List(Folder, L"file?.*", 4096, &Last), 10);
    EXPECT_EQUAL(List(Folder, L"*.*", 4096, &Last), 40);
    EXPECT_EQUAL(List(Folder, L"nothing*", 4096, &Last), 0);
    EXPECT_STATUS(Last, STATUS_NO_SUCH_FILE);
    for (ULONG I = 0; I < 40; I++) {
        ZwClose(Files[I]);
    }
    ZwClose(Folder);
}

static VOID Hammer(PVOID Context)
{
    UCHAR Pattern[300], Back[300];
    WCHAR Name[64];
    HANDLE Handle;

    for (ULONG Round = 0; Round < 20; Round++) {
        ULONG Number = (ULONG)InterlockedIncrement((volatile LONG *)Context);
        _snwprintf(Name, 64, ROOT L"hammer%u", Number);
        memset(Pattern, (int)Number, sizeof(Pattern));
        if (!EXPECT(NT_SUCCESS(Scratch(Name, &Handle)))) {
            return;
        }
        for (ULONG I = 0; I < 40; I++) {
            EXPECT_STATUS(Write(Handle, I * sizeof(Pattern), Pattern, sizeof(Pattern)), STATUS_SUCCESS);
        }
        EXPECT_EQUAL(Read(Handle, 17 * sizeof(Pattern), Back, sizeof(Back)), sizeof(Back));
        EXPECT(memcmp(Back, Pattern, sizeof(Back)) == 0);
        ZwClose(Handle);
    }
}

TEST_CASE(ManyThreads, "threads that make, fill, read and delete files at once do not disturb each other") {
    static volatile LONG Number;

    Number = 0;
    TestOnThreads(4, Hammer, (PVOID)&Number);
}
