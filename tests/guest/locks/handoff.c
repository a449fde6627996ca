/*
 * Things that go from hand to hand. A token is passed on by setting one worker's event for it, from a thread, a DPC, a
 * timer or a work item; the worker waits for it in one of many ways, with time limits that mostly run out just then.
 * Who has the token writes to it without any lock. So an event that is lost is a token that rests, and one that
 * releases two waits, or comes too early, is a token with two holders.
 */
#include "locks.h"

#define TOKENS 6
#define SHORT_HOPS 10000        /* of all tokens together */
#define NOBODY MAXULONG

typedef struct _TOKEN {
    KEVENT Come[MOST_WORKERS];  /* synchronisation events */
    volatile ULONG Holder;
    volatile ULONG Next;        /* who gets it */
    volatile ULONG64 Hops;      /* written by the holder */
    KDPC Dpc;
    KTIMER Timer;
    WORK_QUEUE_ITEM Item;
} TOKEN;

static TOKEN Tokens[TOKENS];
static KEVENT Stop, Always;     /* notification events; the second is always signalled */
static KWAIT_BLOCK WaitBlocks[MOST_WORKERS][TOKENS + 1];
static volatile LONG64 Hops;
static volatile LONG TwoHolders, Lost;

static VOID Deliver(TOKEN *Token)
{
    KeSetEvent(&Token->Come[Token->Next], 1, FALSE);
}

static VOID DeliverByDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Deliver(Context);
}

static VOID DeliverByWorker(PVOID Context)
{
    Deliver(Context);
}

/* Gives the token away; from the moment on that it is delivered it is not this worker's any more. */
static VOID Pass(PWORKER Worker, TOKEN *Token)
{
    LARGE_INTEGER DueTime = {.QuadPart = -(LONGLONG)Random(Worker, 2 * TICK) - 1};
    ULONG Processors = KeQueryActiveProcessorCount(NULL);
    ULONG How = Random(Worker, 64);

    Token->Next = Random(Worker, LocksCount);
    Token->Holder = NOBODY;
    if (How == 0) {
        KeSetTimer(&Token->Timer, DueTime, &Token->Dpc);
    } else if (How == 1) {
        KeSetTimer(&Token->Timer, DueTime, &Token->Dpc);
        Dawdle(Random(Worker, 100));
        if (KeCancelTimer(&Token->Timer)) {
            Deliver(Token);     /* else the DPC does, or has done it */
        }
    } else if (How < 10) {
        KeSetTargetProcessorDpc(&Token->Dpc, (CCHAR)Random(Worker, Processors));
        KeInsertQueueDpc(&Token->Dpc, NULL, NULL);
    } else if (How < 14) {
        ExQueueWorkItem(&Token->Item, (WORK_QUEUE_TYPE)Random(Worker, MaximumWorkQueue));
    } else {
        KeSetEvent(&Token->Come[Token->Next], (KPRIORITY)Random(Worker, 3), FALSE);
    }
}

static VOID Take(PWORKER Worker, TOKEN *Token)
{
    if (Token->Next != Worker->Number || Token->Holder != NOBODY) {
        InterlockedIncrement(&TwoHolders);
    }
    Token->Holder = Worker->Number;
    Token->Hops = Token->Hops + 1;
    Worker->Done++;
    Dawdle(Random(Worker, 4));
    if (Token->Holder != Worker->Number) {
        InterlockedIncrement(&TwoHolders);
    }
    if (!TestGoesOn((ULONG64)InterlockedIncrement64(&Hops), SHORT_HOPS)) {
        KeSetEvent(&Stop, 0, FALSE);
    }
    Pass(Worker, Token);
}

/* Nothing came for longer than anything takes. If no token has moved meanwhile, none will. */
static VOID LookForLost(LONG64 HopsBefore)
{
    if (Hops == HopsBefore && KeReadStateEvent(&Stop) == 0 && InterlockedExchange(&Lost, 1) == 0) {
        for (ULONG Index = 0; Index < TOKENS; Index++) {
            TestNote("token %u rests: held by %d, for %u, its event %d", Index, Tokens[Index].Holder, Tokens[Index].Next,
                     KeReadStateEvent(&Tokens[Index].Come[Tokens[Index].Next]));
        }
        KeSetEvent(&Stop, 0, FALSE);
    }
}

