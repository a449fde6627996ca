/*
 * The bugcheck: stops everything and says why. First the documented STOP line, then the rule in words, then what is
 * needed to find the mistake: where, at which level, by which way, with which drivers loaded.
 */
#include "ke/rules.h"
#include "hal/hal.h"
#include "kd/kd.h"
#include "ldr/ldr.h"
#include "rtl/export.h"

static volatile LONG KiBugCheckOwner;       /* number of the processor that reports, + 1 */
volatile BOOLEAN KiBugCheckActive;

#if DBG
KI_BUGCHECK_HOOK *volatile KiBugCheckHook;
NT_EXPORT(KiBugCheckHook);
KI_ALLOCATION_HOOK *volatile KiAllocationHook;
NT_EXPORT(KiAllocationHook);
#endif

#define KI_FREEZE_MILLISECONDS 1000         /* a processor that a busy host does not run needs a while to take notice */

static PCSTR KiBugCheckName(ULONG Code)
{
    switch (Code) {
#define KI_BUGCHECK_NAME(name, value) case value: return #name;
    KI_BUGCHECK_LIST(KI_BUGCHECK_NAME)
#undef KI_BUGCHECK_NAME
    }
    return "UNKNOWN_BUGCHECK";
}

static VOID KiPrintRegisters(PKTRAP_FRAME F)
{
    DbgPrint("rax=%p rbx=%p rcx=%p rdx=%p\n", F->Rax, F->Rbx, F->Rcx, F->Rdx);
    DbgPrint("rsi=%p rdi=%p rbp=%p rsp=%p\n", F->Rsi, F->Rdi, F->Rbp, F->Rsp);
    DbgPrint(" r8=%p  r9=%p r10=%p r11=%p\n", F->R8, F->R9, F->R10, F->R11);
    DbgPrint("r12=%p r13=%p r14=%p r15=%p\n", F->R12, F->R13, F->R14, F->R15);
    DbgPrint("rip=%p cs=%04I64x eflags=%08I64x error=%I64x vector=%I64u\n", F->Rip, F->SegCs, F->EFlags, F->ErrorCode,
             F->Vector);
}

/* Drivers with the state of their sections. The list is read without its lock: all other processors stand still. */
static VOID KiPrintModules(VOID)
{
    static const PCSTR Kinds[] = {"nonpaged", "pageable", "init", "discarded"};

    DbgPrint("Loaded:\n");
    for (PLIST_ENTRY Entry = PsLoadedModuleList.Flink; Entry != &PsLoadedModuleList && Entry != NULL; Entry = Entry->Flink) {
        PLDR_MODULE Module = CONTAINING_RECORD(Entry, LDR_MODULE, ListEntry);
        DbgPrint("  %-12s %p +0x%I64x\n", Module->Name, Module->Base, Module->Size);
        for (ULONG i = 0; i < Module->SectionCount; i++) {
            PMM_SECTION Section = &Module->Sections[i];
            DbgPrint("    %-10s %-9s %4u pages %4u resident %d locks\n", Section->Name,
                     Section->Kind < ARRAYSIZE(Kinds) ? Kinds[Section->Kind] : "?", Section->PageCount,
                     Section->ResidentPages, Section->LockCount);
        }
    }
}

