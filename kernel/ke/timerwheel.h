/*
 * The timer wheel: all timers that are started, by due time.
 *
 * 128 slots, each the timers due within one tick (modulo 128 ticks), sorted by due time; a slot knows its earliest. So
 * starting and stopping a timer touches one short list, and a clock tick looks at one number. A timer that is due
 * further away than the wheel's round waits in its slot for the right round: being sorted behind the others, it costs
 * them nothing.
 *
 * Plain C without locks or time, so that the host can try it; the dispatcher lock protects the one wheel there is
 * (timer.c). FirstDue is also read by the clock interrupt, which cannot take that lock.
 */
#pragma once

#include "kernel.h"

#define KI_TIMER_SLOTS 128

typedef struct _KI_TIMER_SLOT {
    LIST_ENTRY Timers;              /* KTIMER.TimerListEntry, by DueTime; equal ones in the order they were started */
    volatile ULONGLONG FirstDue;    /* of the first; MAXULONGLONG when there is none */
} KI_TIMER_SLOT;

typedef struct _KI_TIMER_WHEEL {
    KI_TIMER_SLOT Slots[KI_TIMER_SLOTS];
    ULONGLONG Tick;                 /* 100 ns units in a slot */
    ULONGLONG Checked;              /* number of the tick up to which (inclusive of it) timers may be left over */
} KI_TIMER_WHEEL;

static inline VOID KiWheelInitialize(KI_TIMER_WHEEL *Wheel, ULONGLONG Tick)
{
    for (ULONG Index = 0; Index < KI_TIMER_SLOTS; Index++) {
        InitializeListHead(&Wheel->Slots[Index].Timers);
        Wheel->Slots[Index].FirstDue = MAXULONGLONG;
    }
    Wheel->Tick = Tick;
    Wheel->Checked = 0;
}

static inline KI_TIMER_SLOT *KiWheelSlot(KI_TIMER_WHEEL *Wheel, ULONGLONG DueTime)
{
    return &Wheel->Slots[DueTime / Wheel->Tick % KI_TIMER_SLOTS];
}

static inline VOID KiWheelSetFirst(KI_TIMER_SLOT *Slot)
{
    Slot->FirstDue = IsListEmpty(&Slot->Timers)
                         ? MAXULONGLONG
                         : CONTAINING_RECORD(Slot->Timers.Flink, KTIMER, TimerListEntry)->DueTime.QuadPart;
}

/*
 * Adds a timer whose DueTime is set. New timers are mostly the latest of their slot, so the place is sought from there.
 */
static inline VOID KiWheelInsert(KI_TIMER_WHEEL *Wheel, PKTIMER Timer)
{
    KI_TIMER_SLOT *Slot = KiWheelSlot(Wheel, Timer->DueTime.QuadPart);
    PLIST_ENTRY Before = Slot->Timers.Blink;

    while (Before != &Slot->Timers &&
           CONTAINING_RECORD(Before, KTIMER, TimerListEntry)->DueTime.QuadPart > Timer->DueTime.QuadPart)
        Before = Before->Blink;
    InsertHeadList(Before, &Timer->TimerListEntry);
    KiWheelSetFirst(Slot);
}

static inline VOID KiWheelRemove(KI_TIMER_WHEEL *Wheel, PKTIMER Timer)
{
    RemoveEntryList(&Timer->TimerListEntry);
    KiWheelSetFirst(KiWheelSlot(Wheel, Timer->DueTime.QuadPart));
}

/* Whether a timer became due after Before and not after Now. Without a lock: for the clock interrupt. */
static inline BOOLEAN KiWheelIsDue(KI_TIMER_WHEEL *Wheel, ULONGLONG Before, ULONGLONG Now)
{
    ULONGLONG First = Before / Wheel->Tick, Last = Now / Wheel->Tick;

    if (Last - First >= KI_TIMER_SLOTS)
        First = Last - (KI_TIMER_SLOTS - 1);
    for (ULONGLONG Number = First; Number <= Last; Number++)
        if (Wheel->Slots[Number % KI_TIMER_SLOTS].FirstDue <= Now)
            return TRUE;
    return FALSE;
}

/* Takes a timer that is due at Now off the wheel; NULL when there is none left. Now never falls from call to call. */
static inline PKTIMER KiWheelTakeDue(KI_TIMER_WHEEL *Wheel, ULONGLONG Now)
{
    ULONGLONG Last = Now / Wheel->Tick;

    if (Last - Wheel->Checked >= KI_TIMER_SLOTS)
        Wheel->Checked = Last - (KI_TIMER_SLOTS - 1);
    for (;;) {
        KI_TIMER_SLOT *Slot = &Wheel->Slots[Wheel->Checked % KI_TIMER_SLOTS];
        if (Slot->FirstDue <= Now) {
            PKTIMER Timer = CONTAINING_RECORD(Slot->Timers.Flink, KTIMER, TimerListEntry);
            KiWheelRemove(Wheel, Timer);
            return Timer;
        }
        if (Wheel->Checked == Last)
            return NULL;
        Wheel->Checked++;
    }
}
