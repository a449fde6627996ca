/* ERESOURCE: sharing, exclusion, recursion, conversion, who comes next. */
#include "sync.h"

static ERESOURCE Resource;

static VOID Share(PVOID Lock)
{
    ExAcquireResourceSharedLite(Lock, TRUE);
}

static VOID ShareStarving(PVOID Lock)
{
    ExAcquireSharedStarveExclusive(Lock, TRUE);
}

static VOID ShareWaiting(PVOID Lock)
{
    ExAcquireSharedWaitForExclusive(Lock, TRUE);
}

static VOID Own(PVOID Lock)
{
    ExAcquireResourceExclusiveLite(Lock, TRUE);
}

static VOID Release(PVOID Lock)
{
    ExReleaseResourceLite(Lock);
}

static VOID MayNotShare(PVOID Lock)
{
    EXPECT(!ExAcquireResourceSharedLite(Lock, FALSE));
}

static VOID MayNotOwn(PVOID Lock)
{
    EXPECT(!ExAcquireResourceExclusiveLite(Lock, FALSE));
}

/* Waits until so many wait. */
static VOID AwaitWaiters(ULONG Shared, ULONG Exclusive)
{
    for (ULONG Try = 0; Try < 1000; Try++) {
        if (ExGetSharedWaiterCount(&Resource) == Shared && ExGetExclusiveWaiterCount(&Resource) == Exclusive)
            break;
        SyncSleep(1);
    }
    EXPECT_EQUAL(ExGetSharedWaiterCount(&Resource), Shared);
    EXPECT_EQUAL(ExGetExclusiveWaiterCount(&Resource), Exclusive);
}

TEST_CASE(ResourceRecursion, "an owner acquires a resource again, exclusively or sharing, and gives it back as often") {
    KeEnterCriticalRegion();
    EXPECT_STATUS(ExInitializeResourceLite(&Resource), STATUS_SUCCESS);
    EXPECT(!ExIsResourceAcquiredExclusiveLite(&Resource));
    EXPECT_EQUAL(ExIsResourceAcquiredSharedLite(&Resource), 0);
    EXPECT(ExAcquireResourceExclusiveLite(&Resource, FALSE));
    EXPECT(ExAcquireResourceExclusiveLite(&Resource, FALSE));
    EXPECT(ExAcquireResourceSharedLite(&Resource, FALSE));      /* of an exclusive owner: exclusive once more */
    EXPECT(ExAcquireSharedStarveExclusive(&Resource, FALSE));
    EXPECT(ExAcquireSharedWaitForExclusive(&Resource, FALSE));
    EXPECT(ExIsResourceAcquiredExclusiveLite(&Resource));
    EXPECT_EQUAL(ExIsResourceAcquiredSharedLite(&Resource), 5);
    for (ULONG Time = 0; Time < 5; Time++)
        ExReleaseResourceLite(&Resource);
    EXPECT_EQUAL(ExIsResourceAcquiredSharedLite(&Resource), 0);
    EXPECT(ExAcquireResourceSharedLite(&Resource, TRUE));
    EXPECT(ExAcquireResourceSharedLite(&Resource, TRUE));
    EXPECT(!ExIsResourceAcquiredExclusiveLite(&Resource));
    EXPECT_EQUAL(ExIsResourceAcquiredSharedLite(&Resource), 2);
    EXPECT(!ExAcquireResourceExclusiveLite(&Resource, FALSE));  /* who shares may not own it exclusively */
    ExReleaseResourceLite(&Resource);
    ExReleaseResourceLite(&Resource);
    EXPECT_STATUS(ExDeleteResourceLite(&Resource), STATUS_SUCCESS);
    KeLeaveCriticalRegion();
}

TEST_CASE(ResourceSharedByMany, "many threads share a resource; none is let in while one owns it exclusively") {
    ACTOR Actors[12];

    ExInitializeResourceLite(&Resource);
    REQUIRE(ActorsStart(Actors, 12, &Resource));
    for (ULONG Index = 0; Index < 12; Index++)
        ActorDo(&Actors[Index], Share);
    EXPECT_EQUAL(Resource.ActiveEntries, 12);
    for (ULONG Index = 0; Index < 12; Index++) {
        ActorDo(&Actors[Index], MayNotOwn);
        ActorDo(&Actors[Index], Release);
    }
    ActorDo(&Actors[0], Own);
    ActorDo(&Actors[1], MayNotShare);
    ActorDo(&Actors[2], MayNotOwn);
    ActorDo(&Actors[0], Release);
    ActorsEnd(Actors, 12);
    ExDeleteResourceLite(&Resource);
}

