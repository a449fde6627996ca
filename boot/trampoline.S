/*
 * From the start-up IPI to C: what a second processor runs first, in real mode at the beginning of a page below 1 MiB.
 *
 * hal/startprocessor.c copies this code to TRAMPOLINE_PHYSICAL, fills in the parameters at its end and maps the page at its
 * own address in the system process' tables, executable and not writable. The processor goes from real mode straight to long
 * mode on those tables: with EFER.LME set and paging and protection switched on at once, the next far jump is 64-bit code
 * (AMD64 APM vol. 2, "Initializing Long Mode"). The identity mapping is needed from there to the jump into the kernel.
 *
 * Addresses are counted from the start of the page, which is where CS and DS point; the copy is never run where it was linked.
 */
#include "hal/trampoline.h"

#define CR0_PE (1 << 0)
#define CR0_MP (1 << 1)
#define CR0_ET (1 << 4)
#define CR0_WP (1 << 16)
#define CR0_PG (1 << 31)
#define CR4_PAE (1 << 5)
#define MSR_EFER 0xC0000080
#define EFER_SCE (1 << 0)
#define EFER_LME (1 << 8)
#define EFER_NXE (1 << 11)
#define SELECTOR_CODE 0x10
#define SELECTOR_DATA 0x18

#define AT(symbol) (symbol - HalpTrampolineStart)

    .section INIT, "ax"
    .balign 16
    .global HalpTrampolineStart, HalpTrampolineEnd, HalpTrampolineParameters
    .code16
HalpTrampolineStart:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    lgdtl AT(TrampolineGdtPointer)
    movl %cr4, %eax
    orl $CR4_PAE, %eax
    movl %eax, %cr4
    movl AT(TrampolineRoot), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_SCE | EFER_LME | EFER_NXE, %eax
    wrmsr
    movl $CR0_PE | CR0_MP | CR0_ET | CR0_WP | CR0_PG, %eax     /* caches on: CD and NW are clear */
    movl %eax, %cr0
    ljmpl $SELECTOR_CODE, $TRAMPOLINE_PHYSICAL + AT(TrampolineLong)

    .code64
TrampolineLong:
    movl $SELECTOR_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movq TrampolineStack(%rip), %rsp
    movq TrampolineArgument(%rip), %rdi
    movq TrampolineEntry(%rip), %rax
    xorl %ebp, %ebp                     /* the end of every stack trace */
    pushq $0                            /* as if called, from nowhere */
    jmp *%rax

    .balign 8
TrampolineGdt:                          /* with their accessed bits set: the page may not be written */
    .quad 0
    .quad 0
    .quad 0x00AF9B000000FFFF            /* 0x10: 64-bit code */
    .quad 0x00CF93000000FFFF            /* 0x18: data */
TrampolineGdtPointer:
    .word . - TrampolineGdt - 1
    .long TRAMPOLINE_PHYSICAL + AT(TrampolineGdt)
    .balign 8
HalpTrampolineParameters:               /* HALP_TRAMPOLINE_PARAMETERS of hal/startprocessor.c */
TrampolineRoot:     .quad 0             /* CR3, below 4 GiB */
TrampolineStack:    .quad 0
TrampolineEntry:    .quad 0
TrampolineArgument: .quad 0
HalpTrampolineEnd:
    .section .note.GNU-stack, "", @progbits
