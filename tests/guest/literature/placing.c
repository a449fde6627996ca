/*
 * Where the loader puts what a driver's sections are named for (L1 to L12).
 */
#include "literature.h"

TEST_SUITE(literature, "1 4");

TEST_CASE(DefaultIsNonpaged, "L1 code and data of which the author said nothing is nonpaged, and stays") {
    PMM_SECTION Code = SECTION_OF(LiteratureDefault), Data = SECTION_OF(LiteratureCount);

    REQUIRE(Code != NULL && Data != NULL);
    EXPECT_EQUAL(Code->Kind, MmSectionNonpaged);
    EXPECT_EQUAL(Data->Kind, MmSectionNonpaged);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Code->ResidentPages, Code->PageCount);
    EXPECT_EQUAL(Data->ResidentPages, Data->PageCount);
}

TEST_CASE(EverythingIsThere, "L2 when DriverEntry begins, code and data of all sections are there") {
    EXPECT_EQUAL(LiteratureEntryCalls, 1 + 2 + 3 + 1 + 0);
    EXPECT_EQUAL(LiteratureEntryData, 0x494E4954);
}

TEST_CASE(PlacedByName, "L4 PAGE... and .edata are pageable, any other name is not, and the match is case-sensitive") {
    EXPECT_EQUAL(SECTION_OF(LiteratureRead)->Kind, MmSectionPageable);
    EXPECT_EQUAL(SECTION_OF(LiteratureInitialised)->Kind, MmSectionPageable);
    EXPECT_EQUAL(SECTION_OF(LiteratureExportData)->Kind, MmSectionPageable);
    EXPECT_EQUAL(SECTION_OF(LiteratureOwnFirst)->Kind, MmSectionNonpaged);
    EXPECT_EQUAL(SECTION_OF(LiteratureLowerCase)->Kind, MmSectionNonpaged);
    EXPECT_EQUAL(SECTION_OF(TestInitialize)->Kind, MmSectionDiscarded);
    EXPECT_EQUAL(LiteratureExportData, 0xED);
    EXPECT_EQUAL(LiteratureLowerCase, 4);
}

TEST_CASE(SectionIsTheUnit, "L5 L20 a lock that asks for one routine keeps every page of its section in") {
    PMM_SECTION Section = SECTION_OF(LiteratureInitialised);
    PVOID Handle;

    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Section->ResidentPages, 0);
    Handle = MmLockPagableDataSection(&LiteratureInitialised[1000]);
    REQUIRE(Handle != NULL);
    EXPECT(Section->PageCount >= 16);
    EXPECT_EQUAL(Section->ResidentPages, Section->PageCount);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Section->ResidentPages, Section->PageCount);
    MmUnlockPagableImageSection(Handle);
}

TEST_CASE(ShortestName, "L6 the shortest name of a pageable section is PAGE, and names of up to eight characters are whole") {
    EXPECT_EQUAL(strcmp(SECTION_OF(LiteratureRead)->Name, "PAGE"), 0);
    EXPECT_EQUAL(strcmp(SECTION_OF(LiteratureVariantOne)->Name, "PAGEVAR1"), 0);
    EXPECT_EQUAL(strcmp(SECTION_OF(LiteratureInitialised)->Name, "PAGEDATA"), 0);
}

TEST_CASE(AllocTextGroups, "L7 routines that alloc_text names for one section lie in it together, and nothing else does") {
    EXPECT(SECTION_OF(LiteratureRead) == SECTION_OF(LiteratureWrite));
    EXPECT(SECTION_OF(LiteratureRead) != SECTION_OF(LiteratureDefault));
    EXPECT_EQUAL(SECTION_OF(LiteratureRead)->Protection, MM_SECTION_READ | MM_SECTION_EXECUTE);
}

TEST_CASE(CodeSegHolds, "L8 code_seg holds until the next one, and code_seg() restores the default") {
    EXPECT_EQUAL(strcmp(SECTION_OF(LiteratureVariantOne)->Name, "PAGEVAR1"), 0);
    EXPECT_EQUAL(strcmp(SECTION_OF(LiteratureVariantTwo)->Name, "PAGEVAR2"), 0);
    EXPECT_EQUAL(SECTION_OF(LiteratureExportData)->Kind, MmSectionPageable);
}

TEST_CASE(DataGoesByInitialiser, "L9 initialised variables, also to zero, go to data_seg, others to bss_seg") {
    PMM_SECTION Data = SECTION_OF(LiteratureInitialised), Bss = SECTION_OF(LiteratureUninitialised);

    EXPECT_EQUAL(strcmp(Data->Name, "PAGEDATA"), 0);
    EXPECT_EQUAL(strcmp(Bss->Name, "PAGEBSS"), 0);
    EXPECT(SECTION_OF(LiteratureZero) == Data);
    EXPECT_EQUAL(Data->Protection, MM_SECTION_READ | MM_SECTION_WRITE);
    EXPECT_EQUAL(Bss->Protection, MM_SECTION_READ | MM_SECTION_WRITE);
}

TEST_CASE(BssCostsNothing, "L9 L12 uninitialised pageable data takes a frame for what is touched, and none before") {
    PMM_SECTION Bss = SECTION_OF(LiteratureUninitialised);
    ULONG Before;

    MmTrimAllSystemPageableMemory(TRUE);
    Before = Bss->ResidentPages;
    EXPECT_EQUAL(Before, 0);
    LiteratureUninitialised[10 * PAGE_SIZE] = 7;
    EXPECT_EQUAL(Bss->ResidentPages, 1);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(LiteratureUninitialised[10 * PAGE_SIZE], 7);
    LiteratureUninitialised[10 * PAGE_SIZE] = 0;
}

TEST_CASE(CodeAndDataApart, "L10 code and data sections have names of their own, and rights of their own") {
    EXPECT_EQUAL(SECTION_OF(LiteratureRead)->Protection & MM_SECTION_WRITE, 0);
    EXPECT_EQUAL(SECTION_OF(LiteratureInitialised)->Protection & MM_SECTION_EXECUTE, 0);
    EXPECT(strcmp(SECTION_OF(LiteratureRead)->Name, SECTION_OF(LiteratureInitialised)->Name) != 0);
}

TEST_CASE(InitIsGone, "L11 L32 INIT, code and data, was there for DriverEntry and has no frame and no lock any more") {
    PMM_SECTION Code = SECTION_OF(TestInitialize), Data = SECTION_OF(LiteratureInitData);

    REQUIRE(Code != NULL && Data != NULL);
    EXPECT_EQUAL(Code->Kind, MmSectionDiscarded);
    EXPECT_EQUAL(Code->ResidentPages, 0);
    EXPECT_EQUAL(Data->Kind, MmSectionDiscarded);
    EXPECT_EQUAL(Data->ResidentPages, 0);
    EXPECT(MmLockPagableCodeSection(TestInitialize) == NULL);
    EXPECT(MmLockPagableDataSection((PVOID)&LiteratureInitData) == NULL);
    EXPECT_EQUAL(LiteratureEntryLevel, PASSIVE_LEVEL);
}

TEST_CASE(VariantNeverComesIn, "L12 code for hardware that is not there is never brought in") {
    PMM_SECTION Absent = SECTION_OF(LiteratureVariantTwo), Present = SECTION_OF(LiteratureVariantOne);

    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(LiteratureVariant(8), 9);
    EXPECT_EQUAL(Present->ResidentPages, Present->PageCount);
    EXPECT_EQUAL(Absent->ResidentPages, 0);
    EXPECT_EQUAL(Absent->PageIns, 0);
}
