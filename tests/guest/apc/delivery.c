/* When kernel APCs run, at which level, in which order ("Types of APCs"). */
#include "apc.h"
#include <excpt.h>

TEST_CASE(SpecialRunsAtOnce, "KeInsertQueueApc: a special kernel APC for the caller at PASSIVE_LEVEL has run at APC_LEVEL") {
    APC_RECORD Record;

    ApcBegin();
    ApcSpecial(&Record, KeGetCurrentThread());
    EXPECT(ApcQueue(&Record));
    EXPECT_EQUAL(Record.KernelOrder, 1);
    EXPECT_EQUAL(Record.KernelIrql, APC_LEVEL);
    EXPECT(Record.Thread == KeGetCurrentThread());
    EXPECT(Record.Argument1 == (PVOID)11 && Record.Argument2 == (PVOID)22);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

TEST_CASE(NormalRunsAtPassiveLevel, "KeInitializeApc: KernelRoutine runs at APC_LEVEL, then NormalRoutine at PASSIVE_LEVEL") {
    APC_RECORD Record;

    ApcBegin();
    ApcNormal(&Record, KeGetCurrentThread());
    EXPECT(ApcQueue(&Record));
    EXPECT_EQUAL(Record.KernelOrder, 1);
    EXPECT_EQUAL(Record.KernelIrql, APC_LEVEL);
    EXPECT_EQUAL(Record.NormalOrder, 2);
    EXPECT_EQUAL(Record.NormalIrql, PASSIVE_LEVEL);
    EXPECT(Record.Context == &Record && Record.Argument1 == (PVOID)11 && Record.Argument2 == (PVOID)22);
}

static APC_RECORD Replacement;

static VOID Replaced(PVOID Context, PVOID Argument1, PVOID Argument2)
{
    Replacement.Times++;
    Replacement.Context = Context;
    Replacement.Argument1 = Argument1;
    Replacement.Argument2 = Argument2;
}

static VOID Replace(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext, PVOID *Argument1, PVOID *Argument2)
{
    UNREFERENCED_PARAMETER(Apc);
    *NormalRoutine = *NormalContext == NULL ? NULL : Replaced;
    *NormalContext = (PVOID)33;
    *Argument1 = (PVOID)44;
    *Argument2 = (PVOID)55;
}

TEST_CASE(KernelRoutineReplacesTheCall, "KernelRoutine may change routine, context and arguments, or leave the call out") {
    KAPC Apc;

    Replacement.Times = 0;
    KeInitializeApc(&Apc, KeGetCurrentThread(), OriginalApcEnvironment, Replace, NULL, Replaced, KernelMode, (PVOID)1);
    EXPECT(KeInsertQueueApc(&Apc, NULL, NULL, 0));
    EXPECT_EQUAL(Replacement.Times, 1);
    EXPECT(Replacement.Context == (PVOID)33 && Replacement.Argument1 == (PVOID)44 && Replacement.Argument2 == (PVOID)55);
    KeInitializeApc(&Apc, KeGetCurrentThread(), OriginalApcEnvironment, Replace, NULL, Replaced, KernelMode, NULL);
    EXPECT(KeInsertQueueApc(&Apc, NULL, NULL, 0));
    EXPECT_EQUAL(Replacement.Times, 1);
}

TEST_CASE(ApcLevelHoldsBack, "KeRaiseIrql: at APC_LEVEL no kernel APC comes, and it comes when the level is lowered") {
    APC_RECORD Special, Normal;
    KIRQL Irql;

    ApcBegin();
    ApcSpecial(&Special, KeGetCurrentThread());
    ApcNormal(&Normal, KeGetCurrentThread());
    KeRaiseIrql(APC_LEVEL, &Irql);
    EXPECT(ApcQueue(&Normal));
    EXPECT(ApcQueue(&Special));
    EXPECT_EQUAL(Special.Times + Normal.Times, 0);
    KeLowerIrql(Irql);
    EXPECT_EQUAL(Special.Times, 1);
    EXPECT_EQUAL(Normal.Times, 1);
}

TEST_CASE(SpinLockHoldsBack, "KeReleaseSpinLock: an APC queued by the holder comes when the lock is released") {
    APC_RECORD Record;
    KSPIN_LOCK Lock;
    KIRQL Irql;

    ApcBegin();
    KeInitializeSpinLock(&Lock);
    ApcSpecial(&Record, KeGetCurrentThread());
    KeAcquireSpinLock(&Lock, &Irql);
    EXPECT(ApcQueue(&Record));
    EXPECT_EQUAL(Record.Times, 0);
    KeReleaseSpinLock(&Lock, Irql);
    EXPECT_EQUAL(Record.Times, 1);
}

TEST_CASE(FastMutexHoldsBack, "ExAcquireFastMutex: its owner gets no APC, not even a special one") {
    APC_RECORD Record;
    FAST_MUTEX Mutex;

    ApcBegin();
    ExInitializeFastMutex(&Mutex);
    ApcSpecial(&Record, KeGetCurrentThread());
    ExAcquireFastMutex(&Mutex);
    EXPECT(KeAreAllApcsDisabled());
    EXPECT(ApcQueue(&Record));
    EXPECT_EQUAL(Record.Times, 0);
    ExReleaseFastMutex(&Mutex);
    EXPECT_EQUAL(Record.Times, 1);
}

TEST_CASE(QueuedOnce, "KeInsertQueueApc: FALSE for an APC that is queued, whose arguments stay") {
    APC_RECORD Record;
    KIRQL Irql;

    ApcBegin();
    ApcSpecial(&Record, KeGetCurrentThread());
    KeRaiseIrql(APC_LEVEL, &Irql);
    EXPECT(ApcQueue(&Record));
    EXPECT(!KeInsertQueueApc(&Record.Apc, (PVOID)1, (PVOID)2, 0));
    KeLowerIrql(Irql);
    EXPECT_EQUAL(Record.Times, 1);
    EXPECT(Record.Argument1 == (PVOID)11);
}

TEST_CASE(RemoveTakesBack, "KeRemoveQueueApc: TRUE for a queued APC, which does not run; FALSE for one that is not queued") {
    APC_RECORD First, Second;
    KIRQL Irql;

    ApcBegin();
    ApcNormal(&First, KeGetCurrentThread());
    ApcNormal(&Second, KeGetCurrentThread());
    KeRaiseIrql(APC_LEVEL, &Irql);
    EXPECT(ApcQueue(&First));
    EXPECT(ApcQueue(&Second));
    EXPECT(KeRemoveQueueApc(&First.Apc));
    EXPECT(!KeRemoveQueueApc(&First.Apc));
    KeLowerIrql(Irql);
    EXPECT_EQUAL(First.Times, 0);
    EXPECT_EQUAL(Second.Times, 1);
    EXPECT(!KeRemoveQueueApc(&Second.Apc));
}

TEST_CASE(SpecialBeforeNormal, "special kernel APCs go before normal ones; each kind is first in, first out") {
    APC_RECORD Normal[2], Special[2];
    KIRQL Irql;

    ApcBegin();
    for (ULONG Index = 0; Index < 2; Index++) {
        ApcNormal(&Normal[Index], KeGetCurrentThread());
        ApcSpecial(&Special[Index], KeGetCurrentThread());
    }
    KeRaiseIrql(APC_LEVEL, &Irql);
    for (ULONG Index = 0; Index < 2; Index++) {
        ApcQueue(&Normal[Index]);
        ApcQueue(&Special[Index]);
    }
    KeLowerIrql(Irql);
    EXPECT_EQUAL(Special[0].KernelOrder, 1);
    EXPECT_EQUAL(Special[1].KernelOrder, 2);
    EXPECT_EQUAL(Normal[0].NormalOrder, 4);
    EXPECT_EQUAL(Normal[1].KernelOrder, 5);
}

static APC_RECORD InnerNormal, InnerSpecial;
static volatile LONG SpecialsInside, NormalsInside;

static VOID QueueInside(PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    ApcQueue(&InnerNormal);
    ApcQueue(&InnerSpecial);
    NormalsInside = InnerNormal.Times;
    SpecialsInside = InnerSpecial.Times;
}

static VOID DoNothing(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext, PVOID *Argument1, PVOID *Argument2)
{
    UNREFERENCED_PARAMETER(Apc);
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
}

TEST_CASE(NormalIsNotInterruptedByNormal, "a NormalRoutine is interrupted by special APCs, and by no normal one") {
    KAPC Outer;

    ApcBegin();
    ApcNormal(&InnerNormal, KeGetCurrentThread());
    ApcSpecial(&InnerSpecial, KeGetCurrentThread());
    KeInitializeApc(&Outer, KeGetCurrentThread(), OriginalApcEnvironment, DoNothing, NULL, QueueInside, KernelMode, NULL);
    EXPECT(KeInsertQueueApc(&Outer, NULL, NULL, 0));
    EXPECT_EQUAL(SpecialsInside, 1);
    EXPECT_EQUAL(NormalsInside, 0);
    EXPECT_EQUAL(InnerNormal.Times, 1);
}

static volatile LONG AgainLeft;

static VOID Again(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext, PVOID *Argument1, PVOID *Argument2)
{
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (InterlockedDecrement(&AgainLeft) > 0)
        EXPECT(KeInsertQueueApc(Apc, NULL, NULL, 0));
}

TEST_CASE(QueuedAgainByItself, "when KernelRoutine runs the APC is in no queue: it may be queued again, or freed") {
    KAPC Apc;

    AgainLeft = 5;
    KeInitializeApc(&Apc, KeGetCurrentThread(), OriginalApcEnvironment, Again, NULL, NULL, KernelMode, NULL);
    EXPECT(KeInsertQueueApc(&Apc, NULL, NULL, 0));
    EXPECT_EQUAL(AgainLeft, 0);
}

static VOID FromDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    ApcQueue(Context);
}

