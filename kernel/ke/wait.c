/*
 * Waiting for dispatcher objects ("KeWaitForSingleObject", "KeWaitForMultipleObjects", "KeDelayExecutionThread").
 *
 * A wait that need not block is decided and taken under the dispatcher lock and costs little more than the lock. A wait
 * that blocks hangs one wait block on each object, and one on the thread's own timer when there is a timeout; the
 * thread's blocks form a ring. Whoever signals an object finds the thread there (signal.c). Since the lock is held from
 * the first look at the objects until the thread has left the processor, no signal can fall in between.
 *
 * A kernel APC ends a wait at PASSIVE_LEVEL with STATUS_KERNEL_APC, runs when the thread has got the processor, and the
 * wait begins again: it looks at its objects anew, so no signal is lost but that of a pulse (as documented), and its
 * timeout is still the old one. The APC may wait itself; so nothing of the wait is kept in the thread but on its stack.
 */
#include "ke/ki.h"
#include "executive.h"

/*
 * Takes the dispatcher lock, or takes it over from the Wait=TRUE call before. Returns the level to go back to. Only
 * with a timeout of zero may the caller be at DISPATCH_LEVEL, even if it would not have to block this time.
 */
FORCEINLINE KIRQL KiEnterWait(PKTHREAD Thread, PCSTR Routine, PLARGE_INTEGER Timeout)
{
    if (Thread->WaitNext) {
        Thread->WaitNext = FALSE;
        return Thread->WaitIrql;
    }
    return KiLockDispatcherFor(Routine, Timeout != NULL && Timeout->QuadPart == 0 ? DISPATCH_LEVEL : APC_LEVEL);
}

/* Ends a wait that did not block. */
FORCEINLINE NTSTATUS KiEndWait(KIRQL Irql, NTSTATUS Status)
{
    KiExitDispatcher(Irql);
    return Status;
}

/* A mutex can be owned 2^31 times over, and then no more ("KeWaitForSingleObject": exceptions). */
FORCEINLINE BOOLEAN KiIsExhausted(DISPATCHER_HEADER *Header)
{
    return Header->SignalState == -MAXLONG - 1;
}

DECLSPEC_NORETURN static VOID KiRaiseMutantLimit(KIRQL Irql)
{
    KiExitDispatcher(Irql);
    ExRaiseStatus(STATUS_MUTANT_LIMIT_EXCEEDED);
}

/*
 * What ends a wait before it has begun, though no object is signalled: a request to end the thread, an alert, user
 * APCs, which an alertable wait lets in. Those wait in UserMode; an alert of KernelMode is meant for every alertable
 * wait.
 */
static BOOLEAN KiIsInterrupted(PKTHREAD Thread, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, NTSTATUS *Status)
{
    *Status = STATUS_USER_APC;
    if (WaitMode == UserMode && (Thread->ExitRequested || Thread->ApcState.UserApcPending))
        return TRUE;
    if (!Alertable)
        return FALSE;
    for (LONG Mode = WaitMode; Mode >= KernelMode; Mode--) {
        if (Thread->Alerted[Mode]) {
            Thread->Alerted[Mode] = FALSE;
            *Status = STATUS_ALERTED;
            return TRUE;
        }
        if (Mode == UserMode && !IsListEmpty(&Thread->ApcState.ApcListHead[UserMode])) {
            Thread->ApcState.UserApcPending = TRUE;
            return TRUE;
        }
    }
    return FALSE;
}

/*
 * Whether the thread may not block, and the status then: it is interrupted, or has a timeout of zero or one that has
 * passed. Else starts the timeout. DueTime is 0 when the wait is begun, and stays with it when it is begun again.
 */
static BOOLEAN KiMayNotBlock(PKTHREAD Thread, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                             PULONGLONG DueTime, NTSTATUS *Status)
{
    if ((WaitMode == UserMode || Alertable) && KiIsInterrupted(Thread, WaitMode, Alertable, Status))
        return TRUE;
    if (Timeout == NULL)
        return FALSE;
    *Status = STATUS_TIMEOUT;
    if (Timeout->QuadPart == 0)
        return TRUE;
    if (*DueTime == 0)
        *DueTime = KiDueTime(*Timeout);
    return !KiStartTimer(&Thread->Timer, *DueTime);
}

/*
 * Before the thread blocks: a kernel APC that was queued while it ran, and whose interrupt has not come yet, would find
 * another thread. Lets it in, and returns TRUE: lock and objects have to be looked at again.
 */
FORCEINLINE BOOLEAN KiLetApcIn(PKTHREAD Thread, KIRQL Irql)
{
    if (!Thread->ApcState.KernelApcPending || Irql != PASSIVE_LEVEL || !KiKernelApcMayRun(Thread))
        return FALSE;
    KiRequestApcInterrupt();
    KiExitDispatcher(Irql);
    return TRUE;
}

