/*
 * What the entry code in trap.S calls, by vector: exceptions, the page fault, interrupts, and the odd ends of system
 * calls. Handlers begin with interrupts off and the interrupted level in CR8.
 */
#include "ke/ke.h"
#include "ke/floatstatus.h"
#include "ke/trap.h"
#include "hal/hal.h"
#include "kd/kd.h"
#include "mm/mm.h"

typedef VOID KI_TRAP_HANDLER(PKTRAP_FRAME Frame);

enum {
    VECTOR_DIVIDE = 0, VECTOR_DEBUG = 1, VECTOR_NMI = 2, VECTOR_BREAKPOINT = 3, VECTOR_OVERFLOW = 4, VECTOR_INVALID_OPCODE = 6,
    VECTOR_NO_FPU = 7, VECTOR_DOUBLE_FAULT = 8, VECTOR_GENERAL_PROTECTION = 13, VECTOR_PAGE_FAULT = 14, VECTOR_X87 = 16,
    VECTOR_ALIGNMENT = 17, VECTOR_MACHINE_CHECK = 18, VECTOR_SIMD = 19, FIRST_INTERRUPT_VECTOR = 0x20
};

#define EFLAGS_INTERRUPT 0x200

/* ExceptionInformation[0] of an access violation ("EXCEPTION_RECORD structure"). */
enum { EXCEPTION_READ_FAULT = 0, EXCEPTION_WRITE_FAULT = 1, EXCEPTION_EXECUTE_FAULT = 8 };

VOID (*KiUserExitRoutine)(VOID);
VOID (*KiUserExceptionRoutine)(PKTRAP_FRAME Frame, NTSTATUS Status, ULONG_PTR Address);

static ULONG64 KiSpuriousInterrupts;

static PCSTR KiExceptionName(ULONG64 Vector)
{
    static const PCSTR Names[] = {
        "divide error", "debug", "non-maskable interrupt", "breakpoint", "overflow", "bound range", "invalid instruction",
        "no coprocessor", "double fault", "coprocessor segment", "invalid TSS", "segment not present", "stack fault",
        "general protection", "page fault", "reserved", "x87", "alignment check", "machine check", "SIMD",
        "virtualisation", "control protection"};
    return Vector < ARRAYSIZE(Names) ? Names[Vector] : "reserved";
}

/* Why the x87 and SSE instructions of this thread have raised an exception. Nobody has used them since it came. */
static NTSTATUS KiX87Status(VOID)
{
    USHORT Control, Status;

    __asm__ volatile("fnstcw %0; fnstsw %1" : "=m"(Control), "=m"(Status));
    return KiFloatStatus(Status & ~(Control & FLOAT_EXCEPTIONS));
}

static NTSTATUS KiSimdStatus(VOID)
{
    ULONG Mxcsr;

    __asm__ volatile("stmxcsr %0" : "=m"(Mxcsr));
    return KiFloatStatus(Mxcsr & ~(Mxcsr >> MXCSR_MASKS_SHIFT) & FLOAT_EXCEPTIONS);
}

/* The status that a program ends with when it raises this exception. */
static NTSTATUS KiExceptionStatus(ULONG64 Vector)
{
    switch (Vector) {
    case VECTOR_DIVIDE: return STATUS_INTEGER_DIVIDE_BY_ZERO;
    case VECTOR_DEBUG: return STATUS_SINGLE_STEP;
    case VECTOR_BREAKPOINT: return STATUS_BREAKPOINT;
    case VECTOR_OVERFLOW: return STATUS_INTEGER_OVERFLOW;
    case VECTOR_INVALID_OPCODE:
    case VECTOR_NO_FPU: return STATUS_ILLEGAL_INSTRUCTION;
    case VECTOR_GENERAL_PROTECTION: return STATUS_ACCESS_VIOLATION;
    case VECTOR_ALIGNMENT: return STATUS_DATATYPE_MISALIGNMENT;
    case VECTOR_X87: return KiX87Status();
    case VECTOR_SIMD: return KiSimdStatus();
    default: return STATUS_UNSUCCESSFUL;
    }
}

/* A fault in the user-copy routines, which have a way out of their own. TRUE: Frame was changed to continue there. */
static BOOLEAN KiFixUpKernelFault(PKTRAP_FRAME Frame, NTSTATUS Status)
{
    if (Frame->Rip >= (ULONG64)KiUserCopyStart && Frame->Rip < (ULONG64)KiUserCopyEnd) {
        Frame->Rip = (ULONG64)KiUserCopyFault;
        Frame->Rax = (ULONG64)(LONG64)Status;
        return TRUE;
    }
    return FALSE;
}

