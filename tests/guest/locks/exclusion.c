/*
 * Counters under every kind of lock there is. Under each lock lie two words that are always the same, except while its
 * one writer changes them; so a reader, or a second writer, that comes in meanwhile is seen, and so is an addition that
 * is lost. All workers use the same lock for a while, then the next.
 */
#include "kinds.h"

#define SHORT_ROUNDS 2000       /* of each worker */
#define STREAK 128              /* rounds of all workers together with one kind of lock */

/* What the lock protects. */
typedef struct _PAIR {
    volatile ULONG64 First, Second;
    volatile LONG Torn;
} PAIR;

static PAIR Pairs[KINDS];
static volatile LONG64 Writes[KINDS], WrongLevels, Steps;

/* In the middle of what the lock protects: now and then somebody else gets a chance. */
static VOID Linger(PWORKER Worker, const KIND *Kind)
{
    ULONG What = Random(Worker, 64);

    if (What == 0 && Kind->MayWait) {
        LARGE_INTEGER Interval = {.QuadPart = -(LONGLONG)Random(Worker, 2)};
        KeDelayExecutionThread(KernelMode, FALSE, &Interval);
    } else if (What < 16) {
        Dawdle(What * What);
    }
}

static VOID UseLock(PWORKER Worker, ULONG Index)
{
    const KIND *Kind = &Kinds[Index];
    PAIR *Pair = &Pairs[Index];
    BOOLEAN Share = Kind->Shares && Random(Worker, 3) != 0;
    KIRQL Irql = KeGetCurrentIrql();
    ULONG64 Seen;
    HOLD Hold;

    if (Kind->Enter(Worker, Share, &Hold)) {
        if (Share) {
            Seen = Pair->Second;
            Linger(Worker, Kind);
            if (Pair->First != Seen) {
                InterlockedIncrement(&Pair->Torn);
            }
        } else {
            Seen = Pair->First;
            if (Pair->Second != Seen) {
                InterlockedIncrement(&Pair->Torn);
            }
            Pair->First = Seen + 1;
            Linger(Worker, Kind);
            Pair->Second = Seen + 1;
            InterlockedIncrement64(&Writes[Index]);
        }
        Kind->Leave(Share, &Hold);
        Worker->Done++;
    }
    if (KeGetCurrentIrql() != Irql) {
        InterlockedIncrement64(&WrongLevels);
    }
}

static VOID UseLocks(PWORKER Worker)
{
    for (ULONG64 Round = 0; TestGoesOn(Round, SHORT_ROUNDS); Round++) {
        ULONG Step = (ULONG)InterlockedIncrement64(&Steps);

        if (Round % 32 == 0) {
            LocksWander(Worker);
        }
        UseLock(Worker, Random(Worker, 8) == 0 ? Random(Worker, KINDS) : Step / STREAK % KINDS);
    }
}

TEST_CASE(CountersUnderEveryLock, "no lock lets a writer in beside anybody, loses who waits for it, or keeps the level") {
    ULONG64 Entered;

    RtlZeroMemory(Pairs, sizeof(Pairs));
    RtlZeroMemory((PVOID)Writes, sizeof(Writes));
    WrongLevels = Steps = 0;
    REQUIRE(KindsBegin());
    Entered = LocksRun(UseLocks);
    for (ULONG Index = 0; Index < KINDS; Index++) {
        const PAIR *Pair = &Pairs[Index];
        if (!EXPECT_EQUAL(Pair->Torn, 0) || !EXPECT_EQUAL(Pair->First, Writes[Index]) || !EXPECT(Pair->First != 0)) {
            TestNote("under the %s", Kinds[Index].Name);
        }
    }
    EXPECT_EQUAL(WrongLevels, 0);
    TestNote("%I64u times a lock was taken", Entered);
    KindsEnd();
}
