/*
 * Share access: whether a new open of a file goes with those there are ("IoCheckShareAccess"). The owner of a
 * SHARE_ACCESS, a file system, calls these with its own lock held. IRQL: PASSIVE_LEVEL.
 */
#include "io/iop.h"

#define IOP_READING (FILE_READ_DATA | FILE_EXECUTE)
#define IOP_WRITING (FILE_WRITE_DATA | FILE_APPEND_DATA)

/* What the open reads, writes, deletes, and lets others do. An open that does none of them shares with everyone. */
static BOOLEAN IopRecordAccess(ACCESS_MASK Access, ULONG Share, PFILE_OBJECT File)
{
    File->ReadAccess = (Access & IOP_READING) != 0;
    File->WriteAccess = (Access & IOP_WRITING) != 0;
    File->DeleteAccess = (Access & DELETE) != 0;
    if (!File->ReadAccess && !File->WriteAccess && !File->DeleteAccess) {
        return FALSE;
    }
    File->SharedRead = (Share & FILE_SHARE_READ) != 0;
    File->SharedWrite = (Share & FILE_SHARE_WRITE) != 0;
    File->SharedDelete = (Share & FILE_SHARE_DELETE) != 0;
    return TRUE;
}

VOID IoUpdateShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess)
{
    if (!FileObject->ReadAccess && !FileObject->WriteAccess && !FileObject->DeleteAccess) {
        return;
    }
    ShareAccess->OpenCount++;
    ShareAccess->Readers += FileObject->ReadAccess;
    ShareAccess->Writers += FileObject->WriteAccess;
    ShareAccess->Deleters += FileObject->DeleteAccess;
    ShareAccess->SharedRead += FileObject->SharedRead;
    ShareAccess->SharedWrite += FileObject->SharedWrite;
    ShareAccess->SharedDelete += FileObject->SharedDelete;
}
NT_EXPORT(IoUpdateShareAccess);

NTSTATUS IoCheckShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess, PFILE_OBJECT FileObject,
                            PSHARE_ACCESS ShareAccess, BOOLEAN Update)
{
    PSHARE_ACCESS S = ShareAccess;

    if (!IopRecordAccess(DesiredAccess, DesiredShareAccess, FileObject)) {
        return STATUS_SUCCESS;
    }
    if ((FileObject->ReadAccess && S->SharedRead < S->OpenCount) ||
        (FileObject->WriteAccess && S->SharedWrite < S->OpenCount) ||
        (FileObject->DeleteAccess && S->SharedDelete < S->OpenCount) ||
        (S->Readers != 0 && !FileObject->SharedRead) || (S->Writers != 0 && !FileObject->SharedWrite) ||
        (S->Deleters != 0 && !FileObject->SharedDelete)) {
        return STATUS_SHARING_VIOLATION;
    }
    if (Update) {
        IoUpdateShareAccess(FileObject, ShareAccess);
    }
    return STATUS_SUCCESS;
}
NT_EXPORT(IoCheckShareAccess);

VOID IoSetShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess, PFILE_OBJECT FileObject,
                      PSHARE_ACCESS ShareAccess)
{
    RtlZeroMemory(ShareAccess, sizeof(*ShareAccess));
    if (IopRecordAccess(DesiredAccess, DesiredShareAccess, FileObject)) {
        IoUpdateShareAccess(FileObject, ShareAccess);
    }
}
NT_EXPORT(IoSetShareAccess);

VOID IoRemoveShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess)
{
    if (!FileObject->ReadAccess && !FileObject->WriteAccess && !FileObject->DeleteAccess) {
        return;
    }
    ShareAccess->OpenCount--;
    ShareAccess->Readers -= FileObject->ReadAccess;
    ShareAccess->Writers -= FileObject->WriteAccess;
    ShareAccess->Deleters -= FileObject->DeleteAccess;
    ShareAccess->SharedRead -= FileObject->SharedRead;
    ShareAccess->SharedWrite -= FileObject->SharedWrite;
    ShareAccess->SharedDelete -= FileObject->SharedDelete;
}
NT_EXPORT(IoRemoveShareAccess);
