/* Critical and guarded regions, and the locks that stand for them ("Critical Regions and Guarded Regions"). */
#include "apc.h"

static APC_RECORD Special, Normal;

/* Queues one of each kind to the caller; TRUE: so many of them have run. */
static BOOLEAN QueueBoth(LONG Specials, LONG Normals)
{
    ApcBegin();
    ApcSpecial(&Special, KeGetCurrentThread());
    ApcNormal(&Normal, KeGetCurrentThread());
    EXPECT(ApcQueue(&Normal));
    EXPECT(ApcQueue(&Special));
    return Special.Times == Specials && Normal.Times == Normals;
}

TEST_CASE(CriticalRegionHoldsNormal, "KeEnterCriticalRegion: no normal kernel APC until the last KeLeaveCriticalRegion") {
    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    EXPECT(QueueBoth(1, 0));
    KeLeaveCriticalRegion();
    EXPECT_EQUAL(Normal.Times, 0);
    KeLeaveCriticalRegion();
    EXPECT_EQUAL(Normal.Times, 1);
    EXPECT_EQUAL(Normal.NormalIrql, PASSIVE_LEVEL);
}

TEST_CASE(GuardedRegionHoldsAll, "KeEnterGuardedRegion: no kernel APC at all until the last KeLeaveGuardedRegion") {
    KeEnterGuardedRegion();
    KeEnterGuardedRegion();
    EXPECT(QueueBoth(0, 0));
    KeLeaveGuardedRegion();
    EXPECT_EQUAL(Special.Times, 0);
    KeLeaveGuardedRegion();
    EXPECT_EQUAL(Special.Times, 1);
    EXPECT_EQUAL(Normal.Times, 1);
    EXPECT_EQUAL(Special.KernelOrder, 1);
}

TEST_CASE(RegionsTogether, "leaving a guarded region inside a critical one lets special APCs in, and no normal ones") {
    KeEnterCriticalRegion();
    KeEnterGuardedRegion();
    EXPECT(QueueBoth(0, 0));
    KeLeaveGuardedRegion();
    EXPECT_EQUAL(Special.Times, 1);
    EXPECT_EQUAL(Normal.Times, 0);
    KeLeaveCriticalRegion();
    EXPECT_EQUAL(Normal.Times, 1);
}

TEST_CASE(LeavingAtApcLevel, "KeLeaveCriticalRegion at APC_LEVEL: the APC comes when the level is lowered") {
    KIRQL Irql;

    KeEnterCriticalRegion();
    EXPECT(QueueBoth(1, 0));
    KeRaiseIrql(APC_LEVEL, &Irql);
    KeLeaveCriticalRegion();
    EXPECT_EQUAL(Normal.Times, 0);
    KeLowerIrql(Irql);
    EXPECT_EQUAL(Normal.Times, 1);
}

TEST_CASE(WhatIsDisabled, "KeAreApcsDisabled: in either region. KeAreAllApcsDisabled: in a guarded one, or at APC_LEVEL") {
    KIRQL Irql;

    EXPECT(!KeAreApcsDisabled() && !KeAreAllApcsDisabled());
    KeEnterCriticalRegion();
    EXPECT(KeAreApcsDisabled() && !KeAreAllApcsDisabled());
    KeLeaveCriticalRegion();
    KeEnterGuardedRegion();
    EXPECT(KeAreApcsDisabled() && KeAreAllApcsDisabled());
    KeLeaveGuardedRegion();
    KeRaiseIrql(APC_LEVEL, &Irql);
    EXPECT(!KeAreApcsDisabled() && KeAreAllApcsDisabled());
    KeLowerIrql(Irql);
    EXPECT(!KeAreApcsDisabled() && !KeAreAllApcsDisabled());
}

TEST_CASE(MutexHoldsNormal, "KeInitializeMutex: its owner gets special kernel APCs and no normal ones, until it is free") {
    KMUTEX Mutex;

    KeInitializeMutex(&Mutex, 0);
    ApcWait(&Mutex, 0);
    ApcWait(&Mutex, 0);
    EXPECT(QueueBoth(1, 0));
    KeReleaseMutex(&Mutex, FALSE);
    EXPECT_EQUAL(Normal.Times, 0);
    KeReleaseMutex(&Mutex, FALSE);
    EXPECT_EQUAL(Normal.Times, 1);
    EXPECT(!KeAreApcsDisabled());
}

TEST_CASE(MutantHoldsNothing, "KeInitializeMutant: its owner gets all kernel APCs") {
    KMUTANT Mutant;

    KeInitializeMutant(&Mutant, TRUE);
    EXPECT(QueueBoth(1, 1));
    KeReleaseMutant(&Mutant, 0, FALSE, FALSE);
}

TEST_CASE(GuardedMutexGuards, "KeAcquireGuardedMutex: the owner is in a guarded region, at its old level") {
    KGUARDED_MUTEX Mutex;

    KeInitializeGuardedMutex(&Mutex);
    KeAcquireGuardedMutex(&Mutex);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT(KeAreAllApcsDisabled());
    EXPECT(QueueBoth(0, 0));
    KeReleaseGuardedMutex(&Mutex);
    EXPECT_EQUAL(Special.Times, 1);
    EXPECT_EQUAL(Normal.Times, 1);
    EXPECT(KeTryToAcquireGuardedMutex(&Mutex));
    EXPECT(KeAreAllApcsDisabled());
    KeReleaseGuardedMutex(&Mutex);
    EXPECT(!KeAreAllApcsDisabled());
}

TEST_CASE(FailedTryLeavesRegion, "KeTryToAcquireGuardedMutex: FALSE leaves the caller in no guarded region") {
    KGUARDED_MUTEX Mutex;

    KeInitializeGuardedMutex(&Mutex);
    KeAcquireGuardedMutexUnsafe(&Mutex);
    EXPECT(!KeTryToAcquireGuardedMutex(&Mutex));
    EXPECT(!KeAreAllApcsDisabled());
    KeReleaseGuardedMutexUnsafe(&Mutex);
}

TEST_CASE(AttachedThreadKeepsItsApcs, "KeStackAttachProcess: an APC for the own process waits until KeUnstackDetachProcess") {
    APC_RECORD Attached;
    KAPC_STATE State, Nested;

    ApcBegin();
    ApcSpecial(&Special, KeGetCurrentThread());
    KeStackAttachProcess((PRKPROCESS)PsInitialSystemProcess, &State);
    KeStackAttachProcess((PRKPROCESS)PsInitialSystemProcess, &Nested);      /* it is there already */
    EXPECT(ApcQueue(&Special));
    EXPECT_EQUAL(Special.Times, 0);
    RtlZeroMemory(&Attached, sizeof(Attached));
    ApcSpecial(&Attached, KeGetCurrentThread());
    Attached.Apc.ApcStateIndex = AttachedApcEnvironment;
    EXPECT(ApcQueue(&Attached));
    EXPECT_EQUAL(Attached.Times, 1);
    KeUnstackDetachProcess(&Nested);
    EXPECT_EQUAL(Special.Times, 0);
    KeUnstackDetachProcess(&State);
    EXPECT_EQUAL(Special.Times, 1);
    EXPECT(PsGetCurrentProcess() != PsInitialSystemProcess);
}
