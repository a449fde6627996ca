/* What the measurements share. */
#pragma once

#include <ntddk.h>

#define ROUNDS 16
#define TAG 'hcnB'

/* The time-stamp counter. */
static inline ULONG64 Now(VOID)
{
    ULONG Low, High;
    __asm__ volatile("rdtsc" : "=a"(Low), "=d"(High) : : "memory");
    return Low | (ULONG64)High << 32;
}

/* What two readings of the counter cost by themselves. */
extern ULONG64 BenchOverhead;

VOID BenchReport(PCSTR Name, ULONG64 Count);
/* Starts a system thread; its object, referenced, or NULL. BenchJoin waits for its end. */
PVOID BenchStart(PKSTART_ROUTINE Routine, PVOID Context);
VOID BenchJoin(PVOID Thread);

/* The least of ROUNDS runs of Statement, each between two readings of the counter. */
#define BEST(Result, Statement)                                 \
    do {                                                        \
        ULONG64 Best = ~0ull;                                   \
        for (ULONG Round = 0; Round < ROUNDS; Round++) {        \
            ULONG64 Start = Now(), Took;                        \
            Statement;                                          \
            Took = Now() - Start;                               \
            Best = min(Best, Took);                             \
        }                                                       \
        (Result) = Best - min(Best, BenchOverhead);             \
    } while (0)

/* interrupt.c: an interrupt line that no device uses, and the local APIC to raise it with. FALSE: not to be had. */
BOOLEAN BenchOpenLine(PKSERVICE_ROUTINE Routine);
VOID BenchCloseLine(VOID);
/* Sends the line's interrupt to the processor with that APIC identifier. */
VOID BenchRaise(ULONG ApicId);
/* The APIC identifier of the processor that runs this. */
ULONG BenchApicId(VOID);

/* Counts of instructions, for one processor; then ratios, for several. IRQL: PASSIVE_LEVEL, a system thread. */
VOID BenchMemory(VOID);
VOID BenchDispatcher(VOID);
VOID BenchProcessors(VOID);