/* One wait of any form for a token of the worker's; NULL: none came. */
static TOKEN *WaitForToken(PWORKER Worker)
{
    LARGE_INTEGER Timeout = {.QuadPart = -(LONGLONG)Random(Worker, 2) * Random(Worker, TICK)};
    KPROCESSOR_MODE Mode = Random(Worker, 2) == 0 ? KernelMode : UserMode;
    PVOID Objects[TOKENS + 1], Pair[2];
    LONG64 HopsBefore = Hops;
    TOKEN *Token = &Tokens[Random(Worker, TOKENS)];
    NTSTATUS Status;

    switch (Random(Worker, 64)) {
    case 0:
        Status = KeWaitForSingleObject(&Token->Come[Worker->Number], Executive, Mode, FALSE, &Timeout);
        return Status == STATUS_SUCCESS ? Token : NULL;
    case 1:
        Pair[0] = &Always;
        Pair[1] = &Token->Come[Worker->Number];
        Status = KeWaitForMultipleObjects(2, Pair, WaitAll, Executive, Mode, FALSE, &Timeout, NULL);
        return Status == STATUS_SUCCESS ? Token : NULL;
    default:
        if (Random(Worker, 4) != 0) {
            Timeout.QuadPart = PATIENCE;
        }
        for (ULONG Index = 0; Index < TOKENS; Index++) {
            Objects[Index] = &Tokens[Index].Come[Worker->Number];
        }
        Objects[TOKENS] = &Stop;
        Status = KeWaitForMultipleObjects(TOKENS + 1, Objects, WaitAny, Executive, Mode, FALSE, &Timeout,
                                          WaitBlocks[Worker->Number]);
        if (Status == STATUS_TIMEOUT && Timeout.QuadPart == PATIENCE) {
            LookForLost(HopsBefore);
        }
        return (ULONG)Status < TOKENS ? &Tokens[Status] : NULL;
    }
}

static VOID PassTokens(PWORKER Worker)
{
    for (ULONG Round = 0; KeReadStateEvent(&Stop) == 0; Round++) {
        TOKEN *Token = WaitForToken(Worker);
        if (Token != NULL) {
            Take(Worker, Token);
        }
        if (Round % 64 == 0) {
            LocksWander(Worker);
        }
    }
}

TEST_CASE(HandOff, "no event is lost and none releases two, whoever sets it and however it is waited for") {
    ULONG64 Taken, Counted = 0;

    KeInitializeEvent(&Stop, NotificationEvent, FALSE);
    KeInitializeEvent(&Always, NotificationEvent, TRUE);
    Hops = TwoHolders = Lost = 0;
    for (ULONG Index = 0; Index < TOKENS; Index++) {
        TOKEN *Token = &Tokens[Index];
        for (ULONG Number = 0; Number < MOST_WORKERS; Number++) {
            KeInitializeEvent(&Token->Come[Number], SynchronizationEvent, FALSE);
        }
        KeInitializeDpc(&Token->Dpc, DeliverByDpc, Token);
        KeInitializeTimer(&Token->Timer);
        ExInitializeWorkItem(&Token->Item, DeliverByWorker, Token);
        Token->Hops = 0;
        Token->Holder = NOBODY;
        Token->Next = Index % 4;        /* there are at least so many workers */
        Deliver(Token);
    }
    Taken = LocksRun(PassTokens);
    /* The tokens come to rest: each of them in an event, and in no other. */
    for (ULONG Index = 0; Index < TOKENS; Index++) {
        TOKEN *Token = &Tokens[Index];
        LARGE_INTEGER Patience = {.QuadPart = PATIENCE};
        EXPECT_STATUS(KeWaitForSingleObject(&Token->Come[Token->Next], Executive, KernelMode, FALSE, &Patience),
                      STATUS_SUCCESS);
        for (ULONG Number = 0; Number < LocksCount; Number++) {
            EXPECT_EQUAL(KeReadStateEvent(&Token->Come[Number]), 0);
        }
        Counted += Token->Hops;
    }
    KeFlushQueuedDpcs();
    EXPECT_EQUAL(Counted, Taken);
    EXPECT_EQUAL(TwoHolders, 0);
    EXPECT_EQUAL(Lost, 0);
    TestNote("%I64u hand-offs", Taken);
}

/* Semaphores ----------------------------------------------------------------------------------------------------- */

#define SEMAPHORES 4
#define SHORT_ROUNDS 1500       /* of each worker */

static KSEMAPHORE Semaphores[SEMAPHORES];
static volatile LONG64 Released[SEMAPHORES], Taken[SEMAPHORES];

