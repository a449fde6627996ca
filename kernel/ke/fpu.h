/*
 * The x87, SSE and AVX registers, together the *floating-point state*: areas that hold one, and the instructions that
 * move it (ke/fpu.c says who owns the registers when).
 *
 * An area is what FXSAVE or XSAVE writes, in their standard format: 512 bytes of x87 and SSE, and where there is XSAVE
 * a header and the upper halves of the AVX registers (AMD64 APM vol. 2, "Saving and Restoring x87 and SSE State").
 */
#pragma once

#define FPU_INITIAL_CONTROL 0x37F       /* System V ABI: all x87 exceptions masked, 64-bit precision */
#define FPU_INITIAL_MXCSR 0x1F80        /* all SSE exceptions masked */

#ifdef __ASSEMBLER__

/* The registers into the area at RCX. Changes RAX, RDX, flags. */
    .macro SAVE_FPU
    cmpb $0, HalHasXsave(%rip)
    je 771f
    movl $-1, %eax                      /* everything that XCR0 has */
    movl %eax, %edx
    xsave64 (%rcx)
    jmp 772f
771:
    fxsave64 (%rcx)
772:
    .endm

/*
 * The registers from the area at RCX. Changes RAX, RDX, flags. AMD's processors leave the address of the last x87
 * instruction as it is when the area has no pending exception; the three instructions before overwrite it, so that it
 * cannot be the one of another program (AMD64 APM vol. 2, "FXSAVE and FXRSTOR Instructions").
 */
    .macro RESTORE_FPU
    fnclex
    emms
    fildl KiFpuNothing(%rip)
    cmpb $0, HalHasXsave(%rip)
    je 771f
    movl $-1, %eax
    movl %eax, %edx
    xrstor64 (%rcx)
    jmp 772f
771:
    fxrstor64 (%rcx)
772:
    .endm

#else

#include "ke/ke.h"

#define FPU_AREA_ALIGNMENT 64

typedef struct DECLSPEC_ALIGN(FPU_AREA_ALIGNMENT) _KI_FPU_AREA {
    USHORT Control;                     /* x87 control word */
    UCHAR X87[22];
    ULONG Mxcsr;
    UCHAR Registers[436];
    PVOID Block;                        /* the kernel's own: no instruction touches the 48 bytes from here */
    UCHAR Software[40];
    UCHAR Header[64];                   /* XSAVE's; the parts that it adds follow, up to HalFpuAreaSize */
} KI_FPU_AREA;
C_ASSERT(FIELD_OFFSET(KI_FPU_AREA, Mxcsr) == 24 && FIELD_OFFSET(KI_FPU_AREA, Block) == 464);
C_ASSERT(sizeof(KI_FPU_AREA) == 576);

#endif
