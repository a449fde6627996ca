/*
 * Nodes and their names: a tree of folders, each with its children in a balanced tree by name. Tree lock held
 * throughout.
 */
#include "fs/fsp.h"

FAST_MUTEX FspTreeLock;
PFSP_NODE FspRoot;

static PAGED_CODE_SECTION LONG FspCompareName(const VOID *Key, const RTL_AVL_NODE *Node)
{
    return RtlCompareUnicodeString(Key, &CONTAINING_RECORD(Node, FSP_NODE, NameLink)->Name, TRUE);
}

static PAGED_CODE_SECTION ULONG64 FspNodeCost(PFSP_NODE Node)
{
    return sizeof(*Node) + Node->Name.Length;
}

PAGED_CODE_SECTION NTSTATUS FspCheckName(PCUNICODE_STRING Name)
{
    ULONG Length = Name->Length / sizeof(WCHAR);

    if (Length == 0 || Length > FSP_LONGEST_NAME || (Length == 1 && Name->Buffer[0] == L'.') ||
        (Length == 2 && Name->Buffer[0] == L'.' && Name->Buffer[1] == L'.')) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    for (ULONG I = 0; I < Length; I++) {
        if (Name->Buffer[I] < L' ' || wcschr(L"\"*/:<>?\\|", Name->Buffer[I]) != NULL) {
            return STATUS_OBJECT_NAME_INVALID;
        }
    }
    return STATUS_SUCCESS;
}

PAGED_CODE_SECTION PFSP_NODE FspFindChild(PFSP_NODE Folder, PCUNICODE_STRING Name)
{
    PRTL_AVL_NODE Link = RtlAvlFind(&Folder->Children, Name, FspCompareName);

    return Link != NULL ? CONTAINING_RECORD(Link, FSP_NODE, NameLink) : NULL;
}

PAGED_CODE_SECTION PFSP_NODE FspNextChild(PFSP_NODE Folder, PCUNICODE_STRING Name)
{
    PRTL_AVL_NODE Link = Name == NULL ? RtlAvlFirst(&Folder->Children)
                                      : RtlAvlLowerBound(&Folder->Children, Name, FspCompareName);

    if (Name != NULL && Link != NULL && FspCompareName(Name, Link) == 0) {
        Link = RtlAvlNext(Link);
    }
    return Link != NULL ? CONTAINING_RECORD(Link, FSP_NODE, NameLink) : NULL;
}

/* Parent NULL makes the root. The name has been checked and is not taken. */
PAGED_CODE_SECTION NTSTATUS FspCreateNode(PFSP_NODE Parent, PCUNICODE_STRING Name, BOOLEAN Folder, PFSP_NODE *Node)
{
    SIZE_T Size = sizeof(FSP_NODE) + Name->Length;
    PFSP_NODE New;
    NTSTATUS Status = FspCharge(Size);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    New = ExAllocatePoolWithTag(PagedPool, Size, FSP_TAG);
    if (New == NULL) {
        FspUncharge(Size);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(New, Size);
    Status = Folder ? STATUS_SUCCESS : MmCreateSegment(&New->Segment);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(New, FSP_TAG);
        FspUncharge(Size);
        return Status;
    }
    New->Folder = Folder;
    RtlCopyMemory(New->Characters, Name->Buffer, Name->Length);
    New->Name.Buffer = New->Characters;
    New->Name.Length = New->Name.MaximumLength = Name->Length;
    KeQuerySystemTime(&New->CreationTime);
    New->LastWriteTime = New->CreationTime;
    if (Parent != NULL) {
        New->Parent = Parent;
        RtlAvlInsert(&Parent->Children, &New->NameLink, &New->Name, FspCompareName);
    }
    *Node = New;
    return STATUS_SUCCESS;
}

PAGED_CODE_SECTION VOID FspUnlinkNode(PFSP_NODE Node)
{
    RtlAvlRemove(&Node->Parent->Children, &Node->NameLink);
    Node->Parent = NULL;
}

PAGED_CODE_SECTION VOID FspFreeNode(PFSP_NODE Node)
{
    if (Node->Segment != NULL) {
        FspUncharge(FspAllocationSize(Node));
        MmDereferenceSegment(Node->Segment);
    }
    FspUncharge(FspNodeCost(Node));
    ExFreePoolWithTag(Node, FSP_TAG);
}

/*
 * A component must be a folder when another one, or a backslash, follows it: STATUS_OBJECT_PATH_NOT_FOUND otherwise.
 * STATUS_OBJECT_NAME_INVALID: an empty or impossible component.
 */
PAGED_CODE_SECTION NTSTATUS FspWalk(PFSP_NODE Start, PCUNICODE_STRING Path, PFSP_NODE *Parent, PUNICODE_STRING Name,
                                    PFSP_NODE *Node)
{
    ULONG Position = 0, Length = Path->Length / sizeof(WCHAR);
    NTSTATUS Status;

    *Parent = Start->Parent;
    *Node = Start;
    RtlInitEmptyUnicodeString(Name, NULL, 0);
    if (Length > 0 && Path->Buffer[0] == L'\\') {
        Position = 1;
    }
    while (Position < Length) {
        ULONG First = Position;
        if (*Node == NULL || !(*Node)->Folder) {
            return STATUS_OBJECT_PATH_NOT_FOUND;
        }
        while (Position < Length && Path->Buffer[Position] != L'\\') {
            Position++;
        }
        Name->Buffer = Path->Buffer + First;
        Name->Length = Name->MaximumLength = (USHORT)((Position - First) * sizeof(WCHAR));
        Status = FspCheckName(Name);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        *Parent = *Node;
        *Node = FspFindChild(*Parent, Name);
        Position++;                     /* the backslash; one at the very end is allowed */
    }
    return STATUS_SUCCESS;
}
