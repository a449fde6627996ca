/*
 * Deferred procedure calls ("DPC Objects and DPCs"): work that an interrupt service routine leaves for DISPATCH_LEVEL.
 *
 * Every processor has one queue, filled at any IRQL and emptied by the dispatch interrupt. KDPC.DpcData says whose
 * queue a DPC is in; going from NULL to a processor with one interlocked instruction is what makes a DPC queued once
 * only, even when two processors queue it at once.
 */
#include "ke/ki.h"

/* A DPC of low importance waits for the next tick, or until so many have come together. */
#define KI_DPC_DEPTH 4

/* IRQL: any. The DPC lies in resident memory. */
VOID KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    Dpc->Type = DpcObject;
    Dpc->Importance = MediumImportance;
    Dpc->Number = 0;
    InitializeListHead(&Dpc->DpcListEntry);
    Dpc->DeferredRoutine = DeferredRoutine;
    Dpc->DeferredContext = DeferredContext;
    Dpc->SystemArgument1 = Dpc->SystemArgument2 = NULL;
    Dpc->DpcData = NULL;
}
NT_EXPORT(KeInitializeDpc);

/*
 * A DPC whose routine would run in a thread at PASSIVE_LEVEL on a system where threaded DPCs are switched on. Here, as
 * on one where they are off, it is an ordinary one; routines of threaded DPCs have to be written for both. IRQL: any.
 */
VOID KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    KeInitializeDpc(Dpc, DeferredRoutine, DeferredContext);
}
NT_EXPORT(KeInitializeThreadedDpc);

/* HighImportance: first in the queue. LowImportance: not urgent. Takes effect when it is next queued. */
VOID KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    Dpc->Importance = (UCHAR)Importance;
}
NT_EXPORT(KeSetImportanceDpc);

/* The processor that runs the DPC, instead of the one that queues it. Takes effect when it is next queued. */
VOID KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    ASSERT((ULONG)(UCHAR)Number < KeNumberProcessors);
    Dpc->Number = (USHORT)((UCHAR)Number + 1);
}
NT_EXPORT(KeSetTargetProcessorDpc);

/*
 * The same by a processor's group and number, of which there is one group. STATUS_INVALID_PARAMETER: no such processor.
 */
NTSTATUS KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcNumber->Group != 0 || ProcNumber->Number >= KeNumberProcessors)
        return STATUS_INVALID_PARAMETER;
    KeSetTargetProcessorDpc(Dpc, (CCHAR)ProcNumber->Number);
    return STATUS_SUCCESS;
}
NT_EXPORT(KeSetTargetProcessorDpcEx);

/*
 * Queues a DPC. FALSE: it is queued already, and its arguments stay as they are. IRQL: any.
 */
BOOLEAN KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    BOOLEAN Enabled = KiDisableInterrupts();
    PKPRCB This = KeGetCurrentPrcb();
    PKPRCB Prcb = Dpc->Number == 0 ? This : KiProcessorBlock[Dpc->Number - 1];
    BOOLEAN Request;

    KiAcquireSpinLock(&Prcb->DpcLock);
    if (!__sync_bool_compare_and_swap(&Dpc->DpcData, NULL, (PVOID)Prcb)) {
        KiReleaseSpinLock(&Prcb->DpcLock);
        KiRestoreInterrupts(Enabled);
        return FALSE;
    }
    Dpc->SystemArgument1 = SystemArgument1;
    Dpc->SystemArgument2 = SystemArgument2;
    if (Dpc->Importance == HighImportance)
        InsertHeadList(&Prcb->DpcListHead, &Dpc->DpcListEntry);
    else
        InsertTailList(&Prcb->DpcListHead, &Dpc->DpcListEntry);
    Prcb->DpcCount++;
    Request = !Prcb->DpcRoutineActive && !Prcb->DpcInterruptRequested &&
              (Dpc->Importance != LowImportance || Prcb->DpcCount >= KI_DPC_DEPTH);
    if (Request)
        Prcb->DpcInterruptRequested = TRUE;
    KiReleaseSpinLock(&Prcb->DpcLock);
    if (Request) {
        if (Prcb == This)
            KiRequestDispatchInterrupt();
        else
            KiSendDispatchInterrupt(Prcb);
    }
    KiRestoreInterrupts(Enabled);
    return TRUE;
}
NT_EXPORT(KeInsertQueueDpc);

