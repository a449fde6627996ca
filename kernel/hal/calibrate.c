/*
 * How fast the processor's counters run: the time-stamp counter, by which time is told, and the APIC timer, which
 * ticks.
 *
 * Some processors say it (CPUID leaves 0x15 and 0x16); else both are measured against a counter of the machine whose
 * rate is known, in this order: the ACPI PM timer (ACPI Specification 6.4, section 4.8.3.3), the HPET (IA-PC HPET
 * Specification 1.0a), channel 2 of the 8254, which every PC has (Intel 8254 data sheet; the channel's gate is bit 0 of
 * port 0x61). A line at boot says which it was.
 */
#include "hal/hal.h"
#include "section.h"

ULONG HalpReadApicTimer(VOID);
VOID HalpStartApicTimer(ULONG Count, UCHAR Vector, BOOLEAN Periodic);

#define CALIBRATION_HZ 250              /* measures for 4 ms */
#define SAMPLES 8                       /* readings of both counters, of which the closest together counts */
#define DEAD_READS 100000               /* a counter that does not move for so long is none */

#define CPUID_TSC 0x15
#define CPUID_FREQUENCY 0x16
#define HZ_PER_MHZ 1000000

#define PM_TIMER_HZ 3579545

#define HPET_CAPABILITIES 0x00          /* its upper half: femtoseconds of a count */
#define HPET_CONFIGURATION 0x10
#define HPET_COUNTER 0xF0
#define HPET_ENABLED 1ull
#define HPET_SIZE 1024
#define HPET_LONGEST_PERIOD 100000000   /* the specification's */
#define FEMTOSECONDS 1000000000000000ull

#define PIT_HZ 1193182
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CHANNEL2_MODE0 0xB0         /* channel 2, low and high byte; counts down, through 0 */
#define PIT_CHANNEL2_LATCH 0x80
#define PORT_B 0x61
#define PORT_B_GATE2 0x01
#define PORT_B_SPEAKER 0x02

/* A counter that goes up at a known rate. */
typedef struct _HALP_REFERENCE {
    PCSTR Name;
    ULONG64 Hz;
    ULONG Mask;                         /* the bits that it has */
    ULONG (*Read)(VOID);
} HALP_REFERENCE;

typedef struct _HALP_SAMPLE {
    ULONG Reference;
    ULONG ApicTimer;
    ULONG64 Tsc;
} HALP_SAMPLE;

static volatile ULONG64 *HalpHpet;

INIT_CODE static UCHAR HalpIn(ULONG Port)
{
    return READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)Port);
}
INIT_CODE static VOID HalpOut(ULONG Port, ULONG Value)
{
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)Port, (UCHAR)Value);
}

INIT_CODE static ULONG HalpReadPmTimer(VOID)
{
    return READ_PORT_ULONG((PULONG)(ULONG_PTR)HalMachine.PmTimerPort);
}

INIT_CODE static ULONG HalpReadHpet(VOID)
{
    return (ULONG)HalpHpet[HPET_COUNTER / sizeof(ULONG64)];
}

INIT_CODE static ULONG HalpReadPit(VOID)
{
    ULONG Low, High;

    HalpOut(PIT_COMMAND, PIT_CHANNEL2_LATCH);
    Low = HalpIn(PIT_CHANNEL2);
    High = HalpIn(PIT_CHANNEL2);
    return MAXUSHORT - (High << 8 | Low);
}

INIT_CODE static ULONG HalpReadTscLow(VOID)
{
    return (ULONG)HalReadTsc();
}

/* The rate that the processor states for its time-stamp counter; 0: it does not. */
INIT_CODE static ULONG64 HalpStatedTscFrequency(VOID)
{
    ULONG Leaves[4], Ratio[4], Frequency[4] = {0};

    HalCpuid(0, 0, Leaves);
    if (Leaves[0] < CPUID_TSC)
        return 0;
    HalCpuid(CPUID_TSC, 0, Ratio);          /* denominator, numerator, rate of the crystal */
    if (Ratio[0] == 0 || Ratio[1] == 0)
        return 0;
    if (Ratio[2] != 0)
        return (ULONG64)Ratio[2] * Ratio[1] / Ratio[0];
    if (Leaves[0] >= CPUID_FREQUENCY)
        HalCpuid(CPUID_FREQUENCY, 0, Frequency);
    return (ULONG64)(Frequency[0] & MAXUSHORT) * HZ_PER_MHZ;
}

INIT_CODE static BOOLEAN HalpCounts(const HALP_REFERENCE *Reference)
{
    ULONG First = Reference->Read() & Reference->Mask;

    for (ULONG i = 0; i < DEAD_READS; i++)
        if ((Reference->Read() & Reference->Mask) != First)
            return TRUE;
    return FALSE;
}

