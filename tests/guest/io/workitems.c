/* Work items of devices ("IoAllocateWorkItem", "IoInitializeWorkItem", "IoQueueWorkItem", "IoQueueWorkItemEx"). */
#include "target.h"

static KEVENT Done;
static PDEVICE_OBJECT Device;
static volatile LONG Runs;

static VOID NoteDevice(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    EXPECT(DeviceObject == Device);
    EXPECT(Context == &Runs);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT(PsGetCurrentProcess() == PsInitialSystemProcess);
    InterlockedIncrement(&Runs);
    KeSetEvent(&Done, 0, FALSE);
}

static BOOLEAN Begin(VOID)
{
    Runs = 0;
    KeInitializeEvent(&Done, SynchronizationEvent, FALSE);
    Device = TargetCreate(NULL, 0, FALSE, NULL);
    return Device != NULL;
}

static VOID WaitUntilDone(VOID)
{
    LARGE_INTEGER Pause = {.QuadPart = -100000};

    EXPECT_STATUS(KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    KeDelayExecutionThread(KernelMode, FALSE, &Pause);      /* the worker has left the driver's code then */
}

TEST_CASE(WorkItemOfADevice, "IoQueueWorkItem: the routine gets the device and the context, at PASSIVE_LEVEL") {
    PIO_WORKITEM Item;
    KIRQL OldIrql;

    REQUIRE(Begin());
    Item = IoAllocateWorkItem(Device);
    REQUIRE(Item != NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    IoQueueWorkItem(Item, NoteDevice, DelayedWorkQueue, (PVOID)&Runs);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(OldIrql);
    WaitUntilDone();
    EXPECT_EQUAL(Runs, 1);
    IoQueueWorkItem(Item, NoteDevice, CriticalWorkQueue, (PVOID)&Runs);     /* again, when it has run */
    WaitUntilDone();
    EXPECT_EQUAL(Runs, 2);
    IoFreeWorkItem(Item);
    TargetDelete(Device);
}

static VOID FreeItself(PVOID IoObject, PVOID Context, PIO_WORKITEM Item)
{
    EXPECT(IoObject == Device);
    EXPECT(Context == Item);
    IoFreeWorkItem(Item);
    KeSetEvent(&Done, 0, FALSE);
}

TEST_CASE(WorkItemExGetsTheItem, "IoQueueWorkItemEx: the routine gets the item, too, and may free it") {
    PIO_WORKITEM Item;

    REQUIRE(Begin());
    Item = IoAllocateWorkItem(Device);
    REQUIRE(Item != NULL);
    IoQueueWorkItemEx(Item, FreeItself, DelayedWorkQueue, Item);
    WaitUntilDone();
    TargetDelete(Device);
}

static VOID UninitializeItself(PVOID IoObject, PVOID Context, PIO_WORKITEM Item)
{
    UNREFERENCED_PARAMETER(Context);
    EXPECT(IoObject == Device);
    IoUninitializeWorkItem(Item);
    ExFreePoolWithTag(Item, 'tseT');
    KeSetEvent(&Done, 0, FALSE);
}

TEST_CASE(WorkItemInOwnMemory, "IoInitializeWorkItem makes an item of IoSizeofWorkItem bytes; its routine may end it") {
    PIO_WORKITEM Item;

    REQUIRE(Begin());
    Item = ExAllocatePoolWithTag(NonPagedPool, IoSizeofWorkItem(), 'tseT');
    REQUIRE(Item != NULL);
    IoInitializeWorkItem(Device, Item);
    IoQueueWorkItemEx(Item, UninitializeItself, DelayedWorkQueue, NULL);
    WaitUntilDone();
    TargetDelete(Device);
}

TEST_CASE(WorkItemOfADriver, "IoInitializeWorkItem takes a driver object, too, and hands it to the routine") {
    static volatile PVOID Seen;

    VOID NoteObject(PVOID IoObject, PVOID Context, PIO_WORKITEM Item) {
        UNREFERENCED_PARAMETER(Context);
        UNREFERENCED_PARAMETER(Item);
        Seen = IoObject;
        KeSetEvent(&Done, 0, FALSE);
    }
    PIO_WORKITEM Item;

    REQUIRE(Begin());
    Item = ExAllocatePoolWithTag(NonPagedPool, IoSizeofWorkItem(), 'tseT');
    REQUIRE(Item != NULL);
    IoInitializeWorkItem(Device->DriverObject, Item);
    IoQueueWorkItemEx(Item, NoteObject, DelayedWorkQueue, NULL);
    WaitUntilDone();
    EXPECT(Seen == Device->DriverObject);
    IoUninitializeWorkItem(Item);
    ExFreePoolWithTag(Item, 'tseT');
    TargetDelete(Device);
}

static KEVENT Deleted;

static VOID LookAfterDeletion(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeWaitForSingleObject(&Deleted, Executive, KernelMode, FALSE, NULL);
    EXPECT(DeviceObject == Device);
    EXPECT_EQUAL(DeviceObject->StackSize, 1);     /* freed memory says something else */
    KeSetEvent(&Done, 0, FALSE);
}

TEST_CASE(WorkItemKeepsItsDevice, "a queued work item keeps its device: deleted meanwhile, it is still there") {
    PIO_WORKITEM Item;

    REQUIRE(Begin());
    KeInitializeEvent(&Deleted, NotificationEvent, FALSE);
    Item = IoAllocateWorkItem(Device);
    REQUIRE(Item != NULL);
    IoQueueWorkItem(Item, LookAfterDeletion, DelayedWorkQueue, NULL);
    TargetDelete(Device);
    KeSetEvent(&Deleted, 0, FALSE);
    WaitUntilDone();
    IoFreeWorkItem(Item);
}
