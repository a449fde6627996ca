/*
 * ntddaux.h: device controls of auxiliary sound devices, the lines of a mixer, as documented for NT's multimedia
 * drivers. Each line is a device of its own: \Device\MMAux0, \Device\MMAux1, ...
 */
#pragma once

#include "ntdef.h"
#include "devioctl.h"

#ifndef FILE_DEVICE_SOUND
#define FILE_DEVICE_SOUND 0x0000001d
#endif
#define IOCTL_SOUND_BASE FILE_DEVICE_SOUND
#define IOCTL_AUX_BASE 0x0100

#define DD_AUX_DEVICE_NAME "\\Device\\MMAux"
#define DD_AUX_DEVICE_NAME_U L"\\Device\\MMAux"

#define AUX_CONTROL_CODE(Function)                                                                             \
    CTL_CODE(IOCTL_SOUND_BASE, IOCTL_AUX_BASE + (Function), METHOD_BUFFERED, FILE_READ_ACCESS)
#define IOCTL_AUX_GET_CAPABILITIES  AUX_CONTROL_CODE(0x0001)   /* out: AUXCAPSW */
#define IOCTL_AUX_SET_VOLUME        AUX_CONTROL_CODE(0x0002)   /* in: AUX_DD_VOLUME */
#define IOCTL_AUX_GET_VOLUME        AUX_CONTROL_CODE(0x0003)   /* out: AUX_DD_VOLUME */

typedef struct _AUX_DD_VOLUME {
    ULONG Left;             /* 0: silence; MAXULONG: as loud as can be */
    ULONG Right;
} AUX_DD_VOLUME, *PAUX_DD_VOLUME;

#define MAXPNAMELEN 32
typedef struct tagAUXCAPSW {
    USHORT wMid;            /* maker and product, numbers of Microsoft's list */
    USHORT wPid;
    ULONG vDriverVersion;
    WCHAR szPname[MAXPNAMELEN];
    USHORT wTechnology;
    USHORT wReserved1;
    ULONG dwSupport;
} AUXCAPSW, *PAUXCAPSW;
#define AUXCAPS_CDAUDIO     1           /* wTechnology */
#define AUXCAPS_AUXIN       2
#define AUXCAPS_VOLUME      0x0001      /* dwSupport */
#define AUXCAPS_LRVOLUME    0x0002      /* left and right apart */
