/*
 * Files as memory: gives a file's segment to who makes a section of it. What is mapped has all of its pages, so that a
 * view can be touched without asking the file system; and as long as it is mapped the file is not made shorter.
 */
#include "fs/fsp.h"

/* Size: bytes, or 0 for the file as long as it is. FCB's lock held. */
static PAGED_CODE_SECTION NTSTATUS FspPrepareSection(PFSP_NODE Node, PULONG64 Size, BOOLEAN Extend)
{
    ULONG64 Wanted = *Size != 0 ? *Size : Node->Size;
    NTSTATUS Status;

    if (Wanted == 0) {
        return STATUS_MAPPED_FILE_SIZE_ZERO;
    }
    if (Wanted > Node->Size && !Extend) {
        return STATUS_SECTION_TOO_BIG;
    }
    if (Wanted > FSP_LARGEST_FILE) {
        return STATUS_DISK_FULL;
    }
    Status = FspAddPages(Node, 0, (Wanted - 1) >> PAGE_SHIFT);
    if (NT_SUCCESS(Status) && Wanted > Node->Size) {
        Status = FspSetSize(Node, Wanted);
    }
    *Size = Wanted;
    return Status;
}

PAGED_CODE_SECTION NTSTATUS FsEnterSegment(PFILE_OBJECT File, MM_SEGMENT_USE Use, BOOLEAN Extend, PULONG64 Size,
                                           PMM_SEGMENT *Segment)
{
    PFSP_FCB Fcb = File->FsContext;
    NTSTATUS Status;

    PAGED_CODE();
    if (File->DeviceObject->DriverObject->MajorFunction[IRP_MJ_CREATE] != FspDispatchCreate || Fcb->Node->Folder) {
        return STATUS_INVALID_FILE_FOR_SECTION;
    }
    ExAcquireFastMutex(&Fcb->Lock);
    Status = FspPrepareSection(Fcb->Node, Size, Extend);
    if (NT_SUCCESS(Status)) {
        Status = MmEnterSegment(Fcb->Node->Segment, Use);
    }
    *Segment = Fcb->Node->Segment;
    ExReleaseFastMutex(&Fcb->Lock);
    return Status;
}
