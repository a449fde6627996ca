/* ntddcdrm.h: device controls of CD-ROM drives, as documented ("ntddcdrm.h header", "CD-ROM I/O Control Codes"). */
#pragma once

#include "ntdef.h"
#include "devioctl.h"

#ifndef FILE_DEVICE_CD_ROM
#define FILE_DEVICE_CD_ROM 0x00000002
#endif
#define IOCTL_CDROM_BASE FILE_DEVICE_CD_ROM

#define CDROM_CONTROL_CODE(Function) CTL_CODE(IOCTL_CDROM_BASE, (Function), METHOD_BUFFERED, FILE_READ_ACCESS)
#define IOCTL_CDROM_READ_TOC        CDROM_CONTROL_CODE(0x0000)     /* out: CDROM_TOC */
#define IOCTL_CDROM_STOP_AUDIO      CDROM_CONTROL_CODE(0x0002)
#define IOCTL_CDROM_PAUSE_AUDIO     CDROM_CONTROL_CODE(0x0003)
#define IOCTL_CDROM_RESUME_AUDIO    CDROM_CONTROL_CODE(0x0004)
#define IOCTL_CDROM_PLAY_AUDIO_MSF  CDROM_CONTROL_CODE(0x0006)     /* in: CDROM_PLAY_AUDIO_MSF */
#define IOCTL_CDROM_CHECK_VERIFY    CDROM_CONTROL_CODE(0x0200)     /* out, if there is room: ULONG, changes so far */

#define MAXIMUM_NUMBER_TRACKS 100
#define CDROM_LEAD_OUT_TRACK 0xAA

typedef struct _TRACK_DATA {
    UCHAR Reserved;
    UCHAR Control : 4;          /* 4: data */
    UCHAR Adr : 4;
    UCHAR TrackNumber;
    UCHAR Reserved1;
    UCHAR Address[4];           /* 0, minute, second, frame */
} TRACK_DATA, *PTRACK_DATA;

typedef struct _CDROM_TOC {
    UCHAR Length[2];            /* big-endian, of what follows it */
    UCHAR FirstTrack;
    UCHAR LastTrack;
    TRACK_DATA TrackData[MAXIMUM_NUMBER_TRACKS];
} CDROM_TOC, *PCDROM_TOC;

typedef struct _CDROM_PLAY_AUDIO_MSF {
    UCHAR StartingM, StartingS, StartingF;
    UCHAR EndingM, EndingS, EndingF;
} CDROM_PLAY_AUDIO_MSF, *PCDROM_PLAY_AUDIO_MSF;
