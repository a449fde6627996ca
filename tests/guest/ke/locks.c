/* Fast mutexes, interlocked and sequenced lists, device queues, work items. */
#include "ke.h"

static FAST_MUTEX FastMutex;
static volatile LONG Counter;
static KSPIN_LOCK Lock;

static VOID CountUnderFastMutex(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 300; Round++) {
        LONG Seen;
        ExAcquireFastMutex(&FastMutex);
        Seen = Counter;
        if (Round % 100 == 0)
            KeTestSleep(1);
        Counter = Seen + 1;
        ExReleaseFastMutex(&FastMutex);
    }
}

TEST_CASE(FastMutexExcludes, "a fast mutex lets one thread in, at APC_LEVEL, and is refused to who only tries") {
    ExInitializeFastMutex(&FastMutex);
    ExAcquireFastMutex(&FastMutex);
    EXPECT_EQUAL(KeGetCurrentIrql(), APC_LEVEL);
    EXPECT(!ExTryToAcquireFastMutex(&FastMutex));
    ExReleaseFastMutex(&FastMutex);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT(ExTryToAcquireFastMutex(&FastMutex));
    EXPECT_EQUAL(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&FastMutex);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&FastMutex);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    ExReleaseFastMutexUnsafe(&FastMutex);
    KeLeaveCriticalRegion();
    Counter = 0;
    TestOnThreads(4, CountUnderFastMutex, NULL);
    EXPECT_EQUAL(Counter, 1200);
}

/* Not many: a queued lock goes to the next in line even if the host does not run that processor just now. */
#define QUEUED_ROUNDS 500

static VOID CountUnderQueuedLock(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < QUEUED_ROUNDS; Round++) {
        KLOCK_QUEUE_HANDLE Handle;
        KeAcquireInStackQueuedSpinLock(&Lock, &Handle);
        Counter = Counter + 1;
        KeReleaseInStackQueuedSpinLock(&Handle);
    }
}

TEST_CASE(QueuedSpinLockExcludes, "an in-stack queued spin lock lets one processor in, at DISPATCH_LEVEL") {
    KLOCK_QUEUE_HANDLE Handle;

    KeInitializeSpinLock(&Lock);
    KeAcquireInStackQueuedSpinLock(&Lock, &Handle);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLock(&Handle);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT_EQUAL(Lock, 0);
    Counter = 0;
    TestOnThreads(4, CountUnderQueuedLock, NULL);
    EXPECT_EQUAL(Counter, 4 * QUEUED_ROUNDS);
}

typedef struct _ITEM {
    SLIST_ENTRY Sequenced;
    LIST_ENTRY Listed;
    volatile LONG Held;
} ITEM;

#define ITEMS 16
static ITEM Items[ITEMS];
static DECLSPEC_ALIGN(16) SLIST_HEADER Sequenced;
static LIST_ENTRY Listed;

/* Takes items off both lists and puts them back; nobody else may hold what one has taken. */
static VOID PassItems(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 5000; Round++) {
        PSLIST_ENTRY Entry = ExInterlockedPopEntrySList(&Sequenced, &Lock);
        PLIST_ENTRY Link;
        if (Entry != NULL) {
            ITEM *Item = CONTAINING_RECORD(Entry, ITEM, Sequenced);
            EXPECT_EQUAL(InterlockedIncrement(&Item->Held), 1);
            InterlockedDecrement(&Item->Held);
            ExInterlockedPushEntrySList(&Sequenced, Entry, &Lock);
        }
        Link = ExInterlockedRemoveHeadList(&Listed, &Lock);
        if (Link != NULL) {
            if (Round & 1)
                ExInterlockedInsertTailList(&Listed, Link, &Lock);
            else
                ExInterlockedInsertHeadList(&Listed, Link, &Lock);
        }
    }
}

