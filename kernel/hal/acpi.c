/*
 * What ACPI says about processors, interrupt lines and clocks (ACPI Specification 6.4, sections 5.2.5 "Root System
 * Description Pointer", 5.2.7 RSDT, 5.2.8 XSDT, 5.2.9 "Fixed ACPI Description Table", 5.2.12 "Multiple APIC Description
 * Table"; IA-PC HPET Specification 1.0a, section 3.2.4).
 *
 * Tables are firmware's and may be wrong: every length and checksum is checked before a field is believed. Without a
 * good MADT the machine is a PC with one processor.
 */
#include "hal/hal.h"
#include "section.h"

#define BIOS_DATA_EBDA 0x40E            /* real-mode segment of the extended BIOS data area */
#define EBDA_SEARCH 1024
#define BIOS_AREA 0xE0000
#define BIOS_AREA_END 0x100000
#define RSDP_ALIGNMENT 16
#define RSDP_LENGTH_1 20                /* of revision 0; what the first checksum is over */
#define LONGEST_TABLE 0x100000          /* longer ones are taken for damaged */

typedef struct __attribute__((packed)) _ACPI_RSDP {
    CHAR Signature[8];
    UCHAR Checksum;
    CHAR OemId[6];
    UCHAR Revision;
    ULONG RsdtAddress;
    ULONG Length;                       /* revision 2 from here */
    ULONG64 XsdtAddress;
    UCHAR ExtendedChecksum, Reserved[3];
} ACPI_RSDP;

typedef struct __attribute__((packed)) _ACPI_TABLE {
    CHAR Signature[4];
    ULONG Length;
    UCHAR Revision, Checksum;
    CHAR OemId[6], OemTableId[8];
    ULONG OemRevision, CreatorId, CreatorRevision;
} ACPI_TABLE;
C_ASSERT(sizeof(ACPI_TABLE) == 36);

typedef struct __attribute__((packed)) _ACPI_MADT {
    ACPI_TABLE Header;
    ULONG LocalApicAddress, Flags;
} ACPI_MADT;

enum { MADT_LOCAL_APIC = 0, MADT_IO_APIC = 1, MADT_OVERRIDE = 2 };
#define MADT_ENABLED 1u

typedef struct __attribute__((packed)) _MADT_ENTRY {
    UCHAR Type, Length;
    union __attribute__((packed)) {
        struct __attribute__((packed)) { UCHAR ProcessorId, ApicId; ULONG Flags; } LocalApic;
        struct __attribute__((packed)) { UCHAR Id, Reserved; ULONG Address, FirstLine; } IoApic;
        struct __attribute__((packed)) { UCHAR Bus, Source; ULONG Line; USHORT Flags; } Override;
    };
} MADT_ENTRY;

/* Where the FADT and the HPET's table have what is wanted: byte offsets. */
enum { FADT_PM_TIMER = 76, FADT_PM_TIMER_LENGTH = 91, FADT_CENTURY = 108, FADT_FLAGS = 112, FADT_SIZE = 116,
       HPET_SPACE = 40, HPET_ADDRESS = 44, HPET_SIZE = 56 };
#define FADT_TIMER_32_BITS (1u << 8)
#define LAST_CMOS_REGISTER 127

