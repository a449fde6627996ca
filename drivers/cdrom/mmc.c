/*
 * cdrom: audio by the commands of the standard (PAGECDMM; MMC-2, "PLAY AUDIO MSF", "PAUSE/RESUME"; SPC-2, "START STOP
 * UNIT"). Drives that know no audio, QEMU's among them, say so.
 */
#include "cdrom.h"

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGECDMM, CdMmcPlay)
#pragma alloc_text(PAGECDMM, CdMmcPause)
#pragma alloc_text(PAGECDMM, CdMmcResume)
#pragma alloc_text(PAGECDMM, CdMmcStop)
#endif

#define RESUME_BYTE 8
#define RESUME 0x01

NTSTATUS CdMmcPlay(PCD_DRIVE Drive, const CDROM_PLAY_AUDIO_MSF *Range)
{
    UCHAR Packet[PACKET_LENGTH] = {
        PACKET_PLAY_AUDIO_MSF, 0, 0, Range->StartingM, Range->StartingS, Range->StartingF,
        Range->EndingM, Range->EndingS, Range->EndingF,
    };

    PAGED_CODE();

    return CdExecute(Drive, Packet, NULL, 0, NULL);
}

NTSTATUS CdMmcPause(PCD_DRIVE Drive)
{
    UCHAR Packet[PACKET_LENGTH] = {PACKET_PAUSE_RESUME};

    PAGED_CODE();

    return CdExecute(Drive, Packet, NULL, 0, NULL);
}

NTSTATUS CdMmcResume(PCD_DRIVE Drive)
{
    UCHAR Packet[PACKET_LENGTH] = {PACKET_PAUSE_RESUME};

    PAGED_CODE();

    Packet[RESUME_BYTE] = RESUME;
    return CdExecute(Drive, Packet, NULL, 0, NULL);
}

/* The disc stops; the start bit is clear. */
NTSTATUS CdMmcStop(PCD_DRIVE Drive)
{
    UCHAR Packet[PACKET_LENGTH] = {PACKET_START_STOP_UNIT};

    PAGED_CODE();

    return CdExecute(Drive, Packet, NULL, 0, NULL);
}
