/* Spin locks and device queues, routine by routine ("Introduction to Spin Locks", "Device Queue Objects"). */
#include "ke.h"

static KSPIN_LOCK Lock;
static KDEVICE_QUEUE Queue;
static KDEVICE_QUEUE_ENTRY Entries[4];
static volatile LONG Refused, Tried;

TEST_CASE(AcquireRaises, "KeAcquireSpinLock raises to DISPATCH_LEVEL, KeReleaseSpinLock goes back to the old level") {
    KIRQL First, Second;

    KeInitializeSpinLock(&Lock);
    KeRaiseIrql(APC_LEVEL, &First);
    KeAcquireSpinLock(&Lock, &Second);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    EXPECT_EQUAL(Second, APC_LEVEL);
    KeReleaseSpinLock(&Lock, Second);
    EXPECT_EQUAL(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(First);
}

TEST_CASE(AtDpcLevelLeavesTheLevel, "KeAcquireSpinLockAtDpcLevel and its release leave the level alone") {
    KIRQL OldIrql;

    KeInitializeSpinLock(&Lock);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    KeAcquireSpinLockAtDpcLevel(&Lock);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLockFromDpcLevel(&Lock);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(OldIrql);
}

static ULONG_PTR TryOnce(ULONG_PTR Context)
{
    UNREFERENCED_PARAMETER(Context);
    InterlockedIncrement(&Tried);
    if (!KeTryToAcquireSpinLockAtDpcLevel(&Lock))
        InterlockedIncrement(&Refused);
    return 0;
}

TEST_CASE(TryDoesNotSpin, "KeTryToAcquireSpinLockAtDpcLevel is refused a lock that is held, on every processor") {
    KIRQL OldIrql;

    Tried = Refused = 0;
    KeInitializeSpinLock(&Lock);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    EXPECT(KeTryToAcquireSpinLockAtDpcLevel(&Lock));
    KeIpiGenericCall(TryOnce, 0);
    EXPECT_EQUAL(Refused, Tried);
    KeReleaseSpinLockFromDpcLevel(&Lock);
    EXPECT(KeTryToAcquireSpinLockAtDpcLevel(&Lock));
    KeReleaseSpinLockFromDpcLevel(&Lock);
    KeLowerIrql(OldIrql);
}

TEST_CASE(QueuedLockKeepsTheLevel, "a queued spin lock keeps the old level in its handle and goes back to it") {
    KLOCK_QUEUE_HANDLE Handle;
    KIRQL OldIrql;

    KeInitializeSpinLock(&Lock);
    KeRaiseIrql(APC_LEVEL, &OldIrql);
    KeAcquireInStackQueuedSpinLock(&Lock, &Handle);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    EXPECT_EQUAL(Handle.OldIrql, APC_LEVEL);
    KeReleaseInStackQueuedSpinLock(&Handle);
    EXPECT_EQUAL(KeGetCurrentIrql(), APC_LEVEL);
    EXPECT_EQUAL(Lock, 0);
    KeLowerIrql(OldIrql);
}

TEST_CASE(QueuedLockAtDpcLevel, "the AtDpcLevel routines of a queued spin lock leave the level alone") {
    KLOCK_QUEUE_HANDLE Handle;
    KIRQL OldIrql;

    KeInitializeSpinLock(&Lock);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&Lock, &Handle);
    EXPECT(Lock != 0);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&Handle);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    EXPECT_EQUAL(Lock, 0);
    KeLowerIrql(OldIrql);
}

TEST_CASE(RaiseToDpcLevel, "KeRaiseIrqlToDpcLevel raises to DISPATCH_LEVEL and returns the old level") {
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();

    EXPECT_EQUAL(OldIrql, PASSIVE_LEVEL);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    EXPECT_EQUAL(KeRaiseIrqlToDpcLevel(), DISPATCH_LEVEL);
    KeLowerIrql(OldIrql);
}

TEST_CASE(RaiseToSynchLevel, "KeRaiseIrqlToSynchLevel raises above DISPATCH_LEVEL and returns the old level") {
    KIRQL OldIrql = KeRaiseIrqlToSynchLevel();

    EXPECT_EQUAL(OldIrql, PASSIVE_LEVEL);
    EXPECT(KeGetCurrentIrql() > DISPATCH_LEVEL);
    KeLowerIrql(OldIrql);
}

