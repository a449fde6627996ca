/*
 * ExInterlocked routines: lists and numbers changed under a spin lock at any IRQL ("Singly and Doubly Linked Lists").
 *
 * Interrupts are off while the lock is held, so an interrupt service routine may use the same list. The entries are in
 * resident memory. A lock that is used here is used by nothing else at DISPATCH_LEVEL, as the documentation says.
 */
#include "executive.h"
#include "ke/ke.h"
#include "ke/spinlock.h"
#include "rtl/export.h"

static FORCEINLINE BOOLEAN ExpLockAnyIrql(PKSPIN_LOCK Lock)
{
    BOOLEAN Enabled = KiDisableInterrupts();

    KiAcquireSpinLock(Lock);
    return Enabled;
}

static FORCEINLINE VOID ExpUnlockAnyIrql(PKSPIN_LOCK Lock, BOOLEAN Enabled)
{
    KiReleaseSpinLock(Lock);
    KiRestoreInterrupts(Enabled);
}

/* Inserts at the head; returns what was first before, NULL if the list was empty. */
PLIST_ENTRY ExInterlockedInsertHeadList(PLIST_ENTRY Head, PLIST_ENTRY Entry, PKSPIN_LOCK Lock)
{
    BOOLEAN Enabled = ExpLockAnyIrql(Lock);
    PLIST_ENTRY First = IsListEmpty(Head) ? NULL : Head->Flink;

    InsertHeadList(Head, Entry);
    ExpUnlockAnyIrql(Lock, Enabled);
    return First;
}
NT_EXPORT(ExInterlockedInsertHeadList);

/* Inserts at the tail; returns what was last before, NULL if the list was empty. */
PLIST_ENTRY ExInterlockedInsertTailList(PLIST_ENTRY Head, PLIST_ENTRY Entry, PKSPIN_LOCK Lock)
{
    BOOLEAN Enabled = ExpLockAnyIrql(Lock);
    PLIST_ENTRY Last = IsListEmpty(Head) ? NULL : Head->Blink;

    InsertTailList(Head, Entry);
    ExpUnlockAnyIrql(Lock, Enabled);
    return Last;
}
NT_EXPORT(ExInterlockedInsertTailList);

/* Takes the first entry, NULL if there is none. */
PLIST_ENTRY ExInterlockedRemoveHeadList(PLIST_ENTRY Head, PKSPIN_LOCK Lock)
{
    BOOLEAN Enabled = ExpLockAnyIrql(Lock);
    PLIST_ENTRY Entry = IsListEmpty(Head) ? NULL : RemoveHeadList(Head);

    ExpUnlockAnyIrql(Lock, Enabled);
    return Entry;
}
NT_EXPORT(ExInterlockedRemoveHeadList);

/* Inserts at the head; returns what was first before, NULL if the list was empty. */
PSINGLE_LIST_ENTRY ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY Head, PSINGLE_LIST_ENTRY Entry, PKSPIN_LOCK Lock)
{
    BOOLEAN Enabled = ExpLockAnyIrql(Lock);
    PSINGLE_LIST_ENTRY First = Head->Next;

    PushEntryList(Head, Entry);
    ExpUnlockAnyIrql(Lock, Enabled);
    return First;
}
NT_EXPORT(ExInterlockedPushEntryList);

PSINGLE_LIST_ENTRY ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY Head, PKSPIN_LOCK Lock)
{
    BOOLEAN Enabled = ExpLockAnyIrql(Lock);
    PSINGLE_LIST_ENTRY Entry = PopEntryList(Head);

    ExpUnlockAnyIrql(Lock, Enabled);
    return Entry;
}
NT_EXPORT(ExInterlockedPopEntryList);

/* Adds; returns the value before. */
ULONG ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    BOOLEAN Enabled = ExpLockAnyIrql(Lock);
    ULONG Before = *Addend;

    *Addend = Before + Increment;
    ExpUnlockAnyIrql(Lock, Enabled);
    return Before;
}
NT_EXPORT(ExInterlockedAddUlong);

LARGE_INTEGER ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment, PKSPIN_LOCK Lock)
{
    BOOLEAN Enabled = ExpLockAnyIrql(Lock);
    LARGE_INTEGER Before = *Addend;

    Addend->QuadPart = (LONGLONG)((ULONGLONG)Before.QuadPart + (ULONGLONG)Increment.QuadPart);
    ExpUnlockAnyIrql(Lock, Enabled);
    return Before;
}
NT_EXPORT(ExInterlockedAddLargeInteger);
