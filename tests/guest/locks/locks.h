/*
 * Locks and waits under load, with an oracle. What the cases share: workers, each with its own random numbers, and the
 * turmoil around them (turmoil.c).
 */
#pragma once

#include "testcase.h"

#define LOCKS_TAG 'kcoL'
#define MOST_WORKERS 16

typedef struct _WORKER {
    ULONG Number;               /* from 0 */
    ULONG Seed;                 /* for Random */
    ULONG64 Done;               /* what the case counts, of this worker alone */
    KAFFINITY Before;           /* of LocksWander */
} WORKER, *PWORKER;

typedef VOID WORKER_ROUTINE(PWORKER Worker);

extern WORKER LocksWorkers[MOST_WORKERS];
extern ULONG LocksCount;        /* how many of them there are: twice the processors, 4 to 15 */

/*
 * Runs the routine on all workers at once, each with its Done at 0, amid the turmoil, until all have returned. Returns
 * what they have done together. IRQL: PASSIVE_LEVEL.
 */
ULONG64 LocksRun(WORKER_ROUTINE *Routine);

/* 0 to Limit - 1. */
static inline ULONG Random(PWORKER Worker, ULONG Limit)
{
    return RtlRandomEx(&Worker->Seed) % Limit;
}

/* A short while, in which another processor may come in between. IRQL: any. */
static inline VOID Dawdle(ULONG Rounds)
{
    while (Rounds-- != 0) {
        YieldProcessor();
    }
}

/* The calling worker may run on one processor only from now on, or on all again. IRQL: PASSIVE_LEVEL. */
VOID LocksWander(PWORKER Worker);

/*
 * Waits longer than this are for something that does not come. 100 ns; not a measure of time: a machine whose
 * processors share those of the host may be slow, so it is long.
 */
#define PATIENCE (-60 * 10000000ll)
#define TICK 100000ll           /* 100 ns */
