/*
 * Resources ("Introduction to ERESOURCE Routines"): owned by many threads that share, or by one that has it to itself;
 * by either again and again, given back as often.
 *
 * Who may come in, when it is not free and not the caller's already:
 *   ExAcquireResourceSharedLite      others share, and nobody waits for it exclusively (who shares it already: always)
 *   ExAcquireSharedStarveExclusive   others share
 *   ExAcquireSharedWaitForExclusive  others share, and nobody waits for it exclusively
 *   ExAcquireResourceExclusiveLite   never
 * Who leaves it last hands it over: an exclusive owner to everybody who waits to share, those who shared to the first
 * who waits for it exclusively. So neither kind waits for more than one turn of the other.
 *
 * A waiting thread's block lies on its stack. Owners beyond the first stand in a table of nonpaged pool; room there is
 * set aside before a thread waits, so that the hand-over cannot fail:
 *   ActiveEntries + NumberOfSharedWaiters <= 1 + TableSize.
 */
#include "ex/resource.h"

#define EXP_FIRST_TABLE_SIZE 4
#define EXP_WARNED 0x0001               /* Flag: the words about critical regions have been said */
#define EXP_RETRY_INTERVAL (-100000)    /* 10 ms: how long a thread waits for pool to come back */

typedef struct _EXP_RESOURCE_WAIT {
    LIST_ENTRY Link;                    /* SharedWaiters or ExclusiveWaiters */
    ERESOURCE_THREAD Owner;
    KEVENT Event;
} EXP_RESOURCE_WAIT, *PEXP_RESOURCE_WAIT;

typedef enum _EXP_SHARING { ExpOrdinary, ExpStarveExclusive, ExpWaitForExclusive } EXP_SHARING;

/* Owners. Lock held. --------------------------------------------------------------------------------------------- */

/* One more time for an owner who may be new; there is room. */
static VOID ExpAddOwner(PERESOURCE Resource, ERESOURCE_THREAD Owner)
{
    POWNER_ENTRY Entry = ExpFindOwner(Resource, Owner);

    if (Entry == NULL) {
        Entry = &Resource->OwnerEntry;
        for (ULONG Index = 0; Entry->OwnerCount != 0; Index++) {
            ASSERT(Index < Resource->TableSize);
            Entry = &Resource->OwnerTable[Index];
        }
        Entry->OwnerThread = Owner;
        Resource->ActiveEntries++;
        Resource->ActiveCount = 1;
    }
    Entry->OwnerCount++;
}

FORCEINLINE BOOLEAN ExpHasRoom(PERESOURCE Resource)
{
    return Resource->ActiveEntries + Resource->NumberOfSharedWaiters <= Resource->TableSize;
}

/* Makes room for one more owner. Lock not held. FALSE: no memory. */
static BOOLEAN ExpGrowTable(PERESOURCE Resource)
{
    ULONG OldSize = *(volatile ULONG *)&Resource->TableSize;
    ULONG Size = OldSize == 0 ? EXP_FIRST_TABLE_SIZE : 2 * OldSize;
    POWNER_ENTRY Table = ExAllocatePoolWithTag(NonPagedPool, Size * sizeof(*Table), EXP_RESOURCE_TAG);
    KIRQL Irql;

    if (Table == NULL)
        return FALSE;
    RtlZeroMemory(Table, Size * sizeof(*Table));
    Irql = KeAcquireSpinLockRaiseToDpc(&Resource->SpinLock);
    if (Resource->TableSize == OldSize) {       /* else somebody else was faster, and Table goes back */
        POWNER_ENTRY OldTable = Resource->OwnerTable;
        RtlCopyMemory(Table, OldTable, OldSize * sizeof(*Table));
        Resource->OwnerTable = Table;
        Resource->TableSize = Size;
        Table = OldTable;
    }
    KeReleaseSpinLock(&Resource->SpinLock, Irql);
    if (Table != NULL)
        ExFreePoolWithTag(Table, EXP_RESOURCE_TAG);
    return TRUE;
}

/* Waiting and handing over --------------------------------------------------------------------------------------- */

/* Waits in a queue until the resource has been handed over. Lock held since Irql; released. */
static VOID ExpWaitForResource(PERESOURCE Resource, PLIST_ENTRY Queue, ERESOURCE_THREAD Owner, KIRQL Irql)
{
    EXP_RESOURCE_WAIT Wait;

    Wait.Owner = Owner;
    KeInitializeEvent(&Wait.Event, SynchronizationEvent, FALSE);
    InsertTailList(Queue, &Wait.Link);
    Resource->ContentionCount++;
    KeReleaseSpinLock(&Resource->SpinLock, Irql);
    KeWaitForSingleObject(&Wait.Event, WrResource, KernelMode, FALSE, NULL);
}

