/*
 * The delivery of APCs: kernel APCs from the interrupt 0x1F, user APCs on the way back to user mode.
 *
 * A kernel APC comes whenever its thread is below APC_LEVEL, between any two instructions. So whatever of a thread's
 * record code below APC_LEVEL uses as its own (the list of __try records, what it has probed) is set aside meanwhile.
 *
 * A user APC is a call that the program finds itself in when a service returns: what it would have gone on with lies on
 * its stack as a CONTEXT, and its dispatcher (user/lib/apc.S) calls the routine and gives the CONTEXT to NtContinue.
 * The vector registers are not in it: to the program the service was a routine, after which they hold nothing.
 */
#include "ke/ki.h"
#include "ke/trap.h"
#include "mm/mm.h"

/* What a program may set of EFLAGS: CF PF AF ZF SF TF DF OF AC ID. Interrupts are always on in user mode. */
#define KI_USER_EFLAGS 0x240DD5u
#define KI_EFLAGS_INTERRUPT 0x202u      /* with the bit that is always set */
#define KI_USER_RED_ZONE 128            /* below its stack pointer a program's routine keeps things, too */

#if DBG
static VOID KiCheckApcReturn(PVOID Routine, PCSTR Which, KIRQL Expected, LONG Disabled)
{
    KIRQL Irql = KeGetCurrentIrql();

    if (Irql != Expected)
        KiBugCheck(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Routine, Irql, Expected, 0, NULL,
                   "The %s %s of an APC was called at IRQL %u and returned at IRQL %u: it must restore the level.",
                   Which, KiWords(Routine).Text, Expected, Irql);
    if (KiCurrentThread()->CombinedApcDisable != Disabled)
        KiBugCheck(APC_INDEX_MISMATCH, (ULONG_PTR)Routine, (ULONG_PTR)(LONG_PTR)Disabled,
                   (ULONG_PTR)(LONG_PTR)KiCurrentThread()->CombinedApcDisable, 0, NULL,
                   "The %s %s of an APC entered a critical or guarded region, or took a mutex, and did not leave it.",
                   Which, KiWords(Routine).Text);
}
#else
#define KiCheckApcReturn(Routine, Which, Expected, Disabled) ((void)(Disabled))
#endif

/* Takes the first APC that may run now. NULL: there is none. Dispatcher lock held. */
static PKAPC KiTakeKernelApc(PKTHREAD Thread)
{
    PKAPC Apc;

    if (!KiKernelApcMayRun(Thread))
        return NULL;
    Apc = CONTAINING_RECORD(Thread->ApcState.ApcListHead[KernelMode].Flink, KAPC, ApcListEntry);
    KiUnlinkApc(&Thread->ApcState, Apc);
    return Apc;
}

/* Runs one kernel APC, which KernelRoutine may free. IRQL: APC_LEVEL. */
static VOID KiRunKernelApc(PKTHREAD Thread, PKAPC Apc)
{
    PKKERNEL_ROUTINE KernelRoutine = Apc->KernelRoutine;
    PKNORMAL_ROUTINE NormalRoutine = Apc->NormalRoutine;
    PVOID Context = Apc->NormalContext, Argument1 = Apc->SystemArgument1, Argument2 = Apc->SystemArgument2;
    LONG Disabled = Thread->CombinedApcDisable;

    KernelRoutine(Apc, &NormalRoutine, &Context, &Argument1, &Argument2);
    KiCheckApcReturn(KernelRoutine, "KernelRoutine", APC_LEVEL, Disabled);
    if (NormalRoutine == NULL)
        return;
    Thread->ApcState.KernelApcInProgress = TRUE;
    KiSetIrql(PASSIVE_LEVEL);
    NormalRoutine(Context, Argument1, Argument2);
    KiCheckApcReturn(NormalRoutine, "NormalRoutine", PASSIVE_LEVEL, Disabled);
    KiSetIrql(APC_LEVEL);
    Thread->ApcState.KernelApcInProgress = FALSE;
}

VOID KiDeliverKernelApcs(VOID)
{
    PKTHREAD Thread = KiCurrentThread();
    PVOID TryFrames = Thread->TryFrames;
    BOOLEAN Probed = Thread->UserProbed;
    PKAPC Apc;

    if (!Thread->ApcState.KernelApcPending)
        return;
    Thread->TryFrames = NULL;
    Thread->UserProbed = FALSE;
    for (;;) {
        KIRQL Irql = KiLockDispatcher();
        Apc = KiTakeKernelApc(Thread);
        KiExitDispatcher(Irql);
        if (Apc == NULL)
            break;
        KiRunKernelApc(Thread, Apc);
    }
    Thread->TryFrames = TryFrames;
    Thread->UserProbed = Probed;
}

/* User APCs -------------------------------------------------------------------------------------------------------- */

/* Fills in what KI_CONTEXT_SIZE covers. */
static VOID KiContextFromFrame(PCONTEXT Context, const KTRAP_FRAME *Frame)
{
    RtlZeroMemory(Context, KI_CONTEXT_SIZE);
    Context->ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER;
    Context->SegCs = KGDT_R3_CODE;
    Context->SegSs = KGDT_R3_DATA;
    Context->EFlags = (ULONG)Frame->EFlags;
    Context->Rax = Frame->Rax;
    Context->Rcx = Frame->Rcx;
    Context->Rdx = Frame->Rdx;
    Context->Rbx = Frame->Rbx;
    Context->Rsp = Frame->Rsp;
    Context->Rbp = Frame->Rbp;
    Context->Rsi = Frame->Rsi;
    Context->Rdi = Frame->Rdi;
    Context->R8 = Frame->R8;
    Context->R9 = Frame->R9;
    Context->R10 = Frame->R10;
    Context->R11 = Frame->R11;
    Context->R12 = Frame->R12;
    Context->R13 = Frame->R13;
    Context->R14 = Frame->R14;
    Context->R15 = Frame->R15;
    Context->Rip = Frame->Rip;
}

