/* Between the two files of range lists. */
#pragma once

#include "executive.h"
#include "rangelist.h"
#include "rtl/rtl.h"

/*
 * Whether a range that overlaps Start..End is in the way, and the lowest address of the two that then is not free.
 * rangelist.c. What is in the way: RtlIsRangeAvailable.
 */
BOOLEAN RtlpFindInTheWay(PRTL_RANGE_LIST RangeList, ULONGLONG Start, ULONGLONG End, ULONG Flags,
                         UCHAR AttributeAvailableMask, PVOID Context, PRTL_CONFLICT_RANGE_CALLBACK Callback,
                         PULONGLONG Lowest);
