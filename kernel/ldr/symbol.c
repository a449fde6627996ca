/*
 * From an address to module, section and symbol, at any level: for stacks, bugchecks and traces.
 */
#include "ldr/ldrp.h"

static VOID LdrpCopyName(PCHAR Destination, SIZE_T Size, PCSTR Source)
{
    SIZE_T Length = strnlen(Source, Size - 1);

    memcpy(Destination, Source, Length);
    Destination[Length] = 0;
}

/* The last symbol at or below Offset; Symbols->Count when the first is above it. */
static ULONG LdrpNearestSymbol(const LDR_SYMBOL_TABLE *Symbols, ULONG_PTR Offset)
{
    ULONG Low = 0, High = Symbols->Count;

    while (Low < High) {
        ULONG Middle = Low + (High - Low) / 2;
        if (Symbols->Offsets[Middle] <= Offset)
            Low = Middle + 1;
        else
            High = Middle;
    }
    return Low == 0 ? Symbols->Count : Low - 1;
}

typedef struct _LDRP_SYMBOL_QUERY {
    ULONG_PTR Address;
    PLDR_SYMBOL_INFORMATION Information;
} LDRP_SYMBOL_QUERY;

/* IRQL: HIGH_LEVEL; the module cannot go. */
static VOID LdrpDescribeAddress(PLDR_MODULE Module, PVOID Context)
{
    LDRP_SYMBOL_QUERY *Query = Context;
    PLDR_SYMBOL_INFORMATION Information = Query->Information;
    ULONG_PTR Base = (ULONG_PTR)Module->Base, Start = Base;
    PMM_SECTION Section = LdrpSectionAt(Module, Query->Address);
    ULONG Nearest = LdrpNearestSymbol(&Module->Symbols, Query->Address - Base);

    LdrpCopyName(Information->Module, sizeof(Information->Module), Module->Name);
    Information->Section[0] = 0;
    Information->Symbol[0] = 0;
    if (Section != NULL) {
        LdrpCopyName(Information->Section, sizeof(Information->Section), Section->Name);
        Start = Section->Base;
    }
    /* A symbol of the section before says nothing about this address. */
    if (Nearest < Module->Symbols.Count && Base + Module->Symbols.Offsets[Nearest] >= Start) {
        LdrpCopyName(Information->Symbol, sizeof(Information->Symbol),
                     Module->Symbols.Strings + Module->Symbols.Names[Nearest]);
        Start = Base + Module->Symbols.Offsets[Nearest];
    }
    Information->Offset = Query->Address - Start;
}

/* IRQL: any. */
BOOLEAN LdrSymbolForAddress(PVOID Address, PLDR_SYMBOL_INFORMATION Information)
{
    LDRP_SYMBOL_QUERY Query = {(ULONG_PTR)Address, Information};

    return LdrpWithModuleAt(Address, LdrpDescribeAddress, &Query);
}
