/*
 * Clocks: the local APIC timer ticks, the time-stamp counter measures, the real-time clock says what day it is.
 *
 * Both counters are calibrated at boot against channel 2 of the 8254, whose 1.193182 MHz every PC has.
 */
#include "hal/hal.h"
#include "hal/pit.h"
#include "rtl/export.h"
#include "section.h"

VOID HalpStartApicTimer(ULONG Count, UCHAR Vector, BOOLEAN Periodic);
ULONG HalpReadApicTimer(VOID);

#define CALIBRATION_HZ 250              /* measures for 4 ms */

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
enum { CMOS_SECOND = 0, CMOS_MINUTE = 2, CMOS_HOUR = 4, CMOS_DAY = 7, CMOS_MONTH = 8, CMOS_YEAR = 9, CMOS_STATUS_A = 10,
       CMOS_STATUS_B = 11 };
#define CMOS_UPDATING 0x80
#define CMOS_BINARY 0x04
#define CMOS_24_HOURS 0x02

ULONG64 HalTscFrequency;
static ULONG HalpApicTimerFrequency;

static UCHAR HalpIn(ULONG Port)
{
    return READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)Port);
}
static VOID HalpOut(ULONG Port, ULONG Value)
{
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)Port, (UCHAR)Value);
}

/* IRQL: HIGH_LEVEL or interrupts off. */
INIT_CODE VOID HalInitializeTimers(VOID)
{
    ULONG Count = PIT_HZ / CALIBRATION_HZ;
    ULONG64 Start;

    HalpOut(PORT_B, (HalpIn(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE2);
    HalpOut(PIT_COMMAND, PIT_CHANNEL2_MODE0);
    HalpOut(PIT_CHANNEL2, Count & 0xFF);
    HalpOut(PIT_CHANNEL2, Count >> 8);
    HalpStartApicTimer(MAXULONG, 0, FALSE);
    Start = HalReadTsc();
    while ((HalpIn(PORT_B) & PORT_B_OUT2) == 0)
        KiPause();
    HalTscFrequency = (HalReadTsc() - Start) * CALIBRATION_HZ;
    HalpApicTimerFrequency = (MAXULONG - HalpReadApicTimer()) * CALIBRATION_HZ;
}

VOID HalStartClock(VOID)
{
    HalpStartApicTimer(HalpApicTimerFrequency / KI_CLOCK_HZ, KI_CLOCK_VECTOR, TRUE);
}

/* Busy for at least that many microseconds. IRQL: any. */
VOID KeStallExecutionProcessor(ULONG MicroSeconds)
{
    ULONG64 End = HalReadTsc() + HalTscFrequency * MicroSeconds / 1000000;

    while ((LONG64)(End - HalReadTsc()) > 0)
        KiPause();
}
NT_EXPORT(KeStallExecutionProcessor);

LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    LARGE_INTEGER Now;

    if (PerformanceFrequency != NULL)
        PerformanceFrequency->QuadPart = (LONGLONG)HalTscFrequency;
    Now.QuadPart = (LONGLONG)HalReadTsc();
    return Now;
}
NT_EXPORT(KeQueryPerformanceCounter);

static ULONG HalpReadCmos(ULONG Register)
{
    HalpOut(CMOS_INDEX, Register);
    return HalpIn(CMOS_DATA);
}

static ULONG HalpFromBcd(ULONG Value, BOOLEAN Binary)
{
    return Binary ? Value : (Value >> 4) * 10 + (Value & 0xF);
}

/* The time of day, UTC, in 100 ns since 1601-01-01 (the NT epoch). Boot only: it polls. MC146818A data sheet. */
INIT_CODE ULONGLONG HalReadRealTimeClock(VOID)
{
    static const USHORT DaysBefore[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    ULONG Status, Second, Minute, Hour, Day, Month, Year, Leap;
    BOOLEAN Binary;
    ULONGLONG Days;

    while (HalpReadCmos(CMOS_STATUS_A) & CMOS_UPDATING)
        KiPause();
    Status = HalpReadCmos(CMOS_STATUS_B);
    Binary = (Status & CMOS_BINARY) != 0;
    Second = HalpFromBcd(HalpReadCmos(CMOS_SECOND), Binary);
    Minute = HalpFromBcd(HalpReadCmos(CMOS_MINUTE), Binary);
    Hour = HalpReadCmos(CMOS_HOUR);
    Day = HalpFromBcd(HalpReadCmos(CMOS_DAY), Binary);
    Month = HalpFromBcd(HalpReadCmos(CMOS_MONTH), Binary);
    Year = 2000 + HalpFromBcd(HalpReadCmos(CMOS_YEAR), Binary);
    if (!(Status & CMOS_24_HOURS)) {
        ULONG Afternoon = Hour & 0x80;
        Hour = HalpFromBcd(Hour & 0x7F, Binary) % 12 + (Afternoon ? 12 : 0);
    } else {
        Hour = HalpFromBcd(Hour, Binary);
    }
    if (Month < 1 || Month > 12)
        Month = 1;
    Leap = Year % 4 == 0 && (Year % 100 != 0 || Year % 400 == 0);
    Days = (ULONGLONG)(Year - 1601) * 365 + (Year - 1601) / 4 - (Year - 1601) / 100 + (Year - 1601) / 400 +
           DaysBefore[Month - 1] + (Leap && Month > 2) + Day - 1;
    return (((Days * 24 + Hour) * 60 + Minute) * 60 + Second) * 10000000ull;
}
