/*
 * The early console: COM1 as a polled output device, from the first instruction on and at every IRQL.
 *
 * All output ends here; whose line is where is kernel/kd/terminal.c's to know. Nothing waits for an interrupt; only the
 * transmit holding register is polled. Registers: National Semiconductor NS16550AF data sheet, table "Register
 * Addresses" and "Summary of Registers".
 */
#include "hal/hal.h"

#define COM1 0x3F8

enum {                  /* DLAB = 0 */
    UART_THR = 0,       /* transmit holding register, write */
    UART_IER = 1,       /* interrupt enable */
    UART_LCR = 3,       /* line control */
    UART_MCR = 4,       /* modem control */
    UART_LSR = 5,       /* line status */
};
enum {                  /* DLAB = 1 */
    UART_DLL = 0,       /* divisor latch, low and high byte */
    UART_DLM = 1,
};
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define MCR_DTR_RTS 0x03
#define LSR_THR_EMPTY 0x20
#define BAUD_DIVISOR_115200 1

static volatile LONG HalpConsoleLock;
volatile LONG HalConsoleSeized;

static VOID HalpWrite(ULONG Register, UCHAR Value)
{
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)(COM1 + Register), Value);
}

static UCHAR HalpRead(ULONG Register)
{
    return READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)(COM1 + Register));
}

/*
 * 115200 8N1, no interrupts. The FIFOs stay as they are: switching them clears them, and with them what somebody typed
 * before the kernel was up. IRQL: any; before any other output.
 */
VOID HalInitializeConsole(VOID)
{
    HalpWrite(UART_IER, 0);
    HalpWrite(UART_LCR, LCR_DLAB);
    HalpWrite(UART_DLL, BAUD_DIVISOR_115200);
    HalpWrite(UART_DLM, 0);
    HalpWrite(UART_LCR, LCR_8N1);
    HalpWrite(UART_MCR, MCR_DTR_RTS);
}

static VOID HalpPutByte(UCHAR Byte)
{
    while ((HalpRead(UART_LSR) & LSR_THR_EMPTY) == 0)
        KiPause();
    HalpWrite(UART_THR, Byte);
}

BOOLEAN HalLockConsole(VOID)
{
    BOOLEAN Enabled = KiDisableInterrupts();

    while (!HalConsoleSeized && __atomic_exchange_n(&HalpConsoleLock, 1, __ATOMIC_ACQUIRE) != 0)
        KiPause();
    return Enabled;
}

VOID HalUnlockConsole(BOOLEAN Enabled)
{
    __atomic_store_n(&HalpConsoleLock, 0, __ATOMIC_RELEASE);
    KiRestoreInterrupts(Enabled);
}

/* String is resident: interrupts are off. */
VOID HalDisplayString(PCSTR String, ULONG Length)
{
    for (ULONG i = 0; i < Length; i++) {
        if (String[i] == '\n')
            HalpPutByte('\r');
        HalpPutByte((UCHAR)String[i]);
    }
}

VOID HalSeizeConsole(VOID)
{
    HalConsoleSeized = 1;
}
