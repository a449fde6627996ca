/*
 * Hal inside the kernel: what the machine is made of. Drivers see include/ddk/hal.h.
 */
#pragma once

#include "wdm.h"
#include "ke/ke.h"

/* What the boot loader told us, in a form of our own (multiboot.c). Addresses are physical. */
#define BOOT_MEMORY_RANGES 32
#define BOOT_COMMAND_LINE 1024
typedef struct _BOOT_RANGE { ULONG64 Base, Length; } BOOT_RANGE;
typedef struct _BOOT_INFORMATION {
    ULONG RangeCount;
    BOOT_RANGE Ranges[BOOT_MEMORY_RANGES];  /* usable RAM, ascending, page aligned, not overlapping */
    ULONG64 ModuleBase, ModuleLength;       /* the system image; Length 0: none */
    CHAR CommandLine[BOOT_COMMAND_LINE];
} BOOT_INFORMATION, *PBOOT_INFORMATION;

/* Reads the multiboot information. FALSE: the loader was not a multiboot one. */
BOOLEAN HalReadBootInformation(ULONG64 Magic, ULONG64 Information, PBOOT_INFORMATION Boot);

/* Processor tables and features (processor.c). */
struct _HAL_PROCESSOR_TABLES;
VOID HalInitializeProcessor(PKPRCB Prcb, ULONG Number, struct _HAL_PROCESSOR_TABLES *Tables, PVOID BootStackTop);
VOID HalWriteMsr(ULONG Msr, ULONG64 Value);
ULONG64 HalReadMsr(ULONG Msr);
FORCEINLINE VOID HalCpuid(ULONG Leaf, ULONG SubLeaf, ULONG Registers[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(Registers[0]), "=b"(Registers[1]), "=c"(Registers[2]), "=d"(Registers[3])
                     : "a"(Leaf), "c"(SubLeaf));
}

/* Features found by CPUID. */
extern BOOLEAN HalHasSmep, HalHasSmap, HalHasNx, HalHasGigabytePages, HalHasInvariantTsc;

/* Floating-point state (fpu.c): whether XSAVE moves it, the parts that it has (XSTATE_MASK_...), its size in bytes. */
extern BOOLEAN HalHasXsave;
extern ULONG64 HalFpuFeatures;
extern ULONG HalFpuAreaSize;

/* Early console: COM1, polled (console.c). */
VOID HalInitializeConsole(VOID);
/* Takes the console with interrupts off; the result is HalUnlockConsole's. IRQL: any. */
BOOLEAN HalLockConsole(VOID);
VOID HalUnlockConsole(BOOLEAN Enabled);
/* Writes Length bytes, a newline as carriage return and newline. The console is the caller's, or seized. */
VOID HalDisplayString(PCSTR String, ULONG Length);
extern volatile LONG HalConsoleSeized;
/* Takes the console away from whoever holds it: for bugchecks. */
VOID HalSeizeConsole(VOID);

/* Processors, interrupt lines and clocks as ACPI lists them (acpi.c). */
#define HAL_MOST_PROCESSORS 255         /* what 8 bits of APIC identifier can tell apart */
typedef struct _HAL_MACHINE {
    ULONG ProcessorCount;               /* enabled ones; 0: not known */
    UCHAR ApicIds[HAL_MOST_PROCESSORS];
    ULONG LocalApic, IoApic;            /* physical */
    struct { ULONG Line; USHORT Flags; } IsaLines[16];  /* input of the I/O APIC behind each, and its MADT flags */
    ULONG PmTimerPort, PmTimerMask;     /* 0: none; the bits it has */
    ULONG64 Hpet;                       /* physical; 0: none */
    ULONG RtcCentury;                   /* register; 0: none */
} HAL_MACHINE;
extern HAL_MACHINE HalMachine;
VOID HalReadMachine(VOID);

/* Local APIC and I/O APIC (apic.c, ioapic.c). */
VOID HalInitializeApic(VOID);           /* of the calling processor */
VOID HalInitializeIoApic(VOID);
VOID HalEndOfInterrupt(VOID);
VOID HalRequestSoftwareInterrupt(UCHAR Vector);
VOID HalSendInterrupt(ULONG ApicId, UCHAR Vector);
VOID HalSendNmi(ULONG ApicId);
VOID HalSendInit(ULONG ApicId);
VOID HalSendStartup(ULONG ApicId, UCHAR Page);
BOOLEAN HalEnableSystemInterrupt(ULONG Vector, KIRQL Irql, KINTERRUPT_MODE Mode, KAFFINITY Affinity);
VOID HalDisableSystemInterrupt(ULONG Vector, KIRQL Irql);

/* PCI (pciresources.c): addresses and interrupt lines for what the firmware left without. */
VOID HalAssignPciResources(VOID);

/* Second processors (startprocessor.c). */
BOOLEAN HalPrepareTrampoline(VOID);
VOID HalStartProcessor(ULONG ApicId, PVOID StackTop, VOID (*Entry)(PVOID Argument), PVOID Argument, volatile LONG *Alive);

/* Clocks (timer.c). */
VOID HalInitializeTimers(VOID);         /* calibrates the TSC and the APIC timer */
VOID HalStartClock(VOID);               /* periodic tick, KI_CLOCK_VECTOR, on this processor */
extern ULONG64 HalTscFrequency;         /* Hz */
/*
 * 100 ns since boot, never less than on any processor before; with the counter's value that it was made from. IRQL:
 * any.
 */
ULONG64 HalQueryTime(PULONG64 Counter);

/* The real-time clock (rtc.c): 100 ns since 1601. */
ULONGLONG HalReadRealTimeClock(VOID);

/* Power-off through isa-debug-exit, with the status as QEMU sees it (power.c). */
#define HAL_EXIT_PASS 0x10
#define HAL_EXIT_FAIL 0x11
#define HAL_EXIT_BUGCHECK 0x12
DECLSPEC_NORETURN VOID HalPowerOff(ULONG Status);

FORCEINLINE ULONG64 HalReadTsc(VOID)
{
    ULONG Low, High;
    __asm__ volatile("rdtsc" : "=a"(Low), "=d"(High));
    return Low | (ULONG64)High << 32;
}
