/* Guarded mutexes, push locks, rundown protection, callback objects. */
#include "sync.h"

static KGUARDED_MUTEX Guarded;
static EX_PUSH_LOCK PushLock;
static EX_RUNDOWN_REF Rundown;
static volatile LONG Value, Mirror;

static VOID CountGuarded(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 300; Round++) {
        LONG Seen;
        KeAcquireGuardedMutex(&Guarded);
        Seen = Value;
        if (Round % 100 == 0)
            SyncSleep(1);
        Value = Seen + 1;
        KeReleaseGuardedMutex(&Guarded);
    }
}

TEST_CASE(GuardedMutex, "a guarded mutex lets one thread in, with APCs kept away, and is refused to who only tries") {
    KeInitializeGuardedMutex(&Guarded);
    KeAcquireGuardedMutex(&Guarded);
    EXPECT(KeAreAllApcsDisabled());
    EXPECT(!KeTryToAcquireGuardedMutex(&Guarded));
    KeReleaseGuardedMutex(&Guarded);
    EXPECT(!KeAreAllApcsDisabled());
    EXPECT(KeTryToAcquireGuardedMutex(&Guarded));
    KeReleaseGuardedMutex(&Guarded);
    KeEnterCriticalRegion();
    KeAcquireGuardedMutexUnsafe(&Guarded);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeReleaseGuardedMutexUnsafe(&Guarded);
    KeLeaveCriticalRegion();
    Value = 0;
    TestOnThreads(4, CountGuarded, NULL);
    EXPECT_EQUAL(Value, 1200);
}

/* Push locks ----------------------------------------------------------------------------------------------------- */

static VOID LockShared(PVOID Lock)
{
    ExAcquirePushLockShared(Lock);
}

static VOID LockExclusive(PVOID Lock)
{
    ExAcquirePushLockExclusive(Lock);
}

static VOID UnlockShared(PVOID Lock)
{
    ExReleasePushLockShared(Lock);
}

static VOID UnlockExclusive(PVOID Lock)
{
    ExReleasePushLockExclusive(Lock);
}

TEST_CASE(PushLockOrder, "a push lock is shared until somebody waits for it exclusively, and then goes by turns") {
    ACTOR Actors[5];

    ExInitializePushLock(&PushLock);
    EXPECT_EQUAL(sizeof(PushLock), sizeof(PVOID));
    REQUIRE(ActorsStart(Actors, 5, &PushLock));
    ActorDo(&Actors[0], LockShared);
    ActorDo(&Actors[1], LockShared);
    ActorBegin(&Actors[2], LockExclusive);
    SyncSleep(20);
    EXPECT(!ActorIsDone(&Actors[2]));
    ActorBegin(&Actors[3], LockShared);         /* behind the one who waits */
    ActorBegin(&Actors[4], LockShared);
    SyncSleep(20);
    EXPECT(!ActorIsDone(&Actors[3]));
    EXPECT(!ActorIsDone(&Actors[4]));
    ActorDo(&Actors[0], UnlockShared);
    SyncSleep(20);
    EXPECT(!ActorIsDone(&Actors[2]));
    ActorDo(&Actors[1], UnlockShared);
    ActorFinish(&Actors[2]);
    EXPECT(!ActorIsDone(&Actors[3]));
    ActorDo(&Actors[2], UnlockExclusive);
    ActorFinish(&Actors[3]);                    /* both at once */
    ActorFinish(&Actors[4]);
    ActorDo(&Actors[3], UnlockShared);
    ActorDo(&Actors[4], UnlockShared);
    EXPECT_EQUAL(PushLock, 0);
    ActorsEnd(Actors, 5);
}

static EX_PUSH_LOCK PushLocks[3];
static volatile LONG Values[3], Mirrors[3];

static VOID PushLoad(PVOID Context)
{
    ULONG Seed = (ULONG)(ULONG_PTR)KeGetCurrentThread() >> 4;

    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 1000; Round++) {
        ULONG Which;

        Seed = Seed * 1103515245 + 12345;
        Which = (Seed >> 20) % 3;
        if ((Seed >> 16 & 3) == 0) {
            ExAcquirePushLockExclusive(&PushLocks[Which]);
            Values[Which] = Values[Which] + 1;
            if ((Seed >> 24 & 31) == 0)
                SyncSleep(1);
            Mirrors[Which] = Values[Which];
            ExReleasePushLockExclusive(&PushLocks[Which]);
            InterlockedIncrement(&Value);
        } else {
            ExAcquirePushLockShared(&PushLocks[Which]);
            EXPECT_EQUAL(Values[Which], Mirrors[Which]);
            if ((Seed >> 24 & 63) == 0)
                SyncSleep(1);
            EXPECT_EQUAL(Values[Which], Mirrors[Which]);
            ExReleasePushLockShared(&PushLocks[Which]);
        }
    }
}

