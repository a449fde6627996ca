/*
 * Unpacks the system image, before anybody can open a file: folders and files are made directly, without requests.
 */
#include "fs/fsp.h"
#include "rtl/cpio.h"

/* A component of an archive's path as a name. Bytes are ISO 8859-1. */
static INIT_CODE NTSTATUS FspWiden(PCSTR Start, SIZE_T Length, PWCHAR Buffer, PUNICODE_STRING Name)
{
    if (Length > FSP_LONGEST_NAME) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    for (SIZE_T I = 0; I < Length; I++) {
        Buffer[I] = (UCHAR)Start[I];
    }
    Name->Buffer = Buffer;
    Name->Length = Name->MaximumLength = (USHORT)(Length * sizeof(WCHAR));
    return FspCheckName(Name);
}

/* The node of that path, made if need be, with the folders on the way. Kind and path must go together. */
static INIT_CODE NTSTATUS FspPlant(PCSTR Path, BOOLEAN Folder, PFSP_NODE *Node)
{
    WCHAR Buffer[FSP_LONGEST_NAME];
    UNICODE_STRING Name;
    NTSTATUS Status;

    *Node = FspRoot;
    while (*Path != '\0') {
        SIZE_T Length = strcspn(Path, "/");
        BOOLEAN Last = Path[Length] == '\0';
        PFSP_NODE Parent = *Node;
        Status = FspWiden(Path, Length, Buffer, &Name);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        *Node = FspFindChild(Parent, &Name);
        if (*Node == NULL) {
            Status = FspCreateNode(Parent, &Name, !Last || Folder, Node);
            if (!NT_SUCCESS(Status)) {
                return Status;
            }
        } else if ((*Node)->Folder != (!Last || Folder)) {
            return STATUS_OBJECT_NAME_COLLISION;
        }
        Path += Length + !Last;
    }
    return STATUS_SUCCESS;
}

static INIT_CODE NTSTATUS FspFillFile(PFSP_NODE Node, const UCHAR *Data, SIZE_T Size)
{
    NTSTATUS Status = FspSetSize(Node, 0);

    if (!NT_SUCCESS(Status) || Size == 0) {
        return Status;
    }
    Status = FspAddPages(Node, 0, (Size - 1) >> PAGE_SHIFT);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    for (SIZE_T Offset = 0; Offset < Size; Offset += PAGE_SIZE) {
        PVOID Page;
        Status = MmHoldSegmentPage(Node->Segment, Offset >> PAGE_SHIFT, TRUE, &Page);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        RtlCopyMemory(Page, Data + Offset, min(Size - Offset, PAGE_SIZE));
        MmReleaseSegmentPage(Page);
    }
    Node->Size = Size;
    return STATUS_SUCCESS;
}

static INIT_CODE NTSTATUS FspUnpackEntry(const RTL_CPIO_ENTRY *Entry)
{
    PFSP_NODE Node;
    NTSTATUS Status;

    if (Entry->Kind == RtlCpioOther) {
        DbgPrint("fs: %s in the system image is neither file nor folder: left out\n", Entry->Name);
        return STATUS_SUCCESS;
    }
    Status = FspPlant(Entry->Name, Entry->Kind == RtlCpioFolder, &Node);
    if (NT_SUCCESS(Status) && Entry->Kind == RtlCpioFile) {
        Status = FspFillFile(Node, Entry->Data, Entry->Size);
    }
    if (Status == STATUS_DISK_FULL || Status == STATUS_INSUFFICIENT_RESOURCES) {
        DbgPrint("fs: the system image does not fit into memory at %s (%I64u bytes): give the machine more, or the "
                 "file system with the boot option ramfs=\n", Entry->Name, (ULONG64)Entry->Size);
    } else if (!NT_SUCCESS(Status)) {
        DbgPrint("fs: %s in the system image: status 0x%08x (a name of at most %u characters, and a file and a folder "
                 "of one name cannot be)\n", Entry->Name, Status, FSP_LONGEST_NAME);
    }
    return Status;
}

INIT_CODE NTSTATUS FsMountBootImage(const VOID *Image, SIZE_T Size)
{
    RTL_CPIO_ENTRY Entry;
    RTL_CPIO Archive;
    NTSTATUS Status;

    PAGED_CODE();
    RtlCpioOpen(&Archive, Image, Size);
    for (;;) {
        Status = RtlCpioNext(&Archive, &Entry);
        if (Status == STATUS_NO_MORE_ENTRIES) {
            return STATUS_SUCCESS;
        }
        if (!NT_SUCCESS(Status)) {
            DbgPrint("fs: the system image is damaged at byte %I64u of %I64u: %s; build it again (make)\n",
                     (ULONG64)Archive.Offset, (ULONG64)Size, Archive.Error);
            return Status;
        }
        /* Nobody can have a file open yet, but the rule of the tree is kept. */
        ExAcquireFastMutex(&FspTreeLock);
        Status = FspUnpackEntry(&Entry);
        ExReleaseFastMutex(&FspTreeLock);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
}