TEST_CASE(InterlockedLists, "interlocked and sequenced lists lose nothing and hand nothing out twice") {
    ULONG Count = 0;

    ExInitializeSListHead(&Sequenced);
    InitializeListHead(&Listed);
    KeInitializeSpinLock(&Lock);
    EXPECT(ExInterlockedRemoveHeadList(&Listed, &Lock) == NULL);
    EXPECT(ExInterlockedPopEntrySList(&Sequenced, &Lock) == NULL);
    for (ULONG Index = 0; Index < ITEMS; Index++) {
        Items[Index].Held = 0;
        EXPECT(ExInterlockedPushEntrySList(&Sequenced, &Items[Index].Sequenced, &Lock) ==
               (Index == 0 ? NULL : &Items[Index - 1].Sequenced));
        EXPECT(ExInterlockedInsertTailList(&Listed, &Items[Index].Listed, &Lock) ==
               (Index == 0 ? NULL : &Items[Index - 1].Listed));
    }
    TestOnThreads(4, PassItems, NULL);
    EXPECT_EQUAL(ExQueryDepthSList(&Sequenced), ITEMS);
    for (PSLIST_ENTRY Entry = ExInterlockedFlushSList(&Sequenced); Entry != NULL; Entry = Entry->Next)
        Count++;
    EXPECT_EQUAL(Count, ITEMS);
    EXPECT_EQUAL(ExQueryDepthSList(&Sequenced), 0);
    for (Count = 0; ExInterlockedRemoveHeadList(&Listed, &Lock) != NULL; Count++)
        ;
    EXPECT_EQUAL(Count, ITEMS);
}

TEST_CASE(DeviceQueues, "a device queue is busy from the first request on, keeps order or keys, gives up an entry") {
    static KDEVICE_QUEUE Queue;
    KDEVICE_QUEUE_ENTRY Entries[5];
    KIRQL OldIrql;

    KeInitializeDeviceQueue(&Queue);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    EXPECT(!KeInsertDeviceQueue(&Queue, &Entries[0]));      /* idle: the caller starts the request */
    EXPECT(KeInsertByKeyDeviceQueue(&Queue, &Entries[1], 30));
    EXPECT(KeInsertByKeyDeviceQueue(&Queue, &Entries[2], 10));
    EXPECT(KeInsertByKeyDeviceQueue(&Queue, &Entries[3], 20));
    EXPECT(KeInsertByKeyDeviceQueue(&Queue, &Entries[4], 20));
    EXPECT(KeRemoveByKeyDeviceQueue(&Queue, 15) == &Entries[3]);
    EXPECT(KeRemoveByKeyDeviceQueue(&Queue, 40) == &Entries[2]);    /* none so high: from the lowest again */
    EXPECT(KeRemoveEntryDeviceQueue(&Queue, &Entries[4]));
    EXPECT(!KeRemoveEntryDeviceQueue(&Queue, &Entries[4]));
    EXPECT(KeRemoveDeviceQueue(&Queue) == &Entries[1]);
    EXPECT(KeRemoveDeviceQueue(&Queue) == NULL);
    EXPECT(!KeInsertDeviceQueue(&Queue, &Entries[0]));
    KeLowerIrql(OldIrql);
}

static KEVENT Worked;
static volatile KIRQL WorkIrql;

static VOID Work(PVOID Parameter)
{
    WorkIrql = KeGetCurrentIrql();
    if (Parameter != NULL && InterlockedDecrement(&Counter) > 0) {
        ExQueueWorkItem(Parameter, DelayedWorkQueue);       /* the routine may queue its own item again */
        return;
    }
    KeSetEvent(&Worked, 0, FALSE);
}

TEST_CASE(WorkItems, "a work item runs once, in a system thread at PASSIVE_LEVEL, and may queue itself again") {
    static WORK_QUEUE_ITEM Item;
    KIRQL OldIrql;

    KeInitializeEvent(&Worked, SynchronizationEvent, FALSE);
    for (ULONG Queue = CriticalWorkQueue; Queue < MaximumWorkQueue; Queue++) {
        WorkIrql = HIGH_LEVEL;
        ExInitializeWorkItem(&Item, Work, NULL);
        KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
        ExQueueWorkItem(&Item, (WORK_QUEUE_TYPE)Queue);
        KeLowerIrql(OldIrql);
        KeTestWait(&Worked);
        EXPECT_EQUAL(WorkIrql, PASSIVE_LEVEL);
    }
    Counter = 5;
    ExInitializeWorkItem(&Item, Work, &Item);
    ExQueueWorkItem(&Item, DelayedWorkQueue);
    KeTestWait(&Worked);
    EXPECT_EQUAL(Counter, 0);
}