/* The reverse, with all due distrust: a program wrote it. The caller has looked at Rip. */
static VOID KiFrameFromContext(PKTRAP_FRAME Frame, const CONTEXT *Context)
{
    *Frame = (KTRAP_FRAME){
        .R15 = Context->R15, .R14 = Context->R14, .R13 = Context->R13, .R12 = Context->R12, .R11 = Context->R11,
        .R10 = Context->R10, .R9 = Context->R9, .R8 = Context->R8, .Rbp = Context->Rbp, .Rdi = Context->Rdi,
        .Rsi = Context->Rsi, .Rdx = Context->Rdx, .Rcx = Context->Rcx, .Rbx = Context->Rbx, .Rax = Context->Rax,
        .Vector = TRAP_FRAME_SYSTEM_CALL, .Rip = Context->Rip, .SegCs = KGDT_R3_CODE,
        .EFlags = (Context->EFlags & KI_USER_EFLAGS) | KI_EFLAGS_INTERRUPT, .Rsp = Context->Rsp, .SegSs = KGDT_R3_DATA,
    };
}

/* Makes Frame go to the program's dispatcher, with the CONTEXT to come back to on the program's stack. */
static VOID KiEnterUserApc(PKTRAP_FRAME Frame, PKNORMAL_ROUTINE NormalRoutine, PVOID NormalContext, PVOID Argument1,
                           PVOID Argument2)
{
    CONTEXT Context;
    ULONG64 Place = (Frame->Rsp - KI_USER_RED_ZONE - sizeof(CONTEXT)) & ~15ull;
    NTSTATUS Status;

    KiContextFromFrame(&Context, Frame);
    Status = MmCopyToUser((USER_ADDRESS){Place}, &Context, KI_CONTEXT_SIZE);
    if (!NT_SUCCESS(Status))
        KiUserExceptionRoutine(Frame, Status, Place);       /* ends the program: it has no stack left */
    /* A program that has named no dispatcher runs into address 0. */
    Frame->Rip = KiCurrentThread()->OwnerProcess->UserApcDispatcher;
    Frame->Rsp = Place;
    Frame->Rdi = (ULONG64)(ULONG_PTR)NormalRoutine;
    Frame->Rsi = (ULONG64)NormalContext;
    Frame->Rdx = (ULONG64)Argument1;
    Frame->Rcx = (ULONG64)Argument2;
    Frame->R8 = Place;
    Frame->EFlags = KI_EFLAGS_INTERRUPT;
}

/* Delivers the first of the user APCs; NtContinue sees to the next. */
static VOID KiDeliverUserApc(PKTRAP_FRAME Frame)
{
    PKTHREAD Thread = KiCurrentThread();
    PKNORMAL_ROUTINE NormalRoutine;
    PVOID NormalContext, Argument1, Argument2;
    PLIST_ENTRY Head = &Thread->ApcState.ApcListHead[UserMode];
    PKAPC Apc = NULL;
    KIRQL Irql = KiLockDispatcher();

    Thread->ApcState.UserApcPending = FALSE;
    if (!IsListEmpty(Head)) {
        Apc = CONTAINING_RECORD(Head->Flink, KAPC, ApcListEntry);
        KiUnlinkApc(&Thread->ApcState, Apc);
    }
    KiExitDispatcher(Irql);
    if (Apc == NULL)
        return;
    NormalRoutine = Apc->NormalRoutine;
    NormalContext = Apc->NormalContext;
    Argument1 = Apc->SystemArgument1;
    Argument2 = Apc->SystemArgument2;
    KiSetIrql(APC_LEVEL);
    Apc->KernelRoutine(Apc, &NormalRoutine, &NormalContext, &Argument1, &Argument2);
    KiSetIrql(PASSIVE_LEVEL);
    if (NormalRoutine != NULL)
        KiEnterUserApc(Frame, NormalRoutine, NormalContext, Argument1, Argument2);
    else
        KeTestAlertThread(UserMode);        /* nothing for the program in this one */
}

VOID KiUserModeWork(PKTRAP_FRAME Frame)
{
    PKTHREAD Thread = KiCurrentThread();

    if (Thread->ExitRequested)
        KiUserExitRoutine();
    if (Thread->ApcState.UserApcPending)
        KiDeliverUserApc(Frame);
}

NTSTATUS KiContinue(const CONTEXT *Context, BOOLEAN TestAlert)
{
    KTRAP_FRAME Frame __attribute__((aligned(16)));

    /* An address that is not canonical would be a fault of the kernel's own, on its way out. */
    if (Context->Rip < MM_LOWEST_USER_ADDRESS || Context->Rip > MM_HIGHEST_USER_ADDRESS)
        return STATUS_INVALID_PARAMETER;
    if (TestAlert)
        KeTestAlertThread(UserMode);
    KiFrameFromContext(&Frame, Context);
    KiLeaveByFrame(&Frame);
}
