/*
 * ntddser.h: the serial port's device controls and their structures, as documented ("Serial Controller I/O Requests",
 * "ntddser.h header"). Names, values and layouts are the documentation's; programs and the driver share them.
 */
#pragma once

#include "ntdef.h"
#include "devioctl.h"

#ifndef FILE_DEVICE_SERIAL_PORT
#define FILE_DEVICE_SERIAL_PORT 0x0000001b
#endif

#define SERIAL_CONTROL_CODE(Function) CTL_CODE(FILE_DEVICE_SERIAL_PORT, (Function), METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_SERIAL_SET_BAUD_RATE      SERIAL_CONTROL_CODE(1)
#define IOCTL_SERIAL_SET_QUEUE_SIZE     SERIAL_CONTROL_CODE(2)
#define IOCTL_SERIAL_SET_LINE_CONTROL   SERIAL_CONTROL_CODE(3)
#define IOCTL_SERIAL_SET_BREAK_ON       SERIAL_CONTROL_CODE(4)
#define IOCTL_SERIAL_SET_BREAK_OFF      SERIAL_CONTROL_CODE(5)
#define IOCTL_SERIAL_IMMEDIATE_CHAR     SERIAL_CONTROL_CODE(6)
#define IOCTL_SERIAL_SET_TIMEOUTS       SERIAL_CONTROL_CODE(7)
#define IOCTL_SERIAL_GET_TIMEOUTS       SERIAL_CONTROL_CODE(8)
#define IOCTL_SERIAL_SET_DTR            SERIAL_CONTROL_CODE(9)
#define IOCTL_SERIAL_CLR_DTR            SERIAL_CONTROL_CODE(10)
#define IOCTL_SERIAL_RESET_DEVICE       SERIAL_CONTROL_CODE(11)
#define IOCTL_SERIAL_SET_RTS            SERIAL_CONTROL_CODE(12)
#define IOCTL_SERIAL_CLR_RTS            SERIAL_CONTROL_CODE(13)
#define IOCTL_SERIAL_SET_XOFF           SERIAL_CONTROL_CODE(14)
#define IOCTL_SERIAL_SET_XON            SERIAL_CONTROL_CODE(15)
#define IOCTL_SERIAL_GET_WAIT_MASK      SERIAL_CONTROL_CODE(16)
#define IOCTL_SERIAL_SET_WAIT_MASK      SERIAL_CONTROL_CODE(17)
#define IOCTL_SERIAL_WAIT_ON_MASK       SERIAL_CONTROL_CODE(18)
#define IOCTL_SERIAL_PURGE              SERIAL_CONTROL_CODE(19)
#define IOCTL_SERIAL_GET_BAUD_RATE      SERIAL_CONTROL_CODE(20)
#define IOCTL_SERIAL_GET_LINE_CONTROL   SERIAL_CONTROL_CODE(21)
#define IOCTL_SERIAL_GET_CHARS          SERIAL_CONTROL_CODE(22)
#define IOCTL_SERIAL_SET_CHARS          SERIAL_CONTROL_CODE(23)
#define IOCTL_SERIAL_GET_HANDFLOW       SERIAL_CONTROL_CODE(24)
#define IOCTL_SERIAL_SET_HANDFLOW       SERIAL_CONTROL_CODE(25)
#define IOCTL_SERIAL_GET_MODEMSTATUS    SERIAL_CONTROL_CODE(26)
#define IOCTL_SERIAL_GET_COMMSTATUS     SERIAL_CONTROL_CODE(27)
#define IOCTL_SERIAL_XOFF_COUNTER       SERIAL_CONTROL_CODE(28)
#define IOCTL_SERIAL_GET_PROPERTIES     SERIAL_CONTROL_CODE(29)
#define IOCTL_SERIAL_GET_DTRRTS         SERIAL_CONTROL_CODE(30)
#define IOCTL_SERIAL_LSRMST_INSERT      SERIAL_CONTROL_CODE(31)
#define IOCTL_SERIAL_CONFIG_SIZE        SERIAL_CONTROL_CODE(32)
#define IOCTL_SERIAL_GET_STATS          SERIAL_CONTROL_CODE(35)
#define IOCTL_SERIAL_CLEAR_STATS        SERIAL_CONTROL_CODE(36)
#define IOCTL_SERIAL_GET_MODEM_CONTROL  SERIAL_CONTROL_CODE(37)
#define IOCTL_SERIAL_SET_MODEM_CONTROL  SERIAL_CONTROL_CODE(38)
#define IOCTL_SERIAL_SET_FIFO_CONTROL   SERIAL_CONTROL_CODE(39)

