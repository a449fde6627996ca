/* Waits that APCs and alerts come into ("KeWaitForSingleObject", "Waits and APCs"). */
#include "apc.h"

/* What a thread waits for, as APC_THREAD.Flavour. */
enum { ONE_OBJECT, ALL_OBJECTS, TIMED, NAP, RAISED, CRITICAL, GUARDED, ALERTABLE, ALERTABLE_NAP };

#define NAP_TIME 3000000ll      /* 300 ms */

static VOID WaitSomehow(PVOID Context)
{
    PAPC_THREAD Thread = Context;
    PVOID Objects[2] = {&Thread->Object, &Thread->Other};
    LARGE_INTEGER Time = {.QuadPart = -NAP_TIME}, Long = {.QuadPart = -600000000ll};
    ULONGLONG Begin;
    KIRQL Irql = PASSIVE_LEVEL;

    KeSetEvent(&Thread->Ready, 0, FALSE);
    Begin = KeQueryInterruptTime();
    switch (Thread->Flavour) {
    case ALL_OBJECTS:
        Thread->Status = KeWaitForMultipleObjects(2, Objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
        break;
    case TIMED:
        Thread->Status = KeWaitForSingleObject(&Thread->Object, Executive, KernelMode, FALSE, &Time);
        break;
    case NAP:
        Thread->Status = KeDelayExecutionThread(KernelMode, FALSE, &Time);
        break;
    case RAISED:
        KeRaiseIrql(APC_LEVEL, &Irql);
        Thread->Status = ApcWait(&Thread->Object, 0);
        Thread->Stop = TRUE;
        ApcWait(&Thread->Other, 0);
        KeLowerIrql(Irql);
        break;
    case CRITICAL:
        KeEnterCriticalRegion();
        Thread->Status = ApcWait(&Thread->Object, 0);
        KeLeaveCriticalRegion();
        break;
    case GUARDED:
        KeEnterGuardedRegion();
        Thread->Status = ApcWait(&Thread->Object, 0);
        KeLeaveGuardedRegion();
        break;
    case ALERTABLE:
        Thread->Status = KeWaitForSingleObject(&Thread->Object, Executive, KernelMode, TRUE, &Long);
        break;
    case ALERTABLE_NAP:
        Thread->Status = KeDelayExecutionThread(KernelMode, TRUE, &Long);
        break;
    default:
        Thread->Status = ApcWait(&Thread->Object, 0);
    }
    Thread->Time = KeQueryInterruptTime() - Begin;
}

/* An APC of either kind comes into the wait, which then still ends as Object is signalled. */
static VOID InterruptAndSignal(ULONG Flavour, BOOLEAN Normal)
{
    APC_THREAD Thread;
    APC_RECORD Record;

    ApcBegin();
    REQUIRE(ApcStart(&Thread, WaitSomehow, Flavour));
    if (Normal)
        ApcNormal(&Record, Thread.Thread);
    else
        ApcSpecial(&Record, Thread.Thread);
    for (LONG Times = 1; Times <= 3; Times++) {
        EXPECT(ApcQueue(&Record));
        EXPECT(ApcRan(&Record, Times));
        EXPECT_EQUAL(Thread.Ended, 0);
    }
    KeSetEvent(&Thread.Object, 0, FALSE);
    KeSetEvent(&Thread.Other, 0, FALSE);
    ApcJoin(&Thread);
    EXPECT_STATUS(Thread.Status, STATUS_SUCCESS);
}

TEST_CASE(SpecialRunsInWait, "a special kernel APC runs in a wait at PASSIVE_LEVEL, and the wait goes on") {
    InterruptAndSignal(ONE_OBJECT, FALSE);
}

TEST_CASE(NormalRunsInWait, "a normal kernel APC runs in a wait at PASSIVE_LEVEL, and the wait goes on") {
    InterruptAndSignal(ONE_OBJECT, TRUE);
}

TEST_CASE(ApcRunsInWaitForAll, "KeWaitForMultipleObjects, WaitAll: the wait goes on, and takes all objects at once") {
    InterruptAndSignal(ALL_OBJECTS, TRUE);
}

TEST_CASE(SpecialRunsInCriticalRegion, "a wait in a critical region is interrupted by special kernel APCs") {
    InterruptAndSignal(CRITICAL, FALSE);
}

TEST_CASE(KernelApcDoesNotEndAlertable, "a kernel APC does not end an alertable wait") {
    InterruptAndSignal(ALERTABLE, TRUE);
}

TEST_CASE(SignalInApcIsNotLost, "an object that is signalled while the APC runs ends the wait, once") {
    APC_THREAD Thread;
    APC_RECORD Record;
    KEVENT Gate;

    ApcBegin();
    KeInitializeEvent(&Gate, NotificationEvent, FALSE);
    REQUIRE(ApcStart(&Thread, WaitSomehow, ONE_OBJECT));
    ApcNormal(&Record, Thread.Thread);
    Record.Gate = &Gate;
    EXPECT(ApcQueue(&Record));
    ApcSleep(50);
    EXPECT_EQUAL(Record.NormalOrder, 2);
    KeSetEvent(&Thread.Object, 0, FALSE);
    ApcSleep(50);
    EXPECT_EQUAL(Thread.Ended, 0);
    EXPECT(KeReadStateEvent(&Thread.Object) != 0);
    KeSetEvent(&Gate, 0, FALSE);
    ApcJoin(&Thread);
    EXPECT_STATUS(Thread.Status, STATUS_SUCCESS);
    EXPECT_EQUAL(KeReadStateEvent(&Thread.Object), 0);
}

/* APCs come all the time until the wait has ended. */
static VOID InterruptUntilOver(ULONG Flavour, NTSTATUS Expected)
{
    APC_THREAD Thread;
    APC_RECORD Record;
    ULONG Count = 0;

    ApcBegin();
    REQUIRE(ApcStart(&Thread, WaitSomehow, Flavour));
    ApcSpecial(&Record, Thread.Thread);
    for (; Thread.Ended == 0 && Count < 1000; Count++) {
        ApcQueue(&Record);
        ApcSleep(10);
    }
    EXPECT(Count < 1000);               /* else each APC would have begun the timeout anew */
    ApcJoin(&Thread);
    EXPECT_STATUS(Thread.Status, Expected);
    EXPECT(Thread.Time >= NAP_TIME);
    EXPECT(Record.Times > 0);
}

TEST_CASE(TimeoutIsNotRestarted, "a wait that APCs interrupt still times out at the time it was begun with, and not before") {
    InterruptUntilOver(TIMED, STATUS_TIMEOUT);
}

TEST_CASE(DelayIsNotRestarted, "KeDelayExecutionThread: APCs make the delay neither shorter nor longer") {
    InterruptUntilOver(NAP, STATUS_SUCCESS);
}

TEST_CASE(ApcMayWaitInWait, "an APC may itself wait with a timeout while the wait that it interrupts has one") {
    APC_THREAD Thread;
    APC_RECORD Record;
    KEVENT Gate;

    ApcBegin();
    KeInitializeEvent(&Gate, SynchronizationEvent, FALSE);
    REQUIRE(ApcStart(&Thread, WaitSomehow, TIMED));
    ApcSpecial(&Record, Thread.Thread);
    Record.Gate = &Gate;
    EXPECT(ApcQueue(&Record));
    ApcSleep(500);                      /* the timeout passes while the APC waits */
    EXPECT_EQUAL(Thread.Ended, 0);
    KeSetEvent(&Gate, 0, FALSE);
    ApcJoin(&Thread);
    EXPECT_STATUS(Thread.Status, STATUS_TIMEOUT);
    EXPECT_EQUAL(Record.Times, 1);
}

TEST_CASE(WaitAtApcLevelIsLeftAlone, "a wait at APC_LEVEL is not interrupted; the APC comes when the level is lowered") {
    APC_THREAD Thread;
    APC_RECORD Record;

    ApcBegin();
    REQUIRE(ApcStart(&Thread, WaitSomehow, RAISED));
    ApcSpecial(&Record, Thread.Thread);
    EXPECT(ApcQueue(&Record));
    ApcSleep(50);
    EXPECT_EQUAL(Record.Times, 0);
    KeSetEvent(&Thread.Object, 0, FALSE);
    for (ULONG Tries = 0; !Thread.Stop && Tries < 1000; Tries++)
        ApcSleep(10);
    EXPECT_EQUAL(Record.Times, 0);
    KeSetEvent(&Thread.Other, 0, FALSE);
    EXPECT(ApcRan(&Record, 1));
    ApcJoin(&Thread);
    EXPECT_STATUS(Thread.Status, STATUS_SUCCESS);
}

/* The wait goes on without the APC, which comes when the region is left. */
static VOID HeldBack(ULONG Flavour, BOOLEAN Normal)
{
    APC_THREAD Thread;
    APC_RECORD Record;

    ApcBegin();
    REQUIRE(ApcStart(&Thread, WaitSomehow, Flavour));
    if (Normal)
        ApcNormal(&Record, Thread.Thread);
    else
        ApcSpecial(&Record, Thread.Thread);
    EXPECT(ApcQueue(&Record));
    ApcSleep(50);
    EXPECT_EQUAL(Record.Times, 0);
    KeSetEvent(&Thread.Object, 0, FALSE);
    EXPECT(ApcRan(&Record, 1));
    ApcJoin(&Thread);
    EXPECT_STATUS(Thread.Status, STATUS_SUCCESS);
}

TEST_CASE(WaitInCriticalRegionIsLeftAlone, "a wait in a critical region is not interrupted by a normal kernel APC") {
    HeldBack(CRITICAL, TRUE);
}

TEST_CASE(WaitInGuardedRegionIsLeftAlone, "a wait in a guarded region is not interrupted by any kernel APC") {
    HeldBack(GUARDED, FALSE);
}

TEST_CASE(SemaphoreIsTakenOnce, "an interrupted wait takes one of a semaphore's counts, as any wait does") {
    KSEMAPHORE Semaphore;
    APC_RECORD Record;

    KeInitializeSemaphore(&Semaphore, 3, 3);
    ApcBegin();
    for (LONG Left = 3; Left > 0; Left--) {
        KIRQL Irql;
        ApcSpecial(&Record, KeGetCurrentThread());
        KeRaiseIrql(APC_LEVEL, &Irql);
        ApcQueue(&Record);
        EXPECT_STATUS(ApcWait(&Semaphore, 0), STATUS_SUCCESS);
        KeLowerIrql(Irql);
        EXPECT_EQUAL(Record.Times, 1);
        EXPECT_EQUAL(KeReadStateSemaphore(&Semaphore), Left - 1);
    }
}

/* Alerts --------------------------------------------------------------------------------------------------------- */

TEST_CASE(AlertEndsWait, "KeAlertThread: an alertable wait ends with STATUS_ALERTED, and takes nothing") {
    APC_THREAD Thread;

    REQUIRE(ApcStart(&Thread, WaitSomehow, ALERTABLE));
    EXPECT(!KeAlertThread(Thread.Thread, KernelMode));
    ApcJoin(&Thread);
    EXPECT_STATUS(Thread.Status, STATUS_ALERTED);
}

TEST_CASE(AlertEndsDelay, "KeAlertThread: an alertable KeDelayExecutionThread ends with STATUS_ALERTED") {
    APC_THREAD Thread;

    REQUIRE(ApcStart(&Thread, WaitSomehow, ALERTABLE_NAP));
    EXPECT(!KeAlertThread(Thread.Thread, KernelMode));
    ApcJoin(&Thread);
    EXPECT_STATUS(Thread.Status, STATUS_ALERTED);
}

TEST_CASE(AlertLeavesOtherWaits, "KeAlertThread: a wait that is not alertable goes on") {
    APC_THREAD Thread;

    REQUIRE(ApcStart(&Thread, WaitSomehow, ONE_OBJECT));
    EXPECT(!KeAlertThread(Thread.Thread, KernelMode));
    EXPECT(KeAlertThread(Thread.Thread, KernelMode));
    ApcSleep(50);
    EXPECT_EQUAL(Thread.Ended, 0);
    KeSetEvent(&Thread.Object, 0, FALSE);
    ApcJoin(&Thread);
    EXPECT_STATUS(Thread.Status, STATUS_SUCCESS);
}

TEST_CASE(AlertIsKept, "an alert stands until an alertable wait that would block, or KeTestAlertThread, notices it") {
    LARGE_INTEGER Now = {.QuadPart = 0};
    KEVENT Event;

    KeInitializeEvent(&Event, SynchronizationEvent, TRUE);
    KeAlertThread(KeGetCurrentThread(), KernelMode);
    EXPECT_STATUS(KeWaitForSingleObject(&Event, Executive, KernelMode, TRUE, NULL), STATUS_SUCCESS);
    EXPECT_STATUS(KeWaitForSingleObject(&Event, Executive, KernelMode, TRUE, NULL), STATUS_ALERTED);
    EXPECT_STATUS(KeWaitForSingleObject(&Event, Executive, KernelMode, TRUE, &Now), STATUS_TIMEOUT);
    KeAlertThread(KeGetCurrentThread(), KernelMode);
    EXPECT(KeTestAlertThread(KernelMode));
    EXPECT(!KeTestAlertThread(KernelMode));
}