/* As on a PC without ACPI: one processor, and ISA lines at their own number but for the timer's. */
HAL_MACHINE HalMachine = {
    .LocalApic = 0xFEE00000,
    .IoApic = 0xFEC00000,
    .IsaLines = {{2, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {7, 0}, {8, 0}, {9, 0}, {10, 0}, {11, 0}, {12, 0},
                 {13, 0}, {14, 0}, {15, 0}},
};

INIT_CODE static BOOLEAN HalpSumsToZero(const VOID *Bytes, ULONG Length)
{
    UCHAR Sum = 0;

    for (ULONG i = 0; i < Length; i++)
        Sum = (UCHAR)(Sum + ((const UCHAR *)Bytes)[i]);
    return Sum == 0;
}

INIT_CODE static PVOID HalpMapPhysical(ULONG64 Physical, SIZE_T Length)
{
    PHYSICAL_ADDRESS Address = {.QuadPart = (LONGLONG)Physical};

    return Physical == 0 ? NULL : MmMapIoSpace(Address, Length, MmCached);
}

/* A whole table, checked, to be unmapped by its Length; NULL when it is not one. */
INIT_CODE static ACPI_TABLE *HalpMapTable(ULONG64 Physical)
{
    ACPI_TABLE *Table = HalpMapPhysical(Physical, sizeof(*Table));
    ULONG Length;

    if (Table == NULL)
        return NULL;
    Length = Table->Length;
    MmUnmapIoSpace(Table, sizeof(*Table));
    if (Length < sizeof(*Table) || Length > LONGEST_TABLE)
        return NULL;
    Table = HalpMapPhysical(Physical, Length);
    if (Table != NULL && !HalpSumsToZero(Table, Length)) {
        MmUnmapIoSpace(Table, Length);
        return NULL;
    }
    return Table;
}

/* The root pointer within a part of the first MiB. */
INIT_CODE static BOOLEAN HalpSearchRsdp(ULONG Start, ULONG Length, ACPI_RSDP *Rsdp)
{
    PUCHAR Area = HalpMapPhysical(Start, Length);
    BOOLEAN Found = FALSE;

    if (Area == NULL)
        return FALSE;
    for (ULONG At = 0; !Found && At + sizeof(*Rsdp) <= Length; At += RSDP_ALIGNMENT) {
        Found = memcmp(Area + At, "RSD PTR ", 8) == 0 && HalpSumsToZero(Area + At, RSDP_LENGTH_1);
        if (Found)
            RtlCopyMemory(Rsdp, Area + At, sizeof(*Rsdp));
    }
    MmUnmapIoSpace(Area, Length);
    return Found;
}

INIT_CODE static BOOLEAN HalpFindRsdp(ACPI_RSDP *Rsdp)
{
    USHORT *Ebda = HalpMapPhysical(BIOS_DATA_EBDA, sizeof(*Ebda));
    ULONG Start = 0;

    if (Ebda != NULL) {
        Start = (ULONG)*Ebda << 4;
        MmUnmapIoSpace(Ebda, sizeof(*Ebda));
    }
    return (Start >= PAGE_SIZE && Start + EBDA_SEARCH <= BIOS_AREA && HalpSearchRsdp(Start, EBDA_SEARCH, Rsdp)) ||
           HalpSearchRsdp(BIOS_AREA, BIOS_AREA_END - BIOS_AREA, Rsdp);
}

/* The table of that signature among those that the root table lists; NULL: none that is whole. */
INIT_CODE static ACPI_TABLE *HalpFindTable(const ACPI_RSDP *Rsdp, PCSTR Signature)
{
    BOOLEAN Extended = Rsdp->Revision >= 2 && Rsdp->XsdtAddress != 0;
    ULONG Size = Extended ? sizeof(ULONG64) : sizeof(ULONG);
    ACPI_TABLE *Root = HalpMapTable(Extended ? Rsdp->XsdtAddress : Rsdp->RsdtAddress), *Found = NULL;

    if (Root == NULL)
        return NULL;
    for (ULONG At = sizeof(*Root); Found == NULL && At + Size <= Root->Length; At += Size) {
        ULONG64 Physical = 0;
        RtlCopyMemory(&Physical, (PUCHAR)Root + At, Size);
        Found = HalpMapTable(Physical);
        if (Found != NULL && memcmp(Found->Signature, Signature, sizeof(Found->Signature)) != 0) {
            MmUnmapIoSpace(Found, Found->Length);
            Found = NULL;
        }
    }
    MmUnmapIoSpace(Root, Root->Length);
    return Found;
}

INIT_CODE static VOID HalpReadMadt(const ACPI_MADT *Madt)
{
    HalMachine.LocalApic = Madt->LocalApicAddress;
    for (ULONG At = sizeof(*Madt); At + 2 <= Madt->Header.Length;) {
        const MADT_ENTRY *Entry = (const MADT_ENTRY *)((const UCHAR *)Madt + At);
        ULONG Length = Entry->Length;
        if (Length < 2 || At + Length > Madt->Header.Length)
            break;
        if (Entry->Type == MADT_LOCAL_APIC && Length >= 2 + sizeof(Entry->LocalApic)) {
            if (Entry->LocalApic.Flags & MADT_ENABLED) {
                if (HalMachine.ProcessorCount < HAL_MOST_PROCESSORS)
                    HalMachine.ApicIds[HalMachine.ProcessorCount] = Entry->LocalApic.ApicId;
                HalMachine.ProcessorCount++;
            }
        } else if (Entry->Type == MADT_IO_APIC && Length >= 2 + sizeof(Entry->IoApic)) {
            if (Entry->IoApic.FirstLine == 0)   /* the one with the ISA lines */
                HalMachine.IoApic = Entry->IoApic.Address;
        } else if (Entry->Type == MADT_OVERRIDE && Length >= 2 + sizeof(Entry->Override)) {
            if (Entry->Override.Bus == 0 && Entry->Override.Source < ARRAYSIZE(HalMachine.IsaLines)) {
                HalMachine.IsaLines[Entry->Override.Source].Line = Entry->Override.Line;
                HalMachine.IsaLines[Entry->Override.Source].Flags = Entry->Override.Flags;
            }
        }
        At += Length;
    }
}

INIT_CODE static VOID HalpReadFadt(const UCHAR *Fadt)
{
    if (Fadt[FADT_PM_TIMER_LENGTH] == sizeof(ULONG)) {
        HalMachine.PmTimerPort = *(const ULONG *)(Fadt + FADT_PM_TIMER);
        HalMachine.PmTimerMask = *(const ULONG *)(Fadt + FADT_FLAGS) & FADT_TIMER_32_BITS ? MAXULONG : 0xFFFFFF;
    }
    if (Fadt[FADT_CENTURY] <= LAST_CMOS_REGISTER)
        HalMachine.RtcCentury = Fadt[FADT_CENTURY];
}

INIT_CODE static VOID HalpReadHpetTable(const UCHAR *Table)
{
    if (Table[HPET_SPACE] == 0)             /* memory, not ports */
        RtlCopyMemory(&HalMachine.Hpet, Table + HPET_ADDRESS, sizeof(HalMachine.Hpet));
}

/* Reads a table by its routine, if it is there and long enough. */
INIT_CODE static VOID HalpReadTable(const ACPI_RSDP *Rsdp, PCSTR Signature, ULONG Least, VOID (*Read)(const UCHAR *Table))
{
    ACPI_TABLE *Table = HalpFindTable(Rsdp, Signature);

    if (Table == NULL)
        return;
    if (Table->Length >= Least)
        Read((const UCHAR *)Table);
    MmUnmapIoSpace(Table, Table->Length);
}

/* Fills HalMachine. IRQL: PASSIVE_LEVEL, before the APICs are used and before frames that hold tables may be reused. */
INIT_CODE VOID HalReadMachine(VOID)
{
    ACPI_RSDP Rsdp;
    ACPI_TABLE *Madt = NULL;

    if (!HalpFindRsdp(&Rsdp)) {
        DbgPrint("ACPI: the firmware left no root pointer in the BIOS areas: going on with one processor\n");
        return;
    }
    Madt = HalpFindTable(&Rsdp, "APIC");
    if (Madt == NULL || Madt->Length < sizeof(ACPI_MADT)) {
        DbgPrint("ACPI: there is no MADT, or it is damaged: going on with one processor\n");
    } else {
        HalpReadMadt((const ACPI_MADT *)Madt);
    }
    if (Madt != NULL)
        MmUnmapIoSpace(Madt, Madt->Length);
    HalpReadTable(&Rsdp, "FACP", FADT_SIZE, HalpReadFadt);
    HalpReadTable(&Rsdp, "HPET", HPET_SIZE, HalpReadHpetTable);
}