typedef struct _SERIAL_BAUD_RATE {
    ULONG BaudRate;
} SERIAL_BAUD_RATE, *PSERIAL_BAUD_RATE;

typedef struct _SERIAL_LINE_CONTROL {
    UCHAR StopBits;
    UCHAR Parity;
    UCHAR WordLength;       /* 5 to 8 */
} SERIAL_LINE_CONTROL, *PSERIAL_LINE_CONTROL;
#define STOP_BIT_1      0
#define STOP_BITS_1_5   1
#define STOP_BITS_2     2
#define NO_PARITY       0
#define ODD_PARITY      1
#define EVEN_PARITY     2
#define MARK_PARITY     3
#define SPACE_PARITY    4

/*
 * Milliseconds. Total time of a read: Multiplier * bytes wanted + Constant; both 0: none. Interval: between two bytes
 * once the first has come; 0: none. Interval MAXULONG with both totals 0: return at once with what is there. Interval
 * and Multiplier MAXULONG with a Constant in between: return what is there, or wait for one byte for Constant.
 */
typedef struct _SERIAL_TIMEOUTS {
    ULONG ReadIntervalTimeout;
    ULONG ReadTotalTimeoutMultiplier;
    ULONG ReadTotalTimeoutConstant;
    ULONG WriteTotalTimeoutMultiplier;
    ULONG WriteTotalTimeoutConstant;
} SERIAL_TIMEOUTS, *PSERIAL_TIMEOUTS;

typedef struct _SERIAL_QUEUE_SIZE {
    ULONG InSize;
    ULONG OutSize;
} SERIAL_QUEUE_SIZE, *PSERIAL_QUEUE_SIZE;

/* IOCTL_SERIAL_PURGE takes a ULONG of these. */
#define SERIAL_PURGE_TXABORT    0x00000001
#define SERIAL_PURGE_RXABORT    0x00000002
#define SERIAL_PURGE_TXCLEAR    0x00000004
#define SERIAL_PURGE_RXCLEAR    0x00000008

typedef struct _SERIAL_CHARS {
    UCHAR EofChar;
    UCHAR ErrorChar;
    UCHAR BreakChar;
    UCHAR EventChar;
    UCHAR XonChar;
    UCHAR XoffChar;
} SERIAL_CHARS, *PSERIAL_CHARS;

