/*
 * One processor's tables and control registers: GDT, TSS with interrupt stacks, IDT, the features Tidepool relies on.
 *
 * Facts: AMD64 Architecture Programmer's Manual vol. 2, chapters 4 (segments), 8 (exceptions), 12 (task state), and
 * sections "SYSCALL and SYSRET" and "Extended Feature Enable Register"; CPUID functions 1, 7, 0x80000001, 0x80000007.
 */
#include "hal/hal.h"
#include "hal/tables.h"
#include "section.h"

#define MSR_EFER 0xC0000080
#define MSR_STAR 0xC0000081
#define MSR_LSTAR 0xC0000082
#define MSR_SFMASK 0xC0000084
#define MSR_GS_BASE 0xC0000101
#define MSR_KERNEL_GS_BASE 0xC0000102
#define MSR_PAT 0x277

#define EFER_SCE (1u << 0)
#define EFER_NXE (1u << 11)

#define CR0_WP (1ull << 16)
#define CR4_PGE (1ull << 7)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)

/*
 * RFLAGS that SYSCALL clears: interrupts, direction, trap, alignment check (the SMAP override), nested task, I/O level.
 */
#define SYSCALL_FLAG_MASK 0x47700

/* Entries 0, 1, 4 and 5 as reset leaves them; 6 and 7 become write-combining and uncached for device mappings. */
#define PAT_VALUE 0x0001040600070406ull

BOOLEAN HalHasSmep, HalHasSmap, HalHasNx, HalHasGigabytePages, HalHasInvariantTsc;

static HAL_PROCESSOR_TABLES HalpBootTables;    /* of the first processor */
static HAL_GATE HalpIdt[256] DECLSPEC_ALIGN(4096);

extern UCHAR KiTrapEntries[];           /* ke/trap.S: one entry of 16 bytes per vector */
extern VOID KiSystemCall64(VOID);
VOID HalpEnableFpu(ULONG Number);

ULONG64 HalReadMsr(ULONG Msr)
{
    ULONG Low, High;
    __asm__ volatile("rdmsr" : "=a"(Low), "=d"(High) : "c"(Msr));
    return Low | (ULONG64)High << 32;
}

VOID HalWriteMsr(ULONG Msr, ULONG64 Value)
{
    __asm__ volatile("wrmsr" : : "c"(Msr), "a"((ULONG)Value), "d"((ULONG)(Value >> 32)) : "memory");
}

INIT_CODE static VOID HalpFindFeatures(VOID)
{
    ULONG R[4];

    HalCpuid(0x80000001, 0, R);
    HalHasNx = (R[3] >> 20) & 1;
    HalHasGigabytePages = (R[3] >> 26) & 1;
    HalCpuid(0, 0, R);
    if (R[0] >= 7) {
        HalCpuid(7, 0, R);
        HalHasSmep = (R[1] >> 7) & 1;
        HalHasSmap = (R[1] >> 20) & 1;
    }
    HalCpuid(0x80000000, 0, R);
    if (R[0] >= 0x80000007) {
        HalCpuid(0x80000007, 0, R);
        HalHasInvariantTsc = (R[3] >> 8) & 1;
    }
}

/* Gates for all vectors: interrupt gates, so that the entry code runs with interrupts off. */
INIT_CODE static VOID HalpInitializeIdt(VOID)
{
    for (ULONG Vector = 0; Vector < 256; Vector++) {
        ULONG64 Entry = (ULONG64)(KiTrapEntries + Vector * 16);
        HAL_GATE *Gate = &HalpIdt[Vector];
        Gate->OffsetLow = (USHORT)Entry;
        Gate->Selector = KGDT_R0_CODE;
        Gate->Attributes = HAL_GATE_INTERRUPT;
        Gate->OffsetMiddle = (USHORT)(Entry >> 16);
        Gate->OffsetHigh = (ULONG)(Entry >> 32);
        Gate->Reserved = 0;
    }
    /* Each on a stack of its own: the kernel stack may be the very thing that is broken. */
    HalpIdt[HAL_VECTOR_NMI].Attributes |= HAL_IST_NMI;
    HalpIdt[HAL_VECTOR_DOUBLE_FAULT].Attributes |= HAL_IST_DOUBLE_FAULT;
    HalpIdt[HAL_VECTOR_MACHINE_CHECK].Attributes |= HAL_IST_MACHINE_CHECK;
    /* Programs may use int3; every other vector raises a general-protection fault from user mode. */
    HalpIdt[HAL_VECTOR_BREAKPOINT].Attributes = HAL_GATE_INTERRUPT | HAL_GATE_USER;
}

