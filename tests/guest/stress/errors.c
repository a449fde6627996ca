/*
 * A paging device that fails: a read error is an exception that says so where the touch was, and a write error loses nothing.
 */
#include "stress.h"

#define PAGES 40

static volatile NTSTATUS Raised;

NTSTATUS StressLockPages(PMDL Mdl, LOCK_OPERATION Operation)
{
    volatile NTSTATUS Status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(Mdl, KernelMode, Operation);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    return Status;
}

static PVOID MakeBlock(ULONG64 Generation)
{
    volatile ULONG64 *Block = ExAllocatePoolWithTag(PagedPool, PAGES * PAGE_SIZE, STRESS_TAG);

    for (ULONG Page = 0; Block != NULL && Page < PAGES; Page++) {
        StressFillPage(Block + Page * PAGE_WORDS, Generation + Page);
    }
    return (PVOID)Block;
}

static VOID CheckBlock(PVOID Block, ULONG64 Generation)
{
    for (ULONG Page = 0; Page < PAGES; Page++) {
        StressCheckPage((volatile ULONG64 *)Block + Page * PAGE_WORDS, Generation + Page);
    }
}

TEST_CASE(FaultsAreResolvedAtApcLevel, "L16 a page fault is resolved at APC_LEVEL, and returns to the level of the touch") {
    volatile ULONG64 *Block = MakeBlock(50);

    REQUIRE(Block != NULL);
    if (!StressAttachFilter()) {
        ExFreePoolWithTag((PVOID)Block, STRESS_TAG);
        return;
    }
    MmTrimAllSystemPageableMemory(TRUE);
    StressFilter.ReadLevel = HIGH_LEVEL;
    CheckBlock((PVOID)Block, 50);
    EXPECT_EQUAL(StressFilter.ReadLevel, APC_LEVEL);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    StressDetachFilter();
    ExFreePoolWithTag((PVOID)Block, STRESS_TAG);
}

TEST_CASE(ReadErrorIsAnException, "a page that cannot be read back is STATUS_IN_PAGE_ERROR where it was touched, and no more") {
    volatile ULONG64 *Block = MakeBlock(100);
    ULONG64 Word = 0;

    REQUIRE(Block != NULL);
    if (!StressAttachFilter()) {
        ExFreePoolWithTag((PVOID)Block, STRESS_TAG);
        return;
    }
    Raised = STATUS_SUCCESS;
    MmTrimAllSystemPageableMemory(TRUE);
    __try {
        StressFilter.FailReadsOf = KeGetCurrentThread();
        Word = *Block;
        StressFilter.FailReadsOf = NULL;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        StressFilter.FailReadsOf = NULL;
        Raised = GetExceptionCode();
    }
    EXPECT_STATUS(Raised, STATUS_IN_PAGE_ERROR);
    EXPECT_EQUAL(Word, 0);
    EXPECT_EQUAL(StressFilter.Failed, 1);
    /* The slot was not at fault: the next touch brings it in. */
    CheckBlock((PVOID)Block, 100);
    StressDetachFilter();
    ExFreePoolWithTag((PVOID)Block, STRESS_TAG);
}

TEST_CASE(ReadErrorFailsALock, "pages that cannot be read back are not locked by an MDL, and none stays locked") {
    volatile ULONG64 *Block = MakeBlock(200);
    MM_STATISTICS Before, After;
    NTSTATUS Status;
    PMDL Mdl;

    REQUIRE(Block != NULL);
    Mdl = IoAllocateMdl((PVOID)Block, PAGES * PAGE_SIZE, FALSE, FALSE, NULL);
    if (!EXPECT(Mdl != NULL) || !StressAttachFilter()) {
        ExFreePoolWithTag((PVOID)Block, STRESS_TAG);
        return;
    }
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT(*Block != 0);        /* one page is in, the rest is not */
    MmQueryStatistics(&Before);
    StressFilter.FailReadsOf = KeGetCurrentThread();
    Status = StressLockPages(Mdl, IoReadAccess);
    StressFilter.FailReadsOf = NULL;
    MmQueryStatistics(&After);
    EXPECT_STATUS(Status, STATUS_IN_PAGE_ERROR);
    EXPECT_EQUAL(After.ResidentAvailable, Before.ResidentAvailable);
    StressDetachFilter();
    IoFreeMdl(Mdl);
    CheckBlock((PVOID)Block, 200);
    ExFreePoolWithTag((PVOID)Block, STRESS_TAG);
}

TEST_CASE(WriteErrorLosesNothing, "pages whose write fails stay in memory, and go out when the device works again") {
    PVOID Block = MakeBlock(300);
    CHAR Report[128];

    REQUIRE(Block != NULL);
    if (!StressAttachFilter()) {
        ExFreePoolWithTag(Block, STRESS_TAG);
        return;
    }
    StressFilter.FailWrites = 2;
    for (ULONG Try = 0; Try < 6 && StressFilter.FailWrites > 0; Try++) {
        MmTrimAllSystemPageableMemory(TRUE);
        EXPECT(MmCheckConsistency(Report, sizeof(Report)));
    }
    EXPECT_EQUAL(StressFilter.Failed, 2);
    CheckBlock(Block, 300);
    StressFilter.FailWrites = 0;
    MmTrimAllSystemPageableMemory(TRUE);
    CheckBlock(Block, 300);
    EXPECT(MmCheckConsistency(Report, sizeof(Report)));
    StressDetachFilter();
    ExFreePoolWithTag(Block, STRESS_TAG);
}

TEST_CASE(NonpagedLockAtDispatch, "MmProbeAndLockPages of nonpaged pool is allowed at DISPATCH_LEVEL") {
    PVOID Block = ExAllocatePoolWithTag(NonPagedPool, 2 * PAGE_SIZE, STRESS_TAG);
    PMDL Mdl = Block != NULL ? IoAllocateMdl(Block, 2 * PAGE_SIZE, FALSE, FALSE, NULL) : NULL;
    KIRQL Irql;

    REQUIRE(Mdl != NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    EXPECT_STATUS(StressLockPages(Mdl, IoWriteAccess), STATUS_SUCCESS);
    MmUnlockPages(Mdl);
    KeLowerIrql(Irql);
    IoFreeMdl(Mdl);
    ExFreePoolWithTag(Block, STRESS_TAG);
}

TEST_CASE(StaleHandles, "a handle that is none is refused with a message, whatever it points to") {
    static ULONG64 NoSection[16];
    MM_STATISTICS Before, After;

    MmQueryStatistics(&Before);
    MmUnlockPagableImageSection((PVOID)0xFFFFA01234567000ull);     /* nonpaged pool's range, nothing there */
    MmLockPagableSectionByHandle(NoSection);
    MmUnlockPagableImageSection((PVOID)((ULONG_PTR)NoSection + 1));
    MmLockPagableSectionByHandle(NULL);
    MmQueryStatistics(&After);
    EXPECT_EQUAL(After.ResidentAvailable, Before.ResidentAvailable);
    for (ULONG Word = 0; Word < ARRAYSIZE(NoSection); Word++) {
        EXPECT_EQUAL(NoSection[Word], 0);
    }
}
