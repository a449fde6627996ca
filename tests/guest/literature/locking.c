/*
 * Section locks and whole drivers, as the literature describes them (L20 to L35).
 */
#include "literature.h"

TEST_CASE(HandleIsGood, "L24 a handle is good for as long as the driver is loaded: by address once, by handle from then on") {
    PMM_SECTION Section = SECTION_OF(LiteratureInitialised);
    PVOID Handle = MmLockPagableDataSection(LiteratureInitialised);

    REQUIRE(Handle != NULL);
    MmUnlockPagableImageSection(Handle);
    for (ULONG Turn = 0; Turn < 5; Turn++) {
        MmTrimAllSystemPageableMemory(TRUE);
        EXPECT_EQUAL(Section->ResidentPages, 0);
        MmLockPagableDataSectionByHandle(Handle);
        EXPECT_EQUAL(Section->LockCount, 1);
        EXPECT_EQUAL(Section->ResidentPages, Section->PageCount);
        MmUnlockPagableImageSection(Handle);
    }
    EXPECT(MmLockPagableDataSection(&LiteratureZero) == Handle);
    MmUnlockPagableImageSection(Handle);
}

TEST_CASE(BothSpellings, "L20 L21 L22 the routines answer to Pagable and Pageable, and ByHandle to its three names") {
    PVOID Code = MmLockPageableCodeSection(LiteratureRead);
    PVOID Data = MmLockPageableDataSection(LiteratureInitialised);

    REQUIRE(Code != NULL && Data != NULL);
    MmLockPageableSectionByHandle(Code);
    MmLockPagableSectionByHandle(Code);
    MmLockPagableCodeSectionByHandle(Code);
    MmLockPagableDataSectionByHandle(Data);
    EXPECT_EQUAL(SECTION_OF(LiteratureRead)->LockCount, 4);
    EXPECT_EQUAL(SECTION_OF(LiteratureInitialised)->LockCount, 2);
    MmUnlockPageableImageSection(Data);
    MmUnlockPagableImageSection(Data);
    for (ULONG Count = 0; Count < 4; Count++)
        MmUnlockPageableImageSection(Code);
    EXPECT_EQUAL(SECTION_OF(LiteratureRead)->LockCount, 0);
    EXPECT_EQUAL(SECTION_OF(LiteratureInitialised)->LockCount, 0);
}

TEST_CASE(UnlockMakesPageable, "L25 the last unlock makes the section pageable again, and one more has no effect") {
    PMM_SECTION Section = SECTION_OF(LiteratureRead);
    PVOID Handle = MmLockPagableCodeSection(LiteratureRead);

    REQUIRE(Handle != NULL);
    MmUnlockPagableImageSection(Handle);
    MmUnlockPagableImageSection(Handle);        /* a message, and that is all */
    EXPECT_EQUAL(Section->LockCount, 0);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Section->ResidentPages, 0);
}

/* How many pages of LiteratureRead's section had to be brought in for one call of it. */
static ULONG64 PagesForACall(VOID)
{
    PMM_SECTION Section = SECTION_OF(LiteratureRead);
    ULONG64 Before;

    MmTrimAllSystemPageableMemory(TRUE);
    Before = Section->PageIns;
    LiteratureRead(1);
    return Section->PageIns - Before;
}

TEST_CASE(LockShortensTheAnswer, "L34 an unlocked handler can wait for its own code; a locked one does not") {
    PVOID Handle;

    EXPECT_EQUAL(PagesForACall(), 1);
    Handle = MmLockPagableCodeSection(LiteratureRead);
    REQUIRE(Handle != NULL);
    EXPECT_EQUAL(PagesForACall(), 0);
    MmUnlockPagableImageSection(Handle);
}

TEST_CASE(NotForBuffers, "L33 a section lock is not for buffers: pool and stack give no handle") {
    PVOID Buffer = ExAllocatePoolWithTag(PagedPool, PAGE_SIZE, 'tiLT');

    REQUIRE(Buffer != NULL);
    EXPECT(MmLockPagableDataSection(Buffer) == NULL);
    EXPECT(MmLockPagableDataSection(&Buffer) == NULL);
    ExFreePoolWithTag(Buffer, 'tiLT');
}

TEST_CASE(OwnSectionByAnyVariable, "L35 data in a section of the driver's own name goes by the address of any variable in it") {
    PVOID Handle = MmLockPagableDataSection((PVOID)&LiteratureOwnFirst);

    REQUIRE(Handle != NULL);
    EXPECT(MmLockPagableDataSection((PVOID)&LiteratureOwnSecond) == Handle);
    EXPECT_EQUAL(SECTION_OF(LiteratureOwnFirst)->LockCount, 2);
    MmUnlockPagableImageSection(Handle);
    MmUnlockPagableImageSection(Handle);
}

/* Whole drivers. This one is its own example, and stays below DISPATCH_LEVEL while its code may be out. --------------- */

