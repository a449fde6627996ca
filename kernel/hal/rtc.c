/*
 * The real-time clock, read once at boot: it says what day it is, in UTC. (Motorola MC146818A data sheet; the registers
 * are behind ports 0x70 and 0x71; ACPI's FADT names the one of the century, where there is one.)
 */
#include "hal/hal.h"
#include "hal/rtctime.h"
#include "section.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
enum { CMOS_SECOND = 0, CMOS_MINUTE = 2, CMOS_HOUR = 4, CMOS_DAY = 7, CMOS_MONTH = 8, CMOS_YEAR = 9, CMOS_STATUS_A = 10,
       CMOS_STATUS_B = 11 };
#define CMOS_UPDATING 0x80

#define READINGS 1000000                /* a clock that never stands still for two readings is broken */

INIT_CODE static UCHAR HalpReadCmos(ULONG Register)
{
    WRITE_PORT_UCHAR((PUCHAR)CMOS_INDEX, (UCHAR)Register);
    return READ_PORT_UCHAR((PUCHAR)CMOS_DATA);
}

INIT_CODE static RTC_TIME HalpReadClock(VOID)
{
    RTC_TIME Time;

    Time.Format = HalpReadCmos(CMOS_STATUS_B);
    Time.Second = HalpReadCmos(CMOS_SECOND);
    Time.Minute = HalpReadCmos(CMOS_MINUTE);
    Time.Hour = HalpReadCmos(CMOS_HOUR);
    Time.Day = HalpReadCmos(CMOS_DAY);
    Time.Month = HalpReadCmos(CMOS_MONTH);
    Time.Year = HalpReadCmos(CMOS_YEAR);
    Time.Century = HalMachine.RtcCentury != 0 ? HalpReadCmos(HalMachine.RtcCentury) : 0;
    return Time;
}

/*
 * The time of day in 100 ns since 1601. An update of the clock announces itself, but may begin while the registers are
 * read, so two equal readings without one before them count. IRQL: any, interrupts off; boot only: it polls.
 */
INIT_CODE ULONGLONG HalReadRealTimeClock(VOID)
{
    RTC_TIME Last = {0};
    ULONGLONG Time;

    for (ULONG i = 0; i < READINGS; i++) {
        RTC_TIME Now;
        if (HalpReadCmos(CMOS_STATUS_A) & CMOS_UPDATING)
            continue;
        Now = HalpReadClock();
        if (memcmp(&Now, &Last, sizeof(Now)) == 0)
            break;
        Last = Now;
    }
    Time = RtcSystemTime(&Last);
    if (Time == 0)
        DbgPrint("Clock: the real-time clock holds no date; system time begins in 1601\n");
    return Time;
}
