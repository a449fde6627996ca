/*
 * Everything at once: threads that use pageable memory in every way there is, with less RAM than they want, while
 * others take it away from them. Every page carries its own address and generation, so a lost, old or exchanged page is
 * seen.
 *
 * What each thread does follows from the seed that the report names (`run test stress seed=N` has the same again); with
 * `minutes=M` it goes on that long.
 */
#include "stress.h"

TEST_SUITE(stress, "1 2 4");

#define ROUNDS 3
#define STEPS 120           /* of each worker in a round */
#define WORKERS 8

static ULONG RoundSeed;
static volatile LONG NextWorker;

VOID StressFillPage(volatile ULONG64 *Page, ULONG64 Generation)
{
    for (ULONG Word = 0; Word < PAGE_WORDS; Word += 37) {
        Page[Word] = ((ULONG_PTR)Page + Word) * 0x9E3779B97F4A7C15ull ^ Generation;
    }
}

BOOLEAN StressCheckPage(volatile ULONG64 *Page, ULONG64 Generation)
{
    for (ULONG Word = 0; Word < PAGE_WORDS; Word += 37) {
        if (Page[Word] != (((ULONG_PTR)Page + Word) * 0x9E3779B97F4A7C15ull ^ Generation)) {
            TestNote("page %p, word %u, generation %I64u: %I64x", (PVOID)Page, Word, Generation, Page[Word]);
            return EXPECT(!"a page holds what was written to it");
        }
    }
    return TRUE;
}

static volatile ULONG64 *PageAt(PVOID Block, ULONG Page)
{
    return (volatile ULONG64 *)Block + Page * PAGE_WORDS;
}

/* Paged pool: blocks come, are written again and again, are checked, and go. */
#define BLOCKS 12
static VOID UsePool(PULONG Seed)
{
    static const ULONG MostPages = 24;
    PVOID Blocks[BLOCKS] = {NULL};
    ULONG Pages[BLOCKS];
    ULONG64 Generations[BLOCKS] = {0};

    for (ULONG Step = 0; Step < STEPS + BLOCKS; Step++) {
        ULONG Index = Step < STEPS ? RtlRandomEx(Seed) % BLOCKS : Step - STEPS;
        BOOLEAN Free = Step >= STEPS || RtlRandomEx(Seed) % 4 == 0;
        if (Blocks[Index] == NULL) {
            Pages[Index] = 1 + RtlRandomEx(Seed) % MostPages;
            Blocks[Index] = Free ? NULL : ExAllocatePoolWithTag(PagedPool, Pages[Index] * PAGE_SIZE, STRESS_TAG);
        } else {
            for (ULONG Page = 0; Page < Pages[Index]; Page++) {
                StressCheckPage(PageAt(Blocks[Index], Page), Generations[Index]);
            }
        }
        if (Blocks[Index] == NULL) {
            continue;
        }
        if (Free) {
            ExFreePoolWithTag(Blocks[Index], STRESS_TAG);
            Blocks[Index] = NULL;
            continue;
        }
        Generations[Index] = RtlRandomEx(Seed);
        for (ULONG Page = 0; Page < Pages[Index]; Page++) {
            StressFillPage(PageAt(Blocks[Index], Page), Generations[Index]);
        }
    }
}

/* More paged pool than there is RAM, touched here and there. */
static VOID UseMoreThanRam(PULONG Seed)
{
    MM_STATISTICS Now;
    PVOID Block;
    ULONG Pages;

    MmQueryStatistics(&Now);
    Pages = (ULONG)min(Now.ZeroedFrames + Now.FreeFrames + Now.StandbyFrames + 600,
                       (Now.CommitLimit - Now.CommittedPages) / 2);
    Block = ExAllocatePoolWithTag(PagedPool, (SIZE_T)Pages * PAGE_SIZE, STRESS_TAG);
    if (!EXPECT(Block != NULL)) {
        return;
    }
    for (ULONG Page = 0; Page < Pages; Page++) {
        StressFillPage(PageAt(Block, Page), Page);
    }
    for (ULONG Step = 0; Step < STEPS * 4; Step++) {
        ULONG Page = RtlRandomEx(Seed) % Pages;
        StressCheckPage(PageAt(Block, Page), Page);
    }
    ExFreePoolWithTag(Block, STRESS_TAG);
}

#define SECTION_PAGES 20
#pragma data_seg("PAGESTRS")
static volatile ULONG64 SectionPages[SECTION_PAGES * PAGE_WORDS] = {1};
#pragma data_seg()

/* Two threads lock and unlock one section. While it is locked all of it is there at DISPATCH_LEVEL. */
static VOID UseSection(PULONG Seed)
{
    for (ULONG Step = 0; Step < STEPS; Step++) {
        PVOID Handle = MmLockPagableDataSection((PVOID)SectionPages);
        KIRQL Irql;
        if (Handle == NULL) {
            continue;           /* no frames for it just now: an ordinary failure */
        }
        KeRaiseIrql(DISPATCH_LEVEL, &Irql);
        for (ULONG Page = 0; Page < SECTION_PAGES; Page++) {
            InterlockedIncrement64((PLONG64)PageAt((PVOID)SectionPages, Page) + 5);
        }
        KeLowerIrql(Irql);
        if (RtlRandomEx(Seed) % 3 == 0) {
            MmLockPagableSectionByHandle(Handle);
            MmUnlockPagableImageSection(Handle);
        }
        MmUnlockPagableImageSection(Handle);
        for (ULONG Page = 1; Page < SECTION_PAGES; Page++) {
            EXPECT(PageAt((PVOID)SectionPages, Page)[6] == 0);
        }
    }
}