/*
 * All counters at one moment. The machine may be an emulator that is held up between two instructions, so of several
 * readings the one that took least counts.
 */
INIT_CODE static HALP_SAMPLE HalpSample(const HALP_REFERENCE *Reference)
{
    HALP_SAMPLE Best = {0};
    ULONG64 Shortest = MAXULONGLONG;

    for (ULONG i = 0; i < SAMPLES; i++) {
        HALP_SAMPLE Now;
        ULONG64 Took;

        Now.Tsc = HalReadTsc();
        Now.Reference = Reference->Read();
        Now.ApicTimer = HalpReadApicTimer();
        Took = HalReadTsc() - Now.Tsc;
        if (Took < Shortest) {
            Shortest = Took;
            Best = Now;
        }
    }
    return Best;
}

INIT_CODE static VOID HalpMeasure(const HALP_REFERENCE *Reference, PULONG64 Tsc, PULONG ApicTimer)
{
    HALP_SAMPLE Start, End;
    ULONG64 Counts;

    HalpStartApicTimer(MAXULONG, 0, FALSE);
    Start = HalpSample(Reference);
    while (((Reference->Read() - Start.Reference) & Reference->Mask) < Reference->Hz / CALIBRATION_HZ)
        KiPause();
    End = HalpSample(Reference);
    Counts = (End.Reference - Start.Reference) & Reference->Mask;
    *Tsc = (End.Tsc - Start.Tsc) * Reference->Hz / Counts;
    *ApicTimer = (ULONG)((ULONG64)(Start.ApicTimer - End.ApicTimer) * Reference->Hz / Counts);
}

/* Maps and starts the HPET. FALSE: there is none. */
INIT_CODE static BOOLEAN HalpOpenHpet(HALP_REFERENCE *Reference)
{
    PHYSICAL_ADDRESS Address = {.QuadPart = (LONGLONG)HalMachine.Hpet};
    ULONG64 Period;

    if (HalMachine.Hpet == 0)
        return FALSE;
    HalpHpet = MmMapIoSpace(Address, HPET_SIZE, MmNonCached);
    if (HalpHpet == NULL)
        return FALSE;
    Period = HalpHpet[HPET_CAPABILITIES / sizeof(ULONG64)] >> 32;
    HalpHpet[HPET_CONFIGURATION / sizeof(ULONG64)] |= HPET_ENABLED;
    Reference->Hz = Period == 0 || Period > HPET_LONGEST_PERIOD ? 0 : FEMTOSECONDS / Period;
    return Reference->Hz != 0 && HalpCounts(Reference);
}

INIT_CODE static VOID HalpCloseHpet(VOID)
{
    if (HalpHpet != NULL) {
        HalpHpet[HPET_CONFIGURATION / sizeof(ULONG64)] &= ~HPET_ENABLED;
        MmUnmapIoSpace((PVOID)HalpHpet, HPET_SIZE);
    }
}

INIT_CODE static VOID HalpOpenPit(VOID)
{
    HalpOut(PORT_B, (HalpIn(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE2);
    HalpOut(PIT_COMMAND, PIT_CHANNEL2_MODE0);
    HalpOut(PIT_CHANNEL2, MAXUCHAR);
    HalpOut(PIT_CHANNEL2, MAXUCHAR);
}

/* Both rates in Hz. IRQL: PASSIVE_LEVEL, interrupts off, with ACPI's tables read. */
INIT_CODE VOID HalpCalibrate(PULONG64 Tsc, PULONG ApicTimer)
{
    HALP_REFERENCE Processor = {"stated by the processor", HalpStatedTscFrequency(), MAXULONG, HalpReadTscLow};
    HALP_REFERENCE Pm = {"measured against the ACPI PM timer", PM_TIMER_HZ, HalMachine.PmTimerMask, HalpReadPmTimer};
    HALP_REFERENCE Hpet = {"measured against the HPET", 0, MAXULONG, HalpReadHpet};
    HALP_REFERENCE Pit = {"measured against the 8254", PIT_HZ, MAXUSHORT, HalpReadPit};
    HALP_REFERENCE *Reference = &Pit;

    if (Processor.Hz != 0)
        Reference = &Processor;
    else if (HalMachine.PmTimerPort != 0 && HalpCounts(&Pm))
        Reference = &Pm;
    else if (HalpOpenHpet(&Hpet))
        Reference = &Hpet;
    else
        HalpOpenPit();
    HalpMeasure(Reference, Tsc, ApicTimer);
    if (Reference == &Processor)
        *Tsc = Processor.Hz;
    HalpCloseHpet();
    DbgPrint("Clock: time-stamp counter of %u.%03u MHz, %s%s\n", (ULONG)(*Tsc / HZ_PER_MHZ),
             (ULONG)(*Tsc % HZ_PER_MHZ / 1000), Reference->Name, HalHasInvariantTsc ? ", invariant" : "");
}