typedef struct _SERIAL_HANDFLOW {
    ULONG ControlHandShake;
    ULONG FlowReplace;
    LONG XonLimit;
    LONG XoffLimit;
} SERIAL_HANDFLOW, *PSERIAL_HANDFLOW;
/* ControlHandShake */
#define SERIAL_DTR_MASK             0x00000003
#define SERIAL_DTR_CONTROL          0x00000001
#define SERIAL_DTR_HANDSHAKE        0x00000002
#define SERIAL_CTS_HANDSHAKE        0x00000008
#define SERIAL_DSR_HANDSHAKE        0x00000010
#define SERIAL_DCD_HANDSHAKE        0x00000020
#define SERIAL_OUT_HANDSHAKEMASK    0x00000038
#define SERIAL_DSR_SENSITIVITY      0x00000040
#define SERIAL_ERROR_ABORT          0x80000000
#define SERIAL_CONTROL_INVALID      0x7fffff84
/* FlowReplace */
#define SERIAL_AUTO_TRANSMIT        0x00000001
#define SERIAL_AUTO_RECEIVE         0x00000002
#define SERIAL_ERROR_CHAR           0x00000004
#define SERIAL_NULL_STRIPPING       0x00000008
#define SERIAL_BREAK_CHAR           0x00000010
#define SERIAL_RTS_MASK             0x000000c0
#define SERIAL_RTS_CONTROL          0x00000040
#define SERIAL_RTS_HANDSHAKE        0x00000080
#define SERIAL_TRANSMIT_TOGGLE      0x000000c0
#define SERIAL_XOFF_CONTINUE        0x80000000
#define SERIAL_FLOW_INVALID         0x7fffff20

/* Events of the wait mask, a ULONG. */
#define SERIAL_EV_RXCHAR    0x0001
#define SERIAL_EV_RXFLAG    0x0002
#define SERIAL_EV_TXEMPTY   0x0004
#define SERIAL_EV_CTS       0x0008
#define SERIAL_EV_DSR       0x0010
#define SERIAL_EV_RLSD      0x0020
#define SERIAL_EV_BREAK     0x0040
#define SERIAL_EV_ERR       0x0080
#define SERIAL_EV_RING      0x0100
#define SERIAL_EV_PERR      0x0200
#define SERIAL_EV_RX80FULL  0x0400
#define SERIAL_EV_EVENT1    0x0800
#define SERIAL_EV_EVENT2    0x1000

typedef struct _SERIAL_STATUS {
    ULONG Errors;
    ULONG HoldReasons;
    ULONG AmountInInQueue;
    ULONG AmountInOutQueue;
    BOOLEAN EofReceived;
    BOOLEAN WaitForImmediate;
} SERIAL_STATUS, *PSERIAL_STATUS;
/* Errors */
#define SERIAL_ERROR_BREAK          0x00000001
#define SERIAL_ERROR_FRAMING        0x00000002
#define SERIAL_ERROR_OVERRUN        0x00000004
#define SERIAL_ERROR_QUEUEOVERRUN   0x00000008
#define SERIAL_ERROR_PARITY         0x00000010
/* HoldReasons */
#define SERIAL_TX_WAITING_FOR_CTS   0x00000001
#define SERIAL_TX_WAITING_FOR_DSR   0x00000002
#define SERIAL_TX_WAITING_FOR_DCD   0x00000004
#define SERIAL_TX_WAITING_FOR_XON   0x00000008
#define SERIAL_TX_WAITING_XOFF_SENT 0x00000010
#define SERIAL_TX_WAITING_ON_BREAK  0x00000020
#define SERIAL_RX_WAITING_FOR_DSR   0x00000040

/* IOCTL_SERIAL_GET_MODEMSTATUS gives the modem status register, IOCTL_SERIAL_GET_DTRRTS the last two. */
#define SERIAL_MSR_DCTS     0x01
#define SERIAL_MSR_DDSR     0x02
#define SERIAL_MSR_TERI     0x04
#define SERIAL_MSR_DDCD     0x08
#define SERIAL_MSR_CTS      0x10
#define SERIAL_MSR_DSR      0x20
#define SERIAL_MSR_RI       0x40
#define SERIAL_MSR_DCD      0x80
#define SERIAL_DTR_STATE    0x00000001
#define SERIAL_RTS_STATE    0x00000002

typedef struct _SERIALPERF_STATS {
    ULONG ReceivedCount;
    ULONG TransmittedCount;
    ULONG FrameErrorCount;
    ULONG SerialOverrunErrorCount;
    ULONG BufferOverrunErrorCount;
    ULONG ParityErrorCount;
} SERIALPERF_STATS, *PSERIALPERF_STATS;

