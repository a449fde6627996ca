/*
 * The program's entry point: RDI is the address of the PROCESS_PARAMETERS, the stack is as if this had been called. A
 * frame pointer of zero ends stack traces here.
 */
    .text
    .globl mainCRTStartup
    .type mainCRTStartup, @function
mainCRTStartup:
    xorl %ebp, %ebp
    andq $-16, %rsp
    call SdkStart
    ud2
    .size mainCRTStartup, . - mainCRTStartup

    .section .note.GNU-stack, "", @progbits
