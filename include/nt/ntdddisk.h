/* ntdddisk.h: device controls of disks, as far as a driver or program here uses them ("ntdddisk.h header"). */
#pragma once

#include "ntdef.h"
#include "devioctl.h"

#ifndef FILE_DEVICE_DISK
#define FILE_DEVICE_DISK 0x00000007
#endif
#define IOCTL_DISK_BASE FILE_DEVICE_DISK

/* The length of the medium in bytes: a GET_LENGTH_INFORMATION in the output buffer. */
#define IOCTL_DISK_GET_LENGTH_INFO CTL_CODE(IOCTL_DISK_BASE, 0x0017, METHOD_BUFFERED, FILE_READ_ACCESS)

typedef struct _GET_LENGTH_INFORMATION {
    LARGE_INTEGER Length;
} GET_LENGTH_INFORMATION, *PGET_LENGTH_INFORMATION;
