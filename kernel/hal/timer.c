/*
 * Clocks: the local APIC timer ticks, the time-stamp counter measures.
 *
 * Time since boot is the counter's, scaled: so it is the same whoever asks, and ticks that are lost, because an
 * emulated processor was held up, do not slow it down. That the counters of all processors agree is the processor's
 * promise where it says that its counter is invariant. Where it does not, nobody is given less than anybody was given
 * before.
 */
#include "hal/hal.h"
#include "rtl/export.h"
#include "section.h"

VOID HalpCalibrate(PULONG64 Tsc, PULONG ApicTimer);
VOID HalpStartApicTimer(ULONG Count, UCHAR Vector, BOOLEAN Periodic);

#define UNITS_PER_SECOND 10000000       /* of 100 ns */

ULONG64 HalTscFrequency;
static ULONG HalpApicTimerFrequency;
static ULONG64 HalpBootCounter;         /* where time begins */
static volatile ULONG64 HalpLatestCounter;

/* IRQL: PASSIVE_LEVEL, interrupts off, after HalReadMachine. */
INIT_CODE VOID HalInitializeTimers(VOID)
{
    HalpCalibrate(&HalTscFrequency, &HalpApicTimerFrequency);
    HalpBootCounter = HalReadTsc();
}

VOID HalStartClock(VOID)
{
    HalpStartApicTimer(HalpApicTimerFrequency / KI_CLOCK_HZ, KI_CLOCK_VECTOR, TRUE);
}

/* Busy for at least that many microseconds. IRQL: any. */
VOID KeStallExecutionProcessor(ULONG MicroSeconds)
{
    ULONG64 End = HalReadTsc() + HalTscFrequency * MicroSeconds / 1000000 + 1;

    while ((LONG64)(End - HalReadTsc()) > 0)
        KiPause();
}
NT_EXPORT(KeStallExecutionProcessor);

/* The counter, never less than it was on any processor. */
static ULONG64 HalpReadCounter(VOID)
{
    ULONG64 Now, Latest;

    __asm__ volatile("lfence" ::: "memory");    /* not before what came before the call */
    Now = HalReadTsc();
    if (HalHasInvariantTsc)
        return Now;
    Latest = HalpLatestCounter;
    do {
        if (Now <= Latest)
            return Latest;
    } while (!__atomic_compare_exchange_n(&HalpLatestCounter, &Latest, Now, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return Now;
}

ULONG64 HalQueryTime(PULONG64 Counter)
{
    ULONG64 Low, High, Quotient;

    *Counter = HalpReadCounter();
    /* The product needs more than 64 bits after half an hour, the quotient after millennia. */
    __asm__("mulq %3" : "=a"(Low), "=d"(High) : "0"(*Counter - HalpBootCounter), "r"((ULONG64)UNITS_PER_SECOND));
    __asm__("divq %4" : "=a"(Quotient), "=d"(High) : "0"(Low), "1"(High), "r"(HalTscFrequency));
    return Quotient;
}

/*
 * A count that only goes up, the same on all processors, and how many of it make a second
 * ("KeQueryPerformanceCounter").
 * IRQL: any.
 */
LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    LARGE_INTEGER Now;

    if (PerformanceFrequency != NULL)
        PerformanceFrequency->QuadPart = (LONGLONG)HalTscFrequency;
    Now.QuadPart = (LONGLONG)HalpReadCounter();
    return Now;
}
NT_EXPORT(KeQueryPerformanceCounter);
