/*
 * Critical and guarded regions ("Critical Regions and Guarded Regions"): a thread keeps APCs away without raising its
 * level. In a critical region no normal kernel APC comes, in a guarded region none at all; both nest, and user APCs
 * come only on the way back to user mode anyhow, where no thread may be in a region.
 */
#include "ke/ki.h"

/* The last ban has been lifted: what came meanwhile is delivered before this returns, if the level allows it. */
static VOID KiLookForApcs(PKTHREAD Thread)
{
    KIRQL Irql = KiLockDispatcher();

    if (KiKernelApcMayRun(Thread))
        KiRequestApcInterrupt();
    KiExitDispatcher(Irql);
}

#if DBG
DECLSPEC_NOINLINE static DECLSPEC_NORETURN VOID KiNotInRegion(PCSTR Kind, PVOID Caller)
{
    PKTHREAD Thread = KiCurrentThread();

    KiBugCheck(APC_INDEX_MISMATCH, (ULONG_PTR)Caller, (ULONG_PTR)Thread, (ULONG_PTR)(LONG_PTR)Thread->KernelApcDisable,
               (ULONG_PTR)(LONG_PTR)Thread->SpecialApcDisable, NULL,
               "KeLeave%sRegion was called from %s by a thread that is in no such region: there is one call of it for "
               "each KeEnter%sRegion.", Kind, KiWords(Caller).Text, Kind);
}
#endif

/* Keeps normal kernel APCs away until KeLeaveCriticalRegion; nests. IRQL: <= APC_LEVEL. */
VOID KeEnterCriticalRegion(VOID)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    KiCurrentThread()->KernelApcDisable--;
}
NT_EXPORT(KeEnterCriticalRegion);

VOID KeLeaveCriticalRegion(VOID)
{
    PKTHREAD Thread = KiCurrentThread();

    KE_REQUIRE_IRQL(APC_LEVEL);
#if DBG
    if (Thread->KernelApcDisable >= 0)
        KiNotInRegion("Critical", __builtin_return_address(0));
#endif
    if (++Thread->KernelApcDisable == 0 && Thread->ApcState.KernelApcPending)
        KiLookForApcs(Thread);
}
NT_EXPORT(KeLeaveCriticalRegion);

/* Keeps all kernel APCs away until KeLeaveGuardedRegion; nests. IRQL: <= APC_LEVEL. */
VOID KeEnterGuardedRegion(VOID)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    KiCurrentThread()->SpecialApcDisable--;
}
NT_EXPORT(KeEnterGuardedRegion);

VOID KeLeaveGuardedRegion(VOID)
{
    PKTHREAD Thread = KiCurrentThread();

    KE_REQUIRE_IRQL(APC_LEVEL);
#if DBG
    if (Thread->SpecialApcDisable >= 0)
        KiNotInRegion("Guarded", __builtin_return_address(0));
#endif
    if (++Thread->SpecialApcDisable == 0 && Thread->ApcState.KernelApcPending)
        KiLookForApcs(Thread);
}
NT_EXPORT(KeLeaveGuardedRegion);

/*
 * Whether the thread is in a critical or guarded region, so that no normal kernel APC comes. IRQL: <= DISPATCH_LEVEL.
 */
BOOLEAN KeAreApcsDisabled(VOID)
{
    return KiCurrentThread()->CombinedApcDisable != 0;
}
NT_EXPORT(KeAreApcsDisabled);

/* Whether no kernel APC at all comes: a guarded region, or the level. IRQL: <= DISPATCH_LEVEL. */
BOOLEAN KeAreAllApcsDisabled(VOID)
{
    return KiCurrentThread()->SpecialApcDisable != 0 || KeGetCurrentIrql() >= APC_LEVEL;
}
NT_EXPORT(KeAreAllApcsDisabled);

DECLSPEC_NORETURN VOID KiServiceReturnedInRegion(VOID)
{
    PKTHREAD Thread = KiCurrentThread();

    KiBugCheck(APC_INDEX_MISMATCH, 0, (ULONG_PTR)Thread, (ULONG_PTR)(LONG_PTR)Thread->KernelApcDisable,
               (ULONG_PTR)(LONG_PTR)Thread->SpecialApcDisable, NULL,
               "A system service wants to return to user mode in a critical region (%d) or a guarded region (%d): a "
               "driver that it called has entered one, or acquired a mutex, and not left it.",
               Thread->KernelApcDisable, Thread->SpecialApcDisable);
}
