/*
 * Cases of structured exceptions, compiled as driver code. Each is a function that returns a number; the test reads the
 * number that it has to be from the line above the function, so that adding a case is writing it and listing it below.
 */
#include "ntdef.h"
#include "excpt.h"

void ExRaiseStatus(NTSTATUS Status) __attribute__((noreturn));

#define ACCESS_VIOLATION ((NTSTATUS)0xC0000005)
#define NONCONTINUABLE ((NTSTATUS)0xC0000025)
#define DIVIDE_BY_ZERO ((NTSTATUS)0xC0000094)

static volatile int Seven = 7, Zero = 0;
static int *volatile Nowhere = NULL;
static int *volatile Somewhere = (int *)&Seven;
static int Log, Global;

/* = 3 */
static int NoFault(void)
{
    int Result = 1;

    __try {
        Result = *Somewhere == 7 ? 3 : 4;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Result = 5;
    }
    return Result;
}

/* = 2 : the variable is as the statement before the fault left it */
static int LocalsSurvive(void)
{
    int Result = 1;

    __try {
        Result = 2;
        *Nowhere = 0;
        Result = 3;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return Result;
    }
    return -1;
}

/* = 1210 */
static int MembersSurvive(void)
{
    struct { int First, Second[2]; } Pair = { 1, { 2, 3 } };

    __try {
        Pair.First = 10;
        Pair.Second[0] = 12;
        Pair.Second[1] = *Nowhere;
        Pair.First = 99;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return Pair.Second[0] * 100 + Pair.First;
    }
    return -1;
}

/* = 606 : stores to memory are neither moved nor dropped */
static int StoresStay(void)
{
    int Count = 0;

    Global = 0;
    __try {
        for (int Index = 0; Index < 10; Index++) {
            Global++;
            Count++;
            if (Index == 5)
                *Nowhere = 1;
        }
        Global = -1;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return Global * 100 + Count;
    }
    return -1;
}

static int Fault(int Depth)
{
    return Depth == 0 ? *Nowhere : Fault(Depth - 1) + 1;
}

/* = 1245 : a caller's registers are its own again */
static int CallersRegisters(void)
{
    int A = Seven, B = Seven + 1, C = Seven * 2, D = Seven - 3;
    int Caught = LocalsSurvive();

    Caught += MembersSurvive();
    return A + B + C + D + Caught;
}

/* = 1 */
static int FaultInCallee(void)
{
    __try {
        Fault(10);
    } __except (GetExceptionCode() == ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        return 1;
    }
    return 0;
}

/* = 1 */
static int Divide(void)
{
    __try {
        Global = Seven / Zero;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode() == DIVIDE_BY_ZERO;
    }
    return 0;
}

static LONG Filter(NTSTATUS Code, PEXCEPTION_POINTERS Pointers)
{
    Log = Log * 10 + (Pointers->ExceptionRecord->ExceptionCode == Code ? 1 : 9);
    return Code == ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH;
}

static int Nested(BOOLEAN Raise)
{
    int Path = 0;

    Log = 0;
    __try {
        __try {
            Path |= 1;
            if (Raise)
                ExRaiseStatus((NTSTATUS)0xC0001234);
            *Nowhere = 1;
            Path |= 2;
        } __except (Filter(GetExceptionCode(), GetExceptionInformation())) {
            Path |= 4;
        }
        Path |= 8;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Path |= GetExceptionCode() == (NTSTATUS)0xC0001234 ? 16 : 32;
    }
    return Path * 10 + Log;
}

/* = 131 */
static int InnerHandles(void)
{
    return Nested(FALSE);
}

/* = 171 */
static int OuterHandles(void)
{
    return Nested(TRUE);
}

/* = 2 */
static int FaultInHandler(void)
{
    __try {
        *Nowhere = 1;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        __try {
            *Nowhere = 2;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            return 2;
        }
        return 1;
    }
    return 0;
}

