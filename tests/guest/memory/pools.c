/*
 * What the pools cost and who pays: quota, tags, and the pages that they hold for the bytes that are in use.
 */
#include "memory.h"

#include <excpt.h>

#define PIECE 5000
#define MOST_PIECES 2000

static PVOID Pieces[MOST_PIECES];

/* Allocates with quota until that is used up. Returns how many pieces it got. */
static ULONG UseUp(POOL_TYPE Type)
{
    ULONG Count = 0;

    while (Count < MOST_PIECES &&
           (Pieces[Count] = ExAllocatePoolWithQuotaTag(Type | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, PIECE, MEMORY_TAG)) != NULL) {
        Count++;
    }
    return Count;
}

static ULONG Freed;

/* A thread of the system process, which no quota is charged to. */
static VOID FreeHalf(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (; Freed != 0; Freed--) {
        ExFreePoolWithTag(Pieces[Freed - 1], MEMORY_TAG);
    }
    Pieces[0] = ExAllocatePoolWithQuotaTag(NonPagedPool, PIECE, MEMORY_TAG);
    ExFreePoolWithTag(Pieces[0], MEMORY_TAG);
}

static volatile NTSTATUS Raised;

static VOID CheckQuota(POOL_TYPE Type)
{
    ULONG Count = UseUp(Type), Again;

    EXPECT(Count > 10 && Count < MOST_PIECES);
    EXPECT(ExAllocatePool2(POOL_FLAG_USE_QUOTA | (Type == PagedPool ? POOL_FLAG_PAGED : POOL_FLAG_NON_PAGED), PIECE,
                           MEMORY_TAG) == NULL);
    Raised = STATUS_SUCCESS;
    __try {
        ExAllocatePoolWithQuotaTag(Type, PIECE, MEMORY_TAG);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Raised = GetExceptionCode();
    }
    EXPECT_STATUS(Raised, STATUS_QUOTA_EXCEEDED);
    /* Memory that nobody charges is there all the same, and another process gives back what it frees of ours. */
    Pieces[Count] = ExAllocatePoolWithTag(Type, PIECE, MEMORY_TAG);
    EXPECT(Pieces[Count] != NULL);
    ExFreePoolWithTag(Pieces[Count], MEMORY_TAG);
    Freed = Count;
    TestOnThreads(1, FreeHalf, NULL);
    Again = UseUp(Type);
    EXPECT_EQUAL(Again, Count);
    while (Again-- > 0) {
        ExFreePool(Pieces[Again]);
    }
}

TEST_CASE(QuotaIsLimited, "DDK 9: a process gets so much pool with quota, and all of it back whoever frees it") {
    CheckQuota(NonPagedPool);
    CheckQuota(PagedPool);
}

TEST_CASE(QuotaOfSmallBlocks, "blocks of every size carry what they are charged to, and lose nothing of it") {
    for (ULONG Round = 0; Round < 3; Round++) {
        for (SIZE_T Bytes = 1; Bytes < 4200; Bytes += 1 + Bytes / 16) {
            PUCHAR Block = ExAllocatePoolQuotaZero(Round == 1 ? PagedPool : NonPagedPool, Bytes, MEMORY_TAG);
            UCHAR Sum = 0;
            REQUIRE(Block != NULL);
            for (SIZE_T Index = 0; Index < Bytes; Index++) {
                Sum |= Block[Index];
                Block[Index] = 0xFF;
            }
            EXPECT_EQUAL(Sum, 0);
            ExFreePoolWithTag(Block, MEMORY_TAG);
        }
    }
}

TEST_CASE(Pool3Parameters, "ExAllocatePool3 takes a priority, skips what is optional, and refuses what is not there") {
    POOL_EXTENDED_PARAMETER Parameters[2] = {{.Type = PoolExtendedParameterPriority, .Priority = HighPoolPriority},
                                             {.Type = PoolExtendedParameterSecurePool}};
    PVOID Block = ExAllocatePool3(POOL_FLAG_NON_PAGED, 100, MEMORY_TAG, Parameters, 1);

    REQUIRE(Block != NULL);
    ExFreePool2(Block, MEMORY_TAG, NULL, 0);
    EXPECT(ExAllocatePool3(POOL_FLAG_NON_PAGED, 100, MEMORY_TAG, Parameters, 2) == NULL);
    Parameters[1].Optional = 1;
    Block = ExAllocatePool3(POOL_FLAG_PAGED, 100, MEMORY_TAG, Parameters, 2);
    EXPECT(Block != NULL);
    ExFreePool2(Block, MEMORY_TAG, Parameters, 2);
}

/*
 * A seeded load: blocks of 1 to 1,500 bytes, small ones more often, come and go in waves that leave a quarter of them
 * at random. What the pages hold beyond the bytes asked for is headers, rounding up to a class, and holes that the gone
 * have left.
 */
#define BLOCKS 2000
#define WAVES 24
#define HEADER 16

static ULONG Seed;

static ULONG Random(ULONG Bound)
{
    Seed = Seed * 1664525u + 1013904223u;
    return (ULONG)((ULONG64)Seed * Bound >> 32);
}

TEST_CASE(PoolStaysDense, "after any load the pages that the pool holds are bounded by the bytes that are in use") {
    PVOID *Blocks = ExAllocatePoolZero(NonPagedPool, BLOCKS * sizeof(PVOID), MEMORY_TAG);
    PUSHORT Sizes = ExAllocatePoolZero(NonPagedPool, BLOCKS * sizeof(USHORT), MEMORY_TAG);
    ULONG64 Pages = Statistics().NonPagedPoolPages, Bytes = 0, Full = 0, Left = 0;

    REQUIRE(Blocks != NULL && Sizes != NULL);
    Seed = TestSeed();
    for (ULONG Wave = 0; Wave < WAVES; Wave++) {
        for (ULONG i = 0; i < BLOCKS; i++) {
            if (Blocks[i] == NULL) {
                Sizes[i] = (USHORT)(1 + Random(1 + Random(1500)));
                Blocks[i] = ExAllocatePoolWithTag(NonPagedPool, Sizes[i], MEMORY_TAG);
                REQUIRE(Blocks[i] != NULL);
                Bytes += Sizes[i] + HEADER;
            }
        }
        Full = max(Full, (Statistics().NonPagedPoolPages - Pages) * PAGE_SIZE * 100 / Bytes);
        for (ULONG i = 0; i < BLOCKS; i++) {
            if (Random(4) != 0) {
                ExFreePoolWithTag(Blocks[i], MEMORY_TAG);
                Blocks[i] = NULL;
                Bytes -= Sizes[i] + HEADER;
            }
        }
        Left = max(Left, (Statistics().NonPagedPoolPages - Pages) * PAGE_SIZE * 100 / Bytes);
    }
    TestNote("pages of at most %I64u%% of the bytes in use; of %I64u%% with a quarter of the blocks left", Full, Left);
    /* The holes that one wave leaves are what the next one fills: there are no more pages for having had many waves. */
    EXPECT(Full <= 130);
    /* With nothing moved, hardly a page of small blocks loses all of them when a quarter stays. */
    EXPECT(Left <= 4 * 130);
    for (ULONG i = 0; i < BLOCKS; i++) {
        if (Blocks[i] != NULL) {
            ExFreePoolWithTag(Blocks[i], MEMORY_TAG);
        }
    }
    EXPECT((LONG64)(Statistics().NonPagedPoolPages - Pages) <= 32);
    ExFreePoolWithTag(Blocks, MEMORY_TAG);
    ExFreePoolWithTag(Sizes, MEMORY_TAG);
}
