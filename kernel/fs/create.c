/*
 * IRP_MJ_CREATE: finds or makes the node, checks who shares it, gives the file object its contexts.
 *
 * Everything that may fail happens before anything is changed, except for the node itself, which is made last of all.
 */
#include "fs/fsp.h"

/* One create, taken apart. */
typedef struct _FSP_CREATE {
    PFILE_OBJECT File;
    ULONG Disposition;
    ULONG Options;
    ACCESS_MASK Access;
    ULONG ShareAccess;
    PFSP_CCB Ccb;                       /* allocated ahead */
    PFSP_FCB Fcb;                       /* allocated ahead; NULL once it is used */
    ULONG_PTR Information;
} FSP_CREATE, *PFSP_CREATE;

/* Whether the node may be opened like this at all. Tree lock held. */
static PAGED_CODE_SECTION NTSTATUS FspCheckExisting(PFSP_CREATE Create, PFSP_NODE Node, BOOLEAN TrailingBackslash)
{
    BOOLEAN Truncates = Create->Disposition == FILE_OVERWRITE || Create->Disposition == FILE_OVERWRITE_IF ||
                        Create->Disposition == FILE_SUPERSEDE;

    if (Create->Disposition == FILE_CREATE) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    if (Node->Fcb != NULL && Node->Fcb->DeletePending) {
        return STATUS_DELETE_PENDING;
    }
    if (!Node->Folder && MmIsSegmentUsed(Node->Segment, MmSegmentImage) &&
        (Truncates || (Create->Access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0)) {
        return STATUS_SHARING_VIOLATION;        /* it runs */
    }
    if (Node->Folder && ((Create->Options & FILE_NON_DIRECTORY_FILE) != 0 || Truncates)) {
        return STATUS_FILE_IS_A_DIRECTORY;
    }
    if (!Node->Folder && ((Create->Options & FILE_DIRECTORY_FILE) != 0 || TrailingBackslash)) {
        return STATUS_NOT_A_DIRECTORY;
    }
    if ((Create->Options & FILE_DELETE_ON_CLOSE) != 0) {
        if (Node == FspRoot || FspIsMapped(Node)) {
            return STATUS_CANNOT_DELETE;
        }
        if (Node->Children.Root != NULL) {
            return STATUS_DIRECTORY_NOT_EMPTY;
        }
    }
    return STATUS_SUCCESS;
}

/* Whether a node of that name may be made in Parent. Tree lock held. */
static PAGED_CODE_SECTION NTSTATUS FspCheckNew(PFSP_CREATE Create, PFSP_NODE Parent, BOOLEAN TrailingBackslash)
{
    if (Create->Disposition == FILE_OPEN || Create->Disposition == FILE_OVERWRITE) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (TrailingBackslash && (Create->Options & FILE_DIRECTORY_FILE) == 0) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    /* A folder that has been deleted, or is about to be, takes no new children. */
    if ((Parent != FspRoot && Parent->Parent == NULL) || (Parent->Fcb != NULL && Parent->Fcb->DeletePending)) {
        return STATUS_DELETE_PENDING;
    }
    return STATUS_SUCCESS;
}

/* Enters this open into the node. Tree lock held. */
static PAGED_CODE_SECTION NTSTATUS FspAttach(PFSP_CREATE Create, PFSP_NODE Node)
{
    PFSP_FCB Fcb = Node->Fcb != NULL ? Node->Fcb : Create->Fcb;
    NTSTATUS Status = IoCheckShareAccess(Create->Access, Create->ShareAccess, Create->File, &Fcb->Share, TRUE);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Node->Fcb == NULL) {
        Fcb->Node = Node;
        Node->Fcb = Fcb;
        Create->Fcb = NULL;
    }
    Fcb->FileCount++;
    Fcb->HandleCount++;
    Create->Ccb->DeleteOnClose = (Create->Options & FILE_DELETE_ON_CLOSE) != 0;
    Create->File->FsContext = Fcb;
    Create->File->FsContext2 = Create->Ccb;
    Create->Ccb = NULL;
    return STATUS_SUCCESS;
}

