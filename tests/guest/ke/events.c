/* Events, routine by routine ("Event Objects", "KeSetEvent" and its neighbours). */
#include "ke.h"

static KEVENT Event, Done;
static volatile LONG Released;

static VOID WaitOnce(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeTestWait(&Event);
    InterlockedIncrement(&Released);
    KeSetEvent(&Done, 0, FALSE);
}

TEST_CASE(InitialStateOfEvents, "KeInitializeEvent: State says whether the event begins signalled") {
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    EXPECT_EQUAL(KeReadStateEvent(&Event), 0);
    KeInitializeEvent(&Event, SynchronizationEvent, TRUE);
    EXPECT(KeReadStateEvent(&Event) != 0);
}

TEST_CASE(SetEventReturnsTheStateBefore, "KeSetEvent returns the previous state; nonzero means signalled") {
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    EXPECT_EQUAL(KeSetEvent(&Event, 0, FALSE), 0);
    EXPECT(KeSetEvent(&Event, 0, FALSE) != 0);
}

TEST_CASE(ResetEventReturnsTheStateBefore, "KeResetEvent returns the previous state; the event is not signalled then") {
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    EXPECT(KeResetEvent(&Event) != 0);
    EXPECT_EQUAL(KeResetEvent(&Event), 0);
    EXPECT_STATUS(KeTestPoll(&Event), STATUS_TIMEOUT);
}

TEST_CASE(ClearEvent, "KeClearEvent leaves the event not signalled, of either type") {
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    KeClearEvent(&Event);
    EXPECT_EQUAL(KeReadStateEvent(&Event), 0);
    KeInitializeEvent(&Event, SynchronizationEvent, TRUE);
    KeClearEvent(&Event);
    EXPECT_STATUS(KeTestPoll(&Event), STATUS_TIMEOUT);
}

TEST_CASE(ReadingTakesNothing, "KeReadStateEvent does not reset a synchronization event") {
    KeInitializeEvent(&Event, SynchronizationEvent, TRUE);
    EXPECT(KeReadStateEvent(&Event) != 0);
    EXPECT(KeReadStateEvent(&Event) != 0);
    EXPECT_STATUS(KeTestPoll(&Event), STATUS_SUCCESS);
    EXPECT_EQUAL(KeReadStateEvent(&Event), 0);
}

TEST_CASE(NotificationStaysSet, "a wait does not reset a notification event") {
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    EXPECT_STATUS(KeTestPoll(&Event), STATUS_SUCCESS);
    EXPECT_STATUS(KeTestPoll(&Event), STATUS_SUCCESS);
}

TEST_CASE(SetTwiceCountsOnce, "setting a synchronization event that is set releases no second wait") {
    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    KeSetEvent(&Event, 0, FALSE);
    KeSetEvent(&Event, 0, FALSE);
    EXPECT_STATUS(KeTestPoll(&Event), STATUS_SUCCESS);
    EXPECT_STATUS(KeTestPoll(&Event), STATUS_TIMEOUT);
}

TEST_CASE(PulseReturnsTheStateBefore, "KePulseEvent returns the previous state and leaves the event not signalled") {
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    EXPECT(KePulseEvent(&Event, 0, FALSE) != 0);
    EXPECT_EQUAL(KePulseEvent(&Event, 0, FALSE), 0);
    EXPECT_EQUAL(KeReadStateEvent(&Event), 0);
}

TEST_CASE(PulseReleasesOne, "KePulseEvent releases one of those who wait for a synchronization event") {
    PVOID Threads[2];

    Released = 0;
    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Done, SynchronizationEvent, FALSE);
    for (ULONG Index = 0; Index < 2; Index++)
        Threads[Index] = KeTestStart(WaitOnce, NULL);
    KeTestSleep(30);
    KePulseEvent(&Event, 0, FALSE);
    KeTestWait(&Done);
    KeTestSleep(20);
    EXPECT_EQUAL(Released, 1);
    KeSetEvent(&Event, 0, FALSE);
    for (ULONG Index = 0; Index < 2; Index++)
        KeTestJoin(Threads[Index]);
}

static VOID SetFromDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
}

TEST_CASE(SetFromADpc, "KeSetEvent may be called by a DPC, and releases a thread that waits") {
    static KDPC Dpc;

    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    KeInitializeDpc(&Dpc, SetFromDpc, &Event);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    EXPECT_STATUS(KeTestWait(&Event), STATUS_SUCCESS);
    KeFlushQueuedDpcs();
}

TEST_CASE(WaitersInOrder, "a synchronization event releases those who wait in the order in which they came") {
    static volatile LONG Next;
    static LONG Places[3];
    PVOID Threads[3];

    VOID TakeAPlace(PVOID Context) {
        KeTestWait(&Event);
        *(PLONG)Context = InterlockedIncrement(&Next);
        KeSetEvent(&Done, 0, FALSE);
    }

    Next = 0;
    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Done, SynchronizationEvent, FALSE);
    for (ULONG Index = 0; Index < 3; Index++) {
        Threads[Index] = KeTestStart(TakeAPlace, &Places[Index]);
        KeTestSleep(30);
    }
    for (ULONG Index = 0; Index < 3; Index++) {
        KeSetEvent(&Event, 0, FALSE);
        KeTestWait(&Done);
    }
    for (LONG Index = 0; Index < 3; Index++) {
        KeTestJoin(Threads[Index]);
        EXPECT_EQUAL(Places[Index], Index + 1);
    }
}
