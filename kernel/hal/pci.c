/*
 * PCI configuration space by mechanism #1 (PCI Local Bus Specification 2.3, section 3.2.2.3.2): an address goes to one
 * port, four bytes come and go through the next.
 *
 * Bus 0 is what there is: the machine's host bridge. Functions behind a PCI-to-PCI bridge are not looked for.
 */
#include "hal/hal.h"
#include "rtl/export.h"

#define PCI_ADDRESS_PORT ((PULONG)0xCF8)
#define PCI_DATA_PORT 0xCFC
#define PCI_ADDRESS_ENABLE 0x80000000u
#define PCI_DEVICE_SHIFT 11
#define PCI_FUNCTION_SHIFT 8

/* AddressSpace of HalTranslateBusAddress. */
enum { SPACE_MEMORY, SPACE_PORTS };

static KSPIN_LOCK HalpPciLock;              /* HIGH_LEVEL: the two ports are a pair */

static BOOLEAN HalpLockPci(VOID)
{
    BOOLEAN Enabled = KiDisableInterrupts();

    while (__atomic_exchange_n(&HalpPciLock, 1, __ATOMIC_ACQUIRE) != 0)
        KiPause();
    return Enabled;
}

static VOID HalpUnlockPci(BOOLEAN Enabled)
{
    __atomic_store_n(&HalpPciLock, 0, __ATOMIC_RELEASE);
    KiRestoreInterrupts(Enabled);
}

/* Points the data port at the four bytes that hold Offset. PCI lock held. */
static VOID HalpSelectPci(PCI_SLOT_NUMBER Slot, ULONG Offset)
{
    WRITE_PORT_ULONG(PCI_ADDRESS_PORT, PCI_ADDRESS_ENABLE | (ULONG)Slot.u.bits.DeviceNumber << PCI_DEVICE_SHIFT |
                                           (ULONG)Slot.u.bits.FunctionNumber << PCI_FUNCTION_SHIFT | (Offset & ~3u));
}

static ULONG HalpReadPci(PCI_SLOT_NUMBER Slot, ULONG Offset)
{
    BOOLEAN Enabled = HalpLockPci();
    ULONG Value;

    HalpSelectPci(Slot, Offset);
    Value = READ_PORT_ULONG((PULONG)PCI_DATA_PORT);
    HalpUnlockPci(Enabled);
    return Value;
}

/* One write as wide as alignment and length allow: neighbours of what is meant may be registers that act on writes. */
static ULONG HalpWritePci(PCI_SLOT_NUMBER Slot, ULONG Offset, const UCHAR *Bytes, ULONG Length)
{
    ULONG Width = (Offset & 3) == 0 && Length >= 4 ? 4 : (Offset & 1) == 0 && Length >= 2 ? 2 : 1, Value = 0;
    PUCHAR Port = (PUCHAR)(ULONG_PTR)(PCI_DATA_PORT + (Offset & 3));
    BOOLEAN Enabled;

    RtlCopyMemory(&Value, Bytes, Width);
    Enabled = HalpLockPci();
    HalpSelectPci(Slot, Offset);
    if (Width == 4)
        WRITE_PORT_ULONG((PULONG)(PVOID)Port, Value);
    else if (Width == 2)
        WRITE_PORT_USHORT((PUSHORT)(PVOID)Port, (USHORT)Value);
    else
        WRITE_PORT_UCHAR(Port, (UCHAR)Value);
    HalpUnlockPci(Enabled);
    return Width;
}

/* How much of [Offset, Offset + Length) of a function's header can be had; 0: no such bus. *Slot: which function. */
static ULONG HalpPciLength(BUS_DATA_TYPE Type, ULONG Bus, ULONG SlotNumber, ULONG Offset, ULONG Length,
                           PCI_SLOT_NUMBER *Slot)
{
    if (Type != PCIConfiguration || Bus != 0 || Offset >= sizeof(PCI_COMMON_CONFIG))
        return 0;
    Slot->u.AsULONG = SlotNumber;
    return min(Length, (ULONG)sizeof(PCI_COMMON_CONFIG) - Offset);
}

static BOOLEAN HalpIsPciFunction(PCI_SLOT_NUMBER Slot)
{
    return (USHORT)HalpReadPci(Slot, 0) != PCI_INVALID_VENDORID;
}

/* What both routines answer for an empty slot. */
#define PCI_NO_DEVICE 2

ULONG HalGetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer, ULONG Offset,
                            ULONG Length)
{
    PCI_SLOT_NUMBER Slot;
    ULONG Done = 0;

    Length = HalpPciLength(BusDataType, BusNumber, SlotNumber, Offset, Length, &Slot);
    if (Length == 0)
        return 0;
    if (!HalpIsPciFunction(Slot)) {
        USHORT Nobody = PCI_INVALID_VENDORID;
        if (Offset == 0)
            RtlCopyMemory(Buffer, &Nobody, min(Length, sizeof(Nobody)));
        return PCI_NO_DEVICE;
    }
    while (Done < Length) {
        ULONG Value = HalpReadPci(Slot, Offset + Done), Skip = (Offset + Done) & 3, Part = min(4 - Skip, Length - Done);
        RtlCopyMemory((PUCHAR)Buffer + Done, (PUCHAR)&Value + Skip, Part);
        Done += Part;
    }
    return Length;
}
NT_EXPORT(HalGetBusDataByOffset);

/* Read-only fields keep their values, whatever is written ("HalSetBusDataByOffset"). */
ULONG HalSetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer, ULONG Offset,
                            ULONG Length)
{
    PCI_SLOT_NUMBER Slot;

    Length = HalpPciLength(BusDataType, BusNumber, SlotNumber, Offset, Length, &Slot);
    if (Length == 0)
        return 0;
    if (!HalpIsPciFunction(Slot))
        return PCI_NO_DEVICE;
    for (ULONG Done = 0; Done < Length;)
        Done += HalpWritePci(Slot, Offset + Done, (PUCHAR)Buffer + Done, Length - Done);
    return Length;
}
NT_EXPORT(HalSetBusDataByOffset);

BOOLEAN HalTranslateBusAddress(INTERFACE_TYPE InterfaceType, ULONG BusNumber, PHYSICAL_ADDRESS BusAddress,
                               PULONG AddressSpace, PPHYSICAL_ADDRESS TranslatedAddress)
{
    if ((InterfaceType != Isa && InterfaceType != PCIBus) || BusNumber != 0)
        return FALSE;
    *AddressSpace = *AddressSpace == SPACE_PORTS ? SPACE_PORTS : SPACE_MEMORY;
    *TranslatedAddress = BusAddress;
    return TRUE;
}
NT_EXPORT(HalTranslateBusAddress);