/* Opcodes that only the kernel may use: HLT, CLI, STI, IN, OUT, INS, OUTS; after 0F: system registers and caches. */
static BOOLEAN KiIsPrivileged(const UCHAR *Code)
{
    if (Code[0] == 0x0F)
        return Code[1] <= 0x01 || (Code[1] >= 0x06 && Code[1] <= 0x09) || (Code[1] >= 0x20 && Code[1] <= 0x23) ||
               Code[1] == 0x30 || Code[1] == 0x32;
    return Code[0] == 0xF4 || Code[0] == 0xFA || Code[0] == 0xFB || (Code[0] >= 0xE4 && Code[0] <= 0xE7) ||
           (Code[0] >= 0xEC && Code[0] <= 0xEF) || (Code[0] >= 0x6C && Code[0] <= 0x6F);
}

/*
 * A general-protection fault of a program: a privileged instruction, or an address that is not canonical, which the
 * processor reports the same way without saying which address. The instruction tells. IRQL: PASSIVE_LEVEL.
 */
static NTSTATUS KiGeneralProtectionStatus(PKTRAP_FRAME Frame)
{
    UCHAR Code[16] = {0};
    ULONG Prefixes = 0;

    /* An instruction has at most 15 bytes; fewer may be there before the end of a page. */
    for (ULONG i = 0; i < 15; i++)
        if (!NT_SUCCESS(MmCopyFromUser(&Code[i], (USER_ADDRESS){Frame->Rip + i}, 1)))
            break;
    while (Prefixes < 13 && (Code[Prefixes] == 0x66 || Code[Prefixes] == 0xF2 || Code[Prefixes] == 0xF3 ||
                             (Code[Prefixes] & 0xF0) == 0x40))
        Prefixes++;
    return KiIsPrivileged(Code + Prefixes) ? STATUS_PRIVILEGED_INSTRUCTION : STATUS_ACCESS_VIOLATION;
}

/* Exceptions other than the page fault. */
static VOID KiDispatchException(PKTRAP_FRAME Frame)
{
    if (Frame->Vector == VECTOR_NMI && KiBugCheckActive)
        KiFreezeProcessor(Frame);
    if (Frame->Vector == VECTOR_NMI)
        KiBugCheck(NMI_HARDWARE_FAILURE, 0, 0, 0, 0, Frame, "a non-maskable interrupt arrived; nothing here asks for one");
    if (Frame->Vector == VECTOR_MACHINE_CHECK)
        KiBugCheck(MACHINE_CHECK_EXCEPTION, 0, 0, 0, 0, Frame, "the processor reports a hardware error");
    if (KiTrapFromUser(Frame)) {
        if (Frame->EFlags & EFLAGS_INTERRUPT)
            __asm__ volatile("sti");
        KiUserExceptionRoutine(Frame, Frame->Vector == VECTOR_GENERAL_PROTECTION ? KiGeneralProtectionStatus(Frame)
                                                                                 : KiExceptionStatus(Frame->Vector), Frame->Rip);
        return;
    }
    if (Frame->Vector == VECTOR_BREAKPOINT) {
        DbgPrint("Breakpoint at %p without a debugger: going on\n", (PVOID)Frame->Rip);
        return;
    }
    if (Frame->Vector == VECTOR_DOUBLE_FAULT)
        KiBugCheck(UNEXPECTED_KERNEL_MODE_TRAP, Frame->Vector, Frame->Rsp, Frame->Rip, 0, Frame,
                   "double fault: an exception could not be delivered; mostly the kernel stack ran into its guard page "
                   "(RSP %p)", (PVOID)Frame->Rsp);
    if (Frame->Vector == VECTOR_X87 || Frame->Vector == VECTOR_SIMD || Frame->Vector == VECTOR_NO_FPU)
        KiBugCheck(UNEXPECTED_KERNEL_MODE_TRAP, Frame->Vector, Frame->Rsp, Frame->Rip, 0, Frame,
                   "%s error 0x%08X in kernel mode. The rule: a driver saves the floating-point state before it computes, "
                   "which masks all exceptions, and leaves them masked", KiExceptionName(Frame->Vector),
                   KiExceptionStatus(Frame->Vector));
    if (KiRaiseFromTrap(Frame, KiExceptionStatus(Frame->Vector), 0, 0, 0))
        return;
    KiBugCheck(KMODE_EXCEPTION_NOT_HANDLED, (ULONG64)(LONG64)KiExceptionStatus(Frame->Vector), Frame->Rip, Frame->Vector,
               Frame->ErrorCode, Frame, "%s in kernel mode; error code %I64X", KiExceptionName(Frame->Vector),
               Frame->ErrorCode);
}

