/*
 * What the registers of the real-time clock mean (Motorola MC146818A data sheet, "Time, Calendar and Alarm Locations"):
 * plain C, also compiled on the host.
 */
#pragma once

#include "ntdef.h"

#define RTC_BINARY 0x04                 /* register B: values are binary, not BCD */
#define RTC_24_HOURS 0x02               /* register B */
#define RTC_AFTERNOON 0x80              /* in the hours of a clock that has twelve */

typedef struct _RTC_TIME {
    UCHAR Second, Minute, Hour, Day, Month, Year;
    UCHAR Century;                      /* 0: the clock has no such register */
    UCHAR Format;                       /* register B */
} RTC_TIME;

static inline ULONG RtcNumber(const RTC_TIME *Time, ULONG Value)
{
    return Time->Format & RTC_BINARY ? Value : (Value >> 4) * 10 + (Value & 0xF);
}

/* 12 is the hour after midnight and after noon, where a day has twice twelve. */
static inline ULONG RtcHour(const RTC_TIME *Time)
{
    if (Time->Format & RTC_24_HOURS)
        return RtcNumber(Time, Time->Hour);
    return RtcNumber(Time, Time->Hour & ~RTC_AFTERNOON & 0xFF) % 12 + (Time->Hour & RTC_AFTERNOON ? 12 : 0);
}

/* In 100 ns since 1601-01-01, the NT epoch; 0 for a date that there is not. */
static inline ULONGLONG RtcSystemTime(const RTC_TIME *Time)
{
    static const USHORT DaysBefore[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    ULONG Second = RtcNumber(Time, Time->Second), Minute = RtcNumber(Time, Time->Minute), Hour = RtcHour(Time);
    ULONG Day = RtcNumber(Time, Time->Day), Month = RtcNumber(Time, Time->Month), Year = RtcNumber(Time, Time->Year);
    ULONG Leap, Before;
    ULONGLONG Days;

    Year += Time->Century != 0 ? RtcNumber(Time, Time->Century) * 100 : 2000;
    Leap = Year % 4 == 0 && (Year % 100 != 0 || Year % 400 == 0);
    if (Second > 59 || Minute > 59 || Hour > 23 || Month < 1 || Month > 12 || Day < 1 || Year < 1601 ||
        Day > DaysBefore[Month] - DaysBefore[Month - 1] + (ULONG)(Leap && Month == 2))
        return 0;
    Before = Year - 1601;
    Days = (ULONGLONG)Before * 365 + Before / 4 - Before / 100 + Before / 400 + DaysBefore[Month - 1] + (Leap && Month > 2) +
           Day - 1;
    return (((Days * 24 + Hour) * 60 + Minute) * 60 + Second) * 10000000ull;
}
