/*
 * IRP_MJ_CLEANUP and IRP_MJ_CLOSE: a file that is to be deleted loses its name with its last handle, so that the name
 * can be used again at once, and its data with its last file object.
 */
#include "fs/fsp.h"

PAGED_CODE_SECTION NTSTATUS FspDispatchCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT File = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PFSP_FCB Fcb = File->FsContext;
    PFSP_CCB Ccb = File->FsContext2;

    PAGED_CODE();
    UNREFERENCED_PARAMETER(DeviceObject);
    ExAcquireFastMutex(&FspTreeLock);
    IoRemoveShareAccess(File, &Fcb->Share);
    if (Ccb->DeleteOnClose) {
        Fcb->DeletePending = TRUE;
    }
    if (--Fcb->HandleCount == 0 && Fcb->DeletePending && Fcb->Node->Parent != NULL) {
        /* A folder that got a child since it was marked stays. */
        if (Fcb->Node->Children.Root == NULL) {
            KeQuerySystemTime(&Fcb->Node->Parent->LastWriteTime);
            FspUnlinkNode(Fcb->Node);
        } else {
            Fcb->DeletePending = FALSE;
        }
    }
    ExReleaseFastMutex(&FspTreeLock);
    return FspComplete(Irp, STATUS_SUCCESS, 0);
}

PAGED_CODE_SECTION NTSTATUS FspDispatchClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT File = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PFSP_FCB Fcb = File->FsContext;
    PFSP_CCB Ccb = File->FsContext2;
    PFSP_NODE Deleted = NULL;

    PAGED_CODE();
    UNREFERENCED_PARAMETER(DeviceObject);
    ExAcquireFastMutex(&FspTreeLock);
    if (--Fcb->FileCount == 0) {
        Fcb->Node->Fcb = NULL;
        if (Fcb->Node->Parent == NULL && Fcb->Node != FspRoot) {
            Deleted = Fcb->Node;
        }
    } else {
        Fcb = NULL;
    }
    ExReleaseFastMutex(&FspTreeLock);
    if (Deleted != NULL) {
        FspFreeNode(Deleted);           /* nobody finds it any more; it may take a while */
    }
    if (Fcb != NULL) {
        ExFreePoolWithTag(Fcb, FSP_TAG);
    }
    if (Ccb->Pattern.Buffer != NULL) {
        ExFreePoolWithTag(Ccb->Pattern.Buffer, FSP_TAG);
    }
    ExFreePoolWithTag(Ccb, FSP_TAG);
    return FspComplete(Irp, STATUS_SUCCESS, 0);
}
