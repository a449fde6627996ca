/*
 * Segments: pages that are no one address space's, held, changed, sent out, read back and cut off.
 */
#include "stress.h"

#define PAGES 600                       /* two tables and more */
#define WORKERS 4
#define ROUNDS 400

static PMM_SEGMENT Segment;
static volatile LONG Next, Lost;

/* The first word of a page counts, the second tells which page it is. */
static NTSTATUS CountInPage(ULONG64 Page)
{
    volatile ULONG64 *Data;
    NTSTATUS Status = MmHoldSegmentPage(Segment, Page, TRUE, (PVOID *)&Data);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Data[1] != 0 && Data[1] != Page + 1) {
        InterlockedIncrement(&Lost);
    }
    Data[1] = Page + 1;
    InterlockedIncrement64((PLONG64)&Data[0]);
    MmReleaseSegmentPage((PVOID)Data);
    return Status;
}

/*
 * Counts through all pages that are there by now; one worker lets it grow, from the single page on; each trims now and
 * then.
 */
static VOID CountAndGrow(PVOID Context)
{
    LONG Me = InterlockedIncrement(&Next);

    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        if (Me == 1 && !NT_SUCCESS(MmExtendSegment(Segment, Round, Round))) {
            InterlockedIncrement(&Lost);
        }
        CountInPage(0);
        CountInPage(Round * 7919u * (ULONG)Me % PAGES);
        if (Round % 64 == (ULONG)Me) {
            MmTrimAllSystemPageableMemory(TRUE);
        }
    }
}

TEST_CASE(SegmentsGrowUnderUse, "a segment's pages keep what is written while it grows and its pages go out and come back") {
    volatile ULONG64 *Data = NULL;

    REQUIRE(NT_SUCCESS(MmCreateSegment(&Segment)));
    Next = Lost = 0;
    EXPECT_STATUS(MmExtendSegment(Segment, 0, 0), STATUS_SUCCESS);
    TestOnThreads(WORKERS, CountAndGrow, NULL);
    EXPECT_EQUAL(Lost, 0);
    EXPECT_EQUAL(MmSegmentPages(Segment), ROUNDS);
    EXPECT_EQUAL(MmSegmentHoles(Segment, 0, PAGES - 1), PAGES - ROUNDS);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_STATUS(MmHoldSegmentPage(Segment, 0, FALSE, (PVOID *)&Data), STATUS_SUCCESS);
    if (Data != NULL) {
        /*
         * Each worker counted once in each round, and once more whenever its own page was page 0: in round 0 at least.
         */
        EXPECT(Data[0] >= WORKERS * (ROUNDS + 1));
        MmReleaseSegmentPage((PVOID)Data);
    }
    EXPECT_STATUS(MmHoldSegmentPage(Segment, ROUNDS, FALSE, (PVOID *)&Data), STATUS_END_OF_FILE);
    MmCutSegment(Segment, 1);
    EXPECT_EQUAL(MmSegmentPages(Segment), 1);
    MmDereferenceSegment(Segment);
}

TEST_CASE(SegmentReadErrorIsAStatus, "a page of a segment that cannot be read back is STATUS_IN_PAGE_ERROR, and comes back later") {
    volatile ULONG64 *Data;

    REQUIRE(NT_SUCCESS(MmCreateSegment(&Segment)));
    EXPECT_STATUS(MmExtendSegment(Segment, 0, 2), STATUS_SUCCESS);
    EXPECT_STATUS(CountInPage(2), STATUS_SUCCESS);
    MmTrimAllSystemPageableMemory(TRUE);
    if (StressAttachFilter()) {
        StressFilter.FailReadsOf = KeGetCurrentThread();
        EXPECT_STATUS(MmHoldSegmentPage(Segment, 2, FALSE, (PVOID *)&Data), STATUS_IN_PAGE_ERROR);
        StressFilter.FailReadsOf = NULL;
        StressDetachFilter();
    }
    EXPECT_STATUS(MmHoldSegmentPage(Segment, 2, FALSE, (PVOID *)&Data), STATUS_SUCCESS);
    EXPECT(Data[0] == 1 && Data[1] == 3);
    MmReleaseSegmentPage((PVOID)Data);
    MmDereferenceSegment(Segment);
}

TEST_CASE(SegmentLimitsAreNamed, "what cannot be promised is refused, and costs nothing") {
    REQUIRE(NT_SUCCESS(MmCreateSegment(&Segment)));
    EXPECT_STATUS(MmExtendSegment(Segment, 0, MM_SEGMENT_PAGES), STATUS_SECTION_TOO_BIG);
    EXPECT_STATUS(MmExtendSegment(Segment, 0, MM_SEGMENT_PAGES - 1), STATUS_COMMITMENT_LIMIT);
    EXPECT_STATUS(MmExtendSegment(Segment, MM_SEGMENT_PAGES - 1, MM_SEGMENT_PAGES - 1), STATUS_SUCCESS);
    EXPECT_EQUAL(MmSegmentPages(Segment), 1);
    EXPECT_STATUS(CountInPage(MM_SEGMENT_PAGES - 1), STATUS_SUCCESS);
    EXPECT_STATUS(MmEnterSegment(Segment, MmSegmentImage), STATUS_SUCCESS);
    EXPECT_STATUS(MmEnterSegment(Segment, MmSegmentWritten), STATUS_SHARING_VIOLATION);
    EXPECT_STATUS(MmEnterSegment(Segment, MmSegmentRead), STATUS_SUCCESS);
    MmLeaveSegment(Segment, MmSegmentImage);
    EXPECT(MmIsSegmentUsed(Segment, MmSegmentUses) && !MmIsSegmentUsed(Segment, MmSegmentImage));
    MmLeaveSegment(Segment, MmSegmentRead);
    MmDereferenceSegment(Segment);
}
