/*
 * Sections, and the views that programs have of them.
 */
#include "views.h"

/* The other process: what the first wrote is there, and it leaves an answer beside it. */
int ShareChild(PCSTR Name, ULONG Pages)
{
    HANDLE Mapping = OpenFileMapping(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, Name);
    ULONGLONG *View = Mapping != NULL ? MapViewOfFile(Mapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0) : NULL;

    if (View == NULL)
        return 2;
    for (ULONG Page = 0; Page < Pages; Page++) {
        if (View[Page * 512] != Word(Page, 1))
            return 3;
        View[Page * 512 + 1] = Word(Page, 2);
    }
    return 0;
}

BOOL TwoProcessesShare(VOID)
{
    enum { PAGES = 600 };
    HANDLE Mapping = CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGES * PAGE, "views-share");
    ULONGLONG *View;

    CHECK(Mapping != NULL && !FAILED_WITH(STATUS_OBJECT_NAME_EXISTS));
    View = MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0);
    CHECK(View != NULL);
    for (ULONG Page = 0; Page < PAGES; Page++) {
        CHECK(View[Page * 512] == 0);
        View[Page * 512] = Word(Page, 1);
    }
    CHECK(RunSelf("views share %s %u", "views-share", PAGES, 0) == 0);
    for (ULONG Page = 0; Page < PAGES; Page++)
        CHECK(View[Page * 512] == Word(Page, 1) && View[Page * 512 + 1] == Word(Page, 2));
    CHECK(UnmapViewOfFile(View + 700));
    /* The section keeps its pages without any view, and the name goes with the last handle. */
    View = MapViewOfFile(Mapping, FILE_MAP_READ, 0, GRAIN, PAGE);
    CHECK(View != NULL && View[0] == Word(GRAIN / PAGE, 1));
    CHECK(CloseHandle(Mapping));
    CHECK(View[1] == Word(GRAIN / PAGE, 2) && UnmapViewOfFile(View));
    CHECK(OpenFileMapping(FILE_MAP_READ, FALSE, "views-share") == NULL && FAILED_WITH(STATUS_OBJECT_NAME_NOT_FOUND));
    return TRUE;
}

BOOL ViewAndFileAreOne(VOID)
{
    HANDLE File = MakeFile("views.tmp", "written by handle"), Mapping;
    CHAR Buffer[64];
    PCHAR View;

    CHECK(File != INVALID_HANDLE_VALUE);
    Mapping = CreateFileMapping(File, NULL, PAGE_READWRITE, 0, 2 * PAGE, NULL);     /* grows the file */
    CHECK(Mapping != NULL);
    View = MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0);
    CHECK(View != NULL && memcmp(View, "written by handle", 18) == 0);
    memcpy(View + PAGE - 4, "by a view", 9);
    CHECK(ReadAt(File, PAGE - 4, Buffer, 9) && memcmp(Buffer, "by a view", 9) == 0);
    CHECK(WriteAt(File, 100, "again", 5) && memcmp(View + 100, "again", 5) == 0);
    /* The file itself is a buffer: what is read into a view of it is written to it. */
    CHECK(ReadAt(File, 100, View + 200, 5) && ReadAt(File, 200, Buffer, 5) && memcmp(Buffer, "again", 5) == 0);
    CHECK(FlushViewOfFile(View, 0) && !FlushViewOfFile(Buffer, 1) && FAILED_WITH(STATUS_NOT_MAPPED_VIEW));
    CHECK(UnmapViewOfFile(View) && CloseHandle(Mapping));
    CHECK(ReadAt(File, PAGE - 4, Buffer, 9) && memcmp(Buffer, "by a view", 9) == 0);
    return CloseHandle(File) && DeleteFile("views.tmp");
}

/* What was written behind the end of a file through its last page is not in the file when it grows. */
BOOL NothingComesFromBehindTheEnd(VOID)
{
    HANDLE File = MakeFile("views.tmp", "short"), Mapping = CreateFileMapping(File, NULL, PAGE_READWRITE, 0, 0, NULL);
    PCHAR View = MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0);
    CHAR Buffer[16];

    CHECK(View != NULL);
    memset(View + 5, 'x', 100);
    CHECK(WriteAt(File, 50, "y", 1) && ReadAt(File, 0, Buffer, 16) && memcmp(Buffer, "short\0\0\0\0", 9) == 0);
    return UnmapViewOfFile(View) && CloseHandle(Mapping) && CloseHandle(File) && DeleteFile("views.tmp");
}

