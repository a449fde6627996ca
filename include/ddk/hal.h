/*
 * Hal: ports, memory-mapped registers, interrupt vectors and buses' configuration ("HAL Library Routines").
 * READ_PORT_UCHAR takes a PUCHAR made from an integer, as the documentation has it.
 */
#pragma once

#include "kernel.h"
#include "pci.h"

FORCEINLINE UCHAR READ_PORT_UCHAR(PUCHAR Port)
{
    UCHAR Value;
    __asm__ volatile("inb %w1, %0" : "=a"(Value) : "Nd"((USHORT)(ULONG_PTR)Port));
    return Value;
}
FORCEINLINE USHORT READ_PORT_USHORT(PUSHORT Port)
{
    USHORT Value;
    __asm__ volatile("inw %w1, %0" : "=a"(Value) : "Nd"((USHORT)(ULONG_PTR)Port));
    return Value;
}
FORCEINLINE ULONG READ_PORT_ULONG(PULONG Port)
{
    ULONG Value;
    __asm__ volatile("inl %w1, %0" : "=a"(Value) : "Nd"((USHORT)(ULONG_PTR)Port));
    return Value;
}
FORCEINLINE VOID WRITE_PORT_UCHAR(PUCHAR Port, UCHAR Value)
{
    __asm__ volatile("outb %0, %w1" : : "a"(Value), "Nd"((USHORT)(ULONG_PTR)Port));
}
FORCEINLINE VOID WRITE_PORT_USHORT(PUSHORT Port, USHORT Value)
{
    __asm__ volatile("outw %0, %w1" : : "a"(Value), "Nd"((USHORT)(ULONG_PTR)Port));
}
FORCEINLINE VOID WRITE_PORT_ULONG(PULONG Port, ULONG Value)
{
    __asm__ volatile("outl %0, %w1" : : "a"(Value), "Nd"((USHORT)(ULONG_PTR)Port));
}
/* Count values through one port, one after the other. */
FORCEINLINE VOID READ_PORT_BUFFER_UCHAR(PUCHAR Port, PUCHAR Buffer, ULONG Count)
{
    ULONG64 Left = Count;
    __asm__ volatile("rep insb" : "+D"(Buffer), "+c"(Left) : "d"((USHORT)(ULONG_PTR)Port) : "memory");
}
FORCEINLINE VOID READ_PORT_BUFFER_USHORT(PUSHORT Port, PUSHORT Buffer, ULONG Count)
{
    ULONG64 Left = Count;
    __asm__ volatile("rep insw" : "+D"(Buffer), "+c"(Left) : "d"((USHORT)(ULONG_PTR)Port) : "memory");
}
FORCEINLINE VOID READ_PORT_BUFFER_ULONG(PULONG Port, PULONG Buffer, ULONG Count)
{
    ULONG64 Left = Count;
    __asm__ volatile("rep insl" : "+D"(Buffer), "+c"(Left) : "d"((USHORT)(ULONG_PTR)Port) : "memory");
}
FORCEINLINE VOID WRITE_PORT_BUFFER_UCHAR(PUCHAR Port, PUCHAR Buffer, ULONG Count)
{
    ULONG64 Left = Count;
    __asm__ volatile("rep outsb" : "+S"(Buffer), "+c"(Left) : "d"((USHORT)(ULONG_PTR)Port) : "memory");
}
FORCEINLINE VOID WRITE_PORT_BUFFER_USHORT(PUSHORT Port, PUSHORT Buffer, ULONG Count)
{
    ULONG64 Left = Count;
    __asm__ volatile("rep outsw" : "+S"(Buffer), "+c"(Left) : "d"((USHORT)(ULONG_PTR)Port) : "memory");
}
FORCEINLINE VOID WRITE_PORT_BUFFER_ULONG(PULONG Port, PULONG Buffer, ULONG Count)
{
    ULONG64 Left = Count;
    __asm__ volatile("rep outsl" : "+S"(Buffer), "+c"(Left) : "d"((USHORT)(ULONG_PTR)Port) : "memory");
}
FORCEINLINE UCHAR READ_REGISTER_UCHAR(volatile UCHAR *Register) { return *Register; }
FORCEINLINE USHORT READ_REGISTER_USHORT(volatile USHORT *Register) { return *Register; }
FORCEINLINE ULONG READ_REGISTER_ULONG(volatile ULONG *Register) { return *Register; }
FORCEINLINE VOID WRITE_REGISTER_UCHAR(volatile UCHAR *Register, UCHAR Value) { *Register = Value; }
FORCEINLINE VOID WRITE_REGISTER_USHORT(volatile USHORT *Register, USHORT Value) { *Register = Value; }
FORCEINLINE VOID WRITE_REGISTER_ULONG(volatile ULONG *Register, ULONG Value) { *Register = Value; }

