/*
 * A driver's own symbol table, made while its file is at hand: the file may be deleted, and a bugcheck cannot read it.
 */
#include "ldr/ldrp.h"

/* Offset from the image's base above, place of the name in the strings below: sorts by offset as one number. */
#define LDRP_PACK(Offset, Name) (((ULONG64)(Offset) << 32) | (Name))

typedef struct _LDRP_SYMBOL_COUNT {
    ULONG Count;
    SIZE_T NameBytes;
} LDRP_SYMBOL_COUNT;

static PAGED_CODE_SECTION VOID LdrpCountSymbol(PVOID Context, PCSTR Name, ULONG Section, ULONG_PTR Offset, SIZE_T Size)
{
    LDRP_SYMBOL_COUNT *Total = Context;

    (void)Section, (void)Offset, (void)Size;
    Total->Count++;
    Total->NameBytes += strnlen(Name, LDR_SYMBOL_LENGTH - 1) + 1;
}

typedef struct _LDRP_SYMBOL_FILL {
    PLDR_MODULE Module;
    PULONG64 Packed;
    ULONG Count;
    PCHAR Strings;
    ULONG StringBytes;
} LDRP_SYMBOL_FILL;

static PAGED_CODE_SECTION VOID LdrpFillSymbol(PVOID Context, PCSTR Name, ULONG Section, ULONG_PTR Offset, SIZE_T Size)
{
    LDRP_SYMBOL_FILL *Fill = Context;
    ULONG Length = (ULONG)strnlen(Name, LDR_SYMBOL_LENGTH - 1);
    ULONG_PTR Address = Fill->Module->Sections[Section].Base + Offset;

    (void)Size;
    memcpy(Fill->Strings + Fill->StringBytes, Name, Length);
    Fill->Strings[Fill->StringBytes + Length] = 0;
    Fill->Packed[Fill->Count++] = LDRP_PACK(Address - (ULONG_PTR)Fill->Module->Base, Fill->StringBytes);
    Fill->StringBytes += Length + 1;
}

/* One step of the heap sort: lets the number at Root sink until no child is larger. */
static PAGED_CODE_SECTION VOID LdrpSink(PULONG64 Values, ULONG Root, ULONG Count)
{
    for (ULONG Child; (Child = 2 * Root + 1) < Count; Root = Child) {
        ULONG64 Value = Values[Root];
        if (Child + 1 < Count && Values[Child + 1] > Values[Child])
            Child++;
        if (Value >= Values[Child])
            return;
        Values[Root] = Values[Child];
        Values[Child] = Value;
    }
}

/* In place and without a worst case that a file could provoke. */
static PAGED_CODE_SECTION VOID LdrpSort(PULONG64 Values, ULONG Count)
{
    for (ULONG Root = Count / 2; Root > 0; Root--)
        LdrpSink(Values, Root - 1, Count);
    for (ULONG Last = Count; Last > 1; Last--) {
        ULONG64 Largest = Values[0];
        Values[0] = Values[Last - 1];
        Values[Last - 1] = Largest;
        LdrpSink(Values, 0, Last - 1);
    }
}

/* Makes Module->Symbols: offsets, names and strings in one nonpaged block. */
PAGED_CODE_SECTION BOOLEAN LdrpCollectSymbols(PLDR_MODULE Module, const LDR_ELF_IMAGE *Elf)
{
    LDRP_SYMBOL_COUNT Total = {0};
    LDRP_SYMBOL_FILL Fill = {.Module = Module};
    PULONG Block;

    LdrElfEnumerateSymbols(Elf, LdrpCountSymbol, &Total);
    if (Total.Count == 0)
        return TRUE;
    Fill.Packed = ExAllocatePoolWithTag(PagedPool, Total.Count * sizeof(ULONG64), LDRP_TAG);
    Block = ExAllocatePoolWithTag(NonPagedPool, Total.Count * 2 * sizeof(ULONG) + Total.NameBytes, LDRP_TAG);
    if (Fill.Packed == NULL || Block == NULL) {
        if (Fill.Packed != NULL)
            ExFreePoolWithTag(Fill.Packed, LDRP_TAG);
        if (Block != NULL)
            ExFreePoolWithTag(Block, LDRP_TAG);
        return FALSE;
    }
    Fill.Strings = (PCHAR)(Block + 2 * Total.Count);
    LdrElfEnumerateSymbols(Elf, LdrpFillSymbol, &Fill);
    LdrpSort(Fill.Packed, Fill.Count);
    for (ULONG Index = 0; Index < Fill.Count; Index++) {
        Block[Index] = (ULONG)(Fill.Packed[Index] >> 32);
        Block[Fill.Count + Index] = (ULONG)Fill.Packed[Index];
    }
    ExFreePoolWithTag(Fill.Packed, LDRP_TAG);
    Module->Symbols = (LDR_SYMBOL_TABLE){Fill.Count, Block, Block + Fill.Count, Fill.Strings};
    return TRUE;
}

PAGED_CODE_SECTION VOID LdrpReleaseSymbols(PLDR_MODULE Module)
{
    if (Module->Symbols.Offsets != NULL)
        ExFreePoolWithTag((PVOID)Module->Symbols.Offsets, LDRP_TAG);
}
