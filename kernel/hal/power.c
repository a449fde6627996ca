/*
 * The end of a run: QEMU's isa-debug-exit device turns a byte into the exit status (byte << 1 | 1) of the emulator.
 */
#include "hal/hal.h"

#define DEBUG_EXIT_PORT 0xF4
#define ACPI_PM1_CONTROL 0x604      /* i440fx and q35 under QEMU: S5 when there is no isa-debug-exit */
#define ACPI_S5_SLEEP 0x2000

/* Never returns. IRQL: any. Status: HAL_EXIT_xxx. */
DECLSPEC_NORETURN VOID HalPowerOff(ULONG Status)
{
    KiDisableInterrupts();
    WRITE_PORT_ULONG((PULONG)DEBUG_EXIT_PORT, Status);
    WRITE_PORT_USHORT((PUSHORT)ACPI_PM1_CONTROL, ACPI_S5_SLEEP);
    for (;;)
        __asm__ volatile("cli; hlt");
}
