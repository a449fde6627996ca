/* What time it is, and how much has passed. */
#include "sdk.h"

#define SDK_UNITS_PER_MILLISECOND 10000     /* the kernel counts 100 ns */

/* Milliseconds since boot, to the tick. */
ULONGLONG GetTickCount64(VOID)
{
    SYSTEM_BASIC_INFORMATION Basic;

    if (!SdkResult(NtQuerySystemInformation(SystemBasicInformation, &Basic, sizeof(Basic), NULL)))
        return 0;
    return Basic.InterruptTime / SDK_UNITS_PER_MILLISECOND;
}

VOID GetSystemTimeAsFileTime(LPFILETIME SystemTime)
{
    LARGE_INTEGER Time = {.QuadPart = 0};

    SdkResult(NtQuerySystemTime(&Time));
    SystemTime->dwLowDateTime = Time.LowPart;
    SystemTime->dwHighDateTime = (DWORD)Time.HighPart;
}

BOOL QueryPerformanceCounter(PLARGE_INTEGER Counter)
{
    return SdkResult(NtQueryPerformanceCounter(Counter, NULL));
}

BOOL QueryPerformanceFrequency(PLARGE_INTEGER Frequency)
{
    LARGE_INTEGER Counter;

    return SdkResult(NtQueryPerformanceCounter(&Counter, Frequency));
}
