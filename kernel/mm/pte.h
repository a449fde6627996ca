/*
 * Page-table entries: what the hardware sees and what an entry means that the hardware does not look at. All bit
 * arithmetic on entries is in this file; the rest of Mm uses the constructors and predicates.
 *
 * Valid entries are the processor's (AMD64 APM vol. 2, "Page-Translation-Table Entry Fields"). In the others bit 0 is
 * clear and the remaining bits are ours:
 *
 *   63        56 55      52 51                     12 11 10  9   8   7   6..4    3..1   0
 *   +-----------+----------+-------------------------+------+---+---+---+-------+------+---+
 *   |     0     |  file    |  frame or slot number   |  0   | G | C | U | X W R | kind | 0 |
 *   +-----------+----------+-------------------------+------+---+---+---+-------+------+---+
 *
 *   kind          number     a fault on it
 *   zero          0          finds nothing there: the whole entry is 0
 *   demand-zero   -          takes a zeroed frame
 *   transition    frame      takes the frame back, or waits for its transfer
 *   paging-file   slot       reads the page in
 *   discarded     -          is a mistake: it was INIT
 *   decommitted   -          is an access violation: taken out of a committed range
 *   view          -          asks the view's segment where the page is
 *
 * R, W, X, U (user mode) and C (written in a copy of one's own) are kept in every kind, so that any of them can become
 * valid without asking anybody. G (guard: the first touch is told) is never in a valid entry.
 */
#pragma once

#include "wdm.h"

typedef struct _MMPTE { ULONG64 Value; } MMPTE, *PMMPTE;

#define MI_PTE_VALID            0x001ull
#define MI_PTE_WRITE            0x002ull
#define MI_PTE_USER             0x004ull
#define MI_PTE_WRITE_THROUGH    0x008ull
#define MI_PTE_CACHE_DISABLE    0x010ull
#define MI_PTE_ACCESSED         0x020ull
#define MI_PTE_DIRTY            0x040ull
#define MI_PTE_LARGE            0x080ull
#define MI_PTE_GLOBAL           0x100ull
#define MI_PTE_COPY             0x200ull    /* the processor ignores bits 9 to 11: shared, to be copied when it is written */
#define MI_PTE_PINNED           0x400ull    /* VirtualLock holds a reference to the frame through this entry */
#define MI_PTE_PAT              0x080ull    /* of a last-level entry */
#define MI_PTE_NO_EXECUTE       0x8000000000000000ull
#define MI_PTE_FRAME_MASK       0x000FFFFFFFFFF000ull

#define MI_KIND_SHIFT 1
#define MI_PROTECTION_SHIFT 4
#define MI_SOFT_USER 0x80ull
#define MI_FILE_SHIFT 52

typedef enum _MI_PTE_KIND {
    MiPteZero, MiPteDemandZero, MiPteTransition, MiPtePagingFile, MiPteDiscarded, MiPteDecommitted, MiPteView
} MI_PTE_KIND;

/*
 * MM_SECTION_READ, _WRITE, _EXECUTE and MI_PROTECT_USER: what a page may be used for, apart from any entry. COPY allows
 * a write, too: to a copy. GUARD allows nothing until it has been told once, then what the rest says.
 */
#define MI_PROTECT_READ 1
#define MI_PROTECT_WRITE 2
#define MI_PROTECT_EXECUTE 4
#define MI_PROTECT_USER 8
#define MI_PROTECT_COPY 16
#define MI_PROTECT_GUARD 32
#define MI_PROTECT_ALL 63ull

