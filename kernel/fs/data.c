/*
 * A file's bytes: the pages of a segment of Mm, which programs may map as well. There is no copy of them anywhere: who
 * reads and writes through a handle and who looks through a view use the same frames. Each page is charged to the file
 * system; the resident tables that lead to it are not.
 */
#include "fs/fsp.h"

C_ASSERT(FSP_LARGEST_FILE <= MM_SEGMENT_PAGES << PAGE_SHIFT);

PAGED_CODE_SECTION NTSTATUS FspAddPages(PFSP_NODE Node, ULONG64 First, ULONG64 Last)
{
    ULONG64 Holes = MmSegmentHoles(Node->Segment, First, Last);
    NTSTATUS Status = FspCharge(Holes * PAGE_SIZE);

    if (!NT_SUCCESS(Status) || Holes == 0) {
        return Status;
    }
    Status = MmExtendSegment(Node->Segment, First, Last);
    if (!NT_SUCCESS(Status)) {
        FspUncharge(Holes * PAGE_SIZE);
        return STATUS_DISK_FULL;        /* memory is what this disk is made of */
    }
    return STATUS_SUCCESS;
}

PAGED_CODE_SECTION VOID FspCutPages(PFSP_NODE Node, ULONG64 First)
{
    ULONG64 Before = MmSegmentPages(Node->Segment);

    MmCutSegment(Node->Segment, First);
    FspUncharge((Before - MmSegmentPages(Node->Segment)) * PAGE_SIZE);
}

PAGED_CODE_SECTION NTSTATUS FspZeroRange(PFSP_NODE Node, ULONG64 From, ULONG64 To)
{
    NTSTATUS Status = STATUS_SUCCESS;

    while (From < To && NT_SUCCESS(Status)) {
        ULONG Within = BYTE_OFFSET(From), Piece = (ULONG)min(To - From, PAGE_SIZE - Within);
        PUCHAR Page;
        Status = MmHoldSegmentPage(Node->Segment, From >> PAGE_SHIFT, TRUE, (PVOID *)&Page);
        if (NT_SUCCESS(Status)) {
            RtlZeroMemory(Page + Within, Piece);
            MmReleaseSegmentPage(Page);
        } else if (Status == STATUS_END_OF_FILE) {
            Status = STATUS_SUCCESS;    /* a hole reads as zeroes */
        }
        From += Piece;
    }
    return Status;
}

/* Through a view the last page of a file can be written behind the file's end: that must not be there when it grows. */
PAGED_CODE_SECTION NTSTATUS FspPrepareGrowth(PFSP_NODE Node, ULONG64 Size)
{
    if (Size <= Node->Size || !MmIsSegmentUsed(Node->Segment, MmSegmentUses)) {
        return STATUS_SUCCESS;
    }
    return FspZeroRange(Node, Node->Size, ROUND_TO_PAGES(Node->Size));
}

PAGED_CODE_SECTION NTSTATUS FspSetSize(PFSP_NODE Node, ULONG64 Size)
{
    NTSTATUS Status;

    if (Size > FSP_LARGEST_FILE) {
        return STATUS_DISK_FULL;
    }
    if (Size < Node->Size && MmIsSegmentUsed(Node->Segment, MmSegmentUses)) {
        return STATUS_USER_MAPPED_FILE;
    }
    /* What is cut off must not come back when the file grows again. */
    Status = Size < Node->Size ? FspZeroRange(Node, Size, ROUND_TO_PAGES(Size)) : FspPrepareGrowth(Node, Size);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Size < Node->Size) {
        FspCutPages(Node, (Size + PAGE_SIZE - 1) >> PAGE_SHIFT);
    }
    Node->Size = Size;
    return STATUS_SUCCESS;
}