/*
 * Blocks the thread on the wait blocks First..Last, already on their objects' lists and linked; KiMayNotBlock has said
 * no. Returns, at Irql and without the lock, when the wait has ended; STATUS_KERNEL_APC: it is to be begun again. The
 * status is read under the lock: below it a kernel APC may come, and wait. Always checked: going on would lose the
 * thread.
 */
static NTSTATUS KiBlock(PKTHREAD Thread, PKWAIT_BLOCK First, PKWAIT_BLOCK Last, PLARGE_INTEGER Timeout,
                        KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, KIRQL Irql)
{
    NTSTATUS Status;

    if (Irql >= DISPATCH_LEVEL && !KeGetCurrentPrcb()->DpcRoutineActive)     /* in a DPC, KiSwapThread has the words */
        KiBugCheck(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)__builtin_return_address(0), Irql, APC_LEVEL, (ULONG_PTR)Thread,
                   NULL, "A wait that has to block was begun at IRQL %u. At DISPATCH_LEVEL (StartIo, a spin lock held) "
                   "only a timeout of zero is allowed: wait at IRQL <= APC_LEVEL.", Irql);
    if (Timeout != NULL) {
        PKWAIT_BLOCK TimerBlock = &Thread->TimerWaitBlock;
        InsertTailList(&Thread->Timer.Header.WaitListHead, &TimerBlock->WaitListEntry);
        if (First == NULL)
            First = TimerBlock;
        else
            Last->NextWaitBlock = TimerBlock;
        Last = TimerBlock;
    }
    Last->NextWaitBlock = First;
    Thread->WaitBlockList = First;
    Thread->WaitReason = (UCHAR)WaitReason;
    Thread->WaitMode = (UCHAR)WaitMode;
    Thread->Alertable = Alertable;
    Thread->WaitIrql = Irql;
    Thread->State = Waiting;
    KiSwapThread(KeGetCurrentPrcb(), Thread);
    Status = Thread->WaitStatus;
    KiFinishSwitch(Irql);
    return Status;
}

FORCEINLINE VOID KiHangBlock(PKWAIT_BLOCK Block, PKTHREAD Thread, DISPATCHER_HEADER *Header, ULONG Key, WAIT_TYPE Type)
{
    Block->Thread = Thread;
    Block->Object = Header;
    Block->WaitKey = (USHORT)Key;
    Block->WaitType = (USHORT)Type;
    InsertTailList(&Header->WaitListHead, &Block->WaitListEntry);
}

/*
 * Waits until Object is signalled. Timeout: NULL for ever, 0 not at all, negative from now, positive a system time; 100
 * ns units, to the tick. Returns STATUS_SUCCESS, STATUS_ABANDONED (a mutex whose owner ended), STATUS_TIMEOUT; for an
 * alertable wait STATUS_ALERTED, and in UserMode STATUS_USER_APC, which also ends every UserMode wait of a thread that
 * is asked to end. Kernel APCs run while it waits, and change nothing of that.
 * IRQL: <= APC_LEVEL; <= DISPATCH_LEVEL with a timeout of zero. Object: resident memory.
 */
NTSTATUS KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                               PLARGE_INTEGER Timeout)
{
    PKTHREAD Thread = KiCurrentThread();
    DISPATCHER_HEADER *Header = Object;
    PKWAIT_BLOCK Block = &Thread->WaitBlock[0];
    KIRQL Irql = KiEnterWait(Thread, __func__, Timeout);
    ULONGLONG DueTime = 0;
    NTSTATUS Status;

    for (;; Irql = KiLockDispatcher()) {
        if (KiIsSignalled(Header, Thread)) {
            if (KiIsExhausted(Header))
                KiRaiseMutantLimit(Irql);
            return KiEndWait(Irql, KiTakeObject(Header, Thread));
        }
        if (KiLetApcIn(Thread, Irql))
            continue;
        if (KiMayNotBlock(Thread, WaitMode, Alertable, Timeout, &DueTime, &Status))
            return KiEndWait(Irql, Status);
        KiHangBlock(Block, Thread, Header, STATUS_WAIT_0, WaitAny);
        Status = KiBlock(Thread, Block, Block, Timeout, WaitReason, WaitMode, Alertable, Irql);
        if (Status != STATUS_KERNEL_APC)
            return Status;
    }
}
NT_EXPORT(KeWaitForSingleObject);