TEST_CASE(ResourceExclusiveComesNext, "who waits for a resource exclusively keeps new sharers out, but not old ones") {
    ACTOR Actors[4];

    ExInitializeResourceLite(&Resource);
    REQUIRE(ActorsStart(Actors, 4, &Resource));
    ActorDo(&Actors[0], Share);
    ActorBegin(&Actors[1], Own);
    AwaitWaiters(0, 1);
    ActorDo(&Actors[0], Share);                 /* it shares already */
    ActorDo(&Actors[2], MayNotShare);
    ActorBegin(&Actors[2], Share);
    AwaitWaiters(1, 1);
    ActorDo(&Actors[3], ShareStarving);         /* does not care who waits */
    ActorDo(&Actors[3], Release);
    ActorDo(&Actors[0], Release);
    EXPECT(!ActorIsDone(&Actors[1]));
    ActorDo(&Actors[0], Release);               /* the last one: handed over */
    ActorFinish(&Actors[1]);
    EXPECT_EQUAL(Resource.OwnerEntry.OwnerThread, (ULONG_PTR)Actors[1].Thread);
    EXPECT(!ActorIsDone(&Actors[2]));
    ActorDo(&Actors[1], Release);
    ActorFinish(&Actors[2]);
    ActorDo(&Actors[2], Release);
    ActorsEnd(Actors, 4);
    ExDeleteResourceLite(&Resource);
}

TEST_CASE(ResourceSharersComeNext, "an exclusive owner leaves it to all who wait to share before the next one") {
    ACTOR Actors[4];

    ExInitializeResourceLite(&Resource);
    REQUIRE(ActorsStart(Actors, 4, &Resource));
    ActorDo(&Actors[0], Own);
    ActorBegin(&Actors[1], Own);
    AwaitWaiters(0, 1);
    ActorBegin(&Actors[2], Share);
    ActorBegin(&Actors[3], ShareStarving);
    AwaitWaiters(2, 1);
    ActorDo(&Actors[0], Release);
    ActorFinish(&Actors[2]);
    ActorFinish(&Actors[3]);
    EXPECT(!ActorIsDone(&Actors[1]));
    ActorDo(&Actors[2], Release);
    ActorDo(&Actors[3], Release);
    ActorFinish(&Actors[1]);
    ActorDo(&Actors[1], Release);
    ActorsEnd(Actors, 4);
    ExDeleteResourceLite(&Resource);
}

TEST_CASE(ResourceWaitForExclusive, "ExAcquireSharedWaitForExclusive goes behind who waits, even of a sharer") {
    ACTOR Actors[3];
    ERESOURCE_THREAD First;

    ExInitializeResourceLite(&Resource);
    REQUIRE(ActorsStart(Actors, 3, &Resource));
    First = (ERESOURCE_THREAD)Actors[0].Thread;
    ActorDo(&Actors[0], ShareWaiting);          /* nobody waits: at once */
    ActorBegin(&Actors[1], Own);
    AwaitWaiters(0, 1);
    ActorBegin(&Actors[0], ShareWaiting);       /* shares already, and waits all the same */
    AwaitWaiters(1, 1);
    ExReleaseResourceForThreadLite(&Resource, First);
    ActorFinish(&Actors[1]);
    EXPECT(!ActorIsDone(&Actors[0]));
    ActorDo(&Actors[1], Release);
    ActorFinish(&Actors[0]);
    ActorDo(&Actors[0], Release);
    ActorsEnd(Actors, 3);
    ExDeleteResourceLite(&Resource);
}

static VOID Convert(PVOID Lock)
{
    ExConvertExclusiveToSharedLite(Lock);
    EXPECT(!ExIsResourceAcquiredExclusiveLite(Lock));
    EXPECT_EQUAL(ExIsResourceAcquiredSharedLite(Lock), 2);
}

TEST_CASE(ResourceConversion, "ExConvertExclusiveToSharedLite lets in all who wait to share; the owner's count stays") {
    ACTOR Actors[4];

    ExInitializeResourceLite(&Resource);
    REQUIRE(ActorsStart(Actors, 4, &Resource));
    ActorDo(&Actors[0], Own);
    ActorDo(&Actors[0], Own);
    ActorBegin(&Actors[1], Share);
    ActorBegin(&Actors[2], Share);
    ActorBegin(&Actors[3], Own);
    AwaitWaiters(2, 1);
    ActorDo(&Actors[0], Convert);
    ActorFinish(&Actors[1]);
    ActorFinish(&Actors[2]);
    AwaitWaiters(0, 1);
    ActorDo(&Actors[0], Release);
    ActorDo(&Actors[1], Release);
    ActorDo(&Actors[2], Release);
    EXPECT(!ActorIsDone(&Actors[3]));
    ActorDo(&Actors[0], Release);
    ActorFinish(&Actors[3]);
    ActorDo(&Actors[3], Release);
    ActorsEnd(Actors, 4);
    ExDeleteResourceLite(&Resource);
}

