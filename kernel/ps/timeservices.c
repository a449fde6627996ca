/* The time, for programs ("NtQuerySystemTime", "QueryPerformanceCounter"). */
#include "ps/psp.h"
#include "ps/service.h"

PAGED_CODE_SECTION NTSTATUS NtQuerySystemTime(USER_ADDRESS SystemTime)
{
    LARGE_INTEGER Time;

    PAGED_CODE();
    KeQuerySystemTimePrecise(&Time);
    return MmCopyToUser(SystemTime, &Time, sizeof(Time));
}

/* The frequency is not asked for when it has no address. */
PAGED_CODE_SECTION NTSTATUS NtQueryPerformanceCounter(USER_ADDRESS Counter, USER_ADDRESS Frequency)
{
    LARGE_INTEGER Rate, Now = KeQueryPerformanceCounter(&Rate);
    NTSTATUS Status = MmCopyToUser(Counter, &Now, sizeof(Now));

    PAGED_CODE();
    if (NT_SUCCESS(Status) && Frequency.Value != 0)
        Status = MmCopyToUser(Frequency, &Rate, sizeof(Rate));
    return Status;
}
