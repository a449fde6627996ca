/*
 * Cache-aware rundown protection ("ExInitializeRundownProtectionCacheAware"): that of rundown.c with a word
 * for each processor, a cache line apart, so that processors that use the thing all the time do not take a line from
 * each other.
 *
 * A use may begin on one processor and end on another, so a word alone may be negative; only the sum means something.
 * The one who ends it closes the words one after the other and adds up what they held. A large bias keeps the sum from
 * reaching zero before all are closed, whoever gives up a use meanwhile.
 */
#include "exsync.h"
#include "ke/rules.h"
#include "rtl/export.h"

#define EXP_CACHE_LINE 64
#define EXP_CLOSED ((LONG64)1)
#define EXP_USE ((LONG64)2)
#define EXP_BIAS (1ll << 40)

typedef struct DECLSPEC_ALIGN(EXP_CACHE_LINE) _EXP_RUNDOWN_WORD {
    LONG64 Word;                /* twice the uses; closed: the address of the EXP_CLOSING, or nothing, and bit 0 */
} EXP_RUNDOWN_WORD, *PEXP_RUNDOWN_WORD;

struct _EX_RUNDOWN_REF_CACHE_AWARE {
    PEXP_RUNDOWN_WORD Words;    /* behind this, aligned */
    ULONG Count;
    BOOLEAN FromPool;
};

typedef struct _EXP_CLOSING {
    volatile LONG64 Uses;
    KEVENT LastGone;
} EXP_CLOSING, *PEXP_CLOSING;

/* How large the memory is that ExInitializeRundownProtectionCacheAware is given. IRQL: any. */
SIZE_T ExSizeOfRundownProtectionCacheAware(VOID)
{
    return sizeof(struct _EX_RUNDOWN_REF_CACHE_AWARE) + (KeNumberProcessors + 1) * sizeof(EXP_RUNDOWN_WORD);
}
NT_EXPORT(ExSizeOfRundownProtectionCacheAware);

static VOID ExpOpenAll(PEX_RUNDOWN_REF_CACHE_AWARE RunRef)
{
    for (ULONG Number = 0; Number < RunRef->Count; Number++)
        __atomic_store_n(&RunRef->Words[Number].Word, 0, __ATOMIC_RELEASE);
}

/* Nobody uses it, everybody may. Size bytes of resident memory. IRQL: any. */
VOID ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, SIZE_T RunRefSize)
{
    ASSERTMSG("too small: ExSizeOfRundownProtectionCacheAware", RunRefSize >= ExSizeOfRundownProtectionCacheAware());
    UNREFERENCED_PARAMETER(RunRefSize);
    RunRefCacheAware->Words = (PEXP_RUNDOWN_WORD)(((ULONG_PTR)(RunRefCacheAware + 1) + EXP_CACHE_LINE - 1) &
                                                  ~(ULONG_PTR)(EXP_CACHE_LINE - 1));
    RunRefCacheAware->Count = KeNumberProcessors;
    RunRefCacheAware->FromPool = FALSE;
    ExpOpenAll(RunRefCacheAware);
}
NT_EXPORT(ExInitializeRundownProtectionCacheAware);

/* The same in memory from a nonpaged pool. NULL: there is none. IRQL: <= DISPATCH_LEVEL. */
PEX_RUNDOWN_REF_CACHE_AWARE ExAllocateCacheAwareRundownProtection(POOL_TYPE PoolType, ULONG PoolTag)
{
    SIZE_T Size = ExSizeOfRundownProtectionCacheAware();
    PEX_RUNDOWN_REF_CACHE_AWARE RunRef;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    RunRef = ExAllocatePoolWithTag(PoolType, Size, PoolTag);
    if (RunRef != NULL) {
        ExInitializeRundownProtectionCacheAware(RunRef, Size);
        RunRef->FromPool = TRUE;
    }
    return RunRef;
}
NT_EXPORT(ExAllocateCacheAwareRundownProtection);

VOID ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    ASSERTMSG("only what ExAllocateCacheAwareRundownProtection made", RunRefCacheAware->FromPool);
    ExFreePool(RunRefCacheAware);
}
NT_EXPORT(ExFreeCacheAwareRundownProtection);

