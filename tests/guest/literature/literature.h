/*
 * What the literature's examples (fragments.c) show to the cases.
 */
#pragma once

#include "testcase.h"

#include "mm/mm.h"

NTSTATUS TestInitialize(VOID);
ULONG LiteratureDefault(ULONG Value);
NTSTATUS LiteratureRead(ULONG Value);
NTSTATUS LiteratureWrite(ULONG Value);
ULONG LiteratureVariantOne(ULONG Value);
ULONG LiteratureVariantTwo(ULONG Value);

extern ULONG LiteratureCount;
extern KIRQL LiteratureEntryLevel;          /* in DriverEntry */
extern ULONG LiteratureEntryData;           /* what it found in INIT's data */
extern NTSTATUS LiteratureEntryCalls;       /* what routines and data of the other sections gave it */
extern volatile ULONG LiteratureInitData;
extern UCHAR LiteratureInitialised[64 * 1024];
extern ULONG LiteratureZero;
extern UCHAR LiteratureUninitialised[64 * 1024];
extern volatile ULONG LiteratureOwnFirst, LiteratureOwnSecond;
extern ULONG (*volatile LiteratureVariant)(ULONG Value);
extern ULONG (*volatile LiteratureOtherVariant)(ULONG Value);
extern volatile ULONG LiteratureExportData, LiteratureLowerCase;

/* The section that holds a routine or a variable. */
#define SECTION_OF(Symbol) MmFindSection((PVOID)(ULONG_PTR)&(Symbol))
