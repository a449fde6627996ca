/*
 * Names for addresses, and stack traces along the frame pointers. Everything here works in a bugcheck: it takes no lock
 * that could be held for long and looks at a memory cell only after asking whether it is there.
 */
#include "kd/kd.h"
#include "ldr/ldr.h"

#define KD_STACK_FRAMES 24
#define KD_LOWEST_SYSTEM_ADDRESS 0xFFFF800000000000ull

PCSTR KdNameAddress(PVOID Address, CHAR Text[KD_ADDRESS_TEXT])
{
    LDR_SYMBOL_INFORMATION Info;

    if (!LdrSymbolForAddress(Address, &Info))
        _snprintf(Text, KD_ADDRESS_TEXT, "%p", Address);
    else if (Info.Symbol[0] != 0)
        _snprintf(Text, KD_ADDRESS_TEXT, "%s!%s+0x%I64x%s%s%s", Info.Module, Info.Symbol, Info.Offset,
                  Info.Section[0] != 0 ? " (" : "", Info.Section, Info.Section[0] != 0 ? ")" : "");
    else
        _snprintf(Text, KD_ADDRESS_TEXT, "%s+0x%I64x%s%s%s", Info.Module, Info.Offset,
                  Info.Section[0] != 0 ? " (" : "", Info.Section, Info.Section[0] != 0 ? ")" : "");
    Text[KD_ADDRESS_TEXT - 1] = 0;
    return Text;
}

VOID KdPrintStack(ULONG64 Rip, ULONG64 Rbp)
{
    CHAR Text[KD_ADDRESS_TEXT];

    if (Rip != 0)
        DbgPrint("    %s\n", KdNameAddress((PVOID)Rip, Text));
    for (ULONG i = 0; i < KD_STACK_FRAMES; i++) {
        PULONG64 Frame = (PULONG64)Rbp;
        /* A frame is a saved RBP and a return address, higher up than the one before, in resident system memory. */
        if (Rbp < KD_LOWEST_SYSTEM_ADDRESS || (Rbp & 7) != 0 || !MmIsAddressValid(Frame) || !MmIsAddressValid(Frame + 1))
            return;
        if (Frame[1] < KD_LOWEST_SYSTEM_ADDRESS)
            return;
        DbgPrint("    %s\n", KdNameAddress((PVOID)Frame[1], Text));
        if (Frame[0] <= Rbp)
            return;
        Rbp = Frame[0];
    }
}
