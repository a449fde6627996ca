/*
 * The one door for taking back translations. Every write that makes an entry less permissive ends here, before the
 * frame is used for anything else.
 *
 * A round: the processor that has changed entries says in its request which pages are meant, enters itself with every
 * processor that may hold their translations, interrupts those once, and waits until each has dropped them. System
 * addresses concern all processors; those of a process only the ones on which it is loaded (KPROCESS.ActiveProcessors:
 * set before CR3 is, cleared after it was replaced; who loads it later reads the new entries).
 *
 * Why nobody waits for ever: a round is begun at DISPATCH_LEVEL at the most, where IPI_LEVEL still comes in, and the
 * one who waits serves the requests of others meanwhile. Its locks do not matter, the PFN lock and working-set locks
 * among them, since no lock that is waited for with interrupts off is ever held here.
 */
#include "mm/mi.h"

/* From so many pages on it is cheaper to drop everything than to go through them. */
#define MOST_SINGLE_PAGES 64

#define CR4_PGE (1ull << 7)

typedef struct DECLSPEC_ALIGN(64) _MI_TLB_REQUEST {
    volatile KAFFINITY Pending;         /* who has not dropped them yet */
    const ULONG_PTR *Addresses;         /* the pages, or NULL: */
    ULONG_PTR Start;                    /* a run of them */
    ULONG64 Count;
    BOOLEAN System;
} MI_TLB_REQUEST, *PMI_TLB_REQUEST;

static MI_TLB_REQUEST MiTlbRequests[MAXIMUM_PROCESSORS];        /* of each processor: one at a time */
static volatile KAFFINITY MiTlbRequesters[MAXIMUM_PROCESSORS];  /* whose requests wait for each processor */

/*
 * All translations, the global ones of system space too (Intel SDM vol. 3, "Invalidation of TLBs": changing CR4.PGE).
 */
static VOID MiFlushEverything(VOID)
{
    BOOLEAN Enabled = KiDisableInterrupts();
    ULONG64 Cr4;

    __asm__ volatile("movq %%cr4, %0" : "=r"(Cr4));
    __asm__ volatile("movq %0, %%cr4; movq %1, %%cr4" : : "r"(Cr4 & ~CR4_PGE), "r"(Cr4) : "memory");
    KiRestoreInterrupts(Enabled);
}

static VOID MiDropTranslations(const MI_TLB_REQUEST *Request)
{
    if (Request->Count > MOST_SINGLE_PAGES) {
        if (Request->System) {
            MiFlushEverything();
        } else {
            ULONG64 Root;
            __asm__ volatile("movq %%cr3, %0; movq %0, %%cr3" : "=&r"(Root) : : "memory");
        }
        return;
    }
    for (ULONG64 i = 0; i < Request->Count; i++) {
        ULONG_PTR Address = Request->Addresses != NULL ? Request->Addresses[i] : Request->Start + i * PAGE_SIZE;
        __asm__ volatile("invlpg (%0)" : : "r"(Address) : "memory");
    }
}

/* Drops what others have asked this processor to drop. IRQL: >= DISPATCH_LEVEL; any number of times, also nested. */
VOID MmServeTlbRequests(VOID)
{
    ULONG Me = KeGetCurrentPrcb()->Number;
    KAFFINITY Requesters;

    if (MiTlbRequesters[Me] == 0)
        return;
    Requesters = __atomic_exchange_n(&MiTlbRequesters[Me], 0, __ATOMIC_SEQ_CST);
    for (; Requesters != 0; Requesters &= Requesters - 1) {
        PMI_TLB_REQUEST Request = &MiTlbRequests[__builtin_ctzll(Requesters)];
        MiDropTranslations(Request);
        __atomic_and_fetch(&Request->Pending, ~((KAFFINITY)1 << Me), __ATOMIC_SEQ_CST);
    }
}

/* The calling processor takes part in rounds from now on; what it has taken up before is dropped. Interrupts off. */
VOID MmJoinTlbRounds(VOID)
{
    __atomic_or_fetch(&KiActiveProcessors, (KAFFINITY)1 << KeGetCurrentPrcb()->Number, __ATOMIC_SEQ_CST);
    MiFlushEverything();
}

static VOID MiRunRound(PKPROCESS Process, const ULONG_PTR *Addresses, ULONG_PTR Start, ULONG64 Count)
{
    KIRQL Irql = KeGetCurrentIrql();
    PMI_TLB_REQUEST Request;
    KAFFINITY Me, Targets;

    if (Irql > DISPATCH_LEVEL)
        KiBugCheck(IRQL_NOT_LESS_OR_EQUAL, Start, Irql, DISPATCH_LEVEL, Count, NULL,
                   "Memory is unmapped or freed at IRQL %u. The other processors have to be told, and the one that tells "
                   "must be able to answer them: free memory at IRQL <= DISPATCH_LEVEL.", Irql);
    KiSetIrql(DISPATCH_LEVEL);
    Me = (KAFFINITY)1 << KeGetCurrentPrcb()->Number;
    Request = &MiTlbRequests[KeGetCurrentPrcb()->Number];
    Request->Addresses = Addresses;
    Request->Start = Start;
    Request->Count = Count;
    Request->System = Process == NULL;
    /* The entries were written before; who loads the address space from here on sees them. */
    KeMemoryBarrier();
    Targets = (Process == NULL ? KiActiveProcessors : Process->ActiveProcessors) & ~Me;
    if (Targets != 0) {
        Request->Pending = Targets;
        for (KAFFINITY Left = Targets; Left != 0; Left &= Left - 1)
            __atomic_or_fetch(&MiTlbRequesters[__builtin_ctzll(Left)], Me, __ATOMIC_SEQ_CST);
        KiSendIpi(Targets);
    }
    MiDropTranslations(Request);
    while (Targets != 0 && Request->Pending != 0) {
        KiServeIpi();
        KiPause();
    }
    KiSetIrql(Irql);
}

VOID MiFlushTlb(PKPROCESS Process, const ULONG_PTR *Addresses, ULONG Count)
{
    if (Count != 0)
        MiRunRound(Process, Addresses, Addresses[0], Count);
}

VOID MiFlushRange(PKPROCESS Process, ULONG_PTR Start, ULONG64 Pages)
{
    if (Pages != 0)
        MiRunRound(Process, NULL, Start, Pages);
}

VOID MiFlushHere(ULONG_PTR Address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(Address) : "memory");
}
