/*
 * Push locks ("ExInitializePushLock"): shared by many threads or owned by one, as large as a pointer, not recursive.
 *
 * The word says all that matters while nobody waits, and one interlocked instruction changes it then:
 *   bit 0     one thread owns it
 *   bit 1     somebody waits
 *   the rest  how many threads share it
 * Who waits stands in a queue beside it, found by the lock's address; a few such queues serve all locks. While bit 1 is
 * set the word is changed only under the queue's spin lock, so the last owner and a newcomer cannot miss each other.
 *
 * First come, first served: while somebody waits newcomers wait behind, and the last owner hands the lock over to the
 * first in the queue; to all up to the next exclusive one, if the first waits to share.
 */
#include "exsync.h"
#include "ke/rules.h"
#include "rtl/export.h"

#define EXP_LOCK_OWNED ((ULONG_PTR)1)
#define EXP_LOCK_WAITED ((ULONG_PTR)2)
#define EXP_LOCK_SHARER ((ULONG_PTR)4)          /* one thread that shares */
#define EXP_LOCK_QUEUES 64                      /* a power of two */

/* On the stack of a thread that waits. */
typedef struct _EXP_LOCK_WAIT {
    struct _EXP_LOCK_WAIT *Next;
    PEX_PUSH_LOCK PushLock;
    BOOLEAN Exclusive;
    KEVENT Granted;
} EXP_LOCK_WAIT, *PEXP_LOCK_WAIT;

typedef struct _EXP_LOCK_QUEUE {
    KSPIN_LOCK Lock;                            /* DISPATCH_LEVEL */
    PEXP_LOCK_WAIT First;                       /* waits for all locks of this queue, in order of arrival */
} EXP_LOCK_QUEUE, *PEXP_LOCK_QUEUE;

static EXP_LOCK_QUEUE ExpLockQueues[EXP_LOCK_QUEUES];

static PEXP_LOCK_QUEUE ExpLockQueue(PEX_PUSH_LOCK PushLock)
{
    ULONG_PTR Address = (ULONG_PTR)PushLock / sizeof(*PushLock);

    return &ExpLockQueues[(Address ^ Address / EXP_LOCK_QUEUES) % EXP_LOCK_QUEUES];
}

