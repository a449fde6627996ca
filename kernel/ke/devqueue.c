/*
 * Device queues ("Device Queue Objects"): a device is busy with one request and the others stand in line, by arrival or
 * by key. The queue is busy from the insertion that finds it idle, which does not queue, to the removal that finds it
 * empty.
 */
#include "ke/ki.h"

VOID KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    DeviceQueue->Type = DeviceQueueObject;
    DeviceQueue->Size = sizeof(KDEVICE_QUEUE);
    InitializeListHead(&DeviceQueue->DeviceListHead);
    KeInitializeSpinLock(&DeviceQueue->Lock);
    DeviceQueue->Busy = FALSE;
}
NT_EXPORT(KeInitializeDeviceQueue);

/* Puts an entry before the first whose key is greater (ByKey), or last. Queue lock held. */
static BOOLEAN KiInsertDeviceEntry(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY Entry, BOOLEAN ByKey)
{
    PLIST_ENTRY Next = &DeviceQueue->DeviceListHead;

    if (!DeviceQueue->Busy) {
        DeviceQueue->Busy = TRUE;
        Entry->Inserted = FALSE;
        return FALSE;
    }
    if (ByKey)
        while (Next->Blink != &DeviceQueue->DeviceListHead &&
               CONTAINING_RECORD(Next->Blink, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey > Entry->SortKey)
            Next = Next->Blink;
    InsertTailList(Next, &Entry->DeviceListEntry);
    Entry->Inserted = TRUE;
    return TRUE;
}

/*
 * Queues an entry behind the others. FALSE: the device was idle, is busy now, and the caller starts the request.
 * IRQL: DISPATCH_LEVEL, all but KeRemoveEntryDeviceQueue.
 */
BOOLEAN KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY Entry)
{
    BOOLEAN Inserted;

    KE_REQUIRE_IRQL_AT(DISPATCH_LEVEL);
    KeAcquireSpinLockAtDpcLevel(&DeviceQueue->Lock);
    Inserted = KiInsertDeviceEntry(DeviceQueue, Entry, FALSE);
    KeReleaseSpinLockFromDpcLevel(&DeviceQueue->Lock);
    return Inserted;
}
NT_EXPORT(KeInsertDeviceQueue);

/* Queues an entry by its key, behind those with the same. Otherwise as KeInsertDeviceQueue. */
BOOLEAN KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY Entry, ULONG SortKey)
{
    BOOLEAN Inserted;

    KE_REQUIRE_IRQL_AT(DISPATCH_LEVEL);
    KeAcquireSpinLockAtDpcLevel(&DeviceQueue->Lock);
    Entry->SortKey = SortKey;
    Inserted = KiInsertDeviceEntry(DeviceQueue, Entry, TRUE);
    KeReleaseSpinLockFromDpcLevel(&DeviceQueue->Lock);
    return Inserted;
}
NT_EXPORT(KeInsertByKeyDeviceQueue);

/* Takes the first entry with a key of at least SortKey, else the first. NULL: none, the queue is idle now. */
static PKDEVICE_QUEUE_ENTRY KiRemoveDeviceEntry(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    PLIST_ENTRY Head = &DeviceQueue->DeviceListHead, Found;
    PKDEVICE_QUEUE_ENTRY Entry = NULL;

    KeAcquireSpinLockAtDpcLevel(&DeviceQueue->Lock);
    Found = Head->Flink;
    ASSERT(DeviceQueue->Busy);
    if (Found == Head) {
        DeviceQueue->Busy = FALSE;
    } else {
        while (Found != Head && CONTAINING_RECORD(Found, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey < SortKey)
            Found = Found->Flink;
        if (Found == Head)
            Found = Head->Flink;
        Entry = CONTAINING_RECORD(Found, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
        RemoveEntryList(Found);
        Entry->Inserted = FALSE;
    }
    KeReleaseSpinLockFromDpcLevel(&DeviceQueue->Lock);
    return Entry;
}

/* The next entry in line, or NULL, and the queue is idle. */
PKDEVICE_QUEUE_ENTRY KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    KE_REQUIRE_IRQL_AT(DISPATCH_LEVEL);
    return KiRemoveDeviceEntry(DeviceQueue, 0);
}
NT_EXPORT(KeRemoveDeviceQueue);

/* The next entry from SortKey upwards, beginning again at the lowest when there is none: a sweep over a disk. */
PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    KE_REQUIRE_IRQL_AT(DISPATCH_LEVEL);
    return KiRemoveDeviceEntry(DeviceQueue, SortKey);
}
NT_EXPORT(KeRemoveByKeyDeviceQueue);

/* Takes one certain entry out (its request is cancelled). FALSE: it was not queued. IRQL: <= DISPATCH_LEVEL. */
BOOLEAN KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY Entry)
{
    KIRQL Irql;
    BOOLEAN Removed;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    Irql = KeAcquireSpinLockRaiseToDpc(&DeviceQueue->Lock);
    Removed = Entry->Inserted;
    if (Removed) {
        RemoveEntryList(&Entry->DeviceListEntry);
        Entry->Inserted = FALSE;
    }
    KeReleaseSpinLock(&DeviceQueue->Lock, Irql);
    return Removed;
}
NT_EXPORT(KeRemoveEntryDeviceQueue);
