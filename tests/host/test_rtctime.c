/* The registers of the real-time clock, in all their forms. */
#include "tap.h"
#include "hal/rtctime.h"

#define BCD_24 RTC_24_HOURS
#define BINARY_24 (RTC_24_HOURS | RTC_BINARY)
#define NOON_2000 (12591158400ull + 43200)      /* 2000-01-01 00:00 is 145,731 days after 1601-01-01 */

/* {Second, Minute, Hour, Day, Month, Year, Century, Format} */
#define AT(...) RtcSystemTime(&(RTC_TIME){__VA_ARGS__}) / 10000000

CASE(bcd_and_binary)
{
    CHECK_EQUAL(AT(0, 0, 0x12, 1, 1, 0, 0, BCD_24), NOON_2000);
    CHECK_EQUAL(AT(0, 0, 12, 1, 1, 0, 0, BINARY_24), NOON_2000);
    CHECK_EQUAL(AT(0x59, 0x59, 0x23, 0x31, 0x12, 0x24, 0x20, BCD_24) + 1, AT(0, 0, 0, 1, 1, 0x25, 0x20, BCD_24));
    CHECK_EQUAL(AT(59, 59, 23, 31, 12, 24, 20, BINARY_24), AT(0x59, 0x59, 0x23, 0x31, 0x12, 0x24, 0x20, BCD_24));
}

CASE(twelve_hours)
{
    CHECK_EQUAL(AT(0, 0, 0x12, 1, 1, 0, 0, 0), NOON_2000 - 43200);                        /* 12 in the morning is 0 */
    CHECK_EQUAL(AT(0, 0, 0x12 | RTC_AFTERNOON, 1, 1, 0, 0, 0), NOON_2000);
    CHECK_EQUAL(AT(0, 0, 0x11 | RTC_AFTERNOON, 1, 1, 0, 0, 0), NOON_2000 + 11 * 3600);
    CHECK_EQUAL(AT(0, 0, 11 | RTC_AFTERNOON, 1, 1, 0, 0, RTC_BINARY), NOON_2000 + 11 * 3600);
    CHECK_EQUAL(AT(0, 0, 1, 1, 1, 0, 0, 0), NOON_2000 - 11 * 3600);
}

CASE(years_and_centuries)
{
    CHECK_EQUAL(AT(0, 0, 0, 1, 1, 70, 19, BINARY_24), 11644473600ull);                    /* the epoch of Unix */
    CHECK_EQUAL(AT(0, 0, 0, 1, 3, 24, 20, BINARY_24) - AT(0, 0, 0, 29, 2, 24, 20, BINARY_24), 86400);
    CHECK_EQUAL(AT(0, 0, 0, 1, 3, 0, 21, BINARY_24) - AT(0, 0, 0, 28, 2, 0, 21, BINARY_24), 86400);
    CHECK_EQUAL(AT(0, 0, 0, 1, 1, 1, 16, BINARY_24), 0);
}

CASE(what_is_no_date)
{
    CHECK_EQUAL(AT(0, 0, 0, 29, 2, 23, 20, BINARY_24), 0);
    CHECK_EQUAL(AT(0, 0, 0, 0, 1, 23, 20, BINARY_24), 0);
    CHECK_EQUAL(AT(0, 0, 0, 1, 13, 23, 20, BINARY_24), 0);
    CHECK_EQUAL(AT(0, 0, 24, 1, 1, 23, 20, BINARY_24), 0);
    CHECK_EQUAL(AT(0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF), 0);
}
