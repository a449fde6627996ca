/*
 * Starting a second processor: INIT, then a start-up IPI that names the page of its first instruction (Intel SDM vol.
 * 3, "Typical AP Initialization Sequence"). The code in that page is boot/trampoline.S.
 */
#include "hal/hal.h"
#include "hal/trampoline.h"
#include "section.h"

#define INIT_SETTLE 10000               /* microseconds from INIT to the start-up IPI */
#define STARTUP_SETTLE 200              /* to the second one, for processors that miss the first */

typedef struct _HALP_TRAMPOLINE_PARAMETERS {
    ULONG64 Root;
    PVOID StackTop;
    VOID (*Entry)(PVOID Argument);
    PVOID Argument;
} HALP_TRAMPOLINE_PARAMETERS;

extern const UCHAR HalpTrampolineStart[], HalpTrampolineEnd[], HalpTrampolineParameters[];

/*
 * Copies the trampoline to where it runs; the caller maps it there (MmMapIdentityPage). FALSE: the page could not be
 * reached. IRQL: PASSIVE_LEVEL.
 */
INIT_CODE BOOLEAN HalPrepareTrampoline(VOID)
{
    PHYSICAL_ADDRESS Physical = {.QuadPart = TRAMPOLINE_PHYSICAL};
    PVOID Page = MmMapIoSpace(Physical, PAGE_SIZE, MmCached);

    if (Page == NULL)
        return FALSE;
    ASSERT(HalpTrampolineEnd - HalpTrampolineStart <= PAGE_SIZE);
    RtlCopyMemory(Page, HalpTrampolineStart, (SIZE_T)(HalpTrampolineEnd - HalpTrampolineStart));
    MmUnmapIoSpace(Page, PAGE_SIZE);
    return TRUE;
}

/*
 * Makes the processor run Entry(Argument) on its stack, in long mode on the system's page tables, interrupts off.
 * *Alive becomes true when it is there; sending the IPI twice is harmless then. IRQL: PASSIVE_LEVEL, one processor at a
 * time.
 */
INIT_CODE VOID HalStartProcessor(ULONG ApicId, PVOID StackTop, VOID (*Entry)(PVOID Argument), PVOID Argument,
                                 volatile LONG *Alive)
{
    PHYSICAL_ADDRESS Physical = {.QuadPart = TRAMPOLINE_PHYSICAL + (HalpTrampolineParameters - HalpTrampolineStart)};
    volatile HALP_TRAMPOLINE_PARAMETERS *Parameters = MmMapIoSpace(Physical, sizeof(*Parameters), MmCached);

    if (Parameters == NULL)
        return;
    Parameters->Root = KiSystemProcess.DirectoryTableBase;
    Parameters->StackTop = StackTop;
    Parameters->Entry = Entry;
    Parameters->Argument = Argument;
    MmUnmapIoSpace((PVOID)Parameters, sizeof(*Parameters));
    HalSendInit(ApicId);
    KeStallExecutionProcessor(INIT_SETTLE);
    for (ULONG Try = 0; Try < 2 && *Alive == 0; Try++) {
        HalSendStartup(ApicId, TRAMPOLINE_PHYSICAL >> PAGE_SHIFT);
        KeStallExecutionProcessor(STARTUP_SETTLE);
    }
}
