/* The one way by which a broken rule is seen and survived. A free build does not look, so there is nothing to see. */
#include "broken.h"
#include <excpt.h>

#include "ke/rules.h"

#if DBG

static struct {
    PVOID Thread;               /* whose bugcheck is expected; anybody else's stops the system as ever */
    ULONG Code;                 /* 0: none came */
    ULONG_PTR Parameters[4];
} volatile Seen;

static VOID LookAtBugCheck(ULONG Code, const ULONG_PTR Parameters[4])
{
    if (Seen.Thread != KeGetCurrentThread())
        return;
    Seen.Code = Code;
    for (ULONG Index = 0; Index < 4; Index++)
        Seen.Parameters[Index] = Parameters[Index];
    ExRaiseStatus(STATUS_ASSERTION_FAILURE);
}

/* Calls at that level or the one the case is at, and comes back at PASSIVE_LEVEL whatever the routine did. */
static VOID Break(VOID (*Call)(VOID), KIRQL Irql)
{
    KIRQL OldIrql;

    Seen.Thread = KeGetCurrentThread();
    Seen.Code = 0;
    if (Irql > KeGetCurrentIrql())
        KeRaiseIrql(Irql, &OldIrql);
    KiBugCheckHook = LookAtBugCheck;
    __try {
        Call();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        TestExpect(GetExceptionCode() == STATUS_ASSERTION_FAILURE, "an exception of the routine's own", __FILE__,
                   __LINE__);
    }
    KiBugCheckHook = NULL;
    KeLowerIrql(PASSIVE_LEVEL);
}

VOID ExpectBugCheck(ULONG Code, VOID (*Call)(VOID), PCSTR Text, PCSTR File, ULONG Line)
{
    Break(Call, PASSIVE_LEVEL);
    TestExpectEqual(Seen.Code, Code, Text, File, Line);
}

VOID ExpectIrqlRule(PCSTR Routine, KIRQL Limit, KIRQL Wrong, VOID (*Call)(VOID), PCSTR File, ULONG Line)
{
    Break(Call, Wrong);
    if (!TestExpectEqual(Seen.Code, IRQL_NOT_LESS_OR_EQUAL, Routine, File, Line))
        return;
    TestExpectEqual(Seen.Parameters[1], Wrong, Routine, File, Line);
    TestExpectEqual(Seen.Parameters[2], Limit, Routine, File, Line);
    TestExpect(strcmp((PCSTR)Seen.Parameters[3], Routine) == 0, Routine, File, Line);
}

#else

VOID ExpectBugCheck(ULONG Code, VOID (*Call)(VOID), PCSTR Text, PCSTR File, ULONG Line)
{
    (void)Code, (void)Call, (void)Text, (void)File, (void)Line;
}

VOID ExpectIrqlRule(PCSTR Routine, KIRQL Limit, KIRQL Wrong, VOID (*Call)(VOID), PCSTR File, ULONG Line)
{
    (void)Routine, (void)Limit, (void)Wrong, (void)Call, (void)File, (void)Line;
}

#endif