TEST_CASE(WholeDriverGoesOut, "L29 MmPageEntireDriver makes all of a driver pageable; MmResetDriverPaging brings it back to stay") {
    PMM_SECTION Code = SECTION_OF(LiteratureDefault), Data = SECTION_OF(LiteratureCount);
    ULONG64 PageOuts = Code->PageOuts;
    PVOID Base;

    LiteratureCount = 12;
    Base = MmPageEntireDriver(LiteratureWrite);
    EXPECT(Base == (PVOID)Code->Image->Base);
    EXPECT_EQUAL(Code->Kind, MmSectionPageable);
    EXPECT_EQUAL(Data->Kind, MmSectionPageable);
    MmTrimAllSystemPageableMemory(TRUE);
    /* The page that runs here came back at once; that all went is in the count. */
    EXPECT(Code->PageOuts >= PageOuts + Code->PageCount);
    EXPECT_EQUAL(LiteratureDefault(1), 13);
    MmResetDriverPaging(&LiteratureCount);
    EXPECT_EQUAL(Code->Kind, MmSectionNonpaged);
    EXPECT_EQUAL(Data->Kind, MmSectionNonpaged);
    EXPECT_EQUAL(Code->ResidentPages, Code->PageCount);
    EXPECT_EQUAL(Data->ResidentPages, Data->PageCount);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Code->ResidentPages, Code->PageCount);
    EXPECT_EQUAL(SECTION_OF(LiteratureRead)->Kind, MmSectionPageable);
    EXPECT_EQUAL(LiteratureCount, 12);
    LiteratureCount = 3;
}

TEST_CASE(ResetWithoutPageEntire, "L29 MmResetDriverPaging without MmPageEntireDriver does nothing; paging twice is paging once") {
    PMM_SECTION Code = SECTION_OF(LiteratureDefault), Paged = SECTION_OF(LiteratureRead);
    ULONG Resident;

    MmTrimAllSystemPageableMemory(TRUE);
    Resident = Paged->ResidentPages;
    MmResetDriverPaging(&LiteratureCount);
    EXPECT_EQUAL(Code->Kind, MmSectionNonpaged);
    EXPECT_EQUAL(Paged->Kind, MmSectionPageable);
    EXPECT_EQUAL(Paged->ResidentPages, Resident);
    EXPECT(MmPageEntireDriver(LiteratureDefault) != NULL);
    EXPECT(MmPageEntireDriver(LiteratureDefault) != NULL);
    MmResetDriverPaging(&LiteratureCount);
    EXPECT_EQUAL(Code->Kind, MmSectionNonpaged);
}

TEST_CASE(LockedStaysInAPagedDriver, "L29 a locked section of a driver that pages itself out stays until it is unlocked") {
    PMM_SECTION Data = SECTION_OF(LiteratureCount), Paged = SECTION_OF(LiteratureInitialised);
    PVOID Handle = MmLockPagableDataSection(&LiteratureCount), PagedHandle;

    PagedHandle = MmLockPagableDataSection(LiteratureInitialised);
    REQUIRE(Handle != NULL && PagedHandle != NULL);
    EXPECT(MmPageEntireDriver(LiteratureDefault) != NULL);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Data->ResidentPages, Data->PageCount);
    EXPECT_EQUAL(Paged->ResidentPages, Paged->PageCount);
    MmUnlockPagableImageSection(Handle);
    MmUnlockPagableImageSection(PagedHandle);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Paged->ResidentPages, 0);
    MmResetDriverPaging(LiteratureDefault);
    EXPECT_EQUAL(Data->ResidentPages, Data->PageCount);
}

static KDEFERRED_ROUTINE LiteratureDpc;
static volatile LONG LiteratureDpcRuns;

static VOID LiteratureDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    InterlockedIncrement(&LiteratureDpcRuns);
}

TEST_CASE(PagingWaitsForDpcs, "L29 L31 MmPageEntireDriver waits for the driver's queued DPCs, which could not run any more") {
    LONG Before = LiteratureDpcRuns;
    KDPC Dpc;

    KeInitializeDpc(&Dpc, LiteratureDpc, NULL);
    KeSetImportanceDpc(&Dpc, LowImportance);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    EXPECT(MmPageEntireDriver(LiteratureDefault) != NULL);
    EXPECT_EQUAL(LiteratureDpcRuns, Before + 1);
    MmResetDriverPaging(LiteratureDefault);
}

TEST_CASE(CalledAtPassive, "L30 sections are locked, and drivers paged, at PASSIVE_LEVEL; APC_LEVEL is tolerated") {
    PVOID Handle;
    KIRQL OldIrql;

    MmTrimAllSystemPageableMemory(TRUE);
    KeRaiseIrql(APC_LEVEL, &OldIrql);
    Handle = MmLockPagableCodeSection(LiteratureRead);
    EXPECT(Handle != NULL);
    MmLockPagableSectionByHandle(Handle);
    EXPECT_EQUAL(KeGetCurrentIrql(), APC_LEVEL);
    EXPECT_EQUAL(SECTION_OF(LiteratureRead)->LockCount, 2);
    MmUnlockPagableImageSection(Handle);
    MmUnlockPagableImageSection(Handle);
    KeLowerIrql(OldIrql);
}