#define OWNER ((PVOID)((ULONG_PTR)&Resource | 3))

static VOID PassOn(PVOID Lock)
{
    ExSetResourceOwnerPointer(Lock, OWNER);
    EXPECT_EQUAL(ExIsResourceAcquiredSharedLite(Lock), 0);
}

static VOID ReleaseForOwner(PVOID Lock)
{
    ExReleaseResourceForThreadLite(Lock, (ERESOURCE_THREAD)OWNER);
}

TEST_CASE(ResourceOwnerPointer, "after ExSetResourceOwnerPointer any thread gives the resource back, for the pointer") {
    ACTOR Actors[3];

    ExInitializeResourceLite(&Resource);
    REQUIRE(ActorsStart(Actors, 3, &Resource));
    ActorDo(&Actors[0], Own);
    ActorDo(&Actors[0], PassOn);
    ActorDo(&Actors[0], MayNotOwn);             /* it is not the owner any more */
    ActorDo(&Actors[1], ReleaseForOwner);
    ActorDo(&Actors[0], Share);                 /* two threads may pass on to one pointer */
    ActorDo(&Actors[0], PassOn);
    ActorDo(&Actors[1], Share);
    ActorDo(&Actors[1], PassOn);
    EXPECT_EQUAL(Resource.ActiveEntries, 1);
    ActorBegin(&Actors[2], Own);
    AwaitWaiters(0, 1);
    ReleaseForOwner(&Resource);
    EXPECT(!ActorIsDone(&Actors[2]));
    ReleaseForOwner(&Resource);
    ActorFinish(&Actors[2]);
    ActorDo(&Actors[2], Release);
    ActorsEnd(Actors, 3);
    ExDeleteResourceLite(&Resource);
}

TEST_CASE(ResourceReinitialize, "ExReinitializeResourceLite makes a resource as new; critical regions nest") {
    BOOLEAN Before = KeAreApcsDisabled();

    ExInitializeResourceLite(&Resource);
    ExEnterCriticalRegionAndAcquireResourceShared(&Resource);
    EXPECT(KeAreApcsDisabled());
    ExReleaseResourceAndLeaveCriticalRegion(&Resource);
    EXPECT_EQUAL(KeAreApcsDisabled(), Before);
    Resource.ContentionCount = 5;
    EXPECT_STATUS(ExReinitializeResourceLite(&Resource), STATUS_SUCCESS);
    EXPECT_EQUAL(Resource.ContentionCount, 0);
    ExEnterCriticalRegionAndAcquireResourceExclusive(&Resource);
    EXPECT(ExIsResourceAcquiredExclusiveLite(&Resource));
    ExReleaseResourceAndLeaveCriticalRegion(&Resource);
    EXPECT_STATUS(ExDeleteResourceLite(&Resource), STATUS_SUCCESS);
}

static volatile LONG Value, Mirror;

/* Readers must never see the two numbers differ. */
static VOID ReadAndWrite(PVOID Context)
{
    ULONG Seed = (ULONG)(ULONG_PTR)KeGetCurrentThread() >> 4;

    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 400; Round++) {
        Seed = Seed * 1103515245 + 12345;
        switch (Seed >> 16 & 7) {
        case 0:
        case 1:
            ExAcquireResourceExclusiveLite(&Resource, TRUE);
            Value = Value + 1;
            if ((Seed >> 20 & 15) == 0)
                SyncSleep(1);
            Mirror = Value;
            ExConvertExclusiveToSharedLite(&Resource);
            break;
        case 2:
            ExAcquireSharedStarveExclusive(&Resource, TRUE);
            break;
        case 3:
            ExAcquireSharedWaitForExclusive(&Resource, TRUE);
            break;
        default:
            ExAcquireResourceSharedLite(&Resource, TRUE);
        }
        EXPECT_EQUAL(Value, Mirror);
        ExReleaseResourceLite(&Resource);
    }
}

TEST_CASE(ResourceUnderLoad, "readers never see what a writer has half done, however they came in") {
    Value = Mirror = 0;
    ExInitializeResourceLite(&Resource);
    TestOnThreads(6, ReadAndWrite, NULL);
    EXPECT_EQUAL(Resource.ActiveEntries, 0);
    EXPECT_EQUAL(Value, Mirror);
    ExDeleteResourceLite(&Resource);
}