/* A whole driver goes and comes back. */
static VOID UseDriver(PULONG Seed)
{
    PDRIVER_OBJECT Victim = StressObject(L"\\Driver\\null", *IoDriverObjectType);

    if (!EXPECT(Victim != NULL)) {
        return;
    }
    for (ULONG Step = 0; Step < STEPS / 2; Step++) {
        EXPECT(MmPageEntireDriver(Victim->DriverStart) == Victim->DriverStart);
        if (RtlRandomEx(Seed) % 2 == 0) {
            MmTrimAllSystemPageableMemory(RtlRandomEx(Seed) % 2 == 0);
        }
        MmResetDriverPaging(Victim->DriverStart);
    }
    ObDereferenceObject(Victim);
}

/* Buffers locked by MDLs, written through both mappings. */
static VOID UseMdl(PULONG Seed)
{
    ULONG Pages = 6;
    PVOID Block = ExAllocatePoolWithTag(PagedPool, Pages * PAGE_SIZE, STRESS_TAG);

    if (Block == NULL) {
        return;
    }
    for (ULONG Step = 0; Step < STEPS; Step++) {
        PMDL Mdl = IoAllocateMdl(Block, Pages * PAGE_SIZE, FALSE, FALSE, NULL);
        ULONG Page = RtlRandomEx(Seed) % Pages;
        BOOLEAN Locked = Mdl != NULL && NT_SUCCESS(StressLockPages(Mdl, IoWriteAccess));
        PVOID Mapped = Locked ? MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority) : NULL;
        if (Mapped != NULL) {
            KIRQL Irql;
            PageAt(Block, Page)[0] = Step;
            KeRaiseIrql(DISPATCH_LEVEL, &Irql);
            EXPECT(PageAt(Mapped, Page)[0] == Step);
            PageAt(Mapped, Page)[1] = ~(ULONG64)Step;
            KeLowerIrql(Irql);
        }
        if (Locked) {
            MmUnlockPages(Mdl);
        }
        if (Mapped != NULL && RtlRandomEx(Seed) % 4 == 0) {
            MmTrimAllSystemPageableMemory(TRUE);
        }
        EXPECT(Mapped == NULL || PageAt(Block, Page)[1] == ~(ULONG64)Step);
        if (Mdl != NULL) {
            IoFreeMdl(Mdl);
        }
    }
    ExFreePoolWithTag(Block, STRESS_TAG);
}

static VOID Trim(PULONG Seed)
{
    for (ULONG Step = 0; Step < STEPS / 2; Step++) {
        LARGE_INTEGER Pause = {.QuadPart = -10000ll * (1 + RtlRandomEx(Seed) % 10)};
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
        MmTrimAllSystemPageableMemory(RtlRandomEx(Seed) % 2 == 0);
    }
}

static VOID Work(PVOID Context)
{
    static VOID (*const Kinds[WORKERS])(PULONG Seed) = {
        UsePool, UseSection, UseMdl, UseDriver, UseMoreThanRam, UsePool, UseSection, Trim};
    ULONG Me = (ULONG)InterlockedIncrement(&NextWorker) - 1;
    ULONG Seed = RoundSeed + Me * 7919;

    UNREFERENCED_PARAMETER(Context);
    Kinds[Me % WORKERS](&Seed);
}

/* Frames that may still be locked, once all that is on its way has come back. */
static LONG64 ResidentAvailable(LONG64 Expected)
{
    LARGE_INTEGER Pause = {.QuadPart = -10000 * 10};
    MM_STATISTICS Now;

    for (ULONG Try = 0; Try < 20; Try++) {
        MmQueryStatistics(&Now);
        /* Tables stay, and how many pages the pool holds for the same bytes is its own affair. */
        Now.ResidentAvailable += (LONG64)(Now.SystemTablePages + Now.NonPagedPoolPages);
        if (Now.ResidentAvailable == Expected) {
            break;
        }
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
    }
    return Now.ResidentAvailable;
}

TEST_CASE(EverythingAtOnce, "no page is lost, locked ones stay, and every budget is as before, with less RAM than is wanted") {
    CHAR Report[128];
    LONG64 Before = 0;

    RoundSeed = TestSeed();
    for (ULONG Round = 0; TestGoesOn(Round, ROUNDS); Round++, RoundSeed = RoundSeed * 1103515245u + 12345) {
        NextWorker = 0;
        TestOnThreads(WORKERS, Work, NULL);
        if (!MmCheckConsistency(Report, sizeof(Report))) {
            TestNote("round %u: %s", Round, Report);
            EXPECT(!"the PFN database agrees with the page tables");
        }
        /* The first round may leave pool pages that hold what is kept for the next. */
        if (Round == 0) {
            Before = ResidentAvailable(0);
        } else {
            EXPECT_EQUAL(ResidentAvailable(Before), Before);
        }
    }
}
