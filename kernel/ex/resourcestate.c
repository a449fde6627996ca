/* Resources: their beginning and end, who owns them, and the names that bring a critical region along (resource.c). */
#include "ex/resource.h"

/* A free resource in resident memory. Always STATUS_SUCCESS. IRQL: <= DISPATCH_LEVEL. */
NTSTATUS ExInitializeResourceLite(PERESOURCE Resource)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    RtlZeroMemory(Resource, sizeof(*Resource));
    InitializeListHead(&Resource->SharedWaiters);
    InitializeListHead(&Resource->ExclusiveWaiters);
    KeInitializeSpinLock(&Resource->SpinLock);
    return STATUS_SUCCESS;
}
NT_EXPORT(ExInitializeResourceLite);

/* A resource that goes or starts again has neither owners nor waiters. */
static VOID ExpRequireUnowned(PERESOURCE Resource, PCSTR Routine, PVOID Caller)
{
    if (Resource->ActiveEntries != 0 || Resource->NumberOfSharedWaiters != 0 || Resource->NumberOfExclusiveWaiters != 0)
        KiBugCheck(DRIVER_VERIFIER_DETECTED_VIOLATION, (ULONG_PTR)Resource, Resource->ActiveEntries,
                   Resource->NumberOfSharedWaiters, Resource->NumberOfExclusiveWaiters, NULL,
                   "%s was called from %s for the resource at %p, which %u threads own and %u wait for. All of them "
                   "must have given it back before.", Routine, KiWords(Caller).Text, Resource, Resource->ActiveEntries,
                   Resource->NumberOfSharedWaiters + Resource->NumberOfExclusiveWaiters);
}

/* As new, with the room for owners that it had. IRQL: <= DISPATCH_LEVEL. */
NTSTATUS ExReinitializeResourceLite(PERESOURCE Resource)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    ExpRequireUnowned(Resource, __func__, __builtin_return_address(0));
    Resource->Flag = 0;
    Resource->ContentionCount = 0;
    return STATUS_SUCCESS;
}
NT_EXPORT(ExReinitializeResourceLite);

/* Before the resource's memory goes. IRQL: <= APC_LEVEL. */
NTSTATUS ExDeleteResourceLite(PERESOURCE Resource)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    ExpRequireUnowned(Resource, __func__, __builtin_return_address(0));
    if (Resource->OwnerTable != NULL)
        ExFreePoolWithTag(Resource->OwnerTable, EXP_RESOURCE_TAG);
    Resource->OwnerTable = NULL;
    Resource->TableSize = 0;
    return STATUS_SUCCESS;
}
NT_EXPORT(ExDeleteResourceLite);

/*
 * The calling thread's ownership passes to OwnerPointer: an address in system space with its two lowest bits set, which
 * no thread has. From now on only ExReleaseResourceForThreadLite gives it back. IRQL: <= DISPATCH_LEVEL.
 */
VOID ExSetResourceOwnerPointer(PERESOURCE Resource, PVOID OwnerPointer)
{
    ERESOURCE_THREAD Owner = ExGetCurrentResourceThread(), NewOwner = (ERESOURCE_THREAD)OwnerPointer;
    POWNER_ENTRY Entry, Other;
    KIRQL Irql;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    if ((NewOwner & 3) != 3 || (LONG_PTR)NewOwner >= 0)
        KiBugCheck(RESOURCE_OWNER_POINTER_INVALID, NewOwner, (ULONG_PTR)Resource, 0, 0, NULL,
                   "%s gives the resource at %p the owner pointer %p: it must be an address in system space with its "
                   "two lowest bits set.", KiWords(__builtin_return_address(0)).Text, Resource, OwnerPointer);
    Irql = KeAcquireSpinLockRaiseToDpc(&Resource->SpinLock);
    Entry = ExpFindOwner(Resource, Owner);
    if (Entry == NULL)
        ExpResourceNotOwned(Resource, Owner, __builtin_return_address(0));
    Other = ExpFindOwner(Resource, NewOwner);
    if (Other == NULL) {
        Entry->OwnerThread = NewOwner;
    } else {
        Other->OwnerCount += Entry->OwnerCount;
        Entry->OwnerCount = 0;
        Resource->ActiveEntries--;
    }
    KeReleaseSpinLock(&Resource->SpinLock, Irql);
}
NT_EXPORT(ExSetResourceOwnerPointer);

/* Asking --------------------------------------------------------------------------------------------------------- */

/* Whether the calling thread has it to itself. IRQL: <= DISPATCH_LEVEL. */
BOOLEAN ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    BOOLEAN Mine;
    KIRQL Irql;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    Irql = KeAcquireSpinLockRaiseToDpc(&Resource->SpinLock);
    Mine = ExpIsExclusive(Resource) && ExpFindOwner(Resource, ExGetCurrentResourceThread()) != NULL;
    KeReleaseSpinLock(&Resource->SpinLock, Irql);
    return Mine;
}
NT_EXPORT(ExIsResourceAcquiredExclusiveLite);

/* How often the calling thread has acquired it, to share or exclusively. IRQL: <= DISPATCH_LEVEL. */
ULONG ExIsResourceAcquiredSharedLite(PERESOURCE Resource)
{
    POWNER_ENTRY Entry;
    ULONG Count;
    KIRQL Irql;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    Irql = KeAcquireSpinLockRaiseToDpc(&Resource->SpinLock);
    Entry = ExpFindOwner(Resource, ExGetCurrentResourceThread());
    Count = Entry != NULL ? Entry->OwnerCount : 0;
    KeReleaseSpinLock(&Resource->SpinLock, Irql);
    return Count;
}
NT_EXPORT(ExIsResourceAcquiredSharedLite);

/* How many threads wait now. IRQL: <= DISPATCH_LEVEL. */
ULONG ExGetExclusiveWaiterCount(PERESOURCE Resource)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    return *(volatile ULONG *)&Resource->NumberOfExclusiveWaiters;
}
NT_EXPORT(ExGetExclusiveWaiterCount);

ULONG ExGetSharedWaiterCount(PERESOURCE Resource)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    return *(volatile ULONG *)&Resource->NumberOfSharedWaiters;
}
NT_EXPORT(ExGetSharedWaiterCount);

/* With a critical region ------------------------------------------------------------------------------------------ */

/* Both wait. The result has no meaning here: elsewhere it is a thread's priority block. IRQL: <= APC_LEVEL. */
PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    (void)ExAcquireResourceExclusiveLite(Resource, TRUE);
    return KeGetCurrentThread();
}
NT_EXPORT(ExEnterCriticalRegionAndAcquireResourceExclusive);

PVOID ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    (void)ExAcquireResourceSharedLite(Resource, TRUE);
    return KeGetCurrentThread();
}
NT_EXPORT(ExEnterCriticalRegionAndAcquireResourceShared);

VOID ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource)
{
    ExReleaseResourceLite(Resource);
    KeLeaveCriticalRegion();
}
NT_EXPORT(ExReleaseResourceAndLeaveCriticalRegion);
