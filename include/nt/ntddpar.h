/*
 * ntddpar.h: the parallel port's device controls, as documented ("ntddpar.h header"). A write's time limit is set and
 * asked for by IOCTL_SERIAL_SET_TIMEOUTS and IOCTL_SERIAL_GET_TIMEOUTS of ntddser.h: WriteTotalTimeoutConstant,
 * milliseconds, 2000 or more.
 */
#pragma once

#include "ntdef.h"
#include "devioctl.h"

#ifndef FILE_DEVICE_PARALLEL_PORT
#define FILE_DEVICE_PARALLEL_PORT 0x00000016
#endif

/* How the printer is: PAR_QUERY_INFORMATION in the output buffer. */
#define IOCTL_PAR_QUERY_INFORMATION CTL_CODE(FILE_DEVICE_PARALLEL_PORT, 1, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* Resets the printer: PAR_SET_INFORMATION in the input buffer. */
#define IOCTL_PAR_SET_INFORMATION CTL_CODE(FILE_DEVICE_PARALLEL_PORT, 2, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _PAR_QUERY_INFORMATION {
    UCHAR Status;           /* PARALLEL_PAPER_EMPTY to PARALLEL_SELECTED */
} PAR_QUERY_INFORMATION, *PPAR_QUERY_INFORMATION;

typedef struct _PAR_SET_INFORMATION {
    UCHAR Init;             /* PARALLEL_INIT */
} PAR_SET_INFORMATION, *PPAR_SET_INFORMATION;

#define PARALLEL_INIT           0x01
#define PARALLEL_AUTOFEED       0x02
#define PARALLEL_PAPER_EMPTY    0x04
#define PARALLEL_OFF_LINE       0x08
#define PARALLEL_POWER_OFF      0x10
#define PARALLEL_NOT_CONNECTED  0x20
#define PARALLEL_BUSY           0x40
#define PARALLEL_SELECTED       0x80
