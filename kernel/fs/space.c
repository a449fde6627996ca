/*
 * How much memory the file system may take: files' pages, index pages, names. Boot option ramfs=, default half of RAM.
 */
#include "fs/fsp.h"
#include "ex/options.h"

static volatile LONG64 FspUsed;         /* bytes; interlocked */
static LONG64 FspLimit;

INIT_CODE VOID FspInitializeSpace(VOID)
{
    MM_STATISTICS Statistics;

    MmQueryStatistics(&Statistics);
    FspLimit = (LONG64)min(ExQueryBootSize("ramfs", Statistics.TotalFrames * PAGE_SIZE / 2), (ULONG64)MAXLONGLONG);
}

PAGED_CODE_SECTION NTSTATUS FspCharge(ULONG64 Bytes)
{
    LONG64 Used = FspUsed, Seen;

    for (;;) {
        if (Bytes > (ULONG64)(FspLimit - min(Used, FspLimit))) {
            return STATUS_DISK_FULL;
        }
        Seen = InterlockedCompareExchange64(&FspUsed, Used + (LONG64)Bytes, Used);
        if (Seen == Used) {
            return STATUS_SUCCESS;
        }
        Used = Seen;
    }
}

PAGED_CODE_SECTION VOID FspUncharge(ULONG64 Bytes)
{
    InterlockedExchangeAdd64(&FspUsed, -(LONG64)Bytes);
}
