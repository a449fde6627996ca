/*
 * The literature's own examples, as its driver documentation writes them, in one driver: two routines in PAGE under
 * ALLOC_PRAGMA, DriverEntry's helpers and data in INIT, arrays of 64 KiB in PAGEDATA and PAGEBSS, data in a section of
 * the driver's own name, code of variants of the hardware. placing.c holds them to where they must lie.
 */
#include "literature.h"

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, TestInitialize)
#pragma alloc_text(PAGE, LiteratureRead)
#pragma alloc_text(PAGE, LiteratureWrite)
#endif

/* In no directive, so nonpaged, by doing nothing. */
ULONG LiteratureCount = 3;

ULONG LiteratureDefault(ULONG Value)
{
    return Value + LiteratureCount;
}

NTSTATUS LiteratureRead(ULONG Value)
{
    PAGED_CODE();
    return (NTSTATUS)(Value + 1);
}

NTSTATUS LiteratureWrite(ULONG Value)
{
    PAGED_CODE();
    return (NTSTATUS)(Value + 2);
}

#pragma data_seg("INIT")
volatile ULONG LiteratureInitData = 0x494E4954;
#pragma data_seg()

KIRQL LiteratureEntryLevel = HIGH_LEVEL;
ULONG LiteratureEntryData;
NTSTATUS LiteratureEntryCalls;

/* Called by DriverEntry. Everything of the driver is there by now, paged or not. */
NTSTATUS TestInitialize(VOID)
{
    LiteratureEntryLevel = KeGetCurrentIrql();
    LiteratureEntryData = LiteratureInitData;
    LiteratureEntryCalls = LiteratureRead(0) + LiteratureWrite(0) + (NTSTATUS)LiteratureDefault(0) +
                           (NTSTATUS)LiteratureInitialised[0] + (NTSTATUS)LiteratureUninitialised[0];
    return STATUS_SUCCESS;
}

#pragma data_seg("PAGEDATA")
UCHAR LiteratureInitialised[64 * 1024] = {1};
ULONG LiteratureZero = 0;
#pragma data_seg()

#pragma bss_seg("PAGEBSS")
UCHAR LiteratureUninitialised[64 * 1024];
#pragma bss_seg()

#pragma data_seg("MY_DATA")
volatile ULONG LiteratureOwnFirst = 1;
volatile ULONG LiteratureOwnSecond = 2;
#pragma data_seg()

/* One of these drives is there. */
#pragma code_seg("PAGEVAR1")
ULONG LiteratureVariantOne(ULONG Value)
{
    return Value ^ 1;
}

#pragma code_seg("PAGEVAR2")
ULONG LiteratureVariantTwo(ULONG Value)
{
    return Value ^ 2;
}
#pragma code_seg()

ULONG (*volatile LiteratureVariant)(ULONG Value) = LiteratureVariantOne;
ULONG (*volatile LiteratureOtherVariant)(ULONG Value) = LiteratureVariantTwo;

/* A name that begins with .edata is pageable, too. */
#pragma data_seg(".edata")
volatile ULONG LiteratureExportData = 0xED;
#pragma data_seg()

/* And one that differs from PAGE in case is not. The compiler's side refuses such a name, an assembler does not. */
__asm__(".pushsection page, \"aw\"\n"
        ".balign 4\n"
        ".global LiteratureLowerCase\n"
        "LiteratureLowerCase: .long 4\n"
        ".popsection");
