/*
 * A paging device that fails: a read error is an exception that says so where the touch was, and a write error loses
 * nothing.
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

/* Slots of all paging files that are not used any more because they could not be written. */
static ULONG BadSlots(VOID)
{
    MM_PAGING_FILE_STATISTICS Files[4];
    ULONG Count = min(MmQueryPagingFiles(Files, ARRAYSIZE(Files)), ARRAYSIZE(Files)), Bad = 0;

    while (Count-- > 0) {
        Bad += Files[Count].Bad;
    }
    return Bad;
}

TEST_CASE(OneBadSlot, "of a cluster whose write fails only the slot at fault is given up; the rest is written") {
    PVOID Block = MakeBlock(400);
    ULONG Bad = BadSlots();
    MM_STATISTICS Before, After;
    CHAR Report[128];

    REQUIRE(Block != NULL);
    if (!StressAttachFilter()) {
        ExFreePoolWithTag(Block, STRESS_TAG);
        return;
    }
    MmQueryStatistics(&Before);
    StressFilter.SpoilWrite = 1;
    for (ULONG Try = 0; Try < 6; Try++) {
        MmTrimAllSystemPageableMemory(TRUE);
    }
    MmQueryStatistics(&After);
    EXPECT(StressFilter.BadWrite != MAXULONGLONG);
    EXPECT_EQUAL(StressFilter.Failed, 2);       /* the cluster, and the one page of it */
    EXPECT_EQUAL(BadSlots(), Bad + 1);
    EXPECT_EQUAL(After.CommitLimit, Before.CommitLimit - 1);
    EXPECT_EQUAL(After.ModifiedFrames, 0);
    EXPECT(MmCheckConsistency(Report, sizeof(Report)));
    CheckBlock(Block, 400);
    StressDetachFilter();
    ExFreePoolWithTag(Block, STRESS_TAG);
}

TEST_CASE(DeadDevice, "a device that takes no write costs no slot: what could not be written goes out when it works again") {
    PVOID Block = MakeBlock(500);
    ULONG Bad = BadSlots();
    MM_STATISTICS Now;
    CHAR Report[128];

    REQUIRE(Block != NULL);
    if (!StressAttachFilter()) {
        ExFreePoolWithTag(Block, STRESS_TAG);
        return;
    }
    StressFilter.FailWrites = MAXLONG;
    MmTrimAllSystemPageableMemory(TRUE);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT(StressFilter.Failed >= 17);
    StressFilter.FailWrites = 0;
    EXPECT_EQUAL(BadSlots(), Bad);
    EXPECT(MmCheckConsistency(Report, sizeof(Report)));
    CheckBlock(Block, 500);
    MmTrimAllSystemPageableMemory(TRUE);
    MmQueryStatistics(&Now);
    EXPECT_EQUAL(Now.ModifiedFrames, 0);
    CheckBlock(Block, 500);
    StressDetachFilter();
    ExFreePoolWithTag(Block, STRESS_TAG);
}

/* Touches each page of a block; how many of them raised STATUS_IN_PAGE_ERROR. */
static ULONG CountUnreadable(volatile ULONG64 *Block)
{
    volatile ULONG Count = 0;

    for (volatile ULONG Page = 0; Page < PAGES; Page++) {
        __try {
            (VOID)Block[Page * PAGE_WORDS];
        } __except (GetExceptionCode() == STATUS_IN_PAGE_ERROR ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
            Count++;
        }
    }
    return Count;
}

TEST_CASE(EachRequestFailsOnce, "whichever request fails, the first, the second, ...: an exception or nothing, and never a wrong byte") {
    ULONG Bad = BadSlots(), Unreadable = 0, Rounds = 0;
    BOOLEAN Fired = TRUE;
    CHAR Report[128];

    if (!StressAttachFilter()) {
        return;
    }
    while (Fired && Rounds < 200) {
        PVOID Block = MakeBlock(600 + Rounds);
        if (!EXPECT(Block != NULL)) {
            break;
        }
        StressFilter.Ordinal = (LONG)++Rounds;
        MmTrimAllSystemPageableMemory(TRUE);
        MmTrimAllSystemPageableMemory(TRUE);
        StressFilter.Watched = KeGetCurrentThread();
        Unreadable += CountUnreadable(Block);
        StressFilter.Watched = NULL;
        Fired = StressFilter.Ordinal <= 0;
        StressFilter.Ordinal = 0;
        CheckBlock(Block, 600 + Rounds - 1);
        EXPECT(MmCheckConsistency(Report, sizeof(Report)));
        ExFreePoolWithTag(Block, STRESS_TAG);
    }
    EXPECT(!Fired);
    EXPECT_EQUAL(StressFilter.Failed, Rounds - 1);
    /* A page of the block is a read each; a write that failed was tried again. */
    EXPECT(Unreadable >= PAGES && Unreadable < Rounds);
    EXPECT_EQUAL(BadSlots(), Bad);
    StressDetachFilter();
}

/* Written by nobody, so its slots are those that it was loaded into, side by side. */
#pragma data_seg("PAGEBADS")
static volatile ULONG64 Untouched[4 * PAGE_WORDS] = {1};
#pragma data_seg()

/* The first word of a page, or the status of the exception that touching it raised. */
static NTSTATUS Touch(ULONG Page)
{
    volatile NTSTATUS Status = STATUS_SUCCESS;

    __try {
        (VOID)Untouched[Page * PAGE_WORDS];
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    return Status;
}

TEST_CASE(BadNeighbour, "a page that cannot be read fails by itself, not those that are read along with it") {
    if (!StressAttachFilter()) {
        return;
    }
    MmTrimAllSystemPageableMemory(TRUE);
    StressFilter.Watched = KeGetCurrentThread();
    EXPECT_STATUS(Touch(0), STATUS_SUCCESS);
    StressFilter.BadRead = StressFilter.LastRead + 2 * PAGE_SIZE;
    StressFilter.Watched = NULL;
    MmTrimAllSystemPageableMemory(TRUE);
    StressFilter.Watched = KeGetCurrentThread();
    EXPECT_STATUS(Touch(0), STATUS_SUCCESS);
    EXPECT_STATUS(Touch(1), STATUS_SUCCESS);
    EXPECT_STATUS(Touch(2), STATUS_IN_PAGE_ERROR);
    EXPECT_STATUS(Touch(3), STATUS_SUCCESS);
    StressFilter.BadRead = MAXULONGLONG;
    EXPECT_STATUS(Touch(2), STATUS_SUCCESS);
    EXPECT_EQUAL(Untouched[0], 1);
    StressDetachFilter();
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