/* A page fault of the kernel's or a driver's that nothing can resolve: the documented code, and the words. */
static DECLSPEC_NORETURN VOID KiUnresolvedFault(PKTRAP_FRAME Frame, NTSTATUS Status, ULONG_PTR Address)
{
    ULONG64 Present = Frame->ErrorCode & MM_FAULT_PRESENT, Write = Frame->ErrorCode & MM_FAULT_WRITE;
    ULONG64 Execute = Frame->ErrorCode & MM_FAULT_EXECUTE;
    CHAR What[KD_ADDRESS_TEXT];

    KdNameAddress((PVOID)Address, What);
    if (Status == STATUS_IN_PAGE_ERROR)
        KiBugCheck(KERNEL_DATA_INPAGE_ERROR, Address, (ULONG64)(LONG64)Status, Frame->Rip, 0, Frame,
                   "the page of %s could not be read back from its paging file", What);
    if (Address <= MM_HIGHEST_USER_ADDRESS && Present)
        KiBugCheck(PAGE_FAULT_IN_NONPAGED_AREA, Address, Frame->ErrorCode, Frame->Rip, 0, Frame,
                   "user memory at %p was touched by kernel code. The rule: probe it (ProbeForRead, ProbeForWrite) and touch it "
                   "in a __try, or have the I/O manager copy it", (PVOID)Address);
    if (Present && Execute)
        KiBugCheck(ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, Address, Frame->ErrorCode, Frame->Rip, 0, Frame,
                   "%s is data and was called. The rule: code lies in executable sections", What);
    if (Present && Write)
        KiBugCheck(ATTEMPTED_WRITE_TO_READONLY_MEMORY, Address, Frame->ErrorCode, Frame->Rip, 0, Frame,
                   "%s was written and is read-only. The rule: what is written lies in a writable section", What);
    KiBugCheck(PAGE_FAULT_IN_NONPAGED_AREA, Address, Frame->ErrorCode, Frame->Rip, 0, Frame, "%s of %s, which is not there",
               Execute ? "execution" : Write ? "write" : "read", What);
}

static VOID KiPageFault(PKTRAP_FRAME Frame)
{
    ULONG_PTR Address;
    NTSTATUS Status;

    __asm__ volatile("movq %%cr2, %0" : "=r"(Address));
    if (Frame->EFlags & EFLAGS_INTERRUPT)
        __asm__ volatile("sti" ::: "memory");
    Status = MmAccessFault(Address, (ULONG)Frame->ErrorCode, KiTrapFromUser(Frame) ? UserMode : KernelMode, Frame);
    if (NT_SUCCESS(Status))
        return;
    if (KiTrapFromUser(Frame)) {
        KiUserExceptionRoutine(Frame, Status, Address);
        return;
    }
    if (KiFixUpKernelFault(Frame, Status))
        return;
    if (KiRaiseFromTrap(Frame, Status, 2, (Frame->ErrorCode & MM_FAULT_EXECUTE) ? EXCEPTION_EXECUTE_FAULT :
                        (Frame->ErrorCode & MM_FAULT_WRITE) ? EXCEPTION_WRITE_FAULT : EXCEPTION_READ_FAULT, Address))
        return;
    KiUnresolvedFault(Frame, Status, Address);
}

/* Device interrupts: level up to the vector's, then the chain of service routines with interrupts on. */
static VOID KiDeviceInterrupt(PKTRAP_FRAME Frame)
{
    KIRQL OldIrql = KeGetCurrentIrql();
    PKTHREAD Thread = KiCurrentThread();
    PVOID TryFrames = Thread->TryFrames;    /* none of the service routine's business */

    KiSetIrql((KIRQL)(Frame->Vector >> 4));
    KeGetCurrentPrcb()->InterruptCount++;
    Thread->TryFrames = NULL;
    __asm__ volatile("sti" ::: "memory");
    KiDispatchDeviceInterrupt(Frame);
    __asm__ volatile("cli" ::: "memory");
    Thread->TryFrames = TryFrames;
    HalEndOfInterrupt();
    KiSetIrql(OldIrql);
}

static VOID KiClockInterrupt(PKTRAP_FRAME Frame)
{
    KIRQL OldIrql = KeGetCurrentIrql();

    KiSetIrql(CLOCK_LEVEL);
    KiUpdateRunTime(Frame, OldIrql);
    HalEndOfInterrupt();
    KiSetIrql(OldIrql);
}

/*
 * A software interrupt. The end of interrupt goes out first: Serve may switch to another thread, and what is still to
 * come must not be held back until this one runs again. CR8 holds it back instead.
 */
