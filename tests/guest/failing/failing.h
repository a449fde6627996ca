/*
 * Between the parts of the failing suite.
 */
#pragma once

#include "testcase.h"

#include "mm/mm.h"

static inline MM_STATISTICS Statistics(VOID)
{
    MM_STATISTICS Now;

    MmQueryStatistics(&Now);
    return Now;
}

/*
 * Runs Workload again and again, each time with another of its allocations failing, and holds what it took against what
 * it gave back. The workload leaves nothing behind, whether it succeeds or not. IRQL: PASSIVE_LEVEL.
 */
VOID FailOneByOne(PCSTR Name, NTSTATUS (*Workload)(VOID));
