/*
 * Actors: threads that do what a case tells them, one thing after the other, so that a case can say who has a lock, who
 * waits for it and who comes next.
 */
#pragma once

#include "testcase.h"

typedef VOID ACTOR_ROUTINE(PVOID Lock);

typedef struct _ACTOR {
    PVOID Thread;
    PVOID Lock;
    ACTOR_ROUTINE *Routine;     /* NULL: the thread ends */
    KEVENT Begin, Done;
} ACTOR, *PACTOR;

/* Starts Count actors for one lock. FALSE: they could not be started, which is a failure, and none is. */
BOOLEAN ActorsStart(PACTOR Actors, ULONG Count, PVOID Lock);
VOID ActorsEnd(PACTOR Actors, ULONG Count);

/* Has an actor call Routine with its lock, and goes on. */
VOID ActorBegin(PACTOR Actor, ACTOR_ROUTINE *Routine);
/* Waits until it has returned. */
VOID ActorFinish(PACTOR Actor);
/* Whether it has returned, which counts once. */
BOOLEAN ActorIsDone(PACTOR Actor);
/* Both: has it called and waits. */
VOID ActorDo(PACTOR Actor, ACTOR_ROUTINE *Routine);

VOID SyncSleep(LONG Milliseconds);
