/*
 * Interrupt request levels. CR8, the local APIC's task-priority register, is the level: a vector whose high nibble is
 * not above it stays pending in the hardware (Intel SDM vol. 3, "Task Priority in IA-32e Mode"). So raising and
 * lowering are one instruction each, and what was held back arrives the moment the level falls.
 *
 * What may be touched and who runs at which level: the table in docs/design.md.
 */
#include "ke/rules.h"
#include "hal/hal.h"
#include "kd/kd.h"
#include "rtl/export.h"

DECLSPEC_NOINLINE static DECLSPEC_NORETURN VOID KiWrongDirection(KIRQL NewIrql, KIRQL OldIrql, PVOID Caller, BOOLEAN Raise)
{
    CHAR Text[KD_ADDRESS_TEXT];

    KiBugCheck(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Caller, OldIrql, NewIrql,
               (ULONG_PTR)(Raise ? "KeRaiseIrql" : "KeLowerIrql"), NULL,
               "%s from IRQL %u to %u, called at %s: %s", Raise ? "KeRaiseIrql" : "KeLowerIrql", OldIrql, NewIrql,
               KdNameAddress(Caller, Text),
               Raise ? "raising may only go up; use KeLowerIrql to go down"
                     : "lowering may only go down, to the level that the matching raise returned");
}

/* Raises to NewIrql and returns the level before. Going down is a bugcheck. IRQL: <= NewIrql. */
KIRQL KfRaiseIrql(KIRQL NewIrql)
{
    KIRQL OldIrql = KeGetCurrentIrql();

    if (NewIrql < OldIrql || NewIrql > HIGH_LEVEL)
        KiWrongDirection(NewIrql, OldIrql, __builtin_return_address(0), TRUE);
    KiSetIrql(NewIrql);
    KE_NOTE_RAISED(__builtin_return_address(0), NewIrql);
    return OldIrql;
}
NT_EXPORT(KfRaiseIrql);

/* Lowers to NewIrql; what is pending above it is delivered before this returns. Going up is a bugcheck. */
VOID KeLowerIrql(KIRQL NewIrql)
{
    KIRQL OldIrql = KeGetCurrentIrql();

    if (NewIrql > OldIrql)
        KiWrongDirection(NewIrql, OldIrql, __builtin_return_address(0), FALSE);
    KiSetIrql(NewIrql);
}
NT_EXPORT(KeLowerIrql);

VOID KfLowerIrql(KIRQL NewIrql) __attribute__((alias("KeLowerIrql")));
NT_EXPORT(KfLowerIrql);

KIRQL KeRaiseIrqlToDpcLevel(VOID)
{
    KIRQL OldIrql = KeGetCurrentIrql();

    if (OldIrql > DISPATCH_LEVEL)
        KiWrongDirection(DISPATCH_LEVEL, OldIrql, __builtin_return_address(0), TRUE);
    KiSetIrql(DISPATCH_LEVEL);
    KE_NOTE_RAISED(__builtin_return_address(0), DISPATCH_LEVEL);
    return OldIrql;
}
NT_EXPORT(KeRaiseIrqlToDpcLevel);

/*
 * The level at which a processor's scheduler data is safe from it: DISPATCH_LEVEL + 10 of the documentation is 12 here.
 */
KIRQL KeRaiseIrqlToSynchLevel(VOID)
{
    return KfRaiseIrql(SYNCH_LEVEL);
}
NT_EXPORT(KeRaiseIrqlToSynchLevel);

VOID KiRequestDispatchInterrupt(VOID)
{
    HalRequestSoftwareInterrupt(KI_DPC_VECTOR);
}

VOID KiRequestApcInterrupt(VOID)
{
    HalRequestSoftwareInterrupt(KI_APC_VECTOR);
}

VOID KiSendDispatchInterrupt(PKPRCB Prcb)
{
    HalSendInterrupt(Prcb->ApicId, KI_DPC_VECTOR);
}