DECLSPEC_NORETURN VOID KiFreezeProcessor(PKTRAP_FRAME Frame)
{
    KeGetCurrentPrcb()->FreezeIrql = KeGetCurrentIrql();
    KeMemoryBarrier();
    KeGetCurrentPrcb()->FreezeFrame = Frame;
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* Stops all other processors, also those that have interrupts off. Returns when they stand, or do not answer. */
static VOID KiFreezeOthers(PKPRCB Prcb)
{
    KAFFINITY Others = KiActiveProcessors & ~((KAFFINITY)1 << Prcb->Number);
    ULONG64 End = HalReadTsc() + HalTscFrequency / 1000 * KI_FREEZE_MILLISECONDS;

    for (KAFFINITY Left = Others; Left != 0; Left &= Left - 1)
        HalSendNmi(KiProcessorBlock[__builtin_ctzll(Left)]->ApicId);
    for (KAFFINITY Left = Others; Left != 0; Left &= Left - 1)
        while (KiProcessorBlock[__builtin_ctzll(Left)]->FreezeFrame == NULL && (LONG64)(End - HalReadTsc()) > 0)
            KiPause();
}

static PCSTR KiIdleWord(PKPRCB Prcb)
{
    return Prcb->CurrentThread == Prcb->IdleThread ? " (idle)" : "";
}

/* Where the others were when they were stopped. Nothing on a machine with one processor. */
static VOID KiPrintOtherProcessors(PKPRCB Prcb)
{
    if (KiActiveProcessors == (KAFFINITY)1 << Prcb->Number)
        return;
    DbgPrint("Processor %u made this report, thread %p%s\n", Prcb->Number, Prcb->CurrentThread, KiIdleWord(Prcb));
    for (KAFFINITY Left = KiActiveProcessors & ~((KAFFINITY)1 << Prcb->Number); Left != 0; Left &= Left - 1) {
        PKPRCB Other = KiProcessorBlock[__builtin_ctzll(Left)];
        PKTRAP_FRAME Frame = Other->FreezeFrame;

        if (Frame == NULL) {
            DbgPrint("Processor %u did not stop; its thread was %p%s\n", Other->Number, Other->CurrentThread,
                     KiIdleWord(Other));
            continue;
        }
        DbgPrint("Processor %u, IRQL %u, thread %p%s, rip=%p rsp=%p%s\n", Other->Number, Other->FreezeIrql,
                 Other->CurrentThread, KiIdleWord(Other), Frame->Rip, Frame->Rsp,
                 KiTrapFromUser(Frame) ? " in user mode" : "");
        if (!KiTrapFromUser(Frame))
            KdPrintStack(Frame->Rip, Frame->Rbp);
    }
}

static DECLSPEC_NORETURN VOID KiVBugCheck(ULONG Code, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4,
                                          PKTRAP_FRAME Frame, PCSTR Rule, va_list Arguments, ULONG64 Caller, ULONG64 Rbp)
{
    KIRQL Irql = KeGetCurrentIrql();
    PKPRCB Prcb;
    LONG Me, Owner;
#if DBG
    KI_BUGCHECK_HOOK *Hook = KiBugCheckHook;

    if (Hook != NULL)
        Hook(Code, (ULONG_PTR[]){P1, P2, P3, P4});
#endif

    KiDisableInterrupts();
    KiSetIrql(HIGH_LEVEL);
    Prcb = KeGetCurrentPrcb();
    Me = (LONG)Prcb->Number + 1;
    Owner = InterlockedCompareExchange(&KiBugCheckOwner, Me, 0);
    if (Owner == Me) {
        /* A fault in the report itself: what has been said must do. */
        HalDisplayString("\n*** fault while reporting the bugcheck\n", 40);
        HalPowerOff(HAL_EXIT_BUGCHECK);
    }
    if (Owner != 0)
        for (;;)
            __asm__ volatile("cli; hlt");
    KiBugCheckActive = TRUE;
    KiFreezeOthers(Prcb);
    HalSeizeConsole();

    DbgPrint("\n*** STOP 0x%08X (0x%p, 0x%p, 0x%p, 0x%p) %s\n", Code, P1, P2, P3, P4, KiBugCheckName(Code));
    if (Rule != NULL) {
        KdVPrint("*** ", Rule, Arguments);
        DbgPrint("\n");
    }
    DbgPrint("Processor %u, IRQL %u\n", Prcb->Number, Irql);
    DbgPrint("Stack:\n");
    if (Frame != NULL) {
        KdPrintStack(Frame->Rip, 0);
        /* A call into code that is not there has not made a frame yet: its return address is on top of the stack. */
        if (!KiTrapFromUser(Frame) && !MmIsAddressValid((PVOID)Frame->Rip) && MmIsAddressValid((PVOID)Frame->Rsp))
            KdPrintStack(*(PULONG64)Frame->Rsp, 0);
        KdPrintStack(0, Frame->Rbp);
        KiPrintRegisters(Frame);
    } else {
        KdPrintStack(Caller, Rbp);
    }
    KiPrintOtherProcessors(Prcb);
    KiPrintModules();
    HalPowerOff(HAL_EXIT_BUGCHECK);
}

DECLSPEC_NORETURN VOID KiBugCheck(ULONG Code, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4, PKTRAP_FRAME Frame,
                                  PCSTR Rule, ...)
{
    va_list Arguments;

    va_start(Arguments, Rule);
    KiVBugCheck(Code, P1, P2, P3, P4, Frame, Rule, Arguments, (ULONG64)__builtin_return_address(0),
                *(PULONG64)__builtin_frame_address(0));
}

/* Documentation: "KeBugCheckEx". IRQL: any. */
DECLSPEC_NORETURN VOID KeBugCheckEx(ULONG Code, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4)
{
    CHAR Text[KD_ADDRESS_TEXT];

    KiBugCheck(Code, P1, P2, P3, P4, NULL, "called by %s", KdNameAddress(__builtin_return_address(0), Text));
}
NT_EXPORT(KeBugCheckEx);

DECLSPEC_NORETURN VOID KeBugCheck(ULONG Code)
{
    KeBugCheckEx(Code, 0, 0, 0, 0);
}
NT_EXPORT(KeBugCheck);
