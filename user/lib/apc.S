/*
 * Where user APCs arrive: RDI the routine, RSI RDX RCX its three arguments, R8 the CONTEXT to go on with, which lies at the
 * stack pointer. NtContinue lets the next APC in, if there is one, and only then goes back to where the thread was.
 */
    .text
    .globl KiUserApcDispatcher
    .type KiUserApcDispatcher, @function
KiUserApcDispatcher:
    xorl %ebp, %ebp
    movq %rdi, %rax
    movq %rsi, %rdi
    movq %rdx, %rsi
    movq %rcx, %rdx
    call *%rax
    movq %rsp, %rdi
    movl $1, %esi
    call NtContinue
    /* Its CONTEXT is one that the program has spoilt: no way back. */
    movq $-1, %rdi
    movl %eax, %esi
    call NtTerminateProcess
    ud2
    .size KiUserApcDispatcher, . - KiUserApcDispatcher

    .section .note.GNU-stack, "", @progbits
