/*
 * Every way into the kernel: exceptions and interrupts by gate, system calls by SYSCALL; and the way into user mode.
 *
 * All vectors share one path. The processor pushes an error code for vectors 8, 10-14, 17, 21, 29 and 30 (AMD64 APM
 * vol. 2, "Error Codes"); the stubs push a zero for the others, so that a trap frame always has the layout KTRAP_FRAME.
 * Gates are interrupt gates: handlers begin with interrupts off and at the interrupted IRQL.
 *
 * GS holds the processor block in kernel mode only. A trap from user mode swaps; one from kernel mode must not. NMI, double
 * fault and machine check can hit between an entry and its SWAPGS, so they ask the register itself.
 */
#include "ke/offsets.h"
#include "ke/smap.h"

    .extern KiTrapHandlers, KiServiceTable, KiServiceCount, KiUserModeWork

    .macro PUSH_REGISTERS
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    .endm

    /* A frame such as a call leaves: a stack trace of the handler goes on with what was interrupted. RDI: trap frame. */
    .macro LINK_FRAME
    pushq TRAP_FRAME_RIP(%rdi)
    pushq %rbp
    movq %rsp, %rbp
    .endm

    .macro POP_REGISTERS
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
    .endm

    .text
    .balign 16
    .global KiTrapEntries
KiTrapEntries:
    .set vector, 0
    .rept 256
    .balign 16
    .if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
    .else
    pushq $0
    .endif
    pushq $vector
    .if (vector == 2) || (vector == 8) || (vector == 18)
    jmp KiTrapParanoid
    .else
    jmp KiTrapCommon
    .endif
    .set vector, vector + 1
    .endr

    .balign 16
    .global KiTrapCommon
KiTrapCommon:
    PUSH_REGISTERS
    cld
    CLAC
    movq TRAP_FRAME_VECTOR(%rsp), %rax
    testb $3, TRAP_FRAME_CS(%rsp)
    jnz KiTrapFromUserMode
    movq %rsp, %rdi
    LINK_FRAME
    call *KiTrapHandlers(, %rax, 8)
    cli
    addq $16, %rsp
    POP_REGISTERS
    addq $16, %rsp
    iretq

KiTrapFromUserMode:
    swapgs
    movq %rsp, %rdi
    xorl %ebp, %ebp
    call *KiTrapHandlers(, %rax, 8)
KiReturnToUserMode:
    cli
    movq %gs:PRCB_CURRENT_THREAD, %rax
    cmpb $0, THREAD_EXIT_REQUESTED(%rax)
    jne KiUserWork
    cmpb $0, THREAD_USER_APC_PENDING(%rax)
    jne KiUserWork
    swapgs
    POP_REGISTERS
    addq $16, %rsp
    iretq

/* The thread is to end, or has user APCs, before it runs user code again. The trap frame lies at RSP. */
KiUserWork:
    sti
    movq %rsp, %rdi
    call KiUserModeWork
    jmp KiReturnToUserMode

/* DECLSPEC_NORETURN VOID KiLeaveByFrame(PKTRAP_FRAME Frame): see trap.h */
    .global KiLeaveByFrame
KiLeaveByFrame:
    movq %rdi, %rsp
    jmp KiReturnToUserMode

    .balign 16
KiTrapParanoid:
    PUSH_REGISTERS
    cld
    CLAC
    movl $MSR_GS_BASE, %ecx
    rdmsr
    movq TRAP_FRAME_VECTOR(%rsp), %rax
    movq %rsp, %rdi
    LINK_FRAME
    movl %edx, %ebx                 /* the upper half of GS: negative is the kernel's */
    testl %edx, %edx
    js 1f
    swapgs
1:  call *KiTrapHandlers(, %rax, 8)
    cli
    testl %ebx, %ebx
    js 2f
    swapgs
2:  addq $16, %rsp
    POP_REGISTERS
    addq $16, %rsp
    iretq

/*
 * System call: number in EAX, arguments in RDI RSI RDX R10 R8 R9, the seventh and later on the user stack behind the
 * stub's return address; RCX = user RIP, R11 = user RFLAGS; interrupts off (SFMASK). Result in RAX. RBX, RBP, R12-R15 and
 * RSP are preserved; all other registers come back as zero, so that nothing of the kernel's leaks.
 */
    .balign 16
    .global KiSystemCall64
KiSystemCall64:
    swapgs
    movq %rsp, %gs:PRCB_USER_RSP
    movq %gs:PRCB_KERNEL_STACK_TOP, %rsp
    pushq %gs:PRCB_USER_RSP
    pushq %r11
    pushq %rcx
    pushq %rbp
    xorl %ebp, %ebp
    sti
    movl %eax, %eax
    cmpl KiServiceCount(%rip), %eax
    jae KiBadService
    shlq $SERVICE_ENTRY_SHIFT, %rax
    movq %r10, %rcx
    cmpl $SERVICE_REGISTER_ARGUMENTS, KiServiceTable + SERVICE_ARGUMENT_COUNT(%rax)
    ja KiServiceStackArguments
    call *KiServiceTable(%rax)
KiServiceReturn:
    cli
    movq %cr8, %rcx
    testq %rcx, %rcx
    jnz KiServiceIrqlLeak
    movq %gs:PRCB_CURRENT_THREAD, %rcx
    cmpb $0, THREAD_EXIT_REQUESTED(%rcx)
    jne KiServiceUserWork
    cmpb $0, THREAD_USER_APC_PENDING(%rcx)
    jne KiServiceUserWork
