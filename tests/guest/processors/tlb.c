/*
 * Translations that have been taken back are used by no processor: a page of system space is read on all of them, given
 * another frame, and read again. The mapping is one of MmMapIoSpace, whose addresses are given out anew at once.
 */
#include "testcase.h"

#define MAP_TAG 'bltT'
#define ROUNDS (100 / KeQueryActiveProcessorCount(NULL))    /* a round is as much work as there are processors */
#define MOST_PAGES 80                   /* more than the kernel flushes one by one */

typedef struct _LOOK {
    volatile ULONG64 *Page;
    ULONG Pages;
    ULONG64 Expected;
    volatile LONG Wrong;
} LOOK;

static ULONG_PTR LookAtPages(ULONG_PTR Context)
{
    LOOK *Look = (LOOK *)Context;

    for (ULONG Page = 0; Page < Look->Pages; Page++) {
        if (Look->Page[Page * (PAGE_SIZE / sizeof(ULONG64))] != Look->Expected) {
            InterlockedIncrement(&Look->Wrong);
        }
    }
    return 0;
}

/* Maps the frame(s) behind Memory uncached, so not through the direct map, and has every processor look. */
static ULONG64 *LookEverywhere(PVOID Memory, ULONG Pages, ULONG64 Expected)
{
    LOOK Look = {.Pages = Pages, .Expected = Expected};

    Look.Page = MmMapIoSpace(MmGetPhysicalAddress(Memory), Pages * PAGE_SIZE, MmNonCached);
    if (!EXPECT(Look.Page != NULL)) {
        return NULL;
    }
    KeIpiGenericCall(LookAtPages, (ULONG_PTR)&Look);
    EXPECT_EQUAL(Look.Wrong, 0);
    MmUnmapIoSpace((PVOID)Look.Page, Pages * PAGE_SIZE);
    return (ULONG64 *)Look.Page;
}

static volatile LONG SameAddress;

static VOID MapInTurn(PVOID Context)
{
    ULONG64 *First = ExAllocatePoolWithTag(NonPagedPool, PAGE_SIZE, MAP_TAG);
    ULONG64 *Second = ExAllocatePoolWithTag(NonPagedPool, PAGE_SIZE, MAP_TAG);

    UNREFERENCED_PARAMETER(Context);
    if (EXPECT(First != NULL) && EXPECT(Second != NULL)) {
        *First = (ULONG_PTR)First;
        *Second = (ULONG_PTR)Second;
        for (ULONG Round = 0; Round < ROUNDS; Round++) {
            if (LookEverywhere(First, 1, *First) == LookEverywhere(Second, 1, *Second)) {
                InterlockedIncrement(&SameAddress);
            }
        }
    }
    if (First != NULL) {
        ExFreePoolWithTag(First, MAP_TAG);
    }
    if (Second != NULL) {
        ExFreePoolWithTag(Second, MAP_TAG);
    }
}

TEST_CASE(UnmappedEverywhere, "after MmUnmapIoSpace no processor uses the old translation") {
    SameAddress = 0;
    MapInTurn(NULL);
    EXPECT(SameAddress != 0);           /* else nothing was tried */
}

TEST_CASE(ShootAtEachOther, "processors that take back translations at the same time do not wait for each other for ever") {
    TestOnThreads(min(2 * KeQueryActiveProcessorCount(NULL), 8), MapInTurn, NULL);
}

/* Frames side by side are needed, which pool does not promise: the first MiB has them, and nobody writes it. */
TEST_CASE(LongRange, "a range that is too long to be flushed page by page is flushed as well") {
    PHYSICAL_ADDRESS Low = {.QuadPart = 0x10000};
    ULONG64 *Plain = MmMapIoSpace(Low, MOST_PAGES * PAGE_SIZE, MmCached);
    LOOK Look = {.Pages = 1};

    REQUIRE(Plain != NULL);
    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        volatile ULONG64 *Range = MmMapIoSpace(Low, MOST_PAGES * PAGE_SIZE, MmNonCached), *Single;
        ULONG64 *Other = ExAllocatePoolWithTag(NonPagedPool, PAGE_SIZE, MAP_TAG);
        REQUIRE(Range != NULL && Other != NULL);
        *Other = ~*Plain;
        Look.Page = Range;
        Look.Expected = *Plain;
        KeIpiGenericCall(LookAtPages, (ULONG_PTR)&Look);
        MmUnmapIoSpace((PVOID)Range, MOST_PAGES * PAGE_SIZE);
        Single = MmMapIoSpace(MmGetPhysicalAddress(Other), PAGE_SIZE, MmNonCached);
        REQUIRE(Single != NULL);
        Look.Page = Single;
        Look.Expected = *Other;
        KeIpiGenericCall(LookAtPages, (ULONG_PTR)&Look);
        MmUnmapIoSpace((PVOID)Single, PAGE_SIZE);
        ExFreePoolWithTag(Other, MAP_TAG);
    }
    EXPECT_EQUAL(Look.Wrong, 0);
    MmUnmapIoSpace(Plain, MOST_PAGES * PAGE_SIZE);
}

static VOID ManyAllocations(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        ULONG64 *Pool = ExAllocatePoolWithTag(NonPagedPool, (1 + Round % 5) * PAGE_SIZE, MAP_TAG);
        if (Pool != NULL) {
            Pool[0] = (ULONG_PTR)&Pool;
            EXPECT_EQUAL(Pool[0], (ULONG_PTR)&Pool);
            ExFreePoolWithTag(Pool, MAP_TAG);
        }
    }
}

TEST_CASE(PoolPages, "pages of nonpaged pool come and go on all processors at once, and are nobody else's meanwhile") {
    TestOnThreads(8, ManyAllocations, NULL);
}
