/* What happens when an object becomes signalled: which waits end, with what status, and at what priority. */
#include "ke/ki.h"

/*
 * Ends a thread's wait: takes it off every object's list, stops its timeout, boosts it, readies it. Dispatcher lock
 * held.
 *
 * The boost ("KeSetEvent": Increment) lasts until quanta have run out, one level each. A wait that brings no boost
 * costs a part of the quantum, so that a thread which always waits just before its quantum ends still decays.
 */
VOID KiUnwaitThread(PKTHREAD Thread, NTSTATUS Status, KPRIORITY Increment)
{
    PKWAIT_BLOCK First = Thread->WaitBlockList, Block = First;

    do {
        RemoveEntryList(&Block->WaitListEntry);
        Block = Block->NextWaitBlock;
    } while (Block != First);
    if (Thread->Timer.Header.Inserted)
        KiStopTimer(&Thread->Timer);
    Thread->WaitStatus = Status;

    if (Thread->Priority > KI_HIGHEST_DYNAMIC_PRIORITY) {
        Thread->Quantum = KI_QUANTUM_FULL;
    } else {
        KPRIORITY Boosted = Thread->BasePriority + Increment;
        if (Boosted > KI_HIGHEST_DYNAMIC_PRIORITY)
            Boosted = KI_HIGHEST_DYNAMIC_PRIORITY;
        Thread->Quantum -= KI_QUANTUM_WAIT;
        if (Boosted > Thread->Priority) {
            Thread->Priority = Boosted;
            Thread->Quantum = KI_QUANTUM_FULL;
        } else if (Thread->Quantum <= 0) {
            Thread->Quantum = KI_QUANTUM_FULL;
            if (Thread->Priority > Thread->BasePriority)
                Thread->Priority--;
        }
    }
    KiReadyThread(Thread, FALSE);
}

/* Whether all objects of a WaitAll wait are signalled. The timeout's block, in the same ring, is a WaitAny one. */
static BOOLEAN KiAllSignalled(PKTHREAD Thread)
{
    PKWAIT_BLOCK Block = Thread->WaitBlockList;

    do {
        if (Block->WaitType == WaitAll && !KiIsSignalled(Block->Object, Thread))
            return FALSE;
        Block = Block->NextWaitBlock;
    } while (Block != Thread->WaitBlockList);
    return TRUE;
}

static NTSTATUS KiTakeAll(PKTHREAD Thread)
{
    PKWAIT_BLOCK Block = Thread->WaitBlockList;
    NTSTATUS Status = STATUS_SUCCESS;

    do {
        if (Block->WaitType == WaitAll)
            Status |= KiTakeObject(Block->Object, Thread);
        Block = Block->NextWaitBlock;
    } while (Block != Thread->WaitBlockList);
    return Status;
}

/* Ends the waits that a signalled object satisfies, first come first served. Dispatcher lock held. */
VOID KiWakeWaiters(DISPATCHER_HEADER *Header, KPRIORITY Increment)
{
    PLIST_ENTRY Entry = Header->WaitListHead.Flink;

    while (Header->SignalState > 0 && Entry != &Header->WaitListHead) {
        PKWAIT_BLOCK Block = CONTAINING_RECORD(Entry, KWAIT_BLOCK, WaitListEntry);
        PKTHREAD Thread = Block->Thread;
        NTSTATUS Status;

        if (Block->WaitType == WaitAny) {
            Status = Block->WaitKey | KiTakeObject(Header, Thread);
        } else if (KiAllSignalled(Thread)) {
            Status = KiTakeAll(Thread);
        } else {
            Entry = Entry->Flink;
            continue;
        }
        KiUnwaitThread(Thread, Status, Increment);
        /* The thread may have stood in this list more than once, so the next entry may be gone too. */
        Entry = Header->WaitListHead.Flink;
    }
}