typedef enum _INTERFACE_TYPE {
    InterfaceTypeUndefined = -1, Internal, Isa, Eisa, MicroChannel, TurboChannel, PCIBus
} INTERFACE_TYPE;

/*
 * The vector, level and processors of an interrupt line, ready for IoConnectInterrupt ("HalGetInterruptVector").
 * Returns 0 when the line does not exist. Isa: BusInterruptLevel is the ISA interrupt request, 0 to 15. PCIBus:
 * BusInterruptLevel and BusInterruptVector are the function's InterruptLine; the interrupt is level-sensitive and
 * shared.
 */
ULONG HalGetInterruptVector(INTERFACE_TYPE InterfaceType, ULONG BusNumber, ULONG BusInterruptLevel,
                            ULONG BusInterruptVector, PKIRQL Irql, PKAFFINITY Affinity);

/*
 * The speaker sounds at Frequency hertz until it is told otherwise; 0 silences it ("HalMakeBeep"). FALSE: no such tone.
 * IRQL: any.
 */
BOOLEAN HalMakeBeep(ULONG Frequency);

typedef enum _BUS_DATA_TYPE {
    ConfigurationSpaceUndefined = -1, Cmos, EisaConfiguration, Pos, CbusConfiguration, PCIConfiguration,
    VMEConfiguration, NuBusConfiguration, PCMCIAConfiguration, MPIConfiguration, MPSAConfiguration,
    PNPISAConfiguration, MaximumBusDataType
} BUS_DATA_TYPE, *PBUS_DATA_TYPE;

/*
 * Reads or writes a function's configuration header ("HalGetBusDataByOffset"): SlotNumber is a PCI_SLOT_NUMBER. Returns
 * how many bytes; 0 when there is no such bus, 2 when there is no device in the slot, whose VendorID then reads as
 * PCI_INVALID_VENDORID. Only PCIConfiguration is there. IRQL: <= DISPATCH_LEVEL.
 */
ULONG HalGetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer, ULONG Offset,
                            ULONG Length);
ULONG HalSetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer, ULONG Offset,
                            ULONG Length);
#define HalGetBusData(BusDataType, BusNumber, SlotNumber, Buffer, Length) \
    HalGetBusDataByOffset((BusDataType), (BusNumber), (SlotNumber), (Buffer), 0, (Length))
#define HalSetBusData(BusDataType, BusNumber, SlotNumber, Buffer, Length) \
    HalSetBusDataByOffset((BusDataType), (BusNumber), (SlotNumber), (Buffer), 0, (Length))
/*
 * A bus address as the processor reaches it ("HalTranslateBusAddress"): the same number here. *AddressSpace is 0 for
 * memory, to be mapped by MmMapIoSpace, and 1 for ports. FALSE: no such bus.
 */
BOOLEAN HalTranslateBusAddress(INTERFACE_TYPE InterfaceType, ULONG BusNumber, PHYSICAL_ADDRESS BusAddress,
                               PULONG AddressSpace, PPHYSICAL_ADDRESS TranslatedAddress);
