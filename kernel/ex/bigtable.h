/*
 * The hash table of poolbig.c: page-aligned addresses to what was allocated there. Plain C without locks; the host
 * tries it.
 */
#pragma once

#include "ntdef.h"

typedef struct _EXP_BIG_ENTRY {
    PVOID Address;              /* NULL: the entry is empty */
    SIZE_T Bytes;
    ULONG Tag;
    ULONG TagSlot;
    PVOID Quota;                /* what it is charged to, or NULL */
} EXP_BIG_ENTRY, *PEXP_BIG_ENTRY;

typedef struct _EXP_BIG_TABLE {
    PEXP_BIG_ENTRY Table;
    ULONG Entries;              /* a power of two */
    ULONG Used;
} EXP_BIG_TABLE, *PEXP_BIG_TABLE;

/* Where the search for an address begins: its page number, mixed so that neighbours do not pile up. */
static inline ULONG ExpBigHome(PEXP_BIG_TABLE Table, PVOID Address)
{
    return (ULONG)((((ULONG_PTR)Address >> 12) * 0x9E3779B97F4A7C15ull) >> 32) & (Table->Entries - 1);
}

static inline BOOLEAN ExpBigIsFull(PEXP_BIG_TABLE Table)
{
    return Table->Used >= Table->Entries / 4 * 3;
}

/* Adds an address that is not in the table, which is not full. */
static inline VOID ExpBigInsert(PEXP_BIG_TABLE Table, const EXP_BIG_ENTRY *Entry)
{
    ULONG Index = ExpBigHome(Table, Entry->Address);

    while (Table->Table[Index].Address != NULL)
        Index = (Index + 1) & (Table->Entries - 1);
    Table->Table[Index] = *Entry;
    Table->Used++;
}

/* Takes an address out and says what was there; FALSE: it is not in the table. */
static inline BOOLEAN ExpBigRemove(PEXP_BIG_TABLE Table, PVOID Address, PEXP_BIG_ENTRY Entry)
{
    ULONG Mask = Table->Entries - 1, Hole = ExpBigHome(Table, Address);

    while (Table->Table[Hole].Address != Address) {
        if (Table->Table[Hole].Address == NULL)
            return FALSE;
        Hole = (Hole + 1) & Mask;
    }
    *Entry = Table->Table[Hole];
    /* An entry behind the hole may move into it unless its home lies between the hole and itself. */
    for (ULONG Index = (Hole + 1) & Mask; Table->Table[Index].Address != NULL; Index = (Index + 1) & Mask) {
        ULONG Home = ExpBigHome(Table, Table->Table[Index].Address);
        if (((Index - Home) & Mask) >= ((Index - Hole) & Mask)) {
            Table->Table[Hole] = Table->Table[Index];
            Hole = Index;
        }
    }
    Table->Table[Hole].Address = NULL;
    Table->Used--;
    return TRUE;
}

/* Moves everything to a larger array, zero-filled. */
static inline VOID ExpBigGrow(PEXP_BIG_TABLE Table, PEXP_BIG_ENTRY Larger, ULONG LargerEntries)
{
    EXP_BIG_TABLE Old = *Table;

    *Table = (EXP_BIG_TABLE){Larger, LargerEntries, 0};
    for (ULONG Index = 0; Index < Old.Entries; Index++) {
        if (Old.Table[Index].Address != NULL)
            ExpBigInsert(Table, &Old.Table[Index]);
    }
}
