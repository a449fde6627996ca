/*
 * Exports: names that drivers may import, the kernel's (rtl/export.h) and those of drivers.
 */
#include "ldr/ldrp.h"

/* IRQL: PASSIVE_LEVEL (a driver's table is pageable). A driver's module stays: loader lock held or referenced. */
PAGED_CODE_SECTION PVOID LdrFindExport(PLDR_MODULE Module, PCSTR Name)
{
    ULONG Low = 0, High;

    if (Module == NULL)
        Module = &LdrpKernelModule;
    High = Module->ExportCount;
    while (Low < High) {
        ULONG Middle = Low + (High - Low) / 2;
        int Order = strcmp(Name, Module->Exports[Middle].Name);
        if (Order == 0)
            return Module->Exports[Middle].Address;
        if (Order < 0)
            High = Middle;
        else
            Low = Middle + 1;
    }
    return NULL;
}

#define LDRP_LONGEST_EXPORT 128

/*
 * "MmGetSystemRoutineAddress": the address of a routine that the kernel exports, by name; NULL when there is none,
 * which is how a driver asks whether this system has it. IRQL: PASSIVE_LEVEL.
 */
PAGED_CODE_SECTION PVOID MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    CHAR Name[LDRP_LONGEST_EXPORT];
    ULONG Length = SystemRoutineName->Length / sizeof(WCHAR);

    PAGED_CODE();
    if (Length >= sizeof(Name))
        return NULL;
    for (ULONG Index = 0; Index < Length; Index++) {
        WCHAR Character = SystemRoutineName->Buffer[Index];
        if (Character == 0 || Character > 0x7F)
            return NULL;
        Name[Index] = (CHAR)Character;
    }
    Name[Length] = 0;
    return LdrFindExport(NULL, Name);
}
NT_EXPORT(MmGetSystemRoutineAddress);
