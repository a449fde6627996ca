/*
 * Unique identifiers ("ExUuidCreate"): random ones, version 4 of RFC 4122. Seeds are the time-stamp counter, the time
 * and a count, so that no two calls on any processor begin alike; they are for telling things apart, not for secrets.
 */
#include "executive.h"
#include "ke/rules.h"
#include "rtl/rtl.h"
#include "rtl/export.h"

static volatile LONG ExpUuidCount;

/* Always STATUS_SUCCESS. IRQL: PASSIVE_LEVEL. */
NTSTATUS ExUuidCreate(UUID *Uuid)
{
    ULONG64 Counter = (ULONG64)KeQueryPerformanceCounter(NULL).QuadPart;
    LARGE_INTEGER Now;
    ULONG Seeds[2];
    PUCHAR Bytes = (PUCHAR)Uuid;

    KE_REQUIRE_IRQL(PASSIVE_LEVEL);
    KeQuerySystemTime(&Now);
    Seeds[0] = (ULONG)Counter ^ Now.LowPart;
    Seeds[1] = (ULONG)(Counter >> 32) ^ (ULONG)Now.HighPart ^ ((ULONG)InterlockedIncrement(&ExpUuidCount) * 0x9E3779B9);
    for (ULONG Index = 0; Index < sizeof(UUID); Index++)
        Bytes[Index] = (UCHAR)((RtlRandomEx(&Seeds[0]) >> 8) ^ (RtlRandomEx(&Seeds[1]) >> 16));
    Uuid->Data3 = (USHORT)((Uuid->Data3 & 0x0FFF) | 0x4000);
    Uuid->Data4[0] = (UCHAR)((Uuid->Data4[0] & 0x3F) | 0x80);
    return STATUS_SUCCESS;
}
NT_EXPORT(ExUuidCreate);
