/*
 * Zw entries: a system service called by the kernel or a driver. Each is its Nt routine with the previous mode set to
 * kernel for the call, so that the caller's pointers and handles are trusted. Made from the one list in nt/services.h.
 */
#include "ke/offsets.h"
#include "nt/services.h"

/*
 * Keeps the previous mode below RBP, copies the arguments that came on the stack, calls. The stack is 16-byte aligned
 * at the call: RBP, the mode and an even number of words lie on it.
 */
    .macro ZW_ENTRY name, count
    .globl Zw\name
    .type Zw\name, @function
Zw\name:
    pushq %rbp
    movq %rsp, %rbp
    movq %gs:PRCB_CURRENT_THREAD, %rax
    pushq THREAD_PREVIOUS_MODE(%rax)
    movb $0, THREAD_PREVIOUS_MODE(%rax)
    .if \count > 6
    .if (\count & 1) == 0
    subq $8, %rsp
    .endif
    .set argument, \count - 6
    .rept \count - 6
    pushq 8 + 8 * argument(%rbp)
    .set argument, argument - 1
    .endr
    .else
    subq $8, %rsp
    .endif
    call Nt\name
    movq %gs:PRCB_CURRENT_THREAD, %rdx
    movb -8(%rbp), %cl
    movb %cl, THREAD_PREVIOUS_MODE(%rdx)
    leave
    ret
    .size Zw\name, . - Zw\name
    .endm

#define PSP_COUNT(...) NT_ARGUMENT_COUNT(__VA_ARGS__)
#define PSP_ZW(Number, Name, Arguments, Words) ZW_ENTRY Name, PSP_COUNT Arguments;

    .text
    NT_SERVICE_LIST(PSP_ZW)

    .section .note.GNU-stack, "", @progbits
