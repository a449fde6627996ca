/*
 * The system-call stubs, made from the one list in nt/services.h. Number in EAX; the fourth argument moves from RCX,
 * which SYSCALL overwrites, to R10; the seventh and later stay where the caller put them, behind the return address.
 */
#include "services.h"

#define SDK_STUB(Number, Name, Arguments, Words) STUB Name, Number;

    .macro STUB name, number
    .globl Nt\name
    .type Nt\name, @function
Nt\name:
    movq %rcx, %r10
    movl $\number, %eax
    syscall
    ret
    .size Nt\name, . - Nt\name
    .endm

    .text
    NT_SERVICE_LIST(SDK_STUB)

/* NTSTATUS NtCallNumber(ULONG Number, First, Second, Third, Fourth) */
    .globl NtCallNumber
    .type NtCallNumber, @function
NtCallNumber:
    movl %edi, %eax
    movq %rsi, %rdi
    movq %rdx, %rsi
    movq %rcx, %rdx
    movq %r8, %r10
    syscall
    ret
    .size NtCallNumber, . - NtCallNumber

    .section .note.GNU-stack, "", @progbits
