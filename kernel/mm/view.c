/*
 * Views: ranges of a process that show pages of a segment ("MapViewOfFile"). A view is a VAD with a segment; its
 * entries are empty until a page is touched (viewfault.c). What was mapped once and is not any more is an entry of kind
 * view, which keeps the page's own protection.
 *
 * A view that is copy-on-write has paid for a copy of each of its pages when it was made, so writing to it cannot fail.
 */
#include "mm/mi.h"

NTSTATUS MmMapView(PMM_ADDRESS_SPACE Space, const MM_VIEW *View, PULONG_PTR Base, PSIZE_T Size)
{
    BOOLEAN Shared = View->Segment != NULL;
    MMVAD Template = {.Committed = TRUE, .Segment = View->Segment, .FirstPage = View->FirstPage, .Image = View->Image,
                      .AllocationBase = View->AllocationBase};
    ULONG_PTR Length = ROUND_TO_PAGES(*Size), Start = *Base;
    NTSTATUS Status;
    PMMVAD Vad;

    if (!MiProtectionFromPage(View->Protection, &Template.Protection) || (Template.Protection & MI_PROTECT_GUARD))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (*Size == 0 || Length < *Size || (Length >> PAGE_SHIFT) > MM_SEGMENT_PAGES ||
        View->FirstPage > MM_SEGMENT_PAGES - (Length >> PAGE_SHIFT))
        return STATUS_INVALID_VIEW_SIZE;
    Template.Writable = (Template.Protection & MI_PROTECT_WRITE) != 0;
    if (Template.Protection & MI_PROTECT_COPY)
        Template.CopiesCharged = Length >> PAGE_SHIFT;
    Status = Shared ? MmEnterSegment(View->Segment, MiUseOfView(&Template)) : STATUS_SUCCESS;
    if (!NT_SUCCESS(Status))
        return Status;
    MiLockRanges(Space);
    if (Space->Deleting)
        Status = STATUS_PROCESS_IS_TERMINATING;
    else
        Status = MiInsertVad(Space, &Template, &Start, Length, Shared ? Template.CopiesCharged : Length >> PAGE_SHIFT, &Vad);
    MiUnlockRanges(Space);
    if (NT_SUCCESS(Status)) {
        *Base = Start;
        *Size = Length;
    } else if (Shared) {
        MmLeaveSegment(View->Segment, MiUseOfView(&Template));
    }
    return Status;
}

/* The first VAD of a reservation, or NULL. */
static PMMVAD MiFirstVadOf(PMM_ADDRESS_SPACE Space, ULONG_PTR AllocationBase)
{
    PMMVAD Vad = MiFindVad(Space, AllocationBase);

    return Vad != NULL && Vad->AllocationBase == AllocationBase ? Vad : NULL;
}

/* One VAD after the other, and no lock held between them: the last reference to a segment may take a while to drop. */
NTSTATUS MmUnmapView(PMM_ADDRESS_SPACE Space, ULONG_PTR Address)
{
    ULONG_PTR AllocationBase, At;
    NTSTATUS Status = STATUS_SUCCESS;
    PMMVAD Vad;

    MiLockRanges(Space);
    Vad = MiFindVad(Space, Address);
    if (Space->Deleting)
        Status = STATUS_PROCESS_IS_TERMINATING;
    else if (Vad == NULL || (Vad->Segment == NULL && !Vad->Image))
        Status = STATUS_NOT_MAPPED_VIEW;
    AllocationBase = At = NT_SUCCESS(Status) ? Vad->AllocationBase : 0;
    while (NT_SUCCESS(Status) && !Space->Deleting &&
           (Vad = At == AllocationBase ? MiFirstVadOf(Space, At) : MiFindVad(Space, At)) != NULL &&
           Vad->AllocationBase == AllocationBase) {
        MI_VIEW_END End;
        At = Vad->End;
        MiReleaseVad(Space, Vad, &End);
        MiUnlockRanges(Space);
        if (End.Segment != NULL)
            MmLeaveSegment(End.Segment, End.Use);
        MiLockRanges(Space);
    }
    MiUnlockRanges(Space);
    return Status;
}
