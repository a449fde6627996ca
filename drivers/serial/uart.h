/*
 * The 16550 UART as programmers see it: registers, grouped by what makes them accessible, and their bits.
 *
 * Source: National Semiconductor NS16550AF/NS16552 data sheet, "Register Addresses" and "Summary of Registers". The
 * 8250 and 16450 are the same without FIFOs. Nothing else in the drivers knows a number of this chip.
 */
#pragma once

/* Registers, as offsets from the port's base --------------------------------------------------------------------- */

enum {
    /* While LCR_DLAB is clear. */
    UART_RBR = 0,               /* receive buffer, read */
    UART_THR = 0,               /* transmit holding, write */
    UART_IER = 1,               /* interrupt enable */

    /* While LCR_DLAB is set. */
    UART_DLL = 0,               /* divisor latch, low byte */
    UART_DLM = 1,               /* divisor latch, high byte */

    /* Always. */
    UART_IIR = 2,               /* interrupt identification, read */
    UART_FCR = 2,               /* FIFO control, write */
    UART_LCR = 3,               /* line control */
    UART_MCR = 4,               /* modem control */
    UART_LSR = 5,               /* line status */
    UART_MSR = 6,               /* modem status */
    UART_SCR = 7,               /* scratch: keeps what is written, means nothing */

    UART_REGISTERS = 8
};

/* Interrupt enable ----------------------------------------------------------------------------------------------- */

#define IER_RECEIVED        0x01    /* data received, or left in the FIFO for four characters' time */
#define IER_THR_EMPTY       0x02    /* room to transmit; enabling it while there is room interrupts at once */
#define IER_LINE_STATUS     0x04    /* overrun, parity, framing, break */
#define IER_MODEM_STATUS    0x08    /* CTS, DSR, RI, DCD changed */

/* Interrupt identification --------------------------------------------------------------------------------------- */

#define IIR_NONE            0x01    /* nothing is pending */
#define IIR_CAUSE           0x0E    /* the pending cause of highest priority */
#define IIR_MODEM_STATUS    0x00    /* cleared by reading MSR */
#define IIR_THR_EMPTY       0x02    /* cleared by reading IIR or writing THR */
#define IIR_RECEIVED        0x04    /* cleared by reading RBR below the trigger level */
#define IIR_LINE_STATUS     0x06    /* cleared by reading LSR */
#define IIR_TIMEOUT         0x0C    /* as IIR_RECEIVED, below the trigger level */
#define IIR_FIFOS           0xC0    /* both bits: FIFOs are there, enabled and working */

/* FIFO control --------------------------------------------------------------------------------------------------- */

#define FCR_ENABLE          0x01
#define FCR_CLEAR_RECEIVE   0x02
#define FCR_CLEAR_TRANSMIT  0x04
#define FCR_TRIGGER_8       0x80    /* interrupt at 8 of 16 received bytes: 8 characters' time to come and fetch them */

#define UART_FIFO_DEPTH     16

/* Line control --------------------------------------------------------------------------------------------------- */

#define LCR_WORD_LENGTH(Bits) ((UCHAR)((Bits) - 5))     /* 5 to 8 */
#define LCR_TWO_STOP_BITS   0x04    /* 1.5 with words of 5 bits */
#define LCR_NO_PARITY       0x00
#define LCR_ODD_PARITY      0x08
#define LCR_EVEN_PARITY     0x18
#define LCR_MARK_PARITY     0x28
#define LCR_SPACE_PARITY    0x38
#define LCR_BREAK           0x40
#define LCR_DLAB            0x80

/* Modem control -------------------------------------------------------------------------------------------------- */

#define MCR_DTR             0x01
#define MCR_RTS             0x02
#define MCR_OUT1            0x04
#define MCR_OUT2            0x08    /* on a PC, lets the chip's interrupt through to the interrupt controller */
#define MCR_LOOPBACK        0x10    /* MCR's outputs come back as MSR's inputs */

/* Line status; reading it clears the error bits ------------------------------------------------------------------ */

#define LSR_DATA_READY      0x01
#define LSR_OVERRUN         0x02
#define LSR_PARITY          0x04
#define LSR_FRAMING         0x08
#define LSR_BREAK           0x10
#define LSR_ERRORS          (LSR_OVERRUN | LSR_PARITY | LSR_FRAMING | LSR_BREAK)
#define LSR_THR_EMPTY       0x20    /* the whole transmit FIFO is empty */
#define LSR_TRANSMITTER_EMPTY 0x40  /* and the last bit is out on the line */

/* Modem status; reading it clears the changes -------------------------------------------------------------------- */

#define MSR_CTS_CHANGED     0x01
#define MSR_DSR_CHANGED     0x02
#define MSR_RI_ENDED        0x04
#define MSR_DCD_CHANGED     0x08
#define MSR_CTS             0x10    /* in loopback: RTS */
#define MSR_DSR             0x20    /* DTR */
#define MSR_RI              0x40    /* OUT1 */
#define MSR_DCD             0x80    /* OUT2 */
#define MSR_INPUTS          0xF0

/* Speed ---------------------------------------------------------------------------------------------------------- */

#define UART_CLOCK          1843200 /* Hz, the PC's crystal */
#define UART_BAUD_BASE      (UART_CLOCK / 16)   /* baud at divisor 1 */