TEST_CASE(PushLockUnderLoad, "nobody who shares a push lock sees what its exclusive owner has half done") {
    Value = 0;
    for (ULONG Index = 0; Index < 3; Index++) {
        ExInitializePushLock(&PushLocks[Index]);
        Values[Index] = Mirrors[Index] = 0;
    }
    TestOnThreads(6, PushLoad, NULL);
    EXPECT_EQUAL(Values[0] + Values[1] + Values[2], Value);
    for (ULONG Index = 0; Index < 3; Index++)
        EXPECT_EQUAL(PushLocks[Index], 0);
}

/* Rundown protection --------------------------------------------------------------------------------------------- */

static VOID RunDown(PVOID Lock)
{
    ExWaitForRundownProtectionRelease(Lock);
}

TEST_CASE(RundownProtection, "rundown refuses new uses from its beginning on and ends after the last old one") {
    ACTOR Actor;
    KIRQL OldIrql;

    ExInitializeRundownProtection(&Rundown);
    EXPECT(ExAcquireRundownProtection(&Rundown));
    EXPECT(ExAcquireRundownProtectionEx(&Rundown, 2));
    ExReleaseRundownProtection(&Rundown);
    EXPECT(ExAcquireRundownProtection(&Rundown));       /* no end has begun: again */
    REQUIRE(ActorsStart(&Actor, 1, &Rundown));
    ActorBegin(&Actor, RunDown);
    for (ULONG Try = 0; Try < 1000 && !(Rundown.Count & 1); Try++)
        SyncSleep(1);
    EXPECT(!ExAcquireRundownProtection(&Rundown));
    EXPECT(!ExAcquireRundownProtectionEx(&Rundown, 5));
    ExReleaseRundownProtectionEx(&Rundown, 2);
    SyncSleep(20);
    EXPECT(!ActorIsDone(&Actor));
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    ExReleaseRundownProtection(&Rundown);
    KeLowerIrql(OldIrql);
    ActorFinish(&Actor);
    ExRundownCompleted(&Rundown);
    EXPECT(!ExAcquireRundownProtection(&Rundown));
    ExWaitForRundownProtectionRelease(&Rundown);        /* it is over: at once */
    ExReInitializeRundownProtection(&Rundown);
    EXPECT(ExAcquireRundownProtection(&Rundown));
    ExReleaseRundownProtection(&Rundown);
    ExWaitForRundownProtectionRelease(&Rundown);        /* nobody uses it: at once */
    EXPECT(!ExAcquireRundownProtection(&Rundown));
    ActorsEnd(&Actor, 1);
}

static volatile LONG Alive;

static VOID UseUntilRefused(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    while (ExAcquireRundownProtection(&Rundown)) {
        EXPECT_EQUAL(Alive, 1);
        InterlockedIncrement(&Value);
        ExReleaseRundownProtection(&Rundown);
    }
}

/* A while from the first use on: on a busy machine that may be late. */
static VOID EndAfterAWhile(PVOID Lock)
{
    while (Value == 0)
        SyncSleep(1);
    SyncSleep(30);
    ExWaitForRundownProtectionRelease(Lock);
    Alive = 0;
}

TEST_CASE(RundownUnderLoad, "whoever has rundown protection finds the thing alive") {
    ACTOR Actor;

    for (ULONG Round = 0; Round < 5; Round++) {
        Alive = 1;
        Value = 0;
        ExInitializeRundownProtection(&Rundown);
        REQUIRE(ActorsStart(&Actor, 1, &Rundown));
        ActorBegin(&Actor, EndAfterAWhile);
        TestOnThreads(4, UseUntilRefused, NULL);
        ActorFinish(&Actor);
        ActorsEnd(&Actor, 1);
    }
}

/* Callback objects ----------------------------------------------------------------------------------------------- */

static ULONG Calls;
static PVOID LastFirst, LastSecond;
static KIRQL CallIrql;

static VOID Called(PVOID Context, PVOID Argument1, PVOID Argument2)
{
    Calls = Calls * 10 + (ULONG)(ULONG_PTR)Context;
    LastFirst = Argument1;
    LastSecond = Argument2;
    CallIrql = KeGetCurrentIrql();
}

