/*
 * What a firmware that is made for fast boots leaves undone of PCI: addresses for functions whose base address
 * registers are empty, and their interrupt lines. What it has placed stays where it is, and nothing is put over it.
 *
 * A base address register shows how large its range is by the bits that cannot be set (PCI Local Bus Specification 2.3,
 * section 6.2.5.1); ranges are powers of two and aligned to their size.
 */
#include "hal/hal.h"
#include "section.h"

/* Behind the ports of the chip set, and below the I/O APIC, above what RAM below 4 GiB may take. */
#define PORT_WINDOW 0xC000u
#define PORT_WINDOW_END 0x10000ull
#define MEMORY_WINDOW 0xF0000000u
#define MEMORY_WINDOW_END 0xFEC00000ull

/* One base address register: where its range lies, and how long it is. Length 0: there is no such register. */
typedef struct _HALP_BAR {
    ULONG Base;
    ULONG64 Length;
    BOOLEAN Ports;
    BOOLEAN Wide;                           /* 64 bits: the next register is its upper half */
} HALP_BAR;

static ULONG64 HalpNextPort = PORT_WINDOW, HalpNextMemory = MEMORY_WINDOW;

INIT_CODE static ULONG HalpBarOffset(ULONG Index)
{
    return FIELD_OFFSET(PCI_COMMON_CONFIG, u.type0.BaseAddresses) + Index * sizeof(ULONG);
}

INIT_CODE static VOID HalpSetConfig(ULONG Slot, ULONG Offset, ULONG Value, ULONG Length)
{
    HalSetBusDataByOffset(PCIConfiguration, 0, Slot, &Value, Offset, Length);
}

/* Measures a register with the function's decoding off, so that nothing answers at the address that is tried. */
INIT_CODE static HALP_BAR HalpMeasureBar(ULONG Slot, const PCI_COMMON_CONFIG *Config, ULONG Index)
{
    ULONG Old = Config->u.type0.BaseAddresses[Index], Mask = 0;
    HALP_BAR Bar = {.Ports = (Old & PCI_ADDRESS_IO_SPACE) != 0};

    HalpSetConfig(Slot, HalpBarOffset(Index), MAXULONG, sizeof(ULONG));
    HalGetBusDataByOffset(PCIConfiguration, 0, Slot, &Mask, HalpBarOffset(Index), sizeof(Mask));
    HalpSetConfig(Slot, HalpBarOffset(Index), Old, sizeof(ULONG));
    Bar.Wide = !Bar.Ports && (Old & PCI_ADDRESS_MEMORY_TYPE_MASK) == PCI_TYPE_64BIT;
    Mask &= Bar.Ports ? PCI_ADDRESS_IO_ADDRESS_MASK : PCI_ADDRESS_MEMORY_ADDRESS_MASK;
    Bar.Base = Old & (Bar.Ports ? PCI_ADDRESS_IO_ADDRESS_MASK : PCI_ADDRESS_MEMORY_ADDRESS_MASK);
    Bar.Length = Mask == 0 ? 0 : (ULONG64)(ULONG)(-Mask & (Bar.Ports ? 0xFFFF : MAXULONG));
    return Bar;
}

/* Calls Visit for each register of each function of header type 0, decoding off meanwhile. */
INIT_CODE static VOID HalpVisitBars(VOID (*Visit)(ULONG Slot, ULONG Index, const HALP_BAR *Bar, PUSHORT Command))
{
    for (ULONG Device = 0; Device < PCI_MAX_DEVICES; Device++) {
        for (ULONG Function = 0; Function < PCI_MAX_FUNCTION; Function++) {
            PCI_SLOT_NUMBER Slot = {.u.bits = {.DeviceNumber = Device, .FunctionNumber = Function}};
            PCI_COMMON_CONFIG Config;
            USHORT Command;
            if (HalGetBusData(PCIConfiguration, 0, Slot.u.AsULONG, &Config, PCI_COMMON_HDR_LENGTH) !=
                PCI_COMMON_HDR_LENGTH)
                continue;
            Command = Config.Command;
            HalpSetConfig(Slot.u.AsULONG, FIELD_OFFSET(PCI_COMMON_CONFIG, Command),
                          Command & ~(PCI_ENABLE_IO_SPACE | PCI_ENABLE_MEMORY_SPACE), sizeof(USHORT));
            for (ULONG Index = 0; PCI_CONFIGURATION_TYPE(&Config) == PCI_DEVICE_TYPE && Index < PCI_TYPE0_ADDRESSES;
                 Index++) {
                HALP_BAR Bar = HalpMeasureBar(Slot.u.AsULONG, &Config, Index);
                if (Bar.Length != 0)
                    Visit(Slot.u.AsULONG, Index, &Bar, &Command);
                Index += Bar.Wide;
            }
            HalpSetConfig(Slot.u.AsULONG, FIELD_OFFSET(PCI_COMMON_CONFIG, Command), Command, sizeof(USHORT));
            if (Function == 0 && !PCI_MULTIFUNCTION_DEVICE(&Config))
                break;
        }
    }
}