static PAGED_CODE_SECTION NTSTATUS FspOpenExisting(PFSP_CREATE Create, PFSP_NODE Node, BOOLEAN TrailingBackslash)
{
    BOOLEAN Truncate = Create->Disposition != FILE_OPEN && Create->Disposition != FILE_OPEN_IF;
    NTSTATUS Status = FspCheckExisting(Create, Node, TrailingBackslash);

    /* Who may not share the file must not empty it, and who cannot empty it has not opened it: a dry run first. */
    if (NT_SUCCESS(Status) && Truncate && Node->Fcb != NULL) {
        Status = IoCheckShareAccess(Create->Access, Create->ShareAccess, Create->File, &Node->Fcb->Share, FALSE);
    }
    if (NT_SUCCESS(Status) && Truncate) {
        PFSP_FCB Fcb = Node->Fcb != NULL ? Node->Fcb : Create->Fcb;
        ExAcquireFastMutex(&Fcb->Lock);
        Status = FspSetSize(Node, 0);
        if (NT_SUCCESS(Status)) {
            KeQuerySystemTime(&Node->LastWriteTime);
        }
        ExReleaseFastMutex(&Fcb->Lock);
    }
    if (NT_SUCCESS(Status)) {
        Status = FspAttach(Create, Node);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Create->Information = !Truncate                                 ? FILE_OPENED
                          : Create->Disposition == FILE_SUPERSEDE ? FILE_SUPERSEDED : FILE_OVERWRITTEN;
    return STATUS_SUCCESS;
}

static PAGED_CODE_SECTION NTSTATUS FspOpenNew(PFSP_CREATE Create, PFSP_NODE Parent, PCUNICODE_STRING Name,
                                              BOOLEAN TrailingBackslash)
{
    PFSP_NODE Node;
    NTSTATUS Status = FspCheckNew(Create, Parent, TrailingBackslash);

    if (NT_SUCCESS(Status)) {
        Status = FspCreateNode(Parent, Name, (Create->Options & FILE_DIRECTORY_FILE) != 0, &Node);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    KeQuerySystemTime(&Parent->LastWriteTime);
    FspAttach(Create, Node);            /* nobody else has it open, so it is shared */
    Create->Information = FILE_CREATED;
    return STATUS_SUCCESS;
}

/* Tree lock held. */
static PAGED_CODE_SECTION NTSTATUS FspCreate(PFSP_CREATE Create)
{
    PUNICODE_STRING Path = &Create->File->FileName;
    BOOLEAN TrailingBackslash = Path->Length > sizeof(WCHAR) && Path->Buffer[Path->Length / sizeof(WCHAR) - 1] == L'\\';
    PFSP_NODE Start = FspRoot, Parent, Node;
    UNICODE_STRING Name;
    NTSTATUS Status;

    if (Create->File->RelatedFileObject != NULL) {
        Start = ((PFSP_FCB)Create->File->RelatedFileObject->FsContext)->Node;
    }
    Status = FspWalk(Start, Path, &Parent, &Name, &Node);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return Node != NULL ? FspOpenExisting(Create, Node, TrailingBackslash)
                        : FspOpenNew(Create, Parent, &Name, TrailingBackslash);
}

PAGED_CODE_SECTION NTSTATUS FspDispatchCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    FSP_CREATE Create = {
        .File = Stack->FileObject,
        .Disposition = Stack->Parameters.Create.Options >> 24,
        .Options = Stack->Parameters.Create.Options & 0x00FFFFFF,
        .Access = Stack->Parameters.Create.SecurityContext->DesiredAccess,
        .ShareAccess = Stack->Parameters.Create.ShareAccess,
    };
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;

    PAGED_CODE();
    UNREFERENCED_PARAMETER(DeviceObject);
    Create.Ccb = ExAllocatePoolWithTag(PagedPool, sizeof(*Create.Ccb), FSP_TAG);
    Create.Fcb = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Create.Fcb), FSP_TAG);
    if (Create.Ccb != NULL && Create.Fcb != NULL) {
        RtlZeroMemory(Create.Ccb, sizeof(*Create.Ccb));
        RtlZeroMemory(Create.Fcb, sizeof(*Create.Fcb));
        ExInitializeFastMutex(&Create.Fcb->Lock);
        ExAcquireFastMutex(&FspTreeLock);
        Status = FspCreate(&Create);
        ExReleaseFastMutex(&FspTreeLock);
    }
    if (Create.Fcb != NULL) {
        ExFreePoolWithTag(Create.Fcb, FSP_TAG);
    }
    if (Create.Ccb != NULL) {
        ExFreePoolWithTag(Create.Ccb, FSP_TAG);
    }
    return FspComplete(Irp, Status, NT_SUCCESS(Status) ? Create.Information : 0);
}
