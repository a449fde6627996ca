/*
 * Rundown protection ("Run-Down Protection"): a thing that many use and one takes away. A user acquires protection
 * before each use and is refused once the end has begun; the one who ends it waits until the last use is over.
 *
 * The word holds twice the number of uses. When the end has begun bit 0 is set, and the rest is the address of a block
 * on the stack of the thread that waits, where the uses still open are counted down. Afterwards only bit 0 is left.
 */
#include "exsync.h"
#include "ke/rules.h"
#include "rtl/export.h"

#define EXP_RUNDOWN_ENDED ((ULONG_PTR)1)
#define EXP_RUNDOWN_USE ((ULONG_PTR)2)

typedef struct _EXP_RUNDOWN_WAIT {
    volatile LONG64 Uses;
    KEVENT LastGone;
} EXP_RUNDOWN_WAIT, *PEXP_RUNDOWN_WAIT;

FORCEINLINE BOOLEAN ExpChangeRundown(PEX_RUNDOWN_REF RunRef, ULONG_PTR *Seen, ULONG_PTR Value)
{
    return __atomic_compare_exchange_n(&RunRef->Count, Seen, Value, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Nobody uses it, everybody may. IRQL: any. */
VOID ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    RunRef->Count = 0;
}
NT_EXPORT(ExInitializeRundownProtection);

/* The same, after an end: everybody may again. IRQL: <= APC_LEVEL. */
VOID ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    ASSERTMSG("only after ExWaitForRundownProtectionRelease or ExRundownCompleted", RunRef->Count == EXP_RUNDOWN_ENDED);
    __atomic_store_n(&RunRef->Count, 0, __ATOMIC_RELEASE);
}
NT_EXPORT(ExReInitializeRundownProtection);

/*
 * FALSE: the end has begun, and the thing must not be touched. Never waits. IRQL: <= DISPATCH_LEVEL, the four of them.
 */
BOOLEAN ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    ULONG_PTR Seen = __atomic_load_n(&RunRef->Count, __ATOMIC_RELAXED);

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    while (!(Seen & EXP_RUNDOWN_ENDED))
        if (ExpChangeRundown(RunRef, &Seen, Seen + Count * EXP_RUNDOWN_USE))
            return TRUE;
    return FALSE;
}
NT_EXPORT(ExAcquireRundownProtectionEx);

BOOLEAN ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    return ExAcquireRundownProtectionEx(RunRef, 1);
}
NT_EXPORT(ExAcquireRundownProtection);

DECLSPEC_NORETURN static VOID ExpRundownNotHeld(PEX_RUNDOWN_REF RunRef, PVOID Caller)
{
    KiBugCheck(KERNEL_SECURITY_CHECK_FAILURE, (ULONG_PTR)RunRef, RunRef->Count, (ULONG_PTR)Caller, 0, NULL,
               "%s releases the rundown protection at %p more often than it was acquired.", KiWords(Caller).Text,
               RunRef);
}

/* The end of as many uses. Whoever gives up the last one lets the thread that waits go on. */
static VOID ExpReleaseRundown(PEX_RUNDOWN_REF RunRef, ULONG Count, PVOID Caller)
{
    ULONG_PTR Seen = __atomic_load_n(&RunRef->Count, __ATOMIC_RELAXED);
    PEXP_RUNDOWN_WAIT Wait;

    while (!(Seen & EXP_RUNDOWN_ENDED)) {
        if (Seen < Count * EXP_RUNDOWN_USE)
            ExpRundownNotHeld(RunRef, Caller);
        if (ExpChangeRundown(RunRef, &Seen, Seen - Count * EXP_RUNDOWN_USE))
            return;
    }
    Wait = (PEXP_RUNDOWN_WAIT)(Seen & ~EXP_RUNDOWN_ENDED);
    if (Wait == NULL)
        ExpRundownNotHeld(RunRef, Caller);
    if (InterlockedAdd64(&Wait->Uses, -(LONG64)Count) == 0)
        KeSetEvent(&Wait->LastGone, 0, FALSE);
}

VOID ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    ExpReleaseRundown(RunRef, Count, __builtin_return_address(0));
}
NT_EXPORT(ExReleaseRundownProtectionEx);

VOID ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    ExpReleaseRundown(RunRef, 1, __builtin_return_address(0));
}
NT_EXPORT(ExReleaseRundownProtection);

/*
 * Begins the end and waits until the last use is over. From its beginning on nobody acquires protection. One thread at
 * a time; at once when the end is over already. IRQL: <= APC_LEVEL.
 */
VOID ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    EXP_RUNDOWN_WAIT Wait;
    ULONG_PTR Seen = __atomic_load_n(&RunRef->Count, __ATOMIC_RELAXED);

    KE_REQUIRE_IRQL(APC_LEVEL);
    if (Seen == EXP_RUNDOWN_ENDED)
        return;
    KeInitializeEvent(&Wait.LastGone, SynchronizationEvent, FALSE);
    do {
        ASSERTMSG("another thread waits for the end already", !(Seen & EXP_RUNDOWN_ENDED));
        Wait.Uses = (LONG64)(Seen / EXP_RUNDOWN_USE);
    } while (!ExpChangeRundown(RunRef, &Seen, Seen == 0 ? EXP_RUNDOWN_ENDED : (ULONG_PTR)&Wait | EXP_RUNDOWN_ENDED));
    if (Seen != 0) {
        KeWaitForSingleObject(&Wait.LastGone, WrRundown, KernelMode, FALSE, NULL);
        __atomic_store_n(&RunRef->Count, EXP_RUNDOWN_ENDED, __ATOMIC_RELEASE);
    }
}
NT_EXPORT(ExWaitForRundownProtectionRelease);

/* After the wait: the end is over, and stays so. IRQL: <= APC_LEVEL. */
VOID ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    __atomic_store_n(&RunRef->Count, EXP_RUNDOWN_ENDED, __ATOMIC_RELEASE);
}
NT_EXPORT(ExRundownCompleted);
