/*
 * The pool of the unit tests: the host's heap, with a count of blocks and failures on demand.
 */
#include <stdlib.h>

#include "tap.h"
#include "executive.h"

LONG PoolBlocks;
LONG PoolAllocationsLeft = -1;

PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    (void)PoolType;
    (void)Tag;
    if (PoolAllocationsLeft == 0) {
        return NULL;
    }
    if (PoolAllocationsLeft > 0) {
        PoolAllocationsLeft--;
    }
    PoolBlocks++;
    return malloc(NumberOfBytes);
}

VOID ExFreePool(PVOID P)
{
    PoolBlocks--;
    free(P);
}
