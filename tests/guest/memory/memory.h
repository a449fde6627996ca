/*
 * Between the parts of the memory suite.
 */
#pragma once

#include "testcase.h"

#include "mm/mm.h"

#define MEMORY_TAG 'mmsT'
#define PAGE_WORDS (PAGE_SIZE / sizeof(ULONG64))

static inline MM_STATISTICS Statistics(VOID)
{
    MM_STATISTICS Now;

    MmQueryStatistics(&Now);
    return Now;
}
