/*
 * All floating-point registers at once, filled and read without any compiled code in between.
 */
    .text

    .macro STORE_ALL area
    movl $-1, %eax
    movl %eax, %edx
    cmpb $0, RegistersXsave(%rip)
    je 771f
    xsave64 (\area)
    jmp 772f
771:
    fxsave64 (\area)
772:
    .endm

/*
 * void RegistersHold(const AREA *Image, AREA *Seen, void (*Between)(ULONG), ULONG Argument): fills the registers from
 * Image, calls Between, which must leave them alone, and writes what they hold then to Seen.
 */
    .globl RegistersHold
    .type RegistersHold, @function
RegistersHold:
    pushq %rbx
    pushq %rbp
    subq $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsi, %rbx
    movq %rdx, %rbp
    movl $-1, %eax
    movl %eax, %edx
    cmpb $0, RegistersXsave(%rip)
    je 1f
    xrstor64 (%rdi)
    jmp 2f
1:  fxrstor64 (%rdi)
2:  movl %ecx, %edi
    call *%rbp
    STORE_ALL %rbx
    fninit
    fldcw 4(%rsp)
    ldmxcsr (%rsp)
    addq $8, %rsp
    popq %rbp
    popq %rbx
    ret
    .size RegistersHold, . - RegistersHold

/* Entry of a thread: what its registers hold goes to the AREA that its argument points to, before anything uses them. */
    .globl RegistersThreadEntry
    .type RegistersThreadEntry, @function
RegistersThreadEntry:
    STORE_ALL %rdi
    call RegistersThread
    ud2
    .size RegistersThreadEntry, . - RegistersThreadEntry

/* void RegistersSpin(ULONG Count) */
    .globl RegistersSpin
    .type RegistersSpin, @function
RegistersSpin:
1:  subl $1, %edi
    jnz 1b
    ret
    .size RegistersSpin, . - RegistersSpin

    .section .note.GNU-stack, "", @progbits