TEST_CASE(QueuedFromDpc, "KeInsertQueueApc may be called at DISPATCH_LEVEL: a DPC's APC runs in its thread") {
    APC_RECORD Record;
    KDPC Dpc;

    ApcBegin();
    ApcSpecial(&Record, KeGetCurrentThread());
    KeInitializeDpc(&Dpc, FromDpc, &Record);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    EXPECT(ApcRan(&Record, 1));
}

static VOID Compute(PVOID Context)
{
    PAPC_THREAD Thread = Context;

    KeSetEvent(&Thread->Ready, 0, FALSE);
    while (!Thread->Stop)
        Thread->Time++;
}

TEST_CASE(BusyThreadIsInterrupted, "an APC for a thread that runs, on whatever processor, interrupts it") {
    APC_THREAD Thread;
    APC_RECORD Special, Normal;

    ApcBegin();
    REQUIRE(ApcStart(&Thread, Compute, 0));
    ApcSpecial(&Special, Thread.Thread);
    ApcNormal(&Normal, Thread.Thread);
    for (LONG Times = 1; Times <= 50; Times++) {
        EXPECT(ApcQueue(&Special));
        EXPECT(ApcQueue(&Normal));
        EXPECT(ApcRan(&Special, Times));
        EXPECT(ApcRan(&Normal, Times));
    }
    Thread.Stop = TRUE;
    ApcJoin(&Thread);
}

