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

PAGED_CODE_SECTION NTSTATUS FspSetSize(PFSP_NODE Node, ULONG64 Size)
{
    if (Size > FSP_LARGEST_FILE) {
        return STATUS_DISK_FULL;
    }
    if (Size < Node->Size) {
        ULONG Tail = BYTE_OFFSET(Size);
        PUCHAR Page;
        /* What is cut off must not come back when the file grows again. */
        if (Tail != 0) {
            NTSTATUS Status = MmHoldSegmentPage(Node->Segment, Size >> PAGE_SHIFT, TRUE, (PVOID *)&Page);
            if (NT_SUCCESS(Status)) {
                RtlZeroMemory(Page + Tail, PAGE_SIZE - Tail);
                MmReleaseSegmentPage(Page);
            } else if (Status != STATUS_END_OF_FILE) {
                return Status;
            }
        }
        FspCutPages(Node, (Size + PAGE_SIZE - 1) >> PAGE_SHIFT);
    }
    Node->Size = Size;
    return STATUS_SUCCESS;
}
