/*
 * Paging I/O: the one door from Mm. It lies on the path that resolves a page fault, so it allocates nothing, touches
 * resident memory only, and does no more than a transfer needs: of the request that Mm brings, only the fields that the
 * last transfer used are set anew.
 */
#include "io/iop.h"

PIRP IoAllocatePagingIrp(PFILE_OBJECT File)
{
    PIRP Irp = IoAllocateIrp(IoGetRelatedDeviceObject(File)->StackSize, FALSE);

    if (Irp != NULL) {
        Irp->AllocationFlags |= IOP_IRP_WAITED;
        Irp->Tail.Overlay.OriginalFileObject = File;
        /* RequestorMode is KernelMode, which is zero. */
    }
    return Irp;
}

VOID IoFreePagingIrp(PIRP Irp)
{
    Irp->MdlAddress = NULL;
    IoFreeIrp(Irp);
}

static DECLSPEC_NOINLINE VOID IopWaitForPaging(PIOP_WAITER Waiter)
{
    KeInitializeEvent(&Waiter->Event, NotificationEvent, FALSE);
    if (InterlockedCompareExchange(&Waiter->State, IOP_WAITING, 0) == 0) {
        KeWaitForSingleObject(&Waiter->Event, PageIn, KernelMode, FALSE, NULL);
    }
}

NTSTATUS IoPagingIo(PFILE_OBJECT File, PIRP Irp, PMDL Mdl, ULONGLONG Offset, BOOLEAN Write, PIO_STATUS_BLOCK Iosb)
{
    PIO_STACK_LOCATION Stack = (PIO_STACK_LOCATION)(Irp + 1) + Irp->StackCount;
    PDEVICE_OBJECT Device = File->DeviceObject;
    IOP_WAITER Waiter;

    Waiter.State = 0;
    Irp->UserEvent = &Waiter.Event;
    Irp->MdlAddress = Mdl;
    Irp->Flags = IRP_NOCACHE | IRP_PAGING_IO | IRP_SYNCHRONOUS_PAGING_IO |
                 (Write ? IRP_WRITE_OPERATION : IRP_READ_OPERATION);
    Irp->CurrentLocation = (CHAR)(Irp->StackCount + 1);
    Irp->Tail.Overlay.CurrentStackLocation = Stack--;
    Irp->Tail.Overlay.Thread = (PETHREAD)KiCurrentThread();
    Stack->MajorFunction = Write ? IRP_MJ_WRITE : IRP_MJ_READ;
    Stack->MinorFunction = 0;
    Stack->Flags = 0;
    Stack->Control = 0;
    Stack->FileObject = File;
    Stack->Parameters.Read.Length = Mdl->ByteCount;         /* Write has the same layout */
    Stack->Parameters.Read.Key = 0;
    Stack->Parameters.Read.ByteOffset.QuadPart = (LONGLONG)Offset;
    IofCallDriver(Device->AttachedDevice == NULL ? Device : IoGetRelatedDeviceObject(File), Irp);
    if (Waiter.State != IOP_DONE) {
        IopWaitForPaging(&Waiter);
    }
    *Iosb = Irp->IoStatus;
    return Irp->IoStatus.Status;
}
