/*
 * Reads what a multiboot 1 loader hands over (Multiboot Specification 0.6.96, section 3.3) into BOOT_INFORMATION.
 *
 * The information lies in low memory that Mm will reuse, so everything wanted later is copied here. It runs on the boot
 * page tables, which show the first GiB at KERNEL_BASE + physical address; loaders put their data below that.
 */
#include "hal/hal.h"
#include "section.h"

#define MULTIBOOT_LOADER_MAGIC 0x2BADB002
#define MULTIBOOT_HAS_COMMAND_LINE (1u << 2)
#define MULTIBOOT_HAS_MODULES (1u << 3)
#define MULTIBOOT_HAS_MEMORY_MAP (1u << 6)
#define MULTIBOOT_RAM 1
#define BOOT_WINDOW 0x40000000ull               /* what the boot page tables show */
#define LOWEST_FRAME 0x100000ull                /* the first MiB stays the firmware's and the trampoline's */

typedef struct __attribute__((packed)) _MULTIBOOT_INFORMATION {
    ULONG Flags, MemoryLower, MemoryUpper, BootDevice, CommandLine, ModuleCount, Modules, Symbols[4];
    ULONG MemoryMapLength, MemoryMap;
} MULTIBOOT_INFORMATION;

typedef struct __attribute__((packed)) _MULTIBOOT_MODULE { ULONG Start, End, String, Reserved; } MULTIBOOT_MODULE;

typedef struct __attribute__((packed)) _MULTIBOOT_RANGE {
    ULONG Size;         /* of what follows */
    ULONG64 Base, Length;
    ULONG Type;
} MULTIBOOT_RANGE;

INIT_CODE static const VOID *HalpBootPointer(ULONG64 Physical)
{
    return Physical < BOOT_WINDOW ? (PVOID)(0xFFFFFFFF80000000ull + Physical) : NULL;
}

/* Inserts a range in ascending order, whole pages only. Ranges beyond the table's end are left unused. */
INIT_CODE static VOID HalpAddRange(PBOOT_INFORMATION Boot, ULONG64 Base, ULONG64 Length)
{
    ULONG64 End = Base + Length < Base ? ~0ull : Base + Length;
    ULONG64 First = max((Base + PAGE_SIZE - 1) & ~(ULONG64)(PAGE_SIZE - 1), LOWEST_FRAME);
    ULONG64 Last = End & ~(ULONG64)(PAGE_SIZE - 1);
    ULONG i;

    if (First >= Last || Boot->RangeCount == BOOT_MEMORY_RANGES)
        return;
    for (i = Boot->RangeCount; i > 0 && Boot->Ranges[i - 1].Base > First; i--)
        Boot->Ranges[i] = Boot->Ranges[i - 1];
    Boot->Ranges[i].Base = First;
    Boot->Ranges[i].Length = Last - First;
    Boot->RangeCount++;
}

/* Cuts what overlaps out of the sorted table: a loader may report a range twice. */
INIT_CODE static VOID HalpMergeRanges(PBOOT_INFORMATION Boot)
{
    ULONG Out = 0;

    for (ULONG i = 0; i < Boot->RangeCount; i++) {
        BOOT_RANGE *Last = Out != 0 ? &Boot->Ranges[Out - 1] : NULL;
        BOOT_RANGE Next = Boot->Ranges[i];
        if (Last != NULL && Next.Base <= Last->Base + Last->Length) {
            ULONG64 End = max(Next.Base + Next.Length, Last->Base + Last->Length);
            Last->Length = End - Last->Base;
        } else {
            Boot->Ranges[Out++] = Next;
        }
    }
    Boot->RangeCount = Out;
}

/* IRQL: HIGH_LEVEL, on the boot page tables. */
INIT_CODE BOOLEAN HalReadBootInformation(ULONG64 Magic, ULONG64 Information, PBOOT_INFORMATION Boot)
{
    const MULTIBOOT_INFORMATION *Info = HalpBootPointer(Information);

    Boot->RangeCount = 0;
    Boot->ModuleBase = Boot->ModuleLength = 0;
    Boot->CommandLine[0] = 0;
    if (Magic != MULTIBOOT_LOADER_MAGIC || Info == NULL)
        return FALSE;

    if (Info->Flags & MULTIBOOT_HAS_COMMAND_LINE) {
        PCSTR Line = HalpBootPointer(Info->CommandLine);
        ULONG i = 0;
        for (; Line != NULL && Line[i] != 0 && i < BOOT_COMMAND_LINE - 1; i++)
            Boot->CommandLine[i] = Line[i];
        Boot->CommandLine[i] = 0;
    }
    if ((Info->Flags & MULTIBOOT_HAS_MODULES) && Info->ModuleCount != 0) {
        const MULTIBOOT_MODULE *Module = HalpBootPointer(Info->Modules);
        if (Module != NULL && Module->End > Module->Start) {
            Boot->ModuleBase = Module->Start;
            Boot->ModuleLength = Module->End - Module->Start;
        }
    }
    if (Info->Flags & MULTIBOOT_HAS_MEMORY_MAP) {
        ULONG64 At = Info->MemoryMap, End = At + Info->MemoryMapLength;
        while (At + sizeof(MULTIBOOT_RANGE) <= End) {
            const MULTIBOOT_RANGE *Range = HalpBootPointer(At);
            if (Range == NULL)
                break;
            if (Range->Type == MULTIBOOT_RAM)
                HalpAddRange(Boot, Range->Base, Range->Length);
            At += Range->Size + sizeof(Range->Size);
        }
    } else {
        HalpAddRange(Boot, LOWEST_FRAME, (ULONG64)Info->MemoryUpper * 1024);
    }
    HalpMergeRanges(Boot);
    return Boot->RangeCount != 0;
}
