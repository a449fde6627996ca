/*
 * Where user space ends and system space begins, as variables that drivers import ("MmSystemRangeStart",
 * "MmHighestUserAddress", "MmUserProbeAddress").
 */
#include "mm/mi.h"
#include "rtl/export.h"

PVOID MmSystemRangeStart = (PVOID)MM_SYSTEM_RANGE_START;
PVOID MmHighestUserAddress = (PVOID)MM_HIGHEST_USER_ADDRESS;
ULONG_PTR MmUserProbeAddress = MM_HIGHEST_USER_ADDRESS + 1;
NT_EXPORT(MmSystemRangeStart);
NT_EXPORT(MmHighestUserAddress);
NT_EXPORT(MmUserProbeAddress);