typedef struct _SERIAL_COMMPROP {
    USHORT PacketLength;
    USHORT PacketVersion;
    ULONG ServiceMask;
    ULONG Reserved1;
    ULONG MaxTxQueue;
    ULONG MaxRxQueue;
    ULONG MaxBaud;
    ULONG ProvSubType;
    ULONG ProvCapabilities;
    ULONG SettableParams;
    ULONG SettableBaud;
    USHORT SettableData;
    USHORT SettableStopParity;
    ULONG CurrentTxQueue;
    ULONG CurrentRxQueue;
    ULONG ProvSpec1;
    ULONG ProvSpec2;
    WCHAR ProvChar[1];
} SERIAL_COMMPROP, *PSERIAL_COMMPROP;
#define SERIAL_SP_SERIALCOMM        0x00000001  /* ServiceMask */
#define SERIAL_SP_RS232             0x00000001  /* ProvSubType */
/* ProvCapabilities */
#define SERIAL_PCF_DTRDSR           0x00000001
#define SERIAL_PCF_RTSCTS           0x00000002
#define SERIAL_PCF_CD               0x00000004
#define SERIAL_PCF_PARITY_CHECK     0x00000008
#define SERIAL_PCF_XONXOFF          0x00000010
#define SERIAL_PCF_SETXCHAR         0x00000020
#define SERIAL_PCF_TOTALTIMEOUTS    0x00000040
#define SERIAL_PCF_INTTIMEOUTS      0x00000080
#define SERIAL_PCF_SPECIALCHARS     0x00000100
#define SERIAL_PCF_16BITMODE        0x00000200
/* SettableParams */
#define SERIAL_SP_PARITY            0x00000001
#define SERIAL_SP_BAUD              0x00000002
#define SERIAL_SP_DATABITS          0x00000004
#define SERIAL_SP_STOPBITS          0x00000008
#define SERIAL_SP_HANDSHAKING       0x00000010
#define SERIAL_SP_PARITY_CHECK      0x00000020
#define SERIAL_SP_CARRIER_DETECT    0x00000040
/* MaxBaud, SettableBaud */
#define SERIAL_BAUD_075             0x00000001
#define SERIAL_BAUD_110             0x00000002
#define SERIAL_BAUD_134_5           0x00000004
#define SERIAL_BAUD_150             0x00000008
#define SERIAL_BAUD_300             0x00000010
#define SERIAL_BAUD_600             0x00000020
#define SERIAL_BAUD_1200            0x00000040
#define SERIAL_BAUD_1800            0x00000080
#define SERIAL_BAUD_2400            0x00000100
#define SERIAL_BAUD_4800            0x00000200
#define SERIAL_BAUD_7200            0x00000400
#define SERIAL_BAUD_9600            0x00000800
#define SERIAL_BAUD_14400           0x00001000
#define SERIAL_BAUD_19200           0x00002000
#define SERIAL_BAUD_38400           0x00004000
#define SERIAL_BAUD_56K             0x00008000
#define SERIAL_BAUD_128K            0x00010000
#define SERIAL_BAUD_115200          0x00020000
#define SERIAL_BAUD_57600           0x00040000
#define SERIAL_BAUD_USER            0x10000000
/* SettableData */
#define SERIAL_DATABITS_5           0x0001
#define SERIAL_DATABITS_6           0x0002
#define SERIAL_DATABITS_7           0x0004
#define SERIAL_DATABITS_8           0x0008
/* SettableStopParity */
#define SERIAL_STOPBITS_10          0x0001
#define SERIAL_STOPBITS_15          0x0002
#define SERIAL_STOPBITS_20          0x0004
#define SERIAL_PARITY_NONE          0x0100
#define SERIAL_PARITY_ODD           0x0200
#define SERIAL_PARITY_EVEN          0x0400
#define SERIAL_PARITY_MARK          0x0800
#define SERIAL_PARITY_SPACE         0x1000