/* Makes everybody who waits to share an owner, and moves their blocks to Granted. Lock held. */
static VOID ExpGrantShared(PERESOURCE Resource, PLIST_ENTRY Granted)
{
    while (!IsListEmpty(&Resource->SharedWaiters)) {
        PLIST_ENTRY Link = RemoveHeadList(&Resource->SharedWaiters);

        Resource->NumberOfSharedWaiters--;
        ExpAddOwner(Resource, CONTAINING_RECORD(Link, EXP_RESOURCE_WAIT, Link)->Owner);
        InsertTailList(Granted, Link);
    }
}

/* The resource is free: hands it over to whose turn it is. Lock held. */
static VOID ExpHandOver(PERESOURCE Resource, BOOLEAN WasExclusive, PLIST_ENTRY Granted)
{
    if (!IsListEmpty(&Resource->ExclusiveWaiters) && !(WasExclusive && Resource->NumberOfSharedWaiters != 0)) {
        PLIST_ENTRY Link = RemoveHeadList(&Resource->ExclusiveWaiters);

        Resource->NumberOfExclusiveWaiters--;
        Resource->Flag |= ResourceOwnedExclusive;
        ExpAddOwner(Resource, CONTAINING_RECORD(Link, EXP_RESOURCE_WAIT, Link)->Owner);
        InsertTailList(Granted, Link);
        return;
    }
    ExpGrantShared(Resource, Granted);
}

/* Wakes who has been made an owner. A block is gone as soon as its event is set. Lock not held. */
static VOID ExpWake(PLIST_ENTRY Granted)
{
    while (!IsListEmpty(Granted))
        KeSetEvent(&CONTAINING_RECORD(RemoveHeadList(Granted), EXP_RESOURCE_WAIT, Link)->Event, 1, FALSE);
}

/* Acquiring ------------------------------------------------------------------------------------------------------ */

/*
 * Says, once for a resource, that its owner could be suspended. Normal kernel APCs must be kept away while a resource
 * is owned ("ExAcquireResourceExclusiveLite"): by a critical or guarded region, or by APC_LEVEL. System threads get
 * none.
 */
static VOID ExpCheckApcsDisabled(PERESOURCE Resource, PVOID Caller)
{
#if DBG
    PKTHREAD Thread = KiCurrentThread();

    if (KeGetCurrentIrql() == PASSIVE_LEVEL && Thread->CombinedApcDisable == 0 &&
        Thread->OwnerProcess != &KiSystemProcess && !(Resource->Flag & EXP_WARNED)) {
        Resource->Flag |= EXP_WARNED;
        DbgPrint("ex: %s acquires the resource at %p at PASSIVE_LEVEL outside of a critical region; its owner could be "
                 "suspended. Call KeEnterCriticalRegion before.\n", KiWords(Caller).Text, Resource);
    }
#else
    UNREFERENCED_PARAMETER(Resource);
    UNREFERENCED_PARAMETER(Caller);
#endif
}

static BOOLEAN ExpAcquireShared(PERESOURCE Resource, BOOLEAN Wait, EXP_SHARING Sharing, PVOID Caller)
{
    ERESOURCE_THREAD Owner = ExGetCurrentResourceThread();
    POWNER_ENTRY Mine;
    BOOLEAN Granted;
    KIRQL Irql;

    ExpCheckApcsDisabled(Resource, Caller);
    for (;;) {
        Irql = KeAcquireSpinLockRaiseToDpc(&Resource->SpinLock);
        Mine = ExpFindOwner(Resource, Owner);
        if (ExpIsExclusive(Resource))
            Granted = Mine != NULL;
        else
            Granted = Sharing == ExpStarveExclusive || Resource->NumberOfExclusiveWaiters == 0 ||
                      (Mine != NULL && Sharing == ExpOrdinary);
        if ((Granted && Mine != NULL) || (!Granted && !Wait) || ExpHasRoom(Resource))
            break;
        KeReleaseSpinLock(&Resource->SpinLock, Irql);
        if (!ExpGrowTable(Resource)) {
            LARGE_INTEGER Interval = {.QuadPart = EXP_RETRY_INTERVAL};
            if (!Wait)
                return FALSE;
            KeDelayExecutionThread(KernelMode, FALSE, &Interval);
        }
    }
    if (!Granted && Wait) {
        Resource->NumberOfSharedWaiters++;
        ExpWaitForResource(Resource, &Resource->SharedWaiters, Owner, Irql);
        return TRUE;
    }
    if (Granted)
        ExpAddOwner(Resource, Owner);
    KeReleaseSpinLock(&Resource->SpinLock, Irql);
    return Granted;
}

/* TRUE: acquired. FALSE: it would have to be waited for, and Wait is FALSE. IRQL: <= APC_LEVEL, the four of them. */
BOOLEAN ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    return ExpAcquireShared(Resource, Wait, ExpOrdinary, __builtin_return_address(0));
}
NT_EXPORT(ExAcquireResourceSharedLite);

