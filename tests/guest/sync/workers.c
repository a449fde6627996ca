/* System worker threads and their work items, routine by routine ("System Worker Threads"). */
#include "sync.h"

static WORK_QUEUE_ITEM Items[40];
static KEVENT Done, Block;
static volatile LONG Count;
static volatile KPRIORITY Priority;
static volatile PVOID Worker;

static VOID CountItem(PVOID Parameter)
{
    if (InterlockedIncrement(&Count) == (LONG)(LONG_PTR)Parameter)
        KeSetEvent(&Done, 0, FALSE);
}

static VOID Begin(VOID)
{
    Count = 0;
    KeInitializeEvent(&Done, SynchronizationEvent, FALSE);
}

static VOID Wait(PVOID Event)
{
    EXPECT_STATUS(KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}

TEST_CASE(EveryItemRuns, "ExQueueWorkItem: each of many queued items is run, once") {
    Begin();
    for (ULONG Index = 0; Index < ARRAYSIZE(Items); Index++) {
        ExInitializeWorkItem(&Items[Index], CountItem, (PVOID)(LONG_PTR)ARRAYSIZE(Items));
        ExQueueWorkItem(&Items[Index], DelayedWorkQueue);
    }
    Wait(&Done);
    SyncSleep(20);
    EXPECT_EQUAL(Count, ARRAYSIZE(Items));
}

static VOID NoteWorker(PVOID Parameter)
{
    UNREFERENCED_PARAMETER(Parameter);
    Priority = KeQueryPriorityThread(KeGetCurrentThread());
    Worker = KeGetCurrentThread();
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT(PsGetCurrentProcess() == PsInitialSystemProcess);
    EXPECT(!KeAreApcsDisabled());
    KeSetEvent(&Done, 0, FALSE);
}

TEST_CASE(EachQueueHasWorkers, "items of each of the three queues run in a system thread at PASSIVE_LEVEL") {
    for (ULONG Queue = CriticalWorkQueue; Queue < MaximumWorkQueue; Queue++) {
        Begin();
        ExInitializeWorkItem(&Items[0], NoteWorker, NULL);
        ExQueueWorkItem(&Items[0], Queue);
        Wait(&Done);
        EXPECT(Worker != KeGetCurrentThread());
        EXPECT(Priority > 8 && Priority < LOW_REALTIME_PRIORITY);
        SyncSleep(10);
    }
}

static VOID WaitForBlock(PVOID Parameter)
{
    UNREFERENCED_PARAMETER(Parameter);
    Wait(&Block);
    CountItem((PVOID)2);
}

TEST_CASE(DelayedItemMayWait, "a delayed item may wait for another one: there is more than one worker") {
    Begin();
    KeInitializeEvent(&Block, SynchronizationEvent, FALSE);
    ExInitializeWorkItem(&Items[0], WaitForBlock, NULL);
    ExInitializeWorkItem(&Items[1], NoteWorker, NULL);
    ExQueueWorkItem(&Items[0], DelayedWorkQueue);
    ExQueueWorkItem(&Items[1], DelayedWorkQueue);
    Wait(&Done);                    /* the second ran while the first waits */
    Count = 1;
    KeSetEvent(&Block, 0, FALSE);
    Wait(&Done);
    SyncSleep(10);
}

TEST_CASE(QueueAtDispatch, "ExQueueWorkItem may be called at DISPATCH_LEVEL; the routine runs at PASSIVE_LEVEL") {
    KIRQL OldIrql;

    Begin();
    ExInitializeWorkItem(&Items[0], NoteWorker, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    ExQueueWorkItem(&Items[0], CriticalWorkQueue);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(OldIrql);
    Wait(&Done);
    SyncSleep(10);
}

static VOID FreeItself(PVOID Parameter)
{
    ExFreePoolWithTag(Parameter, 'tseT');
    KeSetEvent(&Done, 0, FALSE);
}

TEST_CASE(ItemFreedByItsRoutine, "a work item's routine may free the item: the system does not touch it any more") {
    PWORK_QUEUE_ITEM Item = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Item), 'tseT');

    REQUIRE(Item != NULL);
    Begin();
    ExInitializeWorkItem(Item, FreeItself, Item);
    ExQueueWorkItem(Item, DelayedWorkQueue);
    Wait(&Done);
    SyncSleep(10);
}
