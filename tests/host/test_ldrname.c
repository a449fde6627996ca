/*
 * Classification by section name: L4 (placement goes by name, case-sensitive), L6 (PAGE and up to four more
 * characters).
 */
#include "tap.h"
#include "ldr/ldrelf.h"

static VOID Expect(LDR_NAME_VERDICT Verdict, const PCSTR *Names, SIZE_T Count)
{
    for (SIZE_T Index = 0; Index < Count; Index++) {
        CHECK(LdrElfClassifyName(Names[Index]) == Verdict, "%s is %d, should be %d", Names[Index],
              LdrElfClassifyName(Names[Index]), Verdict);
    }
}

#define EXPECT(Verdict, ...) Expect(Verdict, (const PCSTR[]){__VA_ARGS__}, ARRAYSIZE(((const PCSTR[]){__VA_ARGS__})))

CASE(L4PageableNames)
{
    EXPECT(LdrNamePageable, "PAGE", "PAGED", "PAGESER", "PAGEDATA", "PAGEBSS", "PAGESRP0", "PAGE_", "PAGEpage",
           "PAGE.a");
    EXPECT(LdrNamePageable, ".page", ".paged", ".page.x", ".pageABC", ".page1234", ".pageable");
    EXPECT(LdrNamePageable, ".edata", ".EDATA", ".edata.long.suffix", ".EDATA_and_more");
}

CASE(L6LongerNamesFail)
{
    EXPECT(LdrNameTooLong, "PAGESERIAL", "PAGE12345", "PAGE_TABLES", ".page12345", ".pageables");
}

CASE(L4InitNames)
{
    EXPECT(LdrNameInit, "INIT", ".init", "INITDATA", "INITBSS");
}

CASE(L4CaseMatters)
{
    EXPECT(LdrNameNearMiss, "Page", "page", "PAGe", "pAGE", ".Page", ".PAGE", ".PAGEDATA", "page_long_name", "Init",
           "init", ".INIT", ".Init", "InitData", ".Edata", ".eDATA");
}

CASE(L4EverythingElseIsNonpaged)
{
    EXPECT(LdrNameNonpaged, ".text", ".data", ".bss", ".rodata", "MY_DATA", "XPAGE", "PAG", "PAGD", "_PAGE", " PAGE",
           "INITX", "INIT2", ".init_array", ".initdata2", "edata", "EDATA", "NONPAGE", "");
}