#if DBG
    cmpl $0, THREAD_COMBINED_APC_DISABLE(%rcx)
    jne KiServiceRegionLeak
#endif
    xorl %edi, %edi
    xorl %esi, %esi
    xorl %edx, %edx
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    popq %rbp
    popq %rcx
    popq %r11
    popq %rsp
    swapgs
    sysretq

KiBadService:
    call KiInvalidService
    jmp KiServiceReturn

/* More than six arguments: a C routine copies them (with all due distrust) and calls the service. */
KiServiceStackArguments:
    pushq %r9
    pushq %r8
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    leaq KiServiceTable(%rax), %rdi
    movq %rsp, %rsi                 /* the six register arguments */
    movq 9 * 8(%rsp), %rdx          /* user RSP: above the six are RBP, RCX, R11, RSP */
    call KiCallServiceWithStack
    addq $6 * 8, %rsp
    jmp KiServiceReturn

/* Not by the short way: what was saved becomes a trap frame, and the thread leaves as from a trap. Interrupts are off. */
KiServiceUserWork:
    popq %rbp
    popq %rcx
    popq %r11
    popq %rdx                       /* the user's RSP; the stack is empty now */
    pushq $SELECTOR_USER_DATA
    pushq %rdx
    pushq %r11
    pushq $SELECTOR_USER_CODE
    pushq %rcx
    pushq $0
    pushq $TRAP_FRAME_SYSTEM_CALL
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d
    PUSH_REGISTERS
    jmp KiReturnToUserMode

#if DBG
KiServiceRegionLeak:
    call KiServiceReturnedInRegion
    ud2
#endif

KiServiceIrqlLeak:
    movl %ecx, %edi
    call KiServiceReturnedAtHighIrql
    ud2

/*
 * NTSTATUS KiInvokeService(PVOID Routine, const ULONG64 *Arguments, ULONG Count): calls with any number of arguments.
 */
    .global KiInvokeService
KiInvokeService:
    pushq %rbp
    movq %rsp, %rbp
    movq %rdi, %rax
    movq %rsi, %r10
    movl %edx, %r11d
    subl $SERVICE_REGISTER_ARGUMENTS, %r11d
    leal 1(%r11), %edx
    andl $~1, %edx                  /* an even number of words keeps the alignment */
    shll $3, %edx
    subq %rdx, %rsp
1:  subl $1, %r11d
    js 2f
    movslq %r11d, %rcx
    movq 6 * 8(%r10, %rcx, 8), %rdx
    movq %rdx, (%rsp, %rcx, 8)
    jmp 1b
2:  movq 0(%r10), %rdi
    movq 8(%r10), %rsi
    movq 16(%r10), %rdx
    movq 24(%r10), %rcx
    movq 32(%r10), %r8
    movq 40(%r10), %r9
    call *%rax
    leave
    ret

/* DECLSPEC_NORETURN VOID KiEnterUserMode(ULONG64 Rip, ULONG64 Rsp, ULONG64 Argument): first entry of a user thread. */
    .global KiEnterUserMode
KiEnterUserMode:
    cli
    movq %gs:PRCB_CURRENT_THREAD, %rax
    movq THREAD_INITIAL_STACK(%rax), %rsp
    pushq $SELECTOR_USER_DATA
    pushq %rsi
    pushq $0x202                    /* interrupts on */
    pushq $SELECTOR_USER_CODE
    pushq %rdi
    movq %rdx, %rdi
    xorl %eax, %eax
    xorl %ebx, %ebx
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %esi, %esi
    xorl %ebp, %ebp
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d
    xorl %r12d, %r12d
    xorl %r13d, %r13d
    xorl %r14d, %r14d
    xorl %r15d, %r15d
    swapgs
    iretq

/*
 * Copies between user and kernel memory. A fault at an address that cannot be resolved, while RIP lies between
 * KiUserCopyStart and KiUserCopyEnd, continues at KiUserCopyFault with the status in RAX (ke/trap.c).
 */
    .global KiUserCopyStart, KiUserCopyEnd, KiUserCopyFault, KiUserCopy, KiUserStringLength, KiPeekKernelWord
KiUserCopyStart:
/* NTSTATUS KiUserCopy(PVOID Destination, const VOID *Source, SIZE_T Length) */
KiUserCopy:
    STAC
    movq %rdx, %rcx
    shrq $3, %rcx
    rep movsq
    movl %edx, %ecx
    andl $7, %ecx
    rep movsb
    CLAC
    xorl %eax, %eax
    ret
/* ULONG64 KiPeekKernelWord(const ULONG64 *Address): of the kernel's half, so without lifting SMAP */
KiPeekKernelWord:
    movq (%rdi), %rax
    ret
/* NTSTATUS KiUserStringLength(PCSTR String, SIZE_T Maximum, PSIZE_T Length): *Length = Maximum when no null was found. */
KiUserStringLength:
    STAC
    xorl %ecx, %ecx
1:  cmpq %rsi, %rcx
    jae 2f
    cmpb $0, (%rdi, %rcx)
    je 2f
    incq %rcx
    jmp 1b
2:  CLAC
    movq %rcx, (%rdx)
    xorl %eax, %eax
    ret
KiUserCopyEnd:
KiUserCopyFault:
    CLAC
    ret

    .section .note.GNU-stack, "", @progbits
