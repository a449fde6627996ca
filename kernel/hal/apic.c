/*
 * Local APIC and I/O APIC. The 8259 pair is masked and forgotten.
 *
 * A vector's high nibble is its IRQL, and CR8 is the local APIC's task-priority register: the hardware holds back what
 * the current level forbids. Registers: Intel SDM vol. 3, chapter "Advanced Programmable Interrupt Controller";
 * 82093AA I/O APIC data sheet.
 */
#include "hal/hal.h"
#include "rtl/export.h"
#include "section.h"

enum {                          /* local APIC, byte offsets */
    APIC_ID = 0x20,
    APIC_TPR = 0x80,
    APIC_EOI = 0xB0,
    APIC_SPURIOUS = 0xF0,
    APIC_ICR_LOW = 0x300,
    APIC_ICR_HIGH = 0x310,
    APIC_LVT_TIMER = 0x320,
    APIC_LVT_LINT0 = 0x350,
    APIC_LVT_LINT1 = 0x360,
    APIC_LVT_ERROR = 0x370,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3E0,
};
#define APIC_ENABLE 0x100
#define APIC_LVT_MASKED 0x10000
#define APIC_LVT_PERIODIC 0x20000
#define APIC_LVT_NMI 0x400
#define APIC_ICR_SELF 0x40000
#define APIC_ICR_ASSERT 0x4000
#define APIC_ICR_NMI 0x400
#define APIC_ICR_INIT 0x500
#define APIC_ICR_STARTUP 0x600
#define APIC_ICR_PENDING 0x1000
#define APIC_DIVIDE_BY_1 0xB

enum { IOAPIC_SELECT = 0x00, IOAPIC_WINDOW = 0x10 };
enum { IOAPIC_VERSION = 1, IOAPIC_REDIRECTION = 0x10 };
#define IOAPIC_MASKED 0x10000
#define IOAPIC_LEVEL 0x8000
#define IOAPIC_ACTIVE_LOW 0x2000

/* Flags of a MADT interrupt source override (ACPI 6.4, table 5.26 "MPS INTI Flags"); 0: as the bus has it. */
#define MADT_POLARITY 0x3
#define MADT_POLARITY_HIGH 0x1

#define PIC1_DATA 0x21
#define PIC2_DATA 0xA1

static volatile UCHAR *HalpApic;
static volatile UCHAR *HalpIoApic;
static ULONG HalpIoApicLines;
static KSPIN_LOCK HalpIoApicLock;           /* HIGH_LEVEL: the select and window registers are a pair */
/* I/O APIC lock from here. */
static UCHAR HalpVectorLine[256];           /* I/O APIC line + 1 behind a vector, 0: none */
static UCHAR HalpVectorProcessor[256];      /* who is interrupted */
static ULONG HalpLinesOf[MAXIMUM_PROCESSORS];   /* how many lines interrupt each processor */

static VOID HalpApicWrite(ULONG Register, ULONG Value)
{
    *(volatile ULONG *)(HalpApic + Register) = Value;
}

static ULONG HalpApicRead(ULONG Register)
{
    return *(volatile ULONG *)(HalpApic + Register);
}

static ULONG HalpIoApicRead(ULONG Register)
{
    *(volatile ULONG *)(HalpIoApic + IOAPIC_SELECT) = Register;
    return *(volatile ULONG *)(HalpIoApic + IOAPIC_WINDOW);
}

static VOID HalpIoApicWrite(ULONG Register, ULONG Value)
{
    *(volatile ULONG *)(HalpIoApic + IOAPIC_SELECT) = Register;
    *(volatile ULONG *)(HalpIoApic + IOAPIC_WINDOW) = Value;
}

/* The calling processor's local APIC. The first call maps the registers. IRQL: PASSIVE_LEVEL at boot. */
VOID HalInitializeApic(VOID)
{
    if (HalpApic == NULL) {
        PHYSICAL_ADDRESS Physical = {.QuadPart = HalMachine.LocalApic};
        HalpApic = MmMapIoSpace(Physical, PAGE_SIZE, MmNonCached);
        if (HalpApic == NULL)
            KiBugCheck(NO_MORE_SYSTEM_PTES, HalMachine.LocalApic, PAGE_SIZE, 0, 0, NULL, "the local APIC could not be mapped");
        WRITE_PORT_UCHAR((PUCHAR)PIC1_DATA, 0xFF);
        WRITE_PORT_UCHAR((PUCHAR)PIC2_DATA, 0xFF);
    }
    HalpApicWrite(APIC_LVT_LINT0, APIC_LVT_MASKED);
    HalpApicWrite(APIC_LVT_LINT1, APIC_LVT_NMI);
    HalpApicWrite(APIC_LVT_ERROR, APIC_LVT_MASKED);
    HalpApicWrite(APIC_LVT_TIMER, APIC_LVT_MASKED);
    HalpApicWrite(APIC_SPURIOUS, APIC_ENABLE | KI_SPURIOUS_VECTOR);
    KeGetCurrentPrcb()->ApicId = HalpApicRead(APIC_ID) >> 24;
}

