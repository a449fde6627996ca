/*
 * Interrupt objects: what IoConnectInterrupt makes and the dispatch of a device vector walks.
 */
#pragma once

#include "ke/ke.h"

typedef struct _KINTERRUPT {
    PKSERVICE_ROUTINE ServiceRoutine;   /* constant once connected, down to Mode */
    PVOID ServiceContext;
    PKSPIN_LOCK ActualLock;             /* held at SynchronizeIrql while the service routine runs */
    KSPIN_LOCK SpinLock;
    ULONG Vector;
    KIRQL Irql;
    KIRQL SynchronizeIrql;
    BOOLEAN ShareVector;
    KINTERRUPT_MODE Mode;
    ULONG Affinity;                     /* the processors that may be interrupted; of the first one on a vector it counts */
    /* The vector's chain lock, at the vector's level. */
    LIST_ENTRY ChainLink;
    BOOLEAN Connected;
    ULONG64 Count;                      /* times that it claimed an interrupt; read without the lock */
    LIST_ENTRY ListLink;                /* Io's list of all of them */
} KINTERRUPT;

/*
 * Puts an interrupt object on its vector's chain and opens the line for the first one. FALSE: the vector is taken by
 * one that does not share, or is triggered another way, or Hal does not have it. IRQL: <= DISPATCH_LEVEL.
 */
BOOLEAN KeConnectInterrupt(PKINTERRUPT Interrupt);
/* Takes it off. When it returns, its service routine runs on no processor and never will. IRQL: <= DISPATCH_LEVEL. */
VOID KeDisconnectInterrupt(PKINTERRUPT Interrupt);
