/* The timer wheel against a plain array of due times. */
#include "tap.h"
#include "ntcrt.h"
#include "ke/timerwheel.h"

#define TICK 100000ull
#define TIMERS 400

static KI_TIMER_WHEEL Wheel;
static KTIMER Timers[TIMERS];
static BOOLEAN Started[TIMERS];

static VOID Start(ULONG Number, ULONGLONG DueTime)
{
    Timers[Number].DueTime.QuadPart = DueTime;
    KiWheelInsert(&Wheel, &Timers[Number]);
    Started[Number] = TRUE;
}

static VOID Clear(VOID)
{
    KiWheelInitialize(&Wheel, TICK);
    memset(Started, 0, sizeof Started);
}

/* Every slot sorted, its first due time right. */
static VOID CheckSlots(VOID)
{
    for (ULONG Index = 0; Index < KI_TIMER_SLOTS; Index++) {
        KI_TIMER_SLOT *Slot = &Wheel.Slots[Index];
        ULONGLONG Last = 0;
        CHECK_EQUAL(Slot->FirstDue, IsListEmpty(&Slot->Timers) ? MAXULONGLONG : Slot->FirstDue);
        for (PLIST_ENTRY Entry = Slot->Timers.Flink; Entry != &Slot->Timers; Entry = Entry->Flink) {
            ULONGLONG Due = CONTAINING_RECORD(Entry, KTIMER, TimerListEntry)->DueTime.QuadPart;
            CHECK(Due >= Last);
            if (Entry == Slot->Timers.Flink)
                CHECK_EQUAL(Slot->FirstDue, Due);
            CHECK_EQUAL(Due / TICK % KI_TIMER_SLOTS, Index);
            Last = Due;
        }
    }
}

CASE(TimersWithTheSameDueTimeExpireInOrderOfStarting)
{
    Clear();
    for (ULONG Number = 0; Number < 5; Number++)
        Start(Number, 7 * TICK);
    CHECK(KiWheelTakeDue(&Wheel, 7 * TICK - 1) == NULL);
    for (ULONG Number = 0; Number < 5; Number++)
        CHECK(KiWheelTakeDue(&Wheel, 7 * TICK) == &Timers[Number]);
    CHECK(KiWheelTakeDue(&Wheel, 7 * TICK) == NULL);
}

CASE(TimerOfALaterRoundWaitsForIt)
{
    Clear();
    Start(0, 5 * TICK + KI_TIMER_SLOTS * TICK);
    Start(1, 5 * TICK);
    CHECK(KiWheelTakeDue(&Wheel, 6 * TICK) == &Timers[1]);
    CHECK(KiWheelTakeDue(&Wheel, 6 * TICK) == NULL);
    CHECK(!KiWheelIsDue(&Wheel, 4 * TICK, 6 * TICK));
    CHECK(KiWheelTakeDue(&Wheel, (5 + KI_TIMER_SLOTS) * TICK) == &Timers[0]);
}

CASE(TimeMayJumpByMoreThanARound)
{
    Clear();
    for (ULONG Number = 0; Number < TIMERS; Number++)
        Start(Number, 1 + Number * 3 * TICK);
    CHECK(KiWheelIsDue(&Wheel, 0, 5000 * TICK));
    for (ULONG Taken = 0; Taken < TIMERS; Taken++)
        CHECK(KiWheelTakeDue(&Wheel, 5000 * TICK) != NULL);
    CHECK(KiWheelTakeDue(&Wheel, 5000 * TICK) == NULL);
}

CASE(RemovedTimerIsNotDue)
{
    Clear();
    Start(0, 3 * TICK);
    Start(1, 3 * TICK + 1);
    KiWheelRemove(&Wheel, &Timers[0]);
    CheckSlots();
    CHECK(!KiWheelIsDue(&Wheel, 2 * TICK, 3 * TICK));
    CHECK(KiWheelIsDue(&Wheel, 2 * TICK, 4 * TICK));
    CHECK(KiWheelTakeDue(&Wheel, 4 * TICK) == &Timers[1]);
}

/*
 * Ticks pass, some late; timers are started and stopped at random; each expires at the first look that is not before
 * it.
 */
CASE(RandomHistoryExpiresEachTimerInTime)
{
    ULONGLONG Now = 0;

    Clear();
    for (ULONG Step = 0; Step < 20000; Step++) {
        ULONG Number = TapRandom(TIMERS);
        ULONGLONG Before = Now;
        PKTIMER Timer;
        BOOLEAN Due = FALSE;

        if (Started[Number]) {
            KiWheelRemove(&Wheel, &Timers[Number]);
            Started[Number] = FALSE;
        } else {
            Start(Number, Now + 1 + TapRandom(400) * (TICK / 3));
        }
        if (TapRandom(3) != 0)
            continue;
        Now += TICK * (TapRandom(50) == 0 ? TapRandom(600) : 1);
        for (ULONG Each = 0; Each < TIMERS; Each++)
            Due |= Started[Each] && Timers[Each].DueTime.QuadPart <= Now;
        CHECK_EQUAL(KiWheelIsDue(&Wheel, Before, Now), Due);
        while ((Timer = KiWheelTakeDue(&Wheel, Now)) != NULL) {
            CHECK(Started[Timer - Timers]);
            CHECK(Timer->DueTime.QuadPart <= Now);
            Started[Timer - Timers] = FALSE;
        }
        for (ULONG Each = 0; Each < TIMERS; Each++)
            CHECK(!Started[Each] || Timers[Each].DueTime.QuadPart > Now);
        if (Step % 100 == 0)
            CheckSlots();
    }
}