BOOLEAN ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    return ExpAcquireShared(Resource, Wait, ExpStarveExclusive, __builtin_return_address(0));
}
NT_EXPORT(ExAcquireSharedStarveExclusive);

BOOLEAN ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    return ExpAcquireShared(Resource, Wait, ExpWaitForExclusive, __builtin_return_address(0));
}
NT_EXPORT(ExAcquireSharedWaitForExclusive);

BOOLEAN ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    ERESOURCE_THREAD Owner = ExGetCurrentResourceThread();
    BOOLEAN Granted;
    KIRQL Irql;

    KE_REQUIRE_IRQL(APC_LEVEL);
    ExpCheckApcsDisabled(Resource, __builtin_return_address(0));
    Irql = KeAcquireSpinLockRaiseToDpc(&Resource->SpinLock);
    Granted = Resource->ActiveEntries == 0 || (ExpIsExclusive(Resource) && Resource->OwnerEntry.OwnerThread == Owner);
    if (!Granted && Wait) {
        Resource->NumberOfExclusiveWaiters++;
        ExpWaitForResource(Resource, &Resource->ExclusiveWaiters, Owner, Irql);
        return TRUE;
    }
    if (Granted) {
        Resource->Flag |= ResourceOwnedExclusive;
        ExpAddOwner(Resource, Owner);
    }
    KeReleaseSpinLock(&Resource->SpinLock, Irql);
    return Granted;
}
NT_EXPORT(ExAcquireResourceExclusiveLite);

/* Giving back ---------------------------------------------------------------------------------------------------- */

VOID ExpResourceNotOwned(PERESOURCE Resource, ERESOURCE_THREAD Owner, PVOID Caller)
{
    KiBugCheck(RESOURCE_NOT_OWNED, (ULONG_PTR)Resource, Owner, (ULONG_PTR)Resource->OwnerTable, (ULONG_PTR)Caller, NULL,
               "%s gives back or converts the resource at %p for owner %p, which does not own it%s. It is given back "
               "as often as it was acquired; after ExSetResourceOwnerPointer by ExReleaseResourceForThreadLite with that "
               "pointer.", KiWords(Caller).Text, Resource, (PVOID)Owner,
               ExpFindOwner(Resource, Owner) != NULL ? " exclusively" : "");
}

static VOID ExpReleaseResource(PERESOURCE Resource, ERESOURCE_THREAD Owner, PVOID Caller)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Resource->SpinLock);
    POWNER_ENTRY Entry = ExpFindOwner(Resource, Owner);
    LIST_ENTRY Granted;

    if (Entry == NULL)
        ExpResourceNotOwned(Resource, Owner, Caller);
    InitializeListHead(&Granted);
    if (--Entry->OwnerCount == 0 && --Resource->ActiveEntries == 0) {
        BOOLEAN WasExclusive = ExpIsExclusive(Resource);

        Resource->ActiveCount = 0;
        Resource->Flag &= ~ResourceOwnedExclusive;
        ExpHandOver(Resource, WasExclusive, &Granted);
    }
    KeReleaseSpinLock(&Resource->SpinLock, Irql);
    ExpWake(&Granted);
}

/* Gives the resource back once for the calling thread. IRQL: <= DISPATCH_LEVEL. */
VOID ExReleaseResourceLite(PERESOURCE Resource)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    ExpReleaseResource(Resource, ExGetCurrentResourceThread(), __builtin_return_address(0));
}
NT_EXPORT(ExReleaseResourceLite);

/* Gives it back once for a thread, or for what ExSetResourceOwnerPointer put in its place. IRQL: <= DISPATCH_LEVEL. */
VOID ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    ExpReleaseResource(Resource, ResourceThreadId, __builtin_return_address(0));
}
NT_EXPORT(ExReleaseResourceForThreadLite);

/* The exclusive owner goes on sharing, together with everybody who waits to share. IRQL: <= APC_LEVEL. */
VOID ExConvertExclusiveToSharedLite(PERESOURCE Resource)
{
    LIST_ENTRY Granted;
    KIRQL Irql;

    KE_REQUIRE_IRQL(APC_LEVEL);
    InitializeListHead(&Granted);
    Irql = KeAcquireSpinLockRaiseToDpc(&Resource->SpinLock);
    if (!ExpIsExclusive(Resource))
        ExpResourceNotOwned(Resource, ExGetCurrentResourceThread(), __builtin_return_address(0));
    Resource->Flag &= ~ResourceOwnedExclusive;
    ExpGrantShared(Resource, &Granted);
    KeReleaseSpinLock(&Resource->SpinLock, Irql);
    ExpWake(&Granted);
}
NT_EXPORT(ExConvertExclusiveToSharedLite);