/* The part of KeWaitForMultipleObjects that need not block: TRUE and the wait's status when it is satisfied now. */
static BOOLEAN KiTryMultiple(PKTHREAD Thread, ULONG Count, PVOID Object[], WAIT_TYPE WaitType, NTSTATUS *Status)
{
    *Status = STATUS_SUCCESS;
    for (ULONG Index = 0; Index < Count; Index++) {
        BOOLEAN Signalled = KiIsSignalled(Object[Index], Thread);
        if (Signalled && WaitType == WaitAny) {
            *Status = (NTSTATUS)Index | KiTakeObject(Object[Index], Thread);
            return TRUE;
        }
        if (!Signalled && WaitType == WaitAll)
            return FALSE;
    }
    if (WaitType == WaitAny)
        return FALSE;
    for (ULONG Index = 0; Index < Count; Index++)
        *Status |= KiTakeObject(Object[Index], Thread);
    return TRUE;
}

/*
 * Waits for one (WaitAny) or all (WaitAll) of Count objects. WaitAny returns STATUS_WAIT_0 + the lowest index that is
 * signalled; with WaitAll no object is taken before all are signalled. Otherwise as KeWaitForSingleObject.
 * WaitBlockArray: Count blocks in resident memory, or NULL for at most THREAD_WAIT_OBJECTS objects.
 */
NTSTATUS KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType, KWAIT_REASON WaitReason,
                                  KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                  PKWAIT_BLOCK WaitBlockArray)
{
    PKTHREAD Thread = KiCurrentThread();
    PKWAIT_BLOCK Blocks = WaitBlockArray != NULL ? WaitBlockArray : Thread->WaitBlock;
    ULONG Limit = WaitBlockArray != NULL ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS;
    ULONGLONG DueTime = 0;
    NTSTATUS Status;
    KIRQL Irql;

    if (Count == 0 || Count > Limit)
        KiBugCheck(MAXIMUM_WAIT_OBJECTS_EXCEEDED, Count, Limit, (ULONG_PTR)__builtin_return_address(0), 0, NULL,
                   "KeWaitForMultipleObjects was given %u objects: 1 to %u without an array of wait blocks, to %u "
                   "with one.", Count, THREAD_WAIT_OBJECTS, MAXIMUM_WAIT_OBJECTS);
    for (Irql = KiEnterWait(Thread, __func__, Timeout);; Irql = KiLockDispatcher()) {
        for (ULONG Index = 0; Index < Count; Index++)
            if (KiIsExhausted(Object[Index]) && KiIsSignalled(Object[Index], Thread))
                KiRaiseMutantLimit(Irql);
        if (KiTryMultiple(Thread, Count, Object, WaitType, &Status))
            return KiEndWait(Irql, Status);
        if (KiLetApcIn(Thread, Irql))
            continue;
        if (KiMayNotBlock(Thread, WaitMode, Alertable, Timeout, &DueTime, &Status))
            return KiEndWait(Irql, Status);
        for (ULONG Index = 0; Index < Count; Index++) {
            KiHangBlock(&Blocks[Index], Thread, Object[Index], WaitType == WaitAny ? Index : STATUS_WAIT_0, WaitType);
            Blocks[Index].NextWaitBlock = &Blocks[Index + 1];   /* KiBlock links the last one */
        }
        Status = KiBlock(Thread, &Blocks[0], &Blocks[Count - 1], Timeout, WaitReason, WaitMode, Alertable, Irql);
        if (Status != STATUS_KERNEL_APC)
            return Status;
    }
}
NT_EXPORT(KeWaitForMultipleObjects);

/*
 * Does nothing for a time; an interval of zero gives the other threads of the same priority a turn. IRQL: <= APC_LEVEL.
 * STATUS_SUCCESS, or STATUS_ALERTED and STATUS_USER_APC as for a wait.
 */
NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Interval)
{
    PKTHREAD Thread = KiCurrentThread();
    ULONGLONG DueTime = 0;
    NTSTATUS Status;
    KIRQL Irql;

    KE_REQUIRE_IRQL(APC_LEVEL);
    for (;;) {
        Irql = KiLockDispatcher();
        if (KiLetApcIn(Thread, Irql))
            continue;
        if (KiMayNotBlock(Thread, WaitMode, Alertable, Interval, &DueTime, &Status)) {
            if (Status != STATUS_TIMEOUT)
                return KiEndWait(Irql, Status);
            KiYield(Irql);
            return STATUS_SUCCESS;
        }
        Status = KiBlock(Thread, NULL, NULL, Interval, DelayExecution, WaitMode, Alertable, Irql);
        if (Status != STATUS_KERNEL_APC)
            return Status == STATUS_TIMEOUT ? STATUS_SUCCESS : Status;
    }
}
NT_EXPORT(KeDelayExecutionThread);