FORCEINLINE BOOLEAN MiIsValid(MMPTE Pte) { return (Pte.Value & MI_PTE_VALID) != 0; }
FORCEINLINE BOOLEAN MiIsLarge(MMPTE Pte) { return (Pte.Value & MI_PTE_LARGE) != 0; }
FORCEINLINE BOOLEAN MiIsAccessed(MMPTE Pte) { return (Pte.Value & MI_PTE_ACCESSED) != 0; }
FORCEINLINE BOOLEAN MiIsDirty(MMPTE Pte) { return (Pte.Value & MI_PTE_DIRTY) != 0; }
FORCEINLINE BOOLEAN MiIsPinned(MMPTE Pte) { return (Pte.Value & MI_PTE_PINNED) != 0; }
FORCEINLINE PFN_NUMBER MiFrameOf(MMPTE Pte) { return (Pte.Value & MI_PTE_FRAME_MASK) >> PAGE_SHIFT; }
FORCEINLINE PFN_NUMBER MiSlotOf(MMPTE Pte) { return (Pte.Value & MI_PTE_FRAME_MASK) >> PAGE_SHIFT; }
FORCEINLINE ULONG MiFileOf(MMPTE Pte) { return (ULONG)(Pte.Value >> MI_FILE_SHIFT) & 15; }

/* Of an entry that is not valid. */
FORCEINLINE MI_PTE_KIND MiKindOf(MMPTE Pte) { return (MI_PTE_KIND)((Pte.Value >> MI_KIND_SHIFT) & 7); }

/* MI_PROTECT_... of an entry of any kind. */
FORCEINLINE ULONG MiProtectionOf(MMPTE Pte)
{
    if (MiIsValid(Pte))
        return MI_PROTECT_READ | ((Pte.Value & MI_PTE_WRITE) ? MI_PROTECT_WRITE : 0) |
               ((Pte.Value & MI_PTE_NO_EXECUTE) ? 0 : MI_PROTECT_EXECUTE) | ((Pte.Value & MI_PTE_USER) ? MI_PROTECT_USER : 0) |
               ((Pte.Value & MI_PTE_COPY) ? MI_PROTECT_COPY : 0);
    return (ULONG)(Pte.Value >> MI_PROTECTION_SHIFT) & MI_PROTECT_ALL;
}

FORCEINLINE MMPTE MiMakeSoft(MI_PTE_KIND Kind, ULONG64 Number, ULONG Protection)
{
    MMPTE Pte = {(ULONG64)Kind << MI_KIND_SHIFT | (ULONG64)Protection << MI_PROTECTION_SHIFT | Number << PAGE_SHIFT};
    return Pte;
}
FORCEINLINE MMPTE MiMakeZero(VOID) { return (MMPTE){0}; }
FORCEINLINE MMPTE MiMakeDemandZero(ULONG Protection) { return MiMakeSoft(MiPteDemandZero, 0, Protection); }
FORCEINLINE MMPTE MiMakeDiscarded(VOID) { return MiMakeSoft(MiPteDiscarded, 0, 0); }
FORCEINLINE MMPTE MiMakeDecommitted(VOID) { return MiMakeSoft(MiPteDecommitted, 0, 0); }
FORCEINLINE MMPTE MiMakeView(ULONG Protection) { return MiMakeSoft(MiPteView, 0, Protection); }
FORCEINLINE MMPTE MiMakeTransition(PFN_NUMBER Frame, ULONG Protection)
{
    return MiMakeSoft(MiPteTransition, Frame, Protection);
}
FORCEINLINE MMPTE MiMakePagingFile(ULONG File, ULONG64 Slot, ULONG Protection)
{
    MMPTE Pte = MiMakeSoft(MiPtePagingFile, Slot, Protection);
    Pte.Value |= (ULONG64)File << MI_FILE_SHIFT;
    return Pte;
}
/* The same entry of any soft kind with another protection. */
FORCEINLINE MMPTE MiWithProtection(MMPTE Pte, ULONG Protection)
{
    Pte.Value = (Pte.Value & ~(MI_PROTECT_ALL << MI_PROTECTION_SHIFT)) | (ULONG64)Protection << MI_PROTECTION_SHIFT;
    return Pte;
}

/*
 * The bits of a valid entry for each protection (pagetable.c). System pages are global: they mean the same in every
 * space.
 */