FORCEINLINE BOOLEAN ExpChangeLock(PEX_PUSH_LOCK PushLock, ULONG_PTR *Seen, ULONG_PTR Value)
{
    return __atomic_compare_exchange_n(PushLock, Seen, Value, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Takes the lock if nobody is in the way. Seen: what the word was, when not. */
FORCEINLINE BOOLEAN ExpTryLock(PEX_PUSH_LOCK PushLock, BOOLEAN Exclusive, ULONG_PTR *Seen)
{
    *Seen = __atomic_load_n(PushLock, __ATOMIC_RELAXED);
    while (Exclusive ? *Seen == 0 : (*Seen & (EXP_LOCK_OWNED | EXP_LOCK_WAITED)) == 0)
        if (ExpChangeLock(PushLock, Seen, Exclusive ? EXP_LOCK_OWNED : *Seen + EXP_LOCK_SHARER))
            return TRUE;
    return FALSE;
}

/* Acquires a lock that was seen taken: stands in the queue until it is handed over. */
DECLSPEC_NOINLINE static VOID ExpWaitForLock(PEX_PUSH_LOCK PushLock, BOOLEAN Exclusive)
{
    PEXP_LOCK_QUEUE Queue = ExpLockQueue(PushLock);
    EXP_LOCK_WAIT Wait = {.PushLock = PushLock, .Exclusive = Exclusive};
    PEXP_LOCK_WAIT *Last;
    ULONG_PTR Seen;
    KIRQL Irql;

    KeInitializeEvent(&Wait.Granted, SynchronizationEvent, FALSE);
    Irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
    do {
        if (ExpTryLock(PushLock, Exclusive, &Seen)) {
            KeReleaseSpinLock(&Queue->Lock, Irql);
            return;
        }
    } while (!(Seen & EXP_LOCK_WAITED) && !ExpChangeLock(PushLock, &Seen, Seen | EXP_LOCK_WAITED));
    for (Last = &Queue->First; *Last != NULL; Last = &(*Last)->Next)
        ;
    *Last = &Wait;
    KeReleaseSpinLock(&Queue->Lock, Irql);
    KeWaitForSingleObject(&Wait.Granted, WrPushLock, KernelMode, FALSE, NULL);
}

/*
 * The lock is free: takes those whose turn it is out of the queue, linked, and tells what the word becomes. Queue's
 * lock held.
 */
static PEXP_LOCK_WAIT ExpTakeNext(PEXP_LOCK_QUEUE Queue, PEX_PUSH_LOCK PushLock, ULONG_PTR *Value)
{
    PEXP_LOCK_WAIT *Link = &Queue->First, Granted = NULL, *Tail = &Granted;

    *Value = 0;
    while (*Link != NULL) {
        PEXP_LOCK_WAIT Wait = *Link;

        if (Wait->PushLock != PushLock) {
            Link = &Wait->Next;
            continue;
        }
        if (*Value != 0 && (Wait->Exclusive || *Value == EXP_LOCK_OWNED)) {
            *Value |= EXP_LOCK_WAITED;
            break;
        }
        *Value += Wait->Exclusive ? EXP_LOCK_OWNED : EXP_LOCK_SHARER;
        *Link = Wait->Next;
        Wait->Next = NULL;
        *Tail = Wait;
        Tail = &Wait->Next;
    }
    return Granted;
}

/* Gives back a lock that somebody waits for. */
DECLSPEC_NOINLINE static VOID ExpHandOverLock(PEX_PUSH_LOCK PushLock, BOOLEAN Exclusive)
{
    PEXP_LOCK_QUEUE Queue = ExpLockQueue(PushLock);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
    ULONG_PTR Value = *PushLock - (Exclusive ? EXP_LOCK_OWNED : EXP_LOCK_SHARER);
    PEXP_LOCK_WAIT Granted = NULL;

    if (Value == EXP_LOCK_WAITED)
        Granted = ExpTakeNext(Queue, PushLock, &Value);
    __atomic_store_n(PushLock, Value, __ATOMIC_RELEASE);
    KeReleaseSpinLock(&Queue->Lock, Irql);
    while (Granted != NULL) {
        PEXP_LOCK_WAIT Next = Granted->Next;    /* the block is gone as soon as its event is set */

        KeSetEvent(&Granted->Granted, 1, FALSE);
        Granted = Next;
    }
}

#if DBG
DECLSPEC_NOINLINE static DECLSPEC_NORETURN VOID ExpLockNotHeld(PEX_PUSH_LOCK PushLock, BOOLEAN Exclusive, PVOID Caller)
{
    KiBugCheck(THREAD_NOT_MUTEX_OWNER, (ULONG_PTR)KiCurrentThread(), (ULONG_PTR)PushLock, *PushLock, (ULONG_PTR)Caller,
               NULL, "%s releases the push lock at %p, which nobody %s. It is released once for each time that it was "
               "acquired, and in the same way, shared or exclusive.", KiWords(Caller).Text, PushLock,
               Exclusive ? "owns exclusively" : "shares");
}
#endif

/* Checked builds: stops the system if nobody holds the lock in this way. */
FORCEINLINE VOID ExpRequireHeld(PEX_PUSH_LOCK PushLock, BOOLEAN Exclusive, PVOID Caller)
{
#if DBG
    if (Exclusive ? !(*PushLock & EXP_LOCK_OWNED) : *PushLock < EXP_LOCK_SHARER)
        ExpLockNotHeld(PushLock, Exclusive, Caller);
#else
    UNREFERENCED_PARAMETER(PushLock);
    UNREFERENCED_PARAMETER(Exclusive);
    UNREFERENCED_PARAMETER(Caller);
#endif
}

VOID ExInitializePushLock(PEX_PUSH_LOCK PushLock)
{
    *PushLock = 0;
}
NT_EXPORT(ExInitializePushLock);

/*
 * Both wait. The caller keeps normal kernel APCs away (KeEnterCriticalRegion). Flags say whether an owner's priority
 * may be raised; here it never is. IRQL: <= APC_LEVEL, also for the releases.
 */
VOID ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    ULONG_PTR Seen;

    UNREFERENCED_PARAMETER(Flags);
    KE_REQUIRE_IRQL(APC_LEVEL);
    if (!ExpTryLock(PushLock, TRUE, &Seen))
        ExpWaitForLock(PushLock, TRUE);
}
NT_EXPORT(ExAcquirePushLockExclusiveEx);

VOID ExAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    ULONG_PTR Seen;

    UNREFERENCED_PARAMETER(Flags);
    KE_REQUIRE_IRQL(APC_LEVEL);
    if (!ExpTryLock(PushLock, FALSE, &Seen))
        ExpWaitForLock(PushLock, FALSE);
}
NT_EXPORT(ExAcquirePushLockSharedEx);

VOID ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    ULONG_PTR Seen = EXP_LOCK_OWNED;

    UNREFERENCED_PARAMETER(Flags);
    KE_REQUIRE_IRQL(APC_LEVEL);
    ExpRequireHeld(PushLock, TRUE, __builtin_return_address(0));
    if (!ExpChangeLock(PushLock, &Seen, 0))
        ExpHandOverLock(PushLock, TRUE);
}
NT_EXPORT(ExReleasePushLockExclusiveEx);

VOID ExReleasePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    ULONG_PTR Seen = __atomic_load_n(PushLock, __ATOMIC_RELAXED);

    UNREFERENCED_PARAMETER(Flags);
    KE_REQUIRE_IRQL(APC_LEVEL);
    ExpRequireHeld(PushLock, FALSE, __builtin_return_address(0));
    while (!(Seen & EXP_LOCK_WAITED))
        if (ExpChangeLock(PushLock, &Seen, Seen - EXP_LOCK_SHARER))
            return;
    ExpHandOverLock(PushLock, FALSE);
}
NT_EXPORT(ExReleasePushLockSharedEx);
