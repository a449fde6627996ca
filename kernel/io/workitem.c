/*
 * Work items that keep their device: the routine runs in a system worker thread at PASSIVE_LEVEL ("IoQueueWorkItem").
 */
#include "io/iop.h"

typedef struct _IO_WORKITEM {
    WORK_QUEUE_ITEM Item;
    PDEVICE_OBJECT DeviceObject;
    PIO_WORKITEM_ROUTINE Routine;
    PVOID Context;
} IO_WORKITEM;

/* Worker thread. The routine may free or queue the item, so nothing of it is used after the call. */
static VOID IopRunWorkItem(PVOID Parameter)
{
    PIO_WORKITEM Item = Parameter;
    PDEVICE_OBJECT Device = Item->DeviceObject;

    Item->Routine(Device, Item->Context);
    ObDereferenceObject(Device);
}

/* NULL: no memory. IRQL: <= DISPATCH_LEVEL. */
PIO_WORKITEM IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    PIO_WORKITEM Item;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    Item = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Item), IOP_TAG);
    if (Item != NULL) {
        ExInitializeWorkItem(&Item->Item, IopRunWorkItem, Item);
        Item->DeviceObject = DeviceObject;
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

/* The device is referenced until the routine has returned. IRQL: <= DISPATCH_LEVEL. */
VOID IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine, WORK_QUEUE_TYPE QueueType,
                     PVOID Context)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    IoWorkItem->Routine = WorkerRoutine;
    IoWorkItem->Context = Context;
    ObReferenceObject(IoWorkItem->DeviceObject);
    ExQueueWorkItem(&IoWorkItem->Item, QueueType);
}
NT_EXPORT(IoQueueWorkItem);