BOOL MappedFileIsNotCut(VOID)
{
    HANDLE File = MakeFile("views.tmp", "mapped"), Mapping = CreateFileMapping(File, NULL, PAGE_READONLY, 0, 0, NULL);
    LARGE_INTEGER Zero = {.QuadPart = 0};

    CHECK(Mapping != NULL);
    CHECK(SetFilePointerEx(File, Zero, NULL, FILE_BEGIN) && !SetEndOfFile(File) && FAILED_WITH(STATUS_USER_MAPPED_FILE));
    CHECK(MakeFile("views.tmp", "new") == INVALID_HANDLE_VALUE && FAILED_WITH(STATUS_USER_MAPPED_FILE));
    CHECK(!DeleteFile("views.tmp") && FAILED_WITH(STATUS_CANNOT_DELETE));
    CHECK(CloseHandle(Mapping) && SetEndOfFile(File));
    CHECK(CreateFileMapping(File, NULL, PAGE_READONLY, 0, 0, NULL) == NULL && FAILED_WITH(STATUS_MAPPED_FILE_SIZE_ZERO));
    return CloseHandle(File) && DeleteFile("views.tmp");
}

BOOL CopyIsOnesOwn(VOID)
{
    HANDLE File = MakeFile("views.tmp", "original"), Mapping;
    MEMORY_BASIC_INFORMATION Information;
    PCHAR Copy, View;
    CHAR Buffer[8];
    DWORD Old;

    Mapping = CreateFileMapping(File, NULL, PAGE_READWRITE, 0, 3 * PAGE, NULL);
    Copy = MapViewOfFile(Mapping, FILE_MAP_COPY, 0, 0, 0);
    View = MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0);
    CHECK(Copy != NULL && View != NULL);
    View[PAGE] = 'a';
    CHECK(Copy[PAGE] == 'a');
    memcpy(Copy, "mine", 4);
    CHECK(memcmp(Copy, "mineinal", 8) == 0 && memcmp(View, "original", 8) == 0);
    CHECK(ReadAt(File, 0, Buffer, 8) && memcmp(Buffer, "original", 8) == 0);
    View[0] = 'O';
    CHECK(Copy[0] == 'm');
    /* The kernel writes to copies, too; and a page that is locked before it is copied. */
    CHECK(VirtualLock(Copy + 2 * PAGE, 1) && ReadAt(File, 0, Copy + 2 * PAGE, 8));
    CHECK(memcmp(Copy + 2 * PAGE, "Original", 8) == 0 && View[2 * PAGE] == 0 && VirtualUnlock(Copy + 2 * PAGE, 1));
    CHECK(VirtualQuery(Copy, &Information, sizeof(Information)) != 0);
    CHECK(Information.Protect == PAGE_READWRITE && Information.AllocationProtect == PAGE_WRITECOPY &&
          Information.RegionSize == PAGE && Information.Type == MEM_MAPPED && Information.State == MEM_COMMIT);
    CHECK(VirtualQuery(Copy + PAGE, &Information, sizeof(Information)) != 0 && Information.Protect == PAGE_WRITECOPY &&
          Information.AllocationBase == Copy);
    CHECK(VirtualProtect(Copy, 3 * PAGE, PAGE_READONLY, &Old) && Old == PAGE_READWRITE && Copy[0] == 'm' && Copy[PAGE] == 'a');
    CHECK(VirtualProtect(Copy, 3 * PAGE, PAGE_READWRITE, &Old) && Old == PAGE_READONLY);
    Copy[PAGE] = 'b';
    CHECK(View[PAGE] == 'a' && Copy[PAGE] == 'b');
    return UnmapViewOfFile(Copy) && UnmapViewOfFile(View) && CloseHandle(Mapping) && CloseHandle(File) &&
           DeleteFile("views.tmp");
}