INIT_CODE VOID HalInitializeIoApic(VOID)
{
    PHYSICAL_ADDRESS Physical = {.QuadPart = HalMachine.IoApic};

    HalpIoApic = MmMapIoSpace(Physical, PAGE_SIZE, MmNonCached);
    if (HalpIoApic == NULL)
        KiBugCheck(NO_MORE_SYSTEM_PTES, HalMachine.IoApic, PAGE_SIZE, 0, 0, NULL, "the I/O APIC could not be mapped");
    HalpIoApicLines = ((HalpIoApicRead(IOAPIC_VERSION) >> 16) & 0xFF) + 1;
    for (ULONG Line = 0; Line < HalpIoApicLines; Line++)
        HalpIoApicWrite(IOAPIC_REDIRECTION + Line * 2, IOAPIC_MASKED);
}

/* Tells the local APIC that the interrupt being served is done. */
VOID HalEndOfInterrupt(VOID)
{
    HalpApicWrite(APIC_EOI, 0);
}

/* Interrupts the calling processor itself at Vector as soon as its level allows. IRQL: any. */
VOID HalRequestSoftwareInterrupt(UCHAR Vector)
{
    HalpApicWrite(APIC_ICR_LOW, APIC_ICR_SELF | Vector);
}

/* Sends another processor what Command says (Intel SDM vol. 3, "Interrupt Command Register"). IRQL: any. */
static VOID HalpSendCommand(ULONG ApicId, ULONG Command)
{
    BOOLEAN Enabled = KiDisableInterrupts();    /* the two halves of the register belong together */

    while (HalpApicRead(APIC_ICR_LOW) & APIC_ICR_PENDING)
        KiPause();
    HalpApicWrite(APIC_ICR_HIGH, ApicId << 24);
    HalpApicWrite(APIC_ICR_LOW, Command);
    KiRestoreInterrupts(Enabled);
}

/* Interrupts another processor at Vector. IRQL: any. */
VOID HalSendInterrupt(ULONG ApicId, UCHAR Vector)
{
    HalpSendCommand(ApicId, APIC_ICR_ASSERT | Vector);
}

/* Gets through to a processor that has its interrupts off, too: for bugchecks. IRQL: any. */
VOID HalSendNmi(ULONG ApicId)
{
    HalpSendCommand(ApicId, APIC_ICR_ASSERT | APIC_ICR_NMI);
}

/* Resets a processor, which then waits for a start-up IPI. */
VOID HalSendInit(ULONG ApicId)
{
    HalpSendCommand(ApicId, APIC_ICR_ASSERT | APIC_ICR_INIT);
}

/* Starts a processor that waits after INIT in real mode at the beginning of that page of the first MiB. */
VOID HalSendStartup(ULONG ApicId, UCHAR Page)
{
    HalpSendCommand(ApicId, APIC_ICR_ASSERT | APIC_ICR_STARTUP | Page);
}

/*
 * ISA lines: their level falls with the line's number, as the 8259 priorities did; the vector is the level and the
 * line. Lines 3 and 4, the serial ports, come at levels 9 and 8. The keyboard line 1 stands at the top, 12. A PCI
 * function's interrupt arrives on the ISA line that the PIIX routes its pin to; firmware leaves the number in
 * InterruptLine.
 */
ULONG HalGetInterruptVector(INTERFACE_TYPE InterfaceType, ULONG BusNumber, ULONG BusInterruptLevel,
                            ULONG BusInterruptVector, PKIRQL Irql, PKAFFINITY Affinity)
{
    static const UCHAR LevelOfLine[16] = {12, 12, 0, 9, 8, 8, 7, 6, 11, 5, 5, 5, 4, 4, 3, 3};

    UNREFERENCED_PARAMETER(BusInterruptVector);
    if ((InterfaceType != Isa && (InterfaceType != PCIBus || BusNumber != 0)) ||
        BusInterruptLevel >= ARRAYSIZE(LevelOfLine) || LevelOfLine[BusInterruptLevel] == 0)
        return 0;
    *Irql = LevelOfLine[BusInterruptLevel];
    *Affinity = KiActiveProcessors;
    return (ULONG)*Irql << 4 | BusInterruptLevel;
}
NT_EXPORT(HalGetInterruptVector);