/* Of whichever processor: it need not be the same one next time. */
static PEXP_RUNDOWN_WORD ExpWordHere(PEX_RUNDOWN_REF_CACHE_AWARE RunRef)
{
    return &RunRef->Words[KeGetCurrentPrcb()->Number % RunRef->Count];
}

/* FALSE: the end has begun. Never waits. IRQL: <= DISPATCH_LEVEL, the four of them. */
BOOLEAN ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, ULONG Count)
{
    PEXP_RUNDOWN_WORD Here;
    LONG64 Seen;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    Here = ExpWordHere(RunRefCacheAware);
    Seen = __atomic_load_n(&Here->Word, __ATOMIC_RELAXED);
    while (!(Seen & EXP_CLOSED))
        if (__atomic_compare_exchange_n(&Here->Word, &Seen, Seen + Count * EXP_USE, FALSE, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return TRUE;
    return FALSE;
}
NT_EXPORT(ExAcquireRundownProtectionCacheAwareEx);

BOOLEAN ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    return ExAcquireRundownProtectionCacheAwareEx(RunRefCacheAware, 1);
}
NT_EXPORT(ExAcquireRundownProtectionCacheAware);

VOID ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, ULONG Count)
{
    PEXP_RUNDOWN_WORD Here;
    PEXP_CLOSING Closing;
    LONG64 Seen;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    Here = ExpWordHere(RunRefCacheAware);
    Seen = __atomic_load_n(&Here->Word, __ATOMIC_RELAXED);
    while (!(Seen & EXP_CLOSED))
        if (__atomic_compare_exchange_n(&Here->Word, &Seen, Seen - Count * EXP_USE, FALSE, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return;
    Closing = (PEXP_CLOSING)(Seen & ~EXP_CLOSED);
    ASSERTMSG("released more often than acquired", Closing != NULL);
    if (InterlockedAdd64(&Closing->Uses, -(LONG64)Count) == 0)
        KeSetEvent(&Closing->LastGone, 0, FALSE);
}
NT_EXPORT(ExReleaseRundownProtectionCacheAwareEx);

VOID ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    ExReleaseRundownProtectionCacheAwareEx(RunRefCacheAware, 1);
}
NT_EXPORT(ExReleaseRundownProtectionCacheAware);

/* Begins the end and waits until the last use is over. One thread at a time. IRQL: <= APC_LEVEL. */
VOID ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRef)
{
    EXP_CLOSING Closing = {.Uses = EXP_BIAS};

    KE_REQUIRE_IRQL(APC_LEVEL);
    if (__atomic_load_n(&RunRef->Words[0].Word, __ATOMIC_ACQUIRE) == EXP_CLOSED)
        return;                     /* it is over already */
    KeInitializeEvent(&Closing.LastGone, SynchronizationEvent, FALSE);
    for (ULONG Number = 0; Number < RunRef->Count; Number++) {
        LONG64 Held = __atomic_exchange_n(&RunRef->Words[Number].Word, (LONG64)(ULONG_PTR)&Closing | EXP_CLOSED,
                                          __ATOMIC_SEQ_CST);
        ASSERTMSG("another thread waits for the end already", !(Held & EXP_CLOSED));
        InterlockedAdd64(&Closing.Uses, Held / EXP_USE);
    }
    if (InterlockedAdd64(&Closing.Uses, -EXP_BIAS) != 0)
        KeWaitForSingleObject(&Closing.LastGone, WrRundown, KernelMode, FALSE, NULL);
    ExRundownCompletedCacheAware(RunRef);
}
NT_EXPORT(ExWaitForRundownProtectionReleaseCacheAware);

/* After the wait: the end is over, and stays so. IRQL: <= APC_LEVEL. */
VOID ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    for (ULONG Number = 0; Number < RunRefCacheAware->Count; Number++)
        __atomic_store_n(&RunRefCacheAware->Words[Number].Word, EXP_CLOSED, __ATOMIC_RELEASE);
}
NT_EXPORT(ExRundownCompletedCacheAware);

/* After an end: everybody may again. IRQL: <= APC_LEVEL. */
VOID ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    ExpOpenAll(RunRefCacheAware);
}
NT_EXPORT(ExReInitializeRundownProtectionCacheAware);