static VOID HalpLoadTables(HAL_PROCESSOR_TABLES *Tables)
{
    struct __attribute__((packed)) { USHORT Limit; ULONG64 Base; } Pointer;

    Pointer.Limit = sizeof(Tables->Gdt) - 1;
    Pointer.Base = (ULONG64)Tables->Gdt;
    __asm__ volatile("lgdt %0" : : "m"(Pointer));
    __asm__ volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:"
                     : : "i"((ULONG64)KGDT_R0_CODE) : "rax", "memory");
    __asm__ volatile("movl %0, %%ds; movl %0, %%es; movl %0, %%ss" : : "r"(KGDT_R0_DATA));
    __asm__ volatile("movl %0, %%fs; movl %0, %%gs" : : "r"(0));
    __asm__ volatile("ltr %w0" : : "r"(KGDT_TSS));
    Pointer.Limit = sizeof(HalpIdt) - 1;
    Pointer.Base = (ULONG64)HalpIdt;
    __asm__ volatile("lidt %0" : : "m"(Pointer));
}

/*
 * Prepares the calling processor: its descriptor tables, GS, system-call registers, protection features. From here on
 * traps work. IRQL: HIGH_LEVEL, interrupts off. Tables: zeroed, for good; NULL for the first processor's. BootStackTop:
 * where traps from user mode would start until the first thread switch says better.
 */
VOID HalInitializeProcessor(PKPRCB Prcb, ULONG Number, HAL_PROCESSOR_TABLES *Tables, PVOID BootStackTop)
{
    ULONG64 Tss, Cr0, Cr4;

    if (Tables == NULL)
        Tables = &HalpBootTables;
    Tss = (ULONG64)&Tables->Tss;
    if (Number == 0) {
        HalpFindFeatures();
        HalpInitializeIdt();
    }
    Prcb->Self = Prcb;
    Prcb->Number = Number;
    Prcb->Tss = &Tables->Tss;
    Prcb->Gdt = Tables->Gdt;
    Prcb->KernelStackTop = BootStackTop;
    KiProcessorBlock[Number] = Prcb;

    Tables->Gdt[KGDT_R0_CODE / 8] = HAL_SEGMENT_KERNEL_CODE;
    Tables->Gdt[KGDT_R0_DATA / 8] = HAL_SEGMENT_KERNEL_DATA;
    Tables->Gdt[KGDT_R3_DATA / 8] = HAL_SEGMENT_USER_DATA;
    Tables->Gdt[KGDT_R3_CODE / 8] = HAL_SEGMENT_USER_CODE;
    Tables->Gdt[KGDT_TSS / 8] = HAL_SEGMENT_TSS | (sizeof(HAL_TSS) - 1) | (Tss & 0xFFFFFF) << 16 |
                                ((Tss >> 24) & 0xFF) << 56;
    Tables->Gdt[KGDT_TSS / 8 + 1] = Tss >> 32;
    Tables->Tss.Rsp0 = (ULONG64)BootStackTop;
    for (ULONG i = 0; i < HAL_IST_COUNT; i++)
        Tables->Tss.Ist[i] = (ULONG64)(Tables->InterruptStacks[i] + HAL_INTERRUPT_STACK_SIZE);
    Tables->Tss.IoMap = sizeof(HAL_TSS);
    HalpLoadTables(Tables);
    HalWriteMsr(MSR_GS_BASE, (ULONG64)Prcb);
    HalWriteMsr(MSR_KERNEL_GS_BASE, 0);

    HalWriteMsr(MSR_EFER, HalReadMsr(MSR_EFER) | EFER_SCE | (HalHasNx ? EFER_NXE : 0));
    HalWriteMsr(MSR_STAR, (ULONG64)KGDT_R0_CODE << 32 | (ULONG64)((KGDT_R3_DATA & ~3) - 8) << 48 | 3ull << 48);
    HalWriteMsr(MSR_LSTAR, (ULONG64)KiSystemCall64);
    HalWriteMsr(MSR_SFMASK, SYSCALL_FLAG_MASK);
    HalWriteMsr(MSR_PAT, PAT_VALUE);

    __asm__ volatile("movq %%cr0, %0" : "=r"(Cr0));
    Cr0 |= CR0_WP;
    __asm__ volatile("movq %0, %%cr0" : : "r"(Cr0));
    __asm__ volatile("movq %%cr4, %0" : "=r"(Cr4));
    Cr4 |= CR4_PGE | (HalHasSmep ? CR4_SMEP : 0) | (HalHasSmap ? CR4_SMAP : 0);
    __asm__ volatile("movq %0, %%cr4" : : "r"(Cr4));
    HalpEnableFpu(Number);
}