/* = 25 */
static int CannotContinue(void)
{
    __try {
        __try {
            *Nowhere = 1;
        } __except (EXCEPTION_CONTINUE_EXECUTION) {
            return 1;
        }
    } __except (GetExceptionCode() == NONCONTINUABLE) {
        return 25;
    }
    return 0;
}

/* Leaves a block in the way How says; Log tells how its __finally saw that: 1 normally, 2 not. */
static int Leave(int How)
{
    int Result = 0;

    Log = 0;
    __try {
        if (How == 0)
            __leave;
        if (How == 1)
            return 6;
        if (How == 2)
            goto Out;
        Result = 5;
    } __finally {
        Log = Log * 10 + 1 + AbnormalTermination();
    }
    return Result;
Out:
    return 7;
}

/* = 10262715 : leave and the end of the block are normal; return and goto run the __finally too, and are not */
static int FinallyRuns(void)
{
    int Seen = 0;

    for (int How = 0; How < 4; How++) {
        int Result = Leave(How);
        Seen = Seen * 100 + Log * 10 + Result;
    }
    return Seen;
}

/* = 12 : the inner block first, then the handler */
static int FinallyOnFault(void)
{
    Log = 0;
    __try {
        __try {
            *Nowhere = 1;
        } __finally {
            Log = Log * 10 + AbnormalTermination();
        }
        Log = 9;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Log = Log * 10 + 2;
    }
    return Log;
}

/* = 4 : the value of a return is fixed before the block runs */
static int ReturnThroughFinally(void)
{
    int Result = 4;

    __try {
        return Result;
    } __finally {
        Result = 99;
    }
}

/* = 315 : break and continue, in the body and in the handler, belong to the loop */
static int LoopsAround(void)
{
    int *Pointers[] = { Somewhere, Somewhere, Somewhere, Somewhere, Nowhere, Somewhere };
    int Good = 0, Bad = 0, Index;

    for (Index = 0; Index < 6; Index++) {
        __try {
            if (Index == 1)
                continue;
            if (Index == 5)
                break;
            Good += *Pointers[Index] == 7;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            Bad++;
            continue;
        }
    }
    return Good * 100 + Bad * 10 + Index;
}

/* = 11 */
static int SwitchAround(void)
{
    switch (Seven) {
    case 7:
        __try {
            *Nowhere = 1;
            break;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            break;
        }
        /* fall through */
    default:
        return 22;
    }
    return 11;
}

/* = 57 : an `if` around takes its own else */
static int IfAround(void)
{
    int Result = 0;

    for (int Turn = 0; Turn < 2; Turn++) {
        if (Turn == 0)
            __try { *Nowhere = 1; } __except (EXCEPTION_EXECUTE_HANDLER) { Result += 50; }
        else
            Result += 7;
    }
    return Result;
}

/* = 33 : lower case, and leave out of the handler of an inner try */
static int LowerCase(void)
{
    int Result = 3;

    try {
        try {
            *Nowhere = 1;
        } except (EXCEPTION_EXECUTE_HANDLER) {
            Result += 30;
            leave;
        }
        Result = 0;
    } finally {
        Log = 1;
    }
    return Result;
}

struct Case {
    const char *Name;
    int (*Run)(void);
};

const struct Case Cases[] = {
    { "NoFault", NoFault }, { "LocalsSurvive", LocalsSurvive }, { "MembersSurvive", MembersSurvive },
    { "StoresStay", StoresStay }, { "CallersRegisters", CallersRegisters }, { "FaultInCallee", FaultInCallee },
    { "Divide", Divide }, { "InnerHandles", InnerHandles }, { "OuterHandles", OuterHandles },
    { "FaultInHandler", FaultInHandler }, { "CannotContinue", CannotContinue }, { "FinallyRuns", FinallyRuns },
    { "FinallyOnFault", FinallyOnFault }, { "ReturnThroughFinally", ReturnThroughFinally },
    { "LoopsAround", LoopsAround }, { "SwitchAround", SwitchAround }, { "IfAround", IfAround },
    { "LowerCase", LowerCase }, { NULL, NULL },
};
