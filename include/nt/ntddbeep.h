/* ntddbeep.h: the speaker's device control, as documented ("I/O Requests for Beep Device Drivers"). */
#pragma once

#include "ntdef.h"
#include "devioctl.h"

#ifndef FILE_DEVICE_BEEP
#define FILE_DEVICE_BEEP 0x00000001
#endif
#define DD_BEEP_DEVICE_NAME "\\Device\\Beep"
#define DD_BEEP_DEVICE_NAME_U L"\\Device\\Beep"

/* Begins a tone, in place of the one that sounds; is done at once, the tone goes on. Input: BEEP_SET_PARAMETERS. */
#define IOCTL_BEEP_SET CTL_CODE(FILE_DEVICE_BEEP, 0, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _BEEP_SET_PARAMETERS {
    ULONG Frequency;        /* hertz; 0: silence */
    ULONG Duration;         /* milliseconds; 0: silence */
} BEEP_SET_PARAMETERS, *PBEEP_SET_PARAMETERS;
#define BEEP_FREQUENCY_MINIMUM 0x25
#define BEEP_FREQUENCY_MAXIMUM 0x7FFF
