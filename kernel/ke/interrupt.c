/*
 * Device interrupts: a chain of interrupt objects per vector.
 *
 * A chain has a lock that is held, at the vector's level, while its service routines run. So a chain never changes
 * under a dispatch, and once KeDisconnectInterrupt has had the lock, the object that it took off is not in use on any
 * processor. Lock order: the chain's, then an interrupt object's own.
 *
 * Sharing. A level-sensitive line stays asserted while any device on it wants service: the first claim ends the walk,
 * and if another device wants service too the interrupt comes again. An edge (Latched) is seen once: if two devices on
 * one ISA line want service, or the second one asks while the first is served, no second edge comes, so the chain is
 * walked until a whole round finds nobody who claims.
 */
#include "ke/interrupt.h"
#include "ke/rules.h"
#include "ke/spinlock.h"
#include "hal/hal.h"
#include "rtl/export.h"

#define KI_DEVICE_VECTORS (KI_LAST_DEVICE_VECTOR - KI_FIRST_DEVICE_VECTOR + 1)
/* A latched chain that claims for so many rounds has a service routine that claims what it does not serve. */
#define KI_MAXIMUM_ROUNDS 10000

typedef struct _KI_CHAIN {
    KSPIN_LOCK Lock;                    /* at the vector's level */
    LIST_ENTRY Head;                    /* KINTERRUPT.ChainLink; Flink NULL until the first connect */
    ULONG64 Spurious;                   /* came and nobody claimed: for the debugger */
    ULONG64 Runaway;
} KI_CHAIN, *PKI_CHAIN;

static KI_CHAIN KiChains[KI_DEVICE_VECTORS];

static PKI_CHAIN KiChain(ULONG Vector)
{
    return &KiChains[Vector - KI_FIRST_DEVICE_VECTOR];
}

/* Runs the service routine with its lock at its level. Returns whether it claimed. */
static BOOLEAN KiCallServiceRoutine(PKINTERRUPT Interrupt)
{
    KIRQL OldIrql = KeGetCurrentIrql();
    BOOLEAN Claimed;

    if (Interrupt->SynchronizeIrql > OldIrql)
        KiSetIrql(Interrupt->SynchronizeIrql);
    KiAcquireSpinLock(Interrupt->ActualLock);
    KE_NOTE_RAISED(Interrupt->ServiceRoutine, Interrupt->SynchronizeIrql);
    Claimed = Interrupt->ServiceRoutine(Interrupt, Interrupt->ServiceContext);
    KiReleaseSpinLock(Interrupt->ActualLock);
    if (KeGetCurrentIrql() != max(OldIrql, Interrupt->SynchronizeIrql))
        KiBugCheck(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Interrupt->ServiceRoutine, KeGetCurrentIrql(),
                   Interrupt->SynchronizeIrql, Interrupt->Vector, NULL,
                   "the service routine %p of vector 0x%02x was called at IRQL %u and returned at %u",
                   Interrupt->ServiceRoutine, Interrupt->Vector, Interrupt->SynchronizeIrql, KeGetCurrentIrql());
    KiSetIrql(OldIrql);
    if (Claimed)
        Interrupt->Count++;
    return Claimed;
}

/* One round. Chain lock held. */
static BOOLEAN KiWalkChain(PKI_CHAIN Chain)
{
    BOOLEAN Claimed = FALSE;

    for (PLIST_ENTRY Entry = Chain->Head.Flink; Entry != &Chain->Head; Entry = Entry->Flink) {
        PKINTERRUPT Interrupt = CONTAINING_RECORD(Entry, KINTERRUPT, ChainLink);
        if (KiCallServiceRoutine(Interrupt)) {
            Claimed = TRUE;
            if (Interrupt->Mode == LevelSensitive)
                break;
        }
    }
    return Claimed;
}

/* A device vector came. IRQL: the vector's, interrupts on. The caller ends the interrupt at the controller. */
VOID KiDispatchDeviceInterrupt(PKTRAP_FRAME TrapFrame)
{
    PKI_CHAIN Chain = KiChain((ULONG)TrapFrame->Vector);
    PLIST_ENTRY First;

    KiAcquireSpinLock(&Chain->Lock);
    First = Chain->Head.Flink;
    if (First == NULL || First == &Chain->Head || !KiWalkChain(Chain)) {
        Chain->Spurious++;
    } else if (First->Flink != &Chain->Head && CONTAINING_RECORD(First, KINTERRUPT, ChainLink)->Mode == Latched) {
        ULONG Rounds = 0;
        while (KiWalkChain(Chain)) {
            if (++Rounds == KI_MAXIMUM_ROUNDS) {
                if (Chain->Runaway++ == 0)
                    DbgPrint("ke: vector 0x%02x: a service routine keeps claiming its interrupt; it must return FALSE "
                             "when its device did not ask\n", (ULONG)TrapFrame->Vector);
                break;
            }
        }
    }
    KiReleaseSpinLock(&Chain->Lock);
}