static VOID BeginRaised(PVOID Context)
{
    PAPC_THREAD Thread = Context;
    KIRQL Irql;

    KeRaiseIrql(APC_LEVEL, &Irql);
    KeSetEvent(&Thread->Ready, 0, FALSE);
    while (!Thread->Stop)
        Thread->Time++;
    KeLowerIrql(Irql);
    Thread->Status = Thread->Ended;
    ApcWait(&Thread->Object, 0);
}

TEST_CASE(RaisedThreadMovesAbout, "an APC for a thread at APC_LEVEL stays pending over switches to others, and then comes") {
    APC_THREAD Thread;
    APC_RECORD Record;

    ApcBegin();
    REQUIRE(ApcStart(&Thread, BeginRaised, 0));
    ApcSpecial(&Record, Thread.Thread);
    EXPECT(ApcQueue(&Record));
    ApcSleep(100);                      /* it loses and gets processors meanwhile */
    EXPECT_EQUAL(Record.Times, 0);
    Thread.Stop = TRUE;
    EXPECT(ApcRan(&Record, 1));
    KeSetEvent(&Thread.Object, 0, FALSE);
    ApcJoin(&Thread);
}

static volatile LONG Caught;

static VOID Raise(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext, PVOID *Argument1, PVOID *Argument2)
{
    DoNothing(Apc, NormalRoutine, NormalContext, Argument1, Argument2);
    __try {
        ExRaiseStatus(STATUS_DATA_ERROR);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Caught++;
    }
}

TEST_CASE(TryBlocksAreItsOwn, "an APC's __try is the APC's, that of the thread it interrupts is untouched") {
    volatile LONG Outer = 0;
    KAPC Apc;

    Caught = 0;
    KeInitializeApc(&Apc, KeGetCurrentThread(), OriginalApcEnvironment, Raise, NULL, NULL, KernelMode, NULL);
    __try {
        KeInsertQueueApc(&Apc, NULL, NULL, 0);
        ExRaiseStatus(STATUS_ACCESS_VIOLATION);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Outer++;
    }
    EXPECT_EQUAL(Caught, 1);
    EXPECT_EQUAL(Outer, 1);
}

static VOID End(PVOID Context)
{
    KeSetEvent(&((PAPC_THREAD)Context)->Ready, 0, FALSE);
}

TEST_CASE(EndedThreadTakesNone, "KeInsertQueueApc: FALSE for a thread that has ended") {
    APC_THREAD Thread;
    APC_RECORD Record;

    ApcBegin();
    REQUIRE(ApcStart(&Thread, End, 0));
    ApcWait(Thread.Thread, 0);
    ApcSpecial(&Record, Thread.Thread);
    EXPECT(!ApcQueue(&Record));
    EXPECT_EQUAL(Record.Times, 0);
    ApcJoin(&Thread);
}

TEST_CASE(IrpHasAnApc, "an IRP's Tail holds a KAPC in the place of its Overlay, and is as large as documented") {
    EXPECT_EQUAL(sizeof(KAPC), 0x58);
    EXPECT_EQUAL(FIELD_OFFSET(IRP, Tail), 0x78);
    EXPECT_EQUAL(FIELD_OFFSET(IRP, Tail.Apc), FIELD_OFFSET(IRP, Tail.Overlay));
    EXPECT_EQUAL(sizeof(IRP), 0xD0);
}
