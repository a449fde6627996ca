/* Priorities and turns ("Managing Hardware Priorities", "KeSetPriorityThread", "KeSetEvent": Increment). */
#include "ke.h"

static KEVENT Go;
static volatile KPRIORITY First, AfterBoost, Later;

static VOID NotePriorities(PVOID Context)
{
    LARGE_INTEGER Begin, Now;

    if (Context != NULL)
        KeSetPriorityThread(KeGetCurrentThread(), (KPRIORITY)(ULONG_PTR)Context);
    First = KeQueryPriorityThread(KeGetCurrentThread());
    KeTestWait(&Go);
    AfterBoost = KeQueryPriorityThread(KeGetCurrentThread());
    KeQueryTickCount(&Begin);
    do {
        KeQueryTickCount(&Now);
    } while (Now.QuadPart - Begin.QuadPart < 40);
    Later = KeQueryPriorityThread(KeGetCurrentThread());
}

static VOID BoostBy(KPRIORITY Increment, KPRIORITY Priority)
{
    PVOID Thread;

    KeInitializeEvent(&Go, SynchronizationEvent, FALSE);
    Thread = KeTestStart(NotePriorities, (PVOID)(ULONG_PTR)Priority);
    KeTestSleep(30);
    KeSetEvent(&Go, Increment, FALSE);
    KeTestJoin(Thread);
}

TEST_CASE(BoostDecays, "DDK 8: a new thread has priority 8; a boost raises it to at most 15 and wears off") {
    BoostBy(3, 0);
    EXPECT_EQUAL(First, 8);
    EXPECT_EQUAL(AfterBoost, 11);
    EXPECT_EQUAL(Later, 8);
    BoostBy(20, 0);
    EXPECT_EQUAL(AfterBoost, 15);
    EXPECT(Later < 15);
}

TEST_CASE(RealTimeIsNotBoosted, "DDK 8: from priority 16 on, priorities do not change by themselves") {
    BoostBy(6, LOW_REALTIME_PRIORITY);
    EXPECT_EQUAL(First, LOW_REALTIME_PRIORITY);
    EXPECT_EQUAL(AfterBoost, LOW_REALTIME_PRIORITY);
    EXPECT_EQUAL(Later, LOW_REALTIME_PRIORITY);
}

static volatile LONG StopTurning, Finished;
static volatile ULONG64 Turns[2];

static VOID Turn(PVOID Context)
{
    KeSetSystemAffinityThread(1);       /* both on one processor */
    while (!StopTurning)
        Turns[(ULONG_PTR)Context]++;
    InterlockedIncrement(&Finished);
}

TEST_CASE(EqualsShareAProcessor, "threads of one priority take turns; one of a higher priority need not wait") {
    PVOID Threads[2];
    KPRIORITY Before = KeSetPriorityThread(KeGetCurrentThread(), 12);
    ULONG64 Seen[2];

    StopTurning = Finished = 0;
    Turns[0] = Turns[1] = 0;
    for (ULONG_PTR Index = 0; Index < 2; Index++)
        Threads[Index] = KeTestStart(Turn, (PVOID)Index);
    KeTestSleep(500);
    Seen[0] = Turns[0];
    Seen[1] = Turns[1];
    StopTurning = 1;
    for (ULONG Index = 0; Index < 2; Index++)
        KeTestJoin(Threads[Index]);
    KeSetPriorityThread(KeGetCurrentThread(), Before);
    EXPECT(Seen[0] > Seen[1] / 4 && Seen[1] > Seen[0] / 4);
    EXPECT_EQUAL(Finished, 2);
}

static VOID EndAtOnce(PVOID Context)
{
    InterlockedIncrement((volatile LONG *)Context);
    PsTerminateSystemThread(STATUS_SUCCESS);
    InterlockedExchange((volatile LONG *)Context, -1);
}

TEST_CASE(ManyThreadsEnd, "DDK 8: threads end by PsTerminateSystemThread or by returning, and nothing of them stays") {
    static volatile LONG Count;

    Count = 0;
    for (ULONG Round = 0; Round < 20; Round++)
        TestOnThreads(8, EndAtOnce, (PVOID)&Count);
    EXPECT_EQUAL(Count, 160);
}