/* The processor of Affinity that the fewest lines interrupt yet: a mask of several spreads, one of one pins. */
static ULONG HalpChooseProcessor(KAFFINITY Affinity)
{
    ULONG Best = (ULONG)__builtin_ctzll(Affinity);

    for (; Affinity != 0; Affinity &= Affinity - 1) {
        ULONG Number = (ULONG)__builtin_ctzll(Affinity);
        if (HalpLinesOf[Number] < HalpLinesOf[Best])
            Best = Number;
    }
    return Best;
}

/* What the redirection entry says of the line's electrical side: as the MADT has it, else by the mode. */
static ULONG HalpTrigger(ULONG IsaLine, KINTERRUPT_MODE Mode)
{
    ULONG Polarity = HalMachine.IsaLines[IsaLine].Flags & MADT_POLARITY;

    if (Mode != LevelSensitive)
        return 0;
    return IOAPIC_LEVEL | (Polarity == MADT_POLARITY_HIGH ? 0 : IOAPIC_ACTIVE_LOW);
}

/*
 * Lets the line behind Vector through to one of the processors in Affinity. FALSE: there is no such line, or none of
 * these processors runs. IRQL: <= HIGH_LEVEL.
 */
BOOLEAN HalEnableSystemInterrupt(ULONG Vector, KIRQL Irql, KINTERRUPT_MODE Mode, KAFFINITY Affinity)
{
    ULONG Line = HalMachine.IsaLines[Vector & 0xF].Line, Number;
    BOOLEAN Enabled;

    Affinity &= KiActiveProcessors;
    if (Vector < KI_FIRST_DEVICE_VECTOR || Vector > KI_LAST_DEVICE_VECTOR || Vector >> 4 != Irql ||
        Line >= HalpIoApicLines || Affinity == 0)
        return FALSE;
    Enabled = KiDisableInterrupts();
    while (__atomic_exchange_n(&HalpIoApicLock, 1, __ATOMIC_ACQUIRE) != 0)
        KiPause();
    HalpVectorLine[Vector] = (UCHAR)(Line + 1);
    Number = HalpChooseProcessor(Affinity);
    HalpVectorProcessor[Vector] = (UCHAR)Number;
    HalpLinesOf[Number]++;
    HalpIoApicWrite(IOAPIC_REDIRECTION + Line * 2 + 1, KiProcessorBlock[Number]->ApicId << 24);
    HalpIoApicWrite(IOAPIC_REDIRECTION + Line * 2, Vector | HalpTrigger(Vector & 0xF, Mode));
    __atomic_store_n(&HalpIoApicLock, 0, __ATOMIC_RELEASE);
    KiRestoreInterrupts(Enabled);
    return TRUE;
}

VOID HalDisableSystemInterrupt(ULONG Vector, KIRQL Irql)
{
    BOOLEAN Enabled = KiDisableInterrupts();

    UNREFERENCED_PARAMETER(Irql);
    while (__atomic_exchange_n(&HalpIoApicLock, 1, __ATOMIC_ACQUIRE) != 0)
        KiPause();
    if (HalpVectorLine[Vector] != 0) {
        HalpIoApicWrite(IOAPIC_REDIRECTION + (HalpVectorLine[Vector] - 1) * 2, IOAPIC_MASKED);
        HalpVectorLine[Vector] = 0;
        HalpLinesOf[HalpVectorProcessor[Vector]]--;
    }
    __atomic_store_n(&HalpIoApicLock, 0, __ATOMIC_RELEASE);
    KiRestoreInterrupts(Enabled);
}

/*
 * The APIC timer, for timer.c: counts down from Count, once or again and again, interrupting at Vector (0: not at all).
 */
VOID HalpStartApicTimer(ULONG Count, UCHAR Vector, BOOLEAN Periodic)
{
    HalpApicWrite(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
    HalpApicWrite(APIC_LVT_TIMER, Vector == 0 ? APIC_LVT_MASKED : Vector | (Periodic ? APIC_LVT_PERIODIC : 0u));
    HalpApicWrite(APIC_TIMER_INITIAL, Count);
}

ULONG HalpReadApicTimer(VOID)
{
    return HalpApicRead(APIC_TIMER_CURRENT);
}