extern const ULONG64 MiValidBits[MI_PROTECT_ALL + 1];
#define MI_VALID_BITS(Protection)                                                                              \
    (MI_PTE_VALID | ((Protection) & MI_PROTECT_WRITE ? MI_PTE_WRITE : 0) |                                     \
     ((Protection) & MI_PROTECT_EXECUTE ? 0 : MI_PTE_NO_EXECUTE) |                                             \
     ((Protection) & MI_PROTECT_COPY ? MI_PTE_COPY : 0) |                                                      \
     ((Protection) & MI_PROTECT_USER ? MI_PTE_USER : MI_PTE_GLOBAL))
FORCEINLINE MMPTE MiMakeValid(PFN_NUMBER Frame, ULONG Protection)
{
    return (MMPTE){Frame << PAGE_SHIFT | MiValidBits[Protection]};
}
/*
 * Readable system memory that is there to stay: accessed and dirty from the start, so the hardware never writes them.
 */
FORCEINLINE MMPTE MiMakePermanent(PFN_NUMBER Frame, ULONG Protection)
{
    MMPTE Pte = MiMakeValid(Frame, Protection);
    Pte.Value |= MI_PTE_ACCESSED | MI_PTE_DIRTY;
    return Pte;
}
/*
 * The same valid entry with another cache type: an index into the table that the HAL gives each processor (PAT_VALUE,
 * kernel/hal/processor.c), 0 write-back, 3 uncached, 6 write-combining.
 */
FORCEINLINE MMPTE MiWithCacheType(MMPTE Pte, MEMORY_CACHING_TYPE CacheType)
{
    if (CacheType == MmNonCached)
        Pte.Value |= MI_PTE_CACHE_DISABLE | MI_PTE_WRITE_THROUGH;
    else if (CacheType == MmWriteCombined)
        Pte.Value |= MI_PTE_PAT | MI_PTE_CACHE_DISABLE;
    return Pte;
}
/* A table of the next level. Rights are given by the last level alone. */
FORCEINLINE MMPTE MiMakeTable(PFN_NUMBER Frame, BOOLEAN User)
{
    return (MMPTE){Frame << PAGE_SHIFT | MI_PTE_VALID | MI_PTE_WRITE | MI_PTE_ACCESSED | (User ? MI_PTE_USER : 0)};
}
FORCEINLINE MMPTE MiClearAccessed(MMPTE Pte) { return (MMPTE){Pte.Value & ~MI_PTE_ACCESSED}; }

/* May a page of that protection be used so? Reason: MM_FAULT_WRITE, _EXECUTE, _USER. */
FORCEINLINE BOOLEAN MiPermits(ULONG Protection, ULONG Write, ULONG Execute, ULONG User)
{
    return (Protection & MI_PROTECT_READ) && (!Write || (Protection & (MI_PROTECT_WRITE | MI_PROTECT_COPY))) &&
           (!Execute || (Protection & MI_PROTECT_EXECUTE)) && (!User || (Protection & MI_PROTECT_USER));
}

/* Can a valid entry say so? No access and a guard are told by faults alone. */
FORCEINLINE BOOLEAN MiMayBeValid(ULONG Protection)
{
    return (Protection & (MI_PROTECT_READ | MI_PROTECT_GUARD)) == MI_PROTECT_READ;
}

/* The same for a use that is under way: a write to a page that is still to be copied has to wait for that. */
FORCEINLINE BOOLEAN MiPermitsNow(ULONG Protection, ULONG Write)
{
    return MiPermits(Protection, Write, 0, 0) && !(Write && (Protection & MI_PROTECT_COPY));
}

/* Entries are read and written whole: the hardware sets accessed and dirty bits at any moment. */
FORCEINLINE MMPTE MiReadPte(PMMPTE Pte)
{
    return (MMPTE){__atomic_load_n(&Pte->Value, __ATOMIC_RELAXED)};
}
FORCEINLINE VOID MiWritePte(PMMPTE Pte, MMPTE Value)
{
    __atomic_store_n(&Pte->Value, Value.Value, __ATOMIC_RELEASE);
}
FORCEINLINE MMPTE MiExchangePte(PMMPTE Pte, MMPTE Value)
{
    return (MMPTE){__atomic_exchange_n(&Pte->Value, Value.Value, __ATOMIC_SEQ_CST)};
}