FORCEINLINE VOID KiServeAtLevel(KIRQL Irql, VOID (*Serve)(VOID))
{
    KIRQL OldIrql = KeGetCurrentIrql();

    KiSetIrql(Irql);
    HalEndOfInterrupt();
    __asm__ volatile("sti" ::: "memory");
    Serve();
    __asm__ volatile("cli" ::: "memory");
    KiSetIrql(OldIrql);
}

static VOID KiDpcInterrupt(PKTRAP_FRAME Frame)
{
    UNREFERENCED_PARAMETER(Frame);
    KiServeAtLevel(DISPATCH_LEVEL, KiDispatchInterrupt);
}

static VOID KiApcInterrupt(PKTRAP_FRAME Frame)
{
    UNREFERENCED_PARAMETER(Frame);
    KiServeAtLevel(APC_LEVEL, KiDeliverKernelApcs);
}

/* Another processor wants something (ipi.c). */
static VOID KiIpiInterrupt(PKTRAP_FRAME Frame)
{
    KIRQL OldIrql = KeGetCurrentIrql();

    UNREFERENCED_PARAMETER(Frame);
    KiSetIrql(IPI_LEVEL);
    KiServeIpi();
    HalEndOfInterrupt();
    KiSetIrql(OldIrql);
}

/* A vector that nobody programmed. A spurious one from the APIC wants no end of interrupt. */
static VOID KiUnexpectedInterrupt(PKTRAP_FRAME Frame)
{
    InterlockedIncrement64(&KiSpuriousInterrupts);
    if (Frame->Vector != KI_SPURIOUS_VECTOR)
        HalEndOfInterrupt();
}

#define RANGE(first, last) [first ... last]
KI_TRAP_HANDLER *const KiTrapHandlers[256] = {
    RANGE(0, 13) = KiDispatchException,
    [VECTOR_PAGE_FAULT] = KiPageFault,
    RANGE(15, 30) = KiDispatchException,
    [KI_APC_VECTOR] = KiApcInterrupt,
    RANGE(0x20, 0x2E) = KiUnexpectedInterrupt,
    [KI_DPC_VECTOR] = KiDpcInterrupt,
    RANGE(KI_FIRST_DEVICE_VECTOR, KI_LAST_DEVICE_VECTOR) = KiDeviceInterrupt,
    [0xD0] = KiUnexpectedInterrupt,
    [KI_CLOCK_VECTOR] = KiClockInterrupt,
    RANGE(0xD2, 0xE0) = KiUnexpectedInterrupt,
    [KI_IPI_VECTOR] = KiIpiInterrupt,
    RANGE(0xE2, 0xFF) = KiUnexpectedInterrupt,
};

/* Turns the recorded NOPs into CLAC and STAC. Boot, while the kernel's text is still writable. */
VOID KiPatchSmap(VOID)
{
    if (!HalHasSmap)
        return;
    for (PKI_SMAP_SITE Site = KernelSmapSitesStart; Site < KernelSmapSitesEnd; Site++) {
        Site->Address[0] = 0x0F;
        Site->Address[1] = 0x01;
        Site->Address[2] = Site->IsStac ? 0xCB : 0xCA;
    }
}

NTSTATUS KiInvalidService(VOID)
{
    return STATUS_INVALID_SYSTEM_SERVICE;
}

/* A service with more than six arguments: the rest is on the user stack behind the stub's return address. */
NTSTATUS KiCallServiceWithStack(const KI_SERVICE *Service, const ULONG64 *Registers, ULONG64 UserRsp)
{
    ULONG64 Arguments[SERVICE_MAXIMUM_ARGUMENTS];
    ULONG Extra = Service->ArgumentCount - SERVICE_REGISTER_ARGUMENTS;
    USER_ADDRESS Stack = {UserRsp + sizeof(ULONG64)};
    NTSTATUS Status;

    for (ULONG i = 0; i < SERVICE_REGISTER_ARGUMENTS; i++)
        Arguments[i] = Registers[i];
    Status = MmCopyFromUser(&Arguments[SERVICE_REGISTER_ARGUMENTS], Stack, Extra * sizeof(ULONG64));
    if (!NT_SUCCESS(Status))
        return Status;
    return KiInvokeService(Service->Routine, Arguments, Service->ArgumentCount);
}

DECLSPEC_NORETURN VOID KiServiceReturnedAtHighIrql(ULONG Irql)
{
    KiBugCheck(IRQL_GT_ZERO_AT_SYSTEM_SERVICE, 0, Irql, 0, 0, NULL,
               "a system service wants to return to user mode at IRQL %u; user code runs at PASSIVE_LEVEL only", Irql);
}
