/*
 * Work items that keep their device: the routine runs in a system worker thread at PASSIVE_LEVEL ("IoQueueWorkItem").
 * The item is of the system's making (IoAllocateWorkItem), or lies in memory of the driver's, IoSizeofWorkItem bytes.
 */
#include "io/iop.h"

typedef struct _IO_WORKITEM {
    WORK_QUEUE_ITEM Item;
    PVOID IoObject;                 /* a device or a driver */
    PIO_WORKITEM_ROUTINE Routine;   /* one of the two */
    PIO_WORKITEM_ROUTINE_EX RoutineEx;
    PVOID Context;
} IO_WORKITEM;

/* Worker thread. The routine may free, uninitialise or queue the item, so nothing of it is used after the call. */
static VOID IopRunWorkItem(PVOID Parameter)
{
    PIO_WORKITEM Item = Parameter;
    PVOID IoObject = Item->IoObject;

    if (Item->RoutineEx != NULL) {
        Item->RoutineEx(IoObject, Item->Context, Item);
    } else {
        Item->Routine(IoObject, Item->Context);
    }
    ObDereferenceObject(IoObject);
}

/* How many bytes a driver sets aside for a work item of its own. IRQL: any. */
ULONG IoSizeofWorkItem(VOID)
{
    return sizeof(IO_WORKITEM);
}
NT_EXPORT(IoSizeofWorkItem);

/* Makes a work item of resident memory. IoObject: the driver's device or driver object. IRQL: any. */
VOID IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    ExInitializeWorkItem(&IoWorkItem->Item, IopRunWorkItem, IoWorkItem);
    IoWorkItem->IoObject = IoObject;
}
NT_EXPORT(IoInitializeWorkItem);

/* Before the memory of an initialised item goes: it must not be queued. IRQL: any. */
VOID IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    ASSERTMSG("a queued work item is uninitialised", IoWorkItem->Item.List.Flink == NULL);
    IoWorkItem->IoObject = NULL;
}
NT_EXPORT(IoUninitializeWorkItem);

/* NULL: no memory. IRQL: <= DISPATCH_LEVEL. */
PIO_WORKITEM IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    PIO_WORKITEM Item;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    Item = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Item), IOP_TAG);
    if (Item != NULL) {
        IoInitializeWorkItem(DeviceObject, Item);
    }
    return Item;
}
NT_EXPORT(IoAllocateWorkItem);

VOID IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    ExFreePoolWithTag(IoWorkItem, IOP_TAG);
}
NT_EXPORT(IoFreeWorkItem);

/* The device (or driver) is referenced until the routine has returned. */
static VOID IopQueueWorkItem(PIO_WORKITEM Item, PIO_WORKITEM_ROUTINE Routine, PIO_WORKITEM_ROUTINE_EX RoutineEx,
                             WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    Item->Routine = Routine;
    Item->RoutineEx = RoutineEx;
    Item->Context = Context;
    ObReferenceObject(Item->IoObject);
    ExQueueWorkItem(&Item->Item, QueueType);
}

/* Has a worker thread call the routine once, with the device and the context. IRQL: <= DISPATCH_LEVEL. */
VOID IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine, WORK_QUEUE_TYPE QueueType,
                     PVOID Context)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    IopQueueWorkItem(IoWorkItem, WorkerRoutine, NULL, QueueType, Context);
}
NT_EXPORT(IoQueueWorkItem);

/* The same for a routine that is given the item, too, so that it can free it. IRQL: <= DISPATCH_LEVEL. */
VOID IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine, WORK_QUEUE_TYPE QueueType,
                       PVOID Context)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    IopQueueWorkItem(IoWorkItem, NULL, WorkerRoutine, QueueType, Context);
}
NT_EXPORT(IoQueueWorkItemEx);
