/*
 * VOID KiSwapContext(PKTHREAD Old, PKTHREAD New): leaves Old on its stack and goes on as New on New's.
 *
 * IRQL: DISPATCH_LEVEL, dispatcher lock held; interrupts may be on.
 *
 * Why this is right:
 * - Old's registers. The caller is compiled C, so it expects back only rsp and the callee-saved registers rbx, rbp,
 *   r12-r15 (System V ABI); those six go on Old's stack, and the stack pointer into Old->KernelStack.
 * - Floating-point registers. The kernel is compiled without them, so they are still as Old's program left them, and
 *   go into Old's area, if it has one; New's come from its own. Threads without an area neither use nor change them.
 *   Other code that runs meanwhile on this processor, an interrupt's, does not use them either, or puts them back.
 * - Old's stack. From `movq %rsp` on, another processor could take up Old, were it on a ready list; it cannot, because
 *   the dispatcher lock is held until New, already on its own stack, releases it (KiFinishSwitch).
 * - Interrupts between the two stores. A device interrupt may come at any point here. It runs on whichever stack rsp
 *   names, both are valid kernel stacks, and it never switches threads (that is left to the dispatch interrupt, which
 *   DISPATCH_LEVEL keeps away). All it can see is CurrentThread being New a little early; what it saves in that
 *   thread's record it restores before it returns, while CurrentThread is the same.
 * - The address space. Kernel stacks, both threads and the processor block lie in the system half, which every
 *   address space shares, so CR3 may change at any point here. New's process is compared with what this processor has
 *   loaded and not with Old's process, so it comes out right however Old was attached.
 *   Loading CR3 flushes all translations that are not global, hence not when it is the same already.
 * - Entering from user mode. The stack that a trap (TSS.RSP0) or a system call (gs:0x10) starts at becomes New's, while
 *   in kernel mode, where nothing reads either.
 * - User access. A thread that has probed user memory may run with SMAP lifted (MmAccessFault); New must not inherit that.
 *   Old gets it again by the next fault.
 * - A new thread's stack holds the same six registers, zero, below the address of KiThreadStartup, so `ret` goes there:
 *   with the lock held, as here, and an empty, aligned stack.
 */
#include "ke/fpu.h"
#include "ke/offsets.h"
#include "ke/smap.h"

    .text
    .globl KiSwapContext
    .type KiSwapContext, @function
KiSwapContext:
    pushq   %rbp
    pushq   %rbx
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    CLAC
    movq    %rsp, THREAD_KERNEL_STACK(%rdi)
    movq    THREAD_FPU_STATE(%rdi), %rcx
    testq   %rcx, %rcx
    jnz     KiSwapOutFpu
1:
    movq    THREAD_INITIAL_STACK(%rsi), %rdi
    movq    %rsi, %gs:PRCB_CURRENT_THREAD
    movq    %rdi, %gs:PRCB_KERNEL_STACK_TOP
    movq    THREAD_KERNEL_STACK(%rsi), %rsp

    movq    %gs:PRCB_TSS, %rax
    movq    %rdi, TSS_RSP0(%rax)
    movq    THREAD_FPU_STATE(%rsi), %rcx
    testq   %rcx, %rcx
    jnz     KiSwapInFpu
2:  movq    THREAD_PROCESS(%rsi), %rdi
    cmpq    %rdi, %gs:PRCB_LOADED_PROCESS
    jne     KiSwapProcess
3:
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbx
    popq    %rbp
    ret

KiSwapOutFpu:
    SAVE_FPU
    jmp     1b
KiSwapInFpu:
    RESTORE_FPU
    jmp     2b
KiSwapProcess:
    /* Six registers and a return address below an aligned stack: 8 more make a call's 16-byte alignment. */
    subq    $8, %rsp
    call    KiLoadProcess
    addq    $8, %rsp
    jmp     3b
    .size KiSwapContext, . - KiSwapContext

/*
 * Where a new thread begins: DISPATCH_LEVEL, dispatcher lock held, rsp at the top of its stack, rbp 0 so that stack
 * traces end here. KiStartThread (thread.c) releases the lock and does not return.
 */
    .globl KiThreadStartup
    .type KiThreadStartup, @function
KiThreadStartup:
    call    KiStartThread
    ud2
    .size KiThreadStartup, . - KiThreadStartup

    .section .note.GNU-stack, "", @progbits