/* Takes a DPC out of its queue. FALSE: it was in none (it may be running). IRQL: any. */
BOOLEAN KeRemoveQueueDpc(PRKDPC Dpc)
{
    BOOLEAN Enabled = KiDisableInterrupts(), Removed = FALSE;
    PKPRCB Prcb;

    while ((Prcb = *(PVOID volatile *)&Dpc->DpcData) != NULL) {
        KiAcquireSpinLock(&Prcb->DpcLock);
        /* It may have been run, and even queued elsewhere, before the lock was had. */
        if (Dpc->DpcData == Prcb) {
            RemoveEntryList(&Dpc->DpcListEntry);
            Prcb->DpcCount--;
            __atomic_store_n(&Dpc->DpcData, NULL, __ATOMIC_RELEASE);
            Removed = TRUE;
        }
        KiReleaseSpinLock(&Prcb->DpcLock);
        if (Removed)
            break;
    }
    KiRestoreInterrupts(Enabled);
    return Removed;
}
NT_EXPORT(KeRemoveQueueDpc);

#if DBG
/* A DPC routine came back at another level: it keeps a spin lock, or has lowered what it may not. */
static VOID KiCheckDpcReturn(PKDEFERRED_ROUTINE Routine)
{
    KIRQL Irql = KeGetCurrentIrql();

    if (Irql != DISPATCH_LEVEL)
        KiBugCheck(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Routine, Irql, DISPATCH_LEVEL, 0, NULL,
                   "The DPC routine %s was called at DISPATCH_LEVEL (2) and returned at IRQL %u: it has raised the "
                   "level and not restored it, or lowered it, which a DPC may not.", KiWords(Routine).Text, Irql);
}
#else
#define KiCheckDpcReturn(Routine) ((void)0)
#endif

VOID KiRetireDpcs(PKPRCB Prcb)
{
    PKTHREAD Thread = Prcb->CurrentThread;
    PVOID TryFrames = Thread->TryFrames;    /* a fault in a DPC is none of the interrupted thread's __try blocks' */

    Thread->TryFrames = NULL;
    KiDisableInterrupts();
    KiAcquireSpinLock(&Prcb->DpcLock);
    Prcb->DpcRoutineActive = TRUE;
    while (!IsListEmpty(&Prcb->DpcListHead)) {
        PKDPC Dpc = CONTAINING_RECORD(RemoveHeadList(&Prcb->DpcListHead), KDPC, DpcListEntry);
        PKDEFERRED_ROUTINE Routine = Dpc->DeferredRoutine;
        PVOID Context = Dpc->DeferredContext;
        PVOID Argument1 = Dpc->SystemArgument1, Argument2 = Dpc->SystemArgument2;

        Prcb->DpcCount--;
        Prcb->DpcRun++;
        Prcb->DpcRoutine = Routine;
        Prcb->DpcTicks = 0;
        /* From here on the DPC may be queued again, or freed by its routine. */
        __atomic_store_n(&Dpc->DpcData, NULL, __ATOMIC_RELEASE);
        KiReleaseSpinLock(&Prcb->DpcLock);
        KiRestoreInterrupts(TRUE);
        KE_NOTE_RAISED(Routine, DISPATCH_LEVEL);
        Routine(Dpc, Context, Argument1, Argument2);
        KiCheckDpcReturn(Routine);
        KiDisableInterrupts();
        KiAcquireSpinLock(&Prcb->DpcLock);
    }
    Prcb->DpcRoutineActive = FALSE;
    Prcb->DpcInterruptRequested = FALSE;
    KiReleaseSpinLock(&Prcb->DpcLock);
    KiRestoreInterrupts(TRUE);
    Thread->TryFrames = TryFrames;
}

static KDEFERRED_ROUTINE KiFlushDpcRoutine;
static VOID KiFlushDpcRoutine(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    KeSetEvent(DeferredContext, 0, FALSE);
}

/*
 * Waits until every DPC that is queued or running anywhere has returned: one of its own goes through each queue behind
 * them. IRQL: <= APC_LEVEL.
 */
VOID KeFlushQueuedDpcs(VOID)
{
    KEVENT Done;
    KDPC Dpc;

    KE_REQUIRE_IRQL(APC_LEVEL);
    KeInitializeEvent(&Done, SynchronizationEvent, FALSE);
    for (ULONG Number = 0; Number < KeNumberProcessors; Number++) {
        KeInitializeDpc(&Dpc, KiFlushDpcRoutine, &Done);
        KeSetTargetProcessorDpc(&Dpc, (CCHAR)Number);
        KeInsertQueueDpc(&Dpc, NULL, NULL);
        KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    }
}
NT_EXPORT(KeFlushQueuedDpcs);
