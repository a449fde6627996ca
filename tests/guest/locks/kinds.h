/* The kinds of locks, each as a way in and a way out. */
#pragma once

#include "locks.h"

typedef struct _HOLD {          /* of one acquisition */
    KIRQL OldIrql;
    KLOCK_QUEUE_HANDLE Queue;
    PSLIST_ENTRY Token;
    LONG Index;
} HOLD;

typedef struct _KIND {
    PCSTR Name;
    /* FALSE: not had, after trying for as long as it may take. Share: to read, only where Shares is TRUE. */
    BOOLEAN (*Enter)(PWORKER Worker, BOOLEAN Share, HOLD *Hold);
    VOID (*Leave)(BOOLEAN Share, HOLD *Hold);
    BOOLEAN Shares;
    BOOLEAN MayWait;            /* its holder may be descheduled, even on purpose */
} KIND;

#define KINDS 15
extern const KIND Kinds[KINDS];

/* Makes all of them, free. FALSE: not possible, and said so. IRQL: PASSIVE_LEVEL. */
BOOLEAN KindsBegin(VOID);
/* All of them are free again. */
VOID KindsEnd(VOID);
