/*
 * Sequenced singly linked lists ("Using Sequenced Singly Linked Lists"). IRQL: any; entries in resident memory.
 *
 * Known elsewhere as lists without a lock: there, a pop reads the next pointer of an entry that another processor may
 * have popped and freed meanwhile, and the page fault that can follow is forgiven by a special case in the fault
 * handler. Here the header has a lock of its own, held with interrupts off for three instructions, and nothing need be
 * forgiven. The caller's spin lock that ExInterlockedPushEntrySList and ExInterlockedPopEntrySList take is not used.
 */
#include "executive.h"
#include "ke/ke.h"
#include "rtl/export.h"

C_ASSERT(sizeof(SLIST_HEADER) == 16);

static FORCEINLINE BOOLEAN ExpLockSList(PSLIST_HEADER Head)
{
    BOOLEAN Enabled = KiDisableInterrupts();

    while (__atomic_exchange_n(&Head->Lock, 1, __ATOMIC_ACQUIRE) != 0)
        while (Head->Lock != 0)
            KiPause();
    return Enabled;
}

static FORCEINLINE VOID ExpUnlockSList(PSLIST_HEADER Head, BOOLEAN Enabled)
{
    __atomic_store_n(&Head->Lock, 0, __ATOMIC_RELEASE);
    KiRestoreInterrupts(Enabled);
}

VOID ExInitializeSListHead(PSLIST_HEADER SListHead)
{
    SListHead->Alignment = SListHead->Region = 0;
}
NT_EXPORT(ExInitializeSListHead);

/* How many entries there are; the answer may be old when it arrives. */
USHORT ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    return *(volatile USHORT *)&SListHead->Depth;
}
NT_EXPORT(ExQueryDepthSList);

/* Inserts at the head; returns what was first before, or NULL. */
PSLIST_ENTRY InterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    BOOLEAN Enabled = ExpLockSList(ListHead);
    PSLIST_ENTRY First = ListHead->First;

    ListEntry->Next = First;
    ListHead->First = ListEntry;
    ListHead->Depth++;
    ListHead->Sequence++;
    ExpUnlockSList(ListHead, Enabled);
    return First;
}
NT_EXPORT(InterlockedPushEntrySList);

/* Takes the first entry, NULL if there is none. */
PSLIST_ENTRY InterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    PSLIST_ENTRY Entry;
    BOOLEAN Enabled;

    if (*(PSLIST_ENTRY volatile *)&ListHead->First == NULL)
        return NULL;
    Enabled = ExpLockSList(ListHead);
    Entry = ListHead->First;
    if (Entry != NULL) {
        ListHead->First = Entry->Next;
        ListHead->Depth--;
    }
    ExpUnlockSList(ListHead, Enabled);
    return Entry;
}
NT_EXPORT(InterlockedPopEntrySList);

/* Takes all entries, linked as they were; NULL if there are none. */
PSLIST_ENTRY InterlockedFlushSList(PSLIST_HEADER ListHead)
{
    BOOLEAN Enabled = ExpLockSList(ListHead);
    PSLIST_ENTRY First = ListHead->First;

    ListHead->First = NULL;
    ListHead->Depth = 0;
    ExpUnlockSList(ListHead, Enabled);
    return First;
}
NT_EXPORT(InterlockedFlushSList);

/*
 * Drivers that were built where these are routines, or ask MmGetSystemRoutineAddress for them, find them by these
 * names.
 */
#undef ExInterlockedPushEntrySList
#undef ExInterlockedPopEntrySList
#undef ExInterlockedFlushSList
PSLIST_ENTRY ExInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry, PKSPIN_LOCK Lock);
PSLIST_ENTRY ExInterlockedPopEntrySList(PSLIST_HEADER ListHead, PKSPIN_LOCK Lock);
PSLIST_ENTRY ExInterlockedFlushSList(PSLIST_HEADER ListHead);

PSLIST_ENTRY ExInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    UNREFERENCED_PARAMETER(Lock);
    return InterlockedPushEntrySList(ListHead, ListEntry);
}
NT_EXPORT(ExInterlockedPushEntrySList);

PSLIST_ENTRY ExInterlockedPopEntrySList(PSLIST_HEADER ListHead, PKSPIN_LOCK Lock)
{
    UNREFERENCED_PARAMETER(Lock);
    return InterlockedPopEntrySList(ListHead);
}
NT_EXPORT(ExInterlockedPopEntrySList);

PSLIST_ENTRY ExInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    return InterlockedFlushSList(ListHead);
}
NT_EXPORT(ExInterlockedFlushSList);