static NTSTATUS Callback(PCALLBACK_OBJECT *Object, PCWSTR Path, ULONG Attributes, BOOLEAN Create, BOOLEAN Multiple)
{
    OBJECT_ATTRIBUTES ObjectAttributes;
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, Path);
    InitializeObjectAttributes(&ObjectAttributes, Path != NULL ? &Name : NULL, OBJ_CASE_INSENSITIVE | Attributes, NULL,
                               NULL);
    return ExCreateCallback(Object, &ObjectAttributes, Create, Multiple);
}

TEST_CASE(CallbackOrder, "registered routines are called in order, with both arguments, at the notifier's level") {
    PCALLBACK_OBJECT Object;
    PVOID First, Second, Third;
    KIRQL OldIrql;

    EXPECT_STATUS(Callback(&Object, L"\\Callback\\NotThere", 0, FALSE, TRUE), STATUS_OBJECT_NAME_NOT_FOUND);
    REQUIRE(NT_SUCCESS(Callback(&Object, L"\\Callback\\Tide", 0, TRUE, TRUE)));
    ExNotifyCallback(Object, NULL, NULL);       /* nobody is interested */
    Calls = 0;
    First = ExRegisterCallback(Object, Called, (PVOID)1);
    Second = ExRegisterCallback(Object, Called, (PVOID)2);
    Third = ExRegisterCallback(Object, Called, (PVOID)3);
    EXPECT(First != NULL && Second != NULL && Third != NULL);
    ExNotifyCallback(Object, &Calls, &Object);
    EXPECT_EQUAL(Calls, 123);
    EXPECT(LastFirst == &Calls && LastSecond == &Object);
    EXPECT_EQUAL(CallIrql, PASSIVE_LEVEL);
    ExUnregisterCallback(Second);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    ExNotifyCallback(Object, NULL, NULL);
    KeLowerIrql(OldIrql);
    EXPECT_EQUAL(Calls, 12313);
    EXPECT_EQUAL(CallIrql, DISPATCH_LEVEL);
    ExUnregisterCallback(First);
    ExUnregisterCallback(Third);
    ObDereferenceObject(Object);
}

TEST_CASE(CallbackOne, "an object made for one routine refuses a second; an unnamed object and a found one work") {
    PCALLBACK_OBJECT Object;
    PVOID Registration;

    REQUIRE(NT_SUCCESS(Callback(&Object, NULL, 0, TRUE, FALSE)));
    Registration = ExRegisterCallback(Object, Called, (PVOID)1);
    EXPECT(Registration != NULL);
    EXPECT(ExRegisterCallback(Object, Called, (PVOID)2) == NULL);
    ExUnregisterCallback(Registration);
    Registration = ExRegisterCallback(Object, Called, (PVOID)4);
    EXPECT(Registration != NULL);
    Calls = 0;
    ExNotifyCallback(Object, NULL, NULL);
    EXPECT_EQUAL(Calls, 4);
    ExUnregisterCallback(Registration);
    ObDereferenceObject(Object);
}

static KEVENT Entered, Leave;

static VOID Slow(PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeSetEvent(&Entered, 0, FALSE);
    KeWaitForSingleObject(&Leave, Executive, KernelMode, FALSE, NULL);
    InterlockedIncrement((volatile LONG *)Context);
}

static VOID Notify(PVOID Object)
{
    ExNotifyCallback(Object, NULL, NULL);
}

static PVOID Registration;

static VOID Unregister(PVOID Object)
{
    UNREFERENCED_PARAMETER(Object);
    ExUnregisterCallback(Registration);
}

TEST_CASE(CallbackUnregisterWaits, "ExUnregisterCallback returns when the routine runs nowhere any more") {
    PCALLBACK_OBJECT Object;
    ACTOR Actors[2];

    Value = 0;
    KeInitializeEvent(&Entered, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Leave, SynchronizationEvent, FALSE);
    REQUIRE(NT_SUCCESS(Callback(&Object, NULL, 0, TRUE, TRUE)));
    Registration = ExRegisterCallback(Object, Slow, (PVOID)&Value);
    REQUIRE(ActorsStart(Actors, 2, Object));
    ActorBegin(&Actors[0], Notify);
    KeWaitForSingleObject(&Entered, Executive, KernelMode, FALSE, NULL);
    ActorBegin(&Actors[1], Unregister);
    SyncSleep(20);
    EXPECT(!ActorIsDone(&Actors[1]));
    ExNotifyCallback(Object, NULL, NULL);       /* who is leaving is not called again */
    KeSetEvent(&Leave, 0, FALSE);
    ActorFinish(&Actors[1]);
    ActorFinish(&Actors[0]);
    EXPECT_EQUAL(Value, 1);
    ActorsEnd(Actors, 2);
    ObDereferenceObject(Object);
}
