/*
 * Switching the floating-point unit on: x87 and SSE on every processor, AVX where XSAVE can keep it.
 *
 * Facts: AMD64 Architecture Programmer's Manual vol. 2, "Enabling the x87, SSE and AVX instructions", vol. 3, CPUID
 * functions 1 and 0xD. Every x86-64 processor has FXSAVE and SSE2; all processors of a machine are taken to be alike.
 */
#include "hal/hal.h"
#include "section.h"

#define CR0_MP (1ull << 1)              /* WAIT, too, obeys TS */
#define CR0_EM (1ull << 2)              /* there is no x87 */
#define CR0_TS (1ull << 3)              /* the first use traps */
#define CR0_NE (1ull << 5)              /* x87 errors are exception 16, not an interrupt line of the PC/AT */
#define CR4_OSFXSR (1ull << 9)          /* SSE is on, and FXSAVE keeps its registers */
#define CR4_OSXMMEXCPT (1ull << 10)     /* SSE errors are exception 19 */
#define CR4_OSXSAVE (1ull << 18)        /* XSAVE and XGETBV are on, for programs too */

#define CPUID_1_XSAVE 26                /* bit of ECX */
#define CPUID_XSAVE 0xD
#define SMALLEST_AREA 576               /* what FXSAVE writes, and room for XSAVE's header: one layout for both */

BOOLEAN HalHasXsave;
ULONG64 HalFpuFeatures = XSTATE_MASK_LEGACY;
ULONG HalFpuAreaSize = SMALLEST_AREA;

/* What the machine has. AVX's registers begin with SSE's, so the one is not kept without the other. */
INIT_CODE static VOID HalpFindFpu(VOID)
{
    ULONG R[4];

    HalCpuid(1, 0, R);
    HalHasXsave = (R[2] >> CPUID_1_XSAVE) & 1;
    if (HalHasXsave) {
        HalCpuid(CPUID_XSAVE, 0, R);
        HalFpuFeatures |= R[0] & XSTATE_MASK_AVX;
    }
}

/* For the calling processor. IRQL: HIGH_LEVEL, interrupts off. */
VOID HalpEnableFpu(ULONG Number)
{
    ULONG64 Register;
    ULONG R[4];

    if (Number == 0)
        HalpFindFpu();
    __asm__ volatile("movq %%cr0, %0" : "=r"(Register));
    Register = (Register | CR0_MP | CR0_NE) & ~(CR0_EM | CR0_TS);
    __asm__ volatile("movq %0, %%cr0" : : "r"(Register));
    __asm__ volatile("movq %%cr4, %0" : "=r"(Register));
    Register |= CR4_OSFXSR | CR4_OSXMMEXCPT | (HalHasXsave ? CR4_OSXSAVE : 0);
    __asm__ volatile("movq %0, %%cr4" : : "r"(Register));
    if (!HalHasXsave)
        return;
    __asm__ volatile("xsetbv" : : "c"(0), "a"((ULONG)HalFpuFeatures), "d"((ULONG)(HalFpuFeatures >> 32)));
    if (Number == 0) {
        HalCpuid(CPUID_XSAVE, 0, R);
        HalFpuAreaSize = R[1];          /* for what XCR0 has now */
    }
}