BOOL ReservedSectionIsCommittedByViews(VOID)
{
    HANDLE Mapping = CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, 0, 16 * GRAIN, NULL);
    MEMORY_BASIC_INFORMATION Information;
    PCHAR One, Two;

    One = MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0);
    Two = MapViewOfFile(Mapping, FILE_MAP_READ, 0, GRAIN, GRAIN);
    CHECK(One != NULL && Two != NULL);
    CHECK(VirtualQuery(Two, &Information, sizeof(Information)) != 0 && Information.State == MEM_RESERVE);
    CHECK(VirtualAlloc(One + GRAIN, PAGE, MEM_COMMIT, PAGE_READWRITE) == One + GRAIN);
    One[GRAIN] = 'c';
    CHECK(Two[0] == 'c' && VirtualQuery(Two, &Information, sizeof(Information)) != 0);
    CHECK(Information.State == MEM_COMMIT && Information.RegionSize == PAGE && Information.Protect == PAGE_READONLY);
    return UnmapViewOfFile(One) && UnmapViewOfFile(Two) && CloseHandle(Mapping);
}

BOOL LimitsAreNamed(VOID)
{
    HANDLE File = MakeFile("views.tmp", "limits"), Mapping = CreateFileMapping(File, NULL, PAGE_READONLY, 0, 0, NULL);
    PCHAR View = MapViewOfFile(Mapping, FILE_MAP_READ, 0, 0, 0);
    PCHAR Private = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    DWORD Old;

    CHECK(View != NULL && Private != NULL);
    CHECK(MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0) == NULL && FAILED_WITH(STATUS_SECTION_PROTECTION));
    CHECK(!VirtualProtect(View, 1, PAGE_READWRITE, &Old) && FAILED_WITH(STATUS_SECTION_PROTECTION));
    CHECK(!VirtualProtect(View, 1, PAGE_EXECUTE_READ, &Old) && FAILED_WITH(STATUS_SECTION_PROTECTION));
    CHECK(MapViewOfFile(Mapping, FILE_MAP_READ, 0, PAGE, 0) == NULL && FAILED_WITH(STATUS_MAPPED_ALIGNMENT));
    CHECK(MapViewOfFile(Mapping, FILE_MAP_READ, 0, GRAIN, 0) == NULL && FAILED_WITH(STATUS_INVALID_VIEW_SIZE));
    CHECK(MapViewOfFile(Mapping, FILE_MAP_READ, 0, 0, PAGE) == NULL && FAILED_WITH(STATUS_INVALID_VIEW_SIZE));
    CHECK(MapViewOfFileEx(Mapping, FILE_MAP_READ, 0, 0, 0, View) == NULL && FAILED_WITH(STATUS_CONFLICTING_ADDRESSES));
    CHECK(!VirtualFree(View, 0, MEM_RELEASE) && FAILED_WITH(STATUS_UNABLE_TO_DELETE_SECTION));
    CHECK(!UnmapViewOfFile(Private) && FAILED_WITH(STATUS_NOT_MAPPED_VIEW));
    CHECK(CreateFileMapping(File, NULL, PAGE_EXECUTE_READWRITE, 0, 0, NULL) == NULL);
    CHECK(FAILED_WITH(STATUS_INVALID_PAGE_PROTECTION));
    CHECK(CreateFileMapping(File, NULL, PAGE_READONLY, 0, PAGE, NULL) == NULL && FAILED_WITH(STATUS_SECTION_TOO_BIG));
    CHECK(CreateFileMapping(File, NULL, PAGE_READWRITE, 0x10, 0, NULL) == NULL && FAILED_WITH(STATUS_DISK_FULL));
    CHECK(CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0x10, 0, NULL) == NULL);
    CHECK(FAILED_WITH(STATUS_COMMITMENT_LIMIT));
    CHECK(CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0, NULL) == NULL);
    CHECK(VirtualAlloc(NULL, (SIZE_T)4 << 30, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) == NULL);
    CHECK(FAILED_WITH(STATUS_COMMITMENT_LIMIT));
    return UnmapViewOfFile(View) && VirtualFree(Private, 0, MEM_RELEASE) && CloseHandle(Mapping) && CloseHandle(File) &&
           DeleteFile("views.tmp");
}
