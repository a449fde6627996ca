/*
 * Interrupts when they are wanted: a line of the ISA bus that no device uses is connected, and its vector is sent by
 * the local APIC (Intel SDM vol. 3, "Local APIC", interrupt command register). On the way it is like any device's.
 */
#include "bench.h"

#define LINE 5
#define MSR_APIC_BASE 0x1B
#define APIC_PAGE_MASK 0xFFFFFF000ull
#define APIC_ID 0x20
#define APIC_COMMAND_LOW 0x300          /* fixed delivery, edge: the vector alone */
#define APIC_COMMAND_HIGH 0x310
#define APIC_PENDING (1u << 12)
#define APIC_ID_SHIFT 24

static PKINTERRUPT BenchInterrupt;
static PUCHAR BenchApic;
static ULONG BenchVector;

static volatile ULONG *BenchRegister(ULONG Offset)
{
    return (volatile ULONG *)(BenchApic + Offset);
}

BOOLEAN BenchOpenLine(PKSERVICE_ROUTINE Routine)
{
    PHYSICAL_ADDRESS Base;
    KAFFINITY Affinity;
    ULONG Low, High;
    KIRQL Irql;

    BenchVector = HalGetInterruptVector(Isa, 0, LINE, LINE, &Irql, &Affinity);
    if (BenchVector == 0)
        return FALSE;
    __asm__ volatile("rdmsr" : "=a"(Low), "=d"(High) : "c"(MSR_APIC_BASE));
    Base.QuadPart = (LONGLONG)((Low | (ULONG64)High << 32) & APIC_PAGE_MASK);
    BenchApic = MmMapIoSpace(Base, PAGE_SIZE, MmNonCached);
    if (BenchApic == NULL)
        return FALSE;
    if (!NT_SUCCESS(IoConnectInterrupt(&BenchInterrupt, Routine, NULL, NULL, BenchVector, Irql, Irql, Latched, FALSE,
                                       Affinity, FALSE))) {
        MmUnmapIoSpace(BenchApic, PAGE_SIZE);
        return FALSE;
    }
    return TRUE;
}

VOID BenchCloseLine(VOID)
{
    IoDisconnectInterrupt(BenchInterrupt);
    MmUnmapIoSpace(BenchApic, PAGE_SIZE);
}

ULONG BenchApicId(VOID)
{
    return *BenchRegister(APIC_ID) >> APIC_ID_SHIFT;
}

VOID BenchRaise(ULONG ApicId)
{
    KIRQL Irql;

    KeRaiseIrql(HIGH_LEVEL, &Irql);     /* nobody else uses the register of two halves meanwhile */
    while (*BenchRegister(APIC_COMMAND_LOW) & APIC_PENDING)
        YieldProcessor();
    *BenchRegister(APIC_COMMAND_HIGH) = ApicId << APIC_ID_SHIFT;
    *BenchRegister(APIC_COMMAND_LOW) = BenchVector;
    KeLowerIrql(Irql);
}
