/*
 * Quotas of pool: each process has one, and memory that a driver allocates on its behalf is charged to it until the
 * memory is freed, by whomever, even after the process has ended. So a program that makes a driver allocate without end
 * fails, and nobody else does. Each piece of memory that is charged has a reference and knows what it is charged to
 * (pool.c).
 */
#include "ex/pool.h"
#include "ke/ke.h"
#include "ke/rules.h"

#define EXP_QUOTA_TAG 'touQ'

/* Limits for each process, by base type of the pool. */
static const LONG64 ExpQuotaLimits[2] = {[NonPagedPool] = 1 << 20, [PagedPool] = 4 << 20};

typedef struct _EX_QUOTA {
    volatile LONG References;           /* the process, and each piece of memory */
    volatile LONG64 Charged[2];         /* bytes, by base type of the pool */
} EX_QUOTA;

PEX_QUOTA ExCreateQuota(VOID)
{
    PEX_QUOTA Quota = ExAllocatePoolZero(NonPagedPool, sizeof(*Quota), EXP_QUOTA_TAG);

    if (Quota != NULL)
        Quota->References = 1;
    return Quota;
}

VOID ExDereferenceQuota(PEX_QUOTA Quota)
{
    if (InterlockedDecrement(&Quota->References) != 0)
        return;
    ASSERT(Quota->Charged[NonPagedPool] == 0 && Quota->Charged[PagedPool] == 0);
    ExFreePoolWithTag(Quota, EXP_QUOTA_TAG);
}

BOOLEAN ExpChargeQuota(POOL_TYPE Pool, SIZE_T Bytes, PEX_QUOTA *Quota)
{
    PEX_QUOTA Mine = KiCurrentThread()->ApcState.Process->Quota;

    *Quota = NULL;
    if (Mine == NULL)
        return TRUE;
    if (Bytes > (SIZE_T)ExpQuotaLimits[Pool])
        return FALSE;
    if (InterlockedAdd64(&Mine->Charged[Pool], (LONG64)Bytes) > ExpQuotaLimits[Pool]) {
        InterlockedAdd64(&Mine->Charged[Pool], -(LONG64)Bytes);
        return FALSE;
    }
    InterlockedIncrement(&Mine->References);
    *Quota = Mine;
    return TRUE;
}

VOID ExpReturnQuota(PEX_QUOTA Quota, POOL_TYPE Pool, SIZE_T Bytes)
{
    InterlockedAdd64(&Quota->Charged[Pool], -(LONG64)Bytes);
    ExDereferenceQuota(Quota);
}