/* To the vector's level with the chain's lock. Returns the old level. */
static KIRQL KiLockChain(PKINTERRUPT Interrupt)
{
    KIRQL OldIrql = KfRaiseIrql(Interrupt->Irql);

    KiAcquireSpinLock(&KiChain(Interrupt->Vector)->Lock);
    return OldIrql;
}

static VOID KiUnlockChain(PKINTERRUPT Interrupt, KIRQL OldIrql)
{
    KiReleaseSpinLock(&KiChain(Interrupt->Vector)->Lock);
    KeLowerIrql(OldIrql);
}

BOOLEAN KeConnectInterrupt(PKINTERRUPT Interrupt)
{
    PKI_CHAIN Chain = KiChain(Interrupt->Vector);
    KIRQL OldIrql = KiLockChain(Interrupt);
    BOOLEAN Fits = TRUE;

    if (Chain->Head.Flink == NULL)
        InitializeListHead(&Chain->Head);
    if (IsListEmpty(&Chain->Head)) {
        Fits = HalEnableSystemInterrupt(Interrupt->Vector, Interrupt->Irql, Interrupt->Mode, Interrupt->Affinity);
    } else {
        PKINTERRUPT Other = CONTAINING_RECORD(Chain->Head.Flink, KINTERRUPT, ChainLink);
        Fits = Interrupt->ShareVector && Other->ShareVector && Other->Mode == Interrupt->Mode;
    }
    if (Fits) {
        InsertTailList(&Chain->Head, &Interrupt->ChainLink);
        Interrupt->Connected = TRUE;
    }
    KiUnlockChain(Interrupt, OldIrql);
    return Fits;
}

VOID KeDisconnectInterrupt(PKINTERRUPT Interrupt)
{
    KIRQL OldIrql = KiLockChain(Interrupt);

    if (Interrupt->Connected) {
        Interrupt->Connected = FALSE;
        if (RemoveEntryList(&Interrupt->ChainLink))
            HalDisableSystemInterrupt(Interrupt->Vector, Interrupt->Irql);
    }
    KiUnlockChain(Interrupt, OldIrql);
}

/*
 * Runs a routine that excludes the service routine ("KeSynchronizeExecution"): at SynchronizeIrql with the interrupt's
 * lock. IRQL: <= SynchronizeIrql. Returns what the routine returns.
 */
BOOLEAN KeSynchronizeExecution(PKINTERRUPT Interrupt, PKSYNCHRONIZE_ROUTINE SynchronizeRoutine, PVOID Context)
{
    BOOLEAN Result;
    KIRQL OldIrql;

    KE_REQUIRE_IRQL(Interrupt->SynchronizeIrql);
    OldIrql = KeAcquireInterruptSpinLock(Interrupt);
    KE_NOTE_RAISED(SynchronizeRoutine, Interrupt->SynchronizeIrql);
    Result = SynchronizeRoutine(Context);
    KeReleaseInterruptSpinLock(Interrupt, OldIrql);
    return Result;
}
NT_EXPORT(KeSynchronizeExecution);

KIRQL KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt)
{
    KIRQL OldIrql;

    KE_REQUIRE_IRQL(Interrupt->SynchronizeIrql);
    KE_NOTE_RAISED(__builtin_return_address(0), Interrupt->SynchronizeIrql);
    OldIrql = KfRaiseIrql(Interrupt->SynchronizeIrql);
    KiAcquireSpinLock(Interrupt->ActualLock);
    return OldIrql;
}
NT_EXPORT(KeAcquireInterruptSpinLock);

VOID KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql)
{
    KE_REQUIRE_IRQL_AT(Interrupt->SynchronizeIrql);
    KiReleaseSpinLock(Interrupt->ActualLock);
    KeLowerIrql(OldIrql);
}
NT_EXPORT(KeReleaseInterruptSpinLock);