/* What is placed already: the windows begin behind it. */
INIT_CODE static VOID HalpPassBar(ULONG Slot, ULONG Index, const HALP_BAR *Bar, PUSHORT Command)
{
    PULONG64 Next = Bar->Ports ? &HalpNextPort : &HalpNextMemory;

    UNREFERENCED_PARAMETER(Slot);
    UNREFERENCED_PARAMETER(Index);
    UNREFERENCED_PARAMETER(Command);
    if (Bar->Base != 0)
        *Next = max(*Next, Bar->Base + Bar->Length);
}

INIT_CODE static VOID HalpPlaceBar(ULONG Slot, ULONG Index, const HALP_BAR *Bar, PUSHORT Command)
{
    PULONG64 Next = Bar->Ports ? &HalpNextPort : &HalpNextMemory;
    ULONG64 Base = (*Next + Bar->Length - 1) & ~(Bar->Length - 1);

    if (Bar->Base != 0)
        return;
    if (Base + Bar->Length > (Bar->Ports ? PORT_WINDOW_END : MEMORY_WINDOW_END)) {
        DbgPrint("PCI: no room for %I64u bytes of %s of the device in slot %u: it cannot be reached\n", Bar->Length,
                 Bar->Ports ? "ports" : "memory", Slot & (PCI_MAX_DEVICES - 1));
        return;
    }
    *Next = Base + Bar->Length;
    HalpSetConfig(Slot, HalpBarOffset(Index), (ULONG)Base, sizeof(ULONG));
    if (Bar->Wide)
        HalpSetConfig(Slot, HalpBarOffset(Index + 1), 0, sizeof(ULONG));
    *Command |= Bar->Ports ? PCI_ENABLE_IO_SPACE : PCI_ENABLE_MEMORY_SPACE;
}

/*
 * The chip set of the machine "pc": pins A to D of slot N go to the router's inputs, one further for each slot, and the
 * router says on which ISA line each of the four comes out (Intel 82371SB PIIX3 data sheet, "PIRQRC[A:D]"; the wiring
 * is the 82440FX reference board's). InterruptLine is only a note that the firmware leaves, and not every firmware gets
 * it right, so it is written anew from what the router really does.
 */
#define PIIX_DEVICE 1
#define PIIX_VENDOR 0x8086
#define PIIX3_ID 0x7000
#define PIIX_ROUTES 0x60
#define PIIX_ROUTE_NONE 0x80
#define PIIX_DEFAULT_LINE 11

INIT_CODE static VOID HalpRouteInterrupt(ULONG Slot, UCHAR Pin, ULONG Router)
{
    ULONG Input = ((Slot & (PCI_MAX_DEVICES - 1)) - PIIX_DEVICE + Pin - 1) & 3;
    UCHAR Line = PIIX_ROUTE_NONE;

    HalGetBusDataByOffset(PCIConfiguration, 0, Router, &Line, PIIX_ROUTES + Input, sizeof(Line));
    if (Line & PIIX_ROUTE_NONE) {
        Line = PIIX_DEFAULT_LINE;
        HalpSetConfig(Router, PIIX_ROUTES + Input, Line, sizeof(Line));
    }
    HalpSetConfig(Slot, FIELD_OFFSET(PCI_COMMON_CONFIG, u.type0.InterruptLine), Line, sizeof(Line));
}

INIT_CODE static VOID HalpRouteInterrupts(VOID)
{
    PCI_SLOT_NUMBER Slot = {.u.bits = {.DeviceNumber = PIIX_DEVICE, .FunctionNumber = 0}};
    ULONG Router = Slot.u.AsULONG;
    PCI_COMMON_CONFIG Config;

    HalGetBusData(PCIConfiguration, 0, Router, &Config, PCI_COMMON_HDR_LENGTH);
    if (Config.VendorID != PIIX_VENDOR || Config.DeviceID != PIIX3_ID)
        return;
    /* The router's own neighbours have lines of their own. */
    for (ULONG Device = PIIX_DEVICE + 1; Device < PCI_MAX_DEVICES; Device++) {
        for (ULONG Function = 0; Function < PCI_MAX_FUNCTION; Function++) {
            Slot.u.bits.DeviceNumber = Device;
            Slot.u.bits.FunctionNumber = Function;
            if (HalGetBusData(PCIConfiguration, 0, Slot.u.AsULONG, &Config, PCI_COMMON_HDR_LENGTH) ==
                PCI_COMMON_HDR_LENGTH && Config.u.type0.InterruptPin >= 1 && Config.u.type0.InterruptPin <= 4)
                HalpRouteInterrupt(Slot.u.AsULONG, Config.u.type0.InterruptPin, Router);
        }
    }
}

/* IRQL: PASSIVE_LEVEL, while the kernel starts. */
INIT_CODE VOID HalAssignPciResources(VOID)
{
    HalpVisitBars(HalpPassBar);
    HalpVisitBars(HalpPlaceBar);
    HalpRouteInterrupts();
}
