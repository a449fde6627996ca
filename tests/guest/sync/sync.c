/* The locks and queues that stand on dispatcher objects, by the rules of their documentation. */
#include "sync.h"

TEST_SUITE(sync, "1 2 4");

VOID SyncSleep(LONG Milliseconds)
{
    LARGE_INTEGER Interval = {.QuadPart = -10000ll * Milliseconds};
    KeDelayExecutionThread(KernelMode, FALSE, &Interval);
}

static KSTART_ROUTINE ActorThread;
static VOID ActorThread(PVOID Context)
{
    PACTOR Actor = Context;

    for (;;) {
        KeWaitForSingleObject(&Actor->Begin, Executive, KernelMode, FALSE, NULL);
        if (Actor->Routine == NULL)
            return;
        Actor->Routine(Actor->Lock);
        KeSetEvent(&Actor->Done, 0, FALSE);
    }
}

BOOLEAN ActorsStart(PACTOR Actors, ULONG Count, PVOID Lock)
{
    for (ULONG Index = 0; Index < Count; Index++) {
        PACTOR Actor = &Actors[Index];
        HANDLE Handle;

        Actor->Thread = NULL;
        Actor->Lock = Lock;
        KeInitializeEvent(&Actor->Begin, SynchronizationEvent, FALSE);
        KeInitializeEvent(&Actor->Done, SynchronizationEvent, FALSE);
        if (EXPECT_STATUS(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ActorThread, Actor),
                          STATUS_SUCCESS)) {
            EXPECT_STATUS(ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                                    &Actor->Thread, NULL), STATUS_SUCCESS);
            ZwClose(Handle);
        }
        if (Actor->Thread == NULL) {
            ActorsEnd(Actors, Index);
            return FALSE;
        }
    }
    return TRUE;
}

VOID ActorsEnd(PACTOR Actors, ULONG Count)
{
    for (ULONG Index = 0; Index < Count; Index++) {
        ActorBegin(&Actors[Index], NULL);
        KeWaitForSingleObject(Actors[Index].Thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Actors[Index].Thread);
    }
}

VOID ActorBegin(PACTOR Actor, ACTOR_ROUTINE *Routine)
{
    Actor->Routine = Routine;
    KeSetEvent(&Actor->Begin, 0, FALSE);
}

VOID ActorFinish(PACTOR Actor)
{
    KeWaitForSingleObject(&Actor->Done, Executive, KernelMode, FALSE, NULL);
}

BOOLEAN ActorIsDone(PACTOR Actor)
{
    LARGE_INTEGER Now = {.QuadPart = 0};
    return KeWaitForSingleObject(&Actor->Done, Executive, KernelMode, FALSE, &Now) == STATUS_SUCCESS;
}

VOID ActorDo(PACTOR Actor, ACTOR_ROUTINE *Routine)
{
    ActorBegin(Actor, Routine);
    ActorFinish(Actor);
}