static VOID WaitAndRelease(PWORKER Worker)
{
    for (ULONG64 Round = 0; TestGoesOn(Round, SHORT_ROUNDS); Round++) {
        LARGE_INTEGER Timeout = {.QuadPart = -(LONGLONG)Random(Worker, 2) * Random(Worker, TICK)};
        ULONG First = Random(Worker, SEMAPHORES), Count = 1 + Random(Worker, 3);
        WAIT_TYPE Type = Random(Worker, 2) == 0 ? WaitAll : WaitAny;
        PVOID Objects[3];
        NTSTATUS Status;

        if (Random(Worker, 2) == 0) {
            LONG Number = 1 + (LONG)Random(Worker, 2);
            InterlockedAdd64(&Released[First], Number);
            KeReleaseSemaphore(&Semaphores[First], 1, Number, FALSE);
            continue;
        }
        for (ULONG Index = 0; Index < Count; Index++) {
            Objects[Index] = &Semaphores[(First + Index) % SEMAPHORES];
        }
        Status = KeWaitForMultipleObjects(Count, Objects, Type, Executive, KernelMode, FALSE, &Timeout, NULL);
        if (Status == STATUS_TIMEOUT) {
            continue;
        }
        Worker->Done++;
        if (Type == WaitAny) {
            InterlockedIncrement64(&Taken[(First + (ULONG)Status) % SEMAPHORES]);
        } else {
            for (ULONG Index = 0; Index < Count; Index++) {
                InterlockedIncrement64(&Taken[(First + Index) % SEMAPHORES]);
            }
        }
    }
}

TEST_CASE(SemaphoresConserve, "waits for any, for all, and with time limits take from semaphores exactly what they say") {
    ULONG64 Waits;

    for (ULONG Index = 0; Index < SEMAPHORES; Index++) {
        KeInitializeSemaphore(&Semaphores[Index], 0, MAXLONG);
        Released[Index] = Taken[Index] = 0;
    }
    Waits = LocksRun(WaitAndRelease);
    for (ULONG Index = 0; Index < SEMAPHORES; Index++) {
        EXPECT_EQUAL(Released[Index] - Taken[Index], KeReadStateSemaphore(&Semaphores[Index]));
    }
    TestNote("%I64u waits", Waits);
}

/* Phases --------------------------------------------------------------------------------------------------------- */

#define SHORT_PHASES 400

static KEVENT Gates[2];
static volatile LONG Arrived;
static volatile ULONG64 Phases;
static volatile BOOLEAN Over;

/*
 * Nobody begins a phase before all have ended the last one; the one who arrives last opens the gate, and shuts the
 * next.
 */
static VOID GoThroughGates(PWORKER Worker)
{
    for (ULONG64 Phase = 0; !Over; Phase++) {
        LARGE_INTEGER Patience = {.QuadPart = PATIENCE};

        if (Phases != Phase) {
            InterlockedIncrement(&TwoHolders);
        }
        if (Random(Worker, 16) == 0) {
            LocksWander(Worker);
        }
        if ((ULONG)InterlockedIncrement(&Arrived) == LocksCount) {
            Arrived = 0;
            KeClearEvent(&Gates[(Phase + 1) % 2]);
            Over = Over || !TestGoesOn(Phase, SHORT_PHASES);
            Phases = Phase + 1;
            KeSetEvent(&Gates[Phase % 2], 0, FALSE);
        } else if (KeWaitForSingleObject(&Gates[Phase % 2], Executive, KernelMode, FALSE, &Patience) != STATUS_SUCCESS) {
            InterlockedIncrement(&Lost);
            Over = TRUE;
        }
        Worker->Done++;
    }
}

TEST_CASE(GatesReleaseAll, "a notification event that is set releases everybody who waits for it, and who comes later") {
    ULONG64 Waits;

    KeInitializeEvent(&Gates[0], NotificationEvent, FALSE);
    KeInitializeEvent(&Gates[1], NotificationEvent, FALSE);
    Arrived = TwoHolders = Lost = 0;
    Phases = 0;
    Over = FALSE;
    Waits = LocksRun(GoThroughGates);
    EXPECT_EQUAL(TwoHolders, 0);
    EXPECT_EQUAL(Lost, 0);
    EXPECT_EQUAL(Waits, Phases * LocksCount);
    TestNote("%I64u waits at a gate", Waits);
}