TEST_CASE(RaiseToTheSame, "KeRaiseIrql to the level one is at, and KeLowerIrql back to it, change nothing") {
    KIRQL OldIrql;

    KeRaiseIrql(PASSIVE_LEVEL, &OldIrql);
    EXPECT_EQUAL(OldIrql, PASSIVE_LEVEL);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeLowerIrql(PASSIVE_LEVEL);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static KIRQL MakeBusy(VOID)
{
    KIRQL OldIrql;

    KeInitializeDeviceQueue(&Queue);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    EXPECT(!KeInsertDeviceQueue(&Queue, &Entries[0]));
    return OldIrql;
}

TEST_CASE(FirstIsNotQueued, "KeInsertDeviceQueue of an idle queue: FALSE, the entry is not queued, the queue is busy") {
    KIRQL OldIrql = MakeBusy();

    EXPECT(Queue.Busy);
    EXPECT(!Entries[0].Inserted);
    EXPECT(KeInsertDeviceQueue(&Queue, &Entries[1]));
    EXPECT(Entries[1].Inserted);
    KeLowerIrql(OldIrql);
}

TEST_CASE(QueueInOrder, "KeRemoveDeviceQueue: the entries in the order of arrival, then NULL, and the queue is idle") {
    KIRQL OldIrql = MakeBusy();

    for (ULONG Index = 1; Index < 4; Index++)
        EXPECT(KeInsertDeviceQueue(&Queue, &Entries[Index]));
    for (ULONG Index = 1; Index < 4; Index++)
        EXPECT(KeRemoveDeviceQueue(&Queue) == &Entries[Index]);
    EXPECT(Queue.Busy);
    EXPECT(KeRemoveDeviceQueue(&Queue) == NULL);
    EXPECT(!Queue.Busy);
    KeLowerIrql(OldIrql);
}

TEST_CASE(QueueByKey, "KeInsertByKeyDeviceQueue sorts by key; KeRemoveByKeyDeviceQueue begins at the key it is given") {
    KIRQL OldIrql = MakeBusy();

    KeInsertByKeyDeviceQueue(&Queue, &Entries[1], 30);
    KeInsertByKeyDeviceQueue(&Queue, &Entries[2], 10);
    KeInsertByKeyDeviceQueue(&Queue, &Entries[3], 20);
    EXPECT(KeRemoveByKeyDeviceQueue(&Queue, 20) == &Entries[3]);
    EXPECT(KeRemoveByKeyDeviceQueue(&Queue, 31) == &Entries[2]);
    EXPECT(KeRemoveDeviceQueue(&Queue) == &Entries[1]);
    KeLowerIrql(OldIrql);
}

TEST_CASE(RemoveOneEntry, "KeRemoveEntryDeviceQueue: TRUE if the entry was queued; FALSE, and nothing, if it was not") {
    KIRQL OldIrql = MakeBusy();

    KeInsertDeviceQueue(&Queue, &Entries[1]);
    EXPECT(KeRemoveEntryDeviceQueue(&Queue, &Entries[1]));
    EXPECT(!KeRemoveEntryDeviceQueue(&Queue, &Entries[1]));
    EXPECT(KeRemoveDeviceQueue(&Queue) == NULL);
    KeLowerIrql(OldIrql);
}

TEST_CASE(SynchLevelLocks, "the RaiseToSynch routines take a lock at SYNCH_LEVEL; a release goes back") {
    KLOCK_QUEUE_HANDLE Handle;
    KIRQL OldIrql;

    KeInitializeSpinLock(&Lock);
    OldIrql = KeAcquireSpinLockRaiseToSynch(&Lock);
    EXPECT_EQUAL(OldIrql, PASSIVE_LEVEL);
    EXPECT_EQUAL(KeGetCurrentIrql(), SYNCH_LEVEL);
    KeReleaseSpinLock(&Lock, OldIrql);
    KeAcquireInStackQueuedSpinLockRaiseToSynch(&Lock, &Handle);
    EXPECT_EQUAL(KeGetCurrentIrql(), SYNCH_LEVEL);
    KeReleaseInStackQueuedSpinLock(&Handle);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

TEST_CASE(NumberedLocks, "KeAcquireQueuedSpinLock takes a lock by number; a try of it is refused, of another not") {
    KIRQL OldIrql = KeAcquireQueuedSpinLock(LockQueueMasterLock), Before;

    EXPECT_EQUAL(OldIrql, PASSIVE_LEVEL);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    EXPECT(!KeTryToAcquireQueuedSpinLock(LockQueueMasterLock, &Before));
    EXPECT(KeTryToAcquireQueuedSpinLockRaiseToSynch(LockQueueVacbLock, &Before));
    EXPECT_EQUAL(KeGetCurrentIrql(), SYNCH_LEVEL);
    KeReleaseQueuedSpinLock(LockQueueVacbLock, Before);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseQueuedSpinLock(LockQueueMasterLock, OldIrql);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static ULONG Numbered;

static VOID CountUnderNumberedLock(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 2000; Round++) {
        KIRQL OldIrql = Round % 2 ? KeAcquireQueuedSpinLock(LockQueueBcbLock)
                                  : KeAcquireQueuedSpinLockRaiseToSynch(LockQueueBcbLock);
        Numbered++;
        KeReleaseQueuedSpinLock(LockQueueBcbLock, OldIrql);
    }
}

TEST_CASE(NumberedLocksExclude, "a numbered queued spin lock lets one processor in, at either level") {
    Numbered = 0;
    TestOnThreads(4, CountUnderNumberedLock, NULL);
    EXPECT_EQUAL(Numbered, 8000);
}
