/*
 * How much pool a process may have charged to it ("ExAllocatePoolWithQuotaTag").
 */
#pragma once

#include "executive.h"

typedef struct _EX_QUOTA *PEX_QUOTA;

/* A quota with nothing charged to it, with one reference. NULL: no memory. IRQL: <= DISPATCH_LEVEL. */
PEX_QUOTA ExCreateQuota(VOID);
/* It goes when the last memory that is charged to it has been freed, too. IRQL: <= DISPATCH_LEVEL. */
VOID ExDereferenceQuota(PEX_QUOTA Quota);
