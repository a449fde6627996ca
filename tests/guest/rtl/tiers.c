/*
 * The routines that sources in the wild call most (tiers 1 to 3b of the documented interface): each is declared, and
 * either a macro or inline, or an export of the kernel's. A name that is missing keeps this driver from compiling, or
 * from loading.
 */
#include "testcase.h"
#include <ntifs.h>
#include <ntstrsafe.h>
#include <wdmsec.h>

/* Macros. */
#if !defined(IoCompleteRequest) || !defined(KdPrint)
#error "a macro of the documented interface is missing"
#endif
#if !defined(MmGetMdlByteCount) || !defined(MmGetSystemAddressForMdlSafe)
#error "a macro of the documented interface is missing"
#endif
#if !defined(RtlCopyBytes) || !defined(RtlCopyMemory)
#error "a macro of the documented interface is missing"
#endif
#if !defined(RtlZeroMemory) || !defined(ExInitializeDriverRuntime)
#error "a macro of the documented interface is missing"
#endif
#if !defined(Int32x32To64) || !defined(InterlockedDecrement)
#error "a macro of the documented interface is missing"
#endif
#if !defined(InterlockedIncrement) || !defined(IoAcquireRemoveLock)
#error "a macro of the documented interface is missing"
#endif
#if !defined(IoInitializeDpcRequest) || !defined(IoInitializeRemoveLock)
#error "a macro of the documented interface is missing"
#endif
#if !defined(IoReleaseRemoveLock) || !defined(IoReleaseRemoveLockAndWait)
#error "a macro of the documented interface is missing"
#endif
#if !defined(KeAcquireSpinLock) || !defined(KeRaiseIrql)
#error "a macro of the documented interface is missing"
#endif
#if !defined(ExInterlockedFlushSList) || !defined(ExInterlockedPopEntrySList)
#error "a macro of the documented interface is missing"
#endif
#if !defined(ExInterlockedPushEntrySList) || !defined(InitializeObjectAttributes)
#error "a macro of the documented interface is missing"
#endif
#if !defined(InterlockedCompareExchange) || !defined(RtlCopyMemoryNonTemporal)
#error "a macro of the documented interface is missing"
#endif
#if !defined(RtlEqualMemory) || !defined(RtlFillBytes)
#error "a macro of the documented interface is missing"
#endif
#if !defined(RtlFillMemory) || !defined(RtlMoveMemory)
#error "a macro of the documented interface is missing"
#endif
#if !defined(RtlPrefetchMemoryNonTemporal) || !defined(RtlZeroBytes)
#error "a macro of the documented interface is missing"
#endif
#if !defined(ZwCurrentProcess) || !defined(BooleanFlagOn)
#error "a macro of the documented interface is missing"
#endif
#if !defined(ExReleaseResource) || !defined(FlagOn)
#error "a macro of the documented interface is missing"
#endif
#if !defined(FsRtlIsAnsiCharacterLegalFat) || !defined(FsRtlIsAnsiCharacterLegalHpfs)
#error "a macro of the documented interface is missing"
#endif
#if !defined(FsRtlIsAnsiCharacterLegalNtfs) || !defined(FsRtlIsAnsiCharacterLegalNtfsStream)
#error "a macro of the documented interface is missing"
#endif
#if !defined(FsRtlIsAnsiCharacterWild) || !defined(InterlockedAnd)
#error "a macro of the documented interface is missing"
#endif
#if !defined(InterlockedCompareExchangeAcquire) || !defined(InterlockedCompareExchangePointer)
#error "a macro of the documented interface is missing"
#endif
#if !defined(InterlockedCompareExchangeRelease) || !defined(InterlockedDecrementAcquire)
#error "a macro of the documented interface is missing"
#endif
#if !defined(InterlockedDecrementRelease) || !defined(InterlockedExchange)
#error "a macro of the documented interface is missing"
#endif
#if !defined(InterlockedExchangeAdd) || !defined(InterlockedExchangePointer)
#error "a macro of the documented interface is missing"
#endif
#if !defined(InterlockedIncrementAcquire) || !defined(InterlockedIncrementRelease)
#error "a macro of the documented interface is missing"
#endif
#if !defined(InterlockedOr) || !defined(InterlockedXor)
#error "a macro of the documented interface is missing"
#endif
#if !defined(InterlockedXor64)
#error "a macro of the documented interface is missing"
#endif

/* Inline: of the driver's own. */
#define USED(Name) (PVOID)Name
static const PVOID Inline[] = {
    USED(IoGetCurrentIrpStackLocation), USED(READ_PORT_UCHAR), USED(WRITE_PORT_UCHAR), USED(InitializeListHead),
    USED(InsertTailList), USED(IoCreateDeviceSecure), USED(IoMarkIrpPending), USED(IoSetCancelRoutine),
    USED(IsListEmpty), USED(KeGetCurrentIrql), USED(RemoveEntryList), USED(RemoveHeadList), USED(PopEntryList),
    USED(PushEntryList), USED(RtlInitEmptyUnicodeString), USED(RtlStringCbCopyExA), USED(__readeflags),
    USED(RtlStringCbPrintfA), USED(RtlUnicodeStringPrintf), USED(RtlUnicodeStringPrintfEx),
};

/* Exports, by name. */
#define NAMED(Name) {#Name, (PVOID)Name}
static const struct {
    PCSTR Name;
    PVOID Routine;
} Exports[] = {
    NAMED(DbgPrint), NAMED(ExAllocatePool2), NAMED(ExFreePool), NAMED(IoAllocateMdl), NAMED(IoCreateDevice),
    NAMED(IoCreateSymbolicLink), NAMED(IoDeleteDevice), NAMED(IoDeleteSymbolicLink), NAMED(IoFreeMdl),
    NAMED(MmPageEntireDriver), NAMED(MmProbeAndLockPages), NAMED(MmUnlockPages), NAMED(ProbeForRead),
    NAMED(RtlInitUnicodeString), NAMED(DbgBreakPoint), NAMED(ExAcquireFastMutex), NAMED(ExAllocatePoolQuotaZero),
    NAMED(ExFreePoolWithTag), NAMED(ExInitializeFastMutex), NAMED(ExReleaseFastMutex), NAMED(HalMakeBeep),
    NAMED(IoAcquireCancelSpinLock), NAMED(IoCsqInitialize), NAMED(IoCsqInitializeEx), NAMED(IoCsqInsertIrp),
    NAMED(IoCsqInsertIrpEx), NAMED(IoCsqRemoveNextIrp), NAMED(IoReleaseCancelSpinLock), NAMED(IoStartNextPacket),
    NAMED(IoStartPacket), NAMED(KeAcquireSpinLockAtDpcLevel), NAMED(KeCancelTimer), NAMED(KeDelayExecutionThread),
    NAMED(KeEnterCriticalRegion), NAMED(KeGetCurrentThread), NAMED(KeInitializeDpc), NAMED(KeInitializeSemaphore),
    NAMED(KeInitializeSpinLock), NAMED(KeInitializeTimer), NAMED(KeLeaveCriticalRegion), NAMED(KeLowerIrql),
    NAMED(KeQuerySystemTime), NAMED(KeReleaseSemaphore), NAMED(KeReleaseSpinLock),
    NAMED(KeReleaseSpinLockFromDpcLevel), NAMED(KeRemoveDeviceQueue), NAMED(KeRemoveEntryDeviceQueue),
    NAMED(KeSetEvent), NAMED(KeSetPriorityThread), NAMED(KeSetTimer), NAMED(KeWaitForSingleObject),
    NAMED(MmLockPagableDataSection), NAMED(MmUnlockPagableImageSection), NAMED(ObDereferenceObject),
    NAMED(ObReferenceObjectByHandle), NAMED(PsCreateSystemThread), NAMED(PsTerminateSystemThread), NAMED(ZwClose),
    NAMED(ExAcquireFastMutexUnsafe), NAMED(ExAllocatePool), NAMED(ExAllocatePoolWithTag),
    NAMED(ExInterlockedInsertHeadList), NAMED(ExInterlockedInsertTailList), NAMED(ExInterlockedPopEntryList),
    NAMED(ExInterlockedPushEntryList), NAMED(ExInterlockedRemoveHeadList), NAMED(ExRaiseStatus),
    NAMED(ExReleaseFastMutexUnsafe), NAMED(ExTryToAcquireFastMutex), NAMED(ExUuidCreate), NAMED(IoAllocateIrp),
    NAMED(IoFreeIrp), NAMED(IoInitializeIrp), NAMED(KeAreApcsDisabled), NAMED(KeClearEvent),
    NAMED(KeInitializeDeviceQueue), NAMED(KeInitializeEvent), NAMED(KeInitializeTimerEx),
    NAMED(KeInsertDeviceQueue), NAMED(KeInsertQueueDpc), NAMED(KeRaiseIrqlToDpcLevel),
    NAMED(KeRaiseIrqlToSynchLevel), NAMED(KeReadStateTimer), NAMED(KeRemoveQueueDpc),
    NAMED(KeRestoreFloatingPointState), NAMED(KeSaveFloatingPointState), NAMED(KeStallExecutionProcessor),
    NAMED(MmGetSystemRoutineAddress), NAMED(ObCloseHandle), NAMED(RtlCompareMemory), NAMED(RtlCompareMemoryUlong),
    NAMED(RtlCompareString), NAMED(RtlDeleteElementGenericTable), NAMED(RtlEnumerateGenericTable),
    NAMED(RtlFillMemoryUlong), NAMED(RtlFreeUnicodeString), NAMED(RtlGetElementGenericTable),
    NAMED(RtlInitAnsiString), NAMED(RtlInitializeGenericTable), NAMED(RtlInsertElementGenericTable),
    NAMED(RtlLookupElementGenericTable), NAMED(RtlNumberGenericTableElements), NAMED(RtlSecureZeroMemory),
    NAMED(RtlUpcaseUnicodeString), NAMED(ZwAllocateVirtualMemory), NAMED(ZwFreeVirtualMemory),
    NAMED(ExAcquireResourceExclusiveLite), NAMED(ExAcquireResourceSharedLite),
    NAMED(ExAcquireSharedStarveExclusive), NAMED(ExAcquireSharedWaitForExclusive),
    NAMED(ExAllocatePoolWithQuotaTag), NAMED(ExConvertExclusiveToSharedLite), NAMED(ExCreateCallback),
    NAMED(ExDeleteResourceLite), NAMED(ExGetExclusiveWaiterCount), NAMED(ExGetSharedWaiterCount),
    NAMED(ExInitializeResourceLite), NAMED(ExInterlockedAddLargeInteger), NAMED(ExInterlockedAddUlong),
    NAMED(ExIsResourceAcquiredExclusiveLite), NAMED(ExIsResourceAcquiredSharedLite), NAMED(ExNotifyCallback),
    NAMED(ExRegisterCallback), NAMED(ExReinitializeResourceLite), NAMED(ExReleaseResourceForThreadLite),
    NAMED(ExReleaseResourceLite), NAMED(ExSetResourceOwnerPointer), NAMED(ExUnregisterCallback),
    NAMED(FsRtlAddLargeMcbEntry), NAMED(FsRtlAddToTunnelCache), NAMED(FsRtlDeleteKeyFromTunnelCache),
    NAMED(FsRtlDeleteTunnelCache), NAMED(FsRtlDissectDbcs), NAMED(FsRtlDissectName), NAMED(FsRtlFindInTunnelCache),
    NAMED(FsRtlGetNextLargeMcbEntry), NAMED(FsRtlInitializeLargeMcb), NAMED(FsRtlInitializeTunnelCache),
    NAMED(FsRtlIsDbcsInExpression), NAMED(FsRtlIsFatDbcsLegal), NAMED(FsRtlIsHpfsDbcsLegal),
    NAMED(FsRtlIsNameInExpression), NAMED(FsRtlLookupLargeMcbEntry), NAMED(FsRtlLookupLastLargeMcbEntry),
    NAMED(FsRtlLookupLastLargeMcbEntryAndIndex), NAMED(FsRtlNumberOfRunsInLargeMcb),
    NAMED(FsRtlRemoveLargeMcbEntry), NAMED(FsRtlSplitLargeMcb), NAMED(FsRtlTruncateLargeMcb),
    NAMED(FsRtlUninitializeLargeMcb), NAMED(IoCreateNotificationEvent), NAMED(IoCreateSynchronizationEvent),
    NAMED(KeAcquireInStackQueuedSpinLock), NAMED(KeAcquireInStackQueuedSpinLockAtDpcLevel),
    NAMED(KeAcquireInStackQueuedSpinLockRaiseToSynch), NAMED(KeAcquireQueuedSpinLock),
    NAMED(KeAcquireQueuedSpinLockRaiseToSynch), NAMED(KeAcquireSpinLockRaiseToSynch), NAMED(KeInitializeMutant),
    NAMED(KeInitializeMutex), NAMED(KePulseEvent), NAMED(KeQueryPriorityThread), NAMED(KeReadStateEvent),
    NAMED(KeReleaseInStackQueuedSpinLock), NAMED(KeReleaseInStackQueuedSpinLockFromDpcLevel),
    NAMED(KeReleaseMutant), NAMED(KeReleaseMutex), NAMED(KeReleaseQueuedSpinLock), NAMED(KeResetEvent),
    NAMED(KeTryToAcquireQueuedSpinLock), NAMED(KeTryToAcquireQueuedSpinLockRaiseToSynch),
    NAMED(KeWaitForMultipleObjects), NAMED(PsGetCurrentProcess), NAMED(RtlAddRange),
    NAMED(RtlAnsiStringToUnicodeString), NAMED(RtlAppendUnicodeToString), NAMED(RtlCompareUnicodeString),
    NAMED(RtlCopyUnicodeString), NAMED(RtlDeleteRange), NAMED(RtlFreeAnsiString), NAMED(RtlFreeRangeList),
    NAMED(RtlGetFirstRange), NAMED(RtlGetNextRange), NAMED(RtlInitializeRangeList), NAMED(RtlIsRangeAvailable),
    NAMED(RtlUnicodeStringToAnsiString),
};

TEST_CASE(EveryRoutineOfTheTiers, "DDK 13: MmGetSystemRoutineAddress finds every exported routine by its name") {
    for (ULONG Index = 0; Index < ARRAYSIZE(Exports); Index++) {
        UNICODE_STRING Name;
        ANSI_STRING Ansi;

        RtlInitAnsiString(&Ansi, Exports[Index].Name);
        REQUIRE(NT_SUCCESS(RtlAnsiStringToUnicodeString(&Name, &Ansi, TRUE)));
        TestExpect(MmGetSystemRoutineAddress(&Name) == Exports[Index].Routine, Exports[Index].Name, __FILE__, __LINE__);
        RtlFreeUnicodeString(&Name);
    }
    for (ULONG Index = 0; Index < ARRAYSIZE(Inline); Index++)
        EXPECT(Inline[Index] != NULL);
}
