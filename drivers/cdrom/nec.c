/*
 * cdrom: audio by the commands of NEC's drives (PAGECDNC; vendor-specific group of the CDR series). Addresses are in
 * BCD; a search sets where to play from, a play where to.
 */
#include "cdrom.h"

static UCHAR CdNecBcd(UCHAR Value);
static NTSTATUS CdNecSend(PCD_DRIVE Drive, UCHAR Code, UCHAR Mode, UCHAR Minute, UCHAR Second, UCHAR Frame);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGECDNC, CdNecBcd)
#pragma alloc_text(PAGECDNC, CdNecSend)
#pragma alloc_text(PAGECDNC, CdNecPlay)
#pragma alloc_text(PAGECDNC, CdNecPause)
#pragma alloc_text(PAGECDNC, CdNecResume)
#pragma alloc_text(PAGECDNC, CdNecStop)
#endif

#define NEC_AUDIO_SEARCH 0xD8
#define NEC_PLAY 0xD9
#define NEC_STILL 0xDA
#define NEC_SEARCH_AND_PLAY 0x01        /* mode of a search */
#define NEC_STEREO 0x03                 /* mode of a play */
#define NEC_TYPE_BYTE 9
#define NEC_TYPE_MSF 0x40

static UCHAR CdNecBcd(UCHAR Value)
{
    PAGED_CODE();

    return (UCHAR)(Value / 10 << 4 | Value % 10);
}

static NTSTATUS CdNecSend(PCD_DRIVE Drive, UCHAR Code, UCHAR Mode, UCHAR Minute, UCHAR Second, UCHAR Frame)
{
    UCHAR Packet[PACKET_LENGTH] = {Code, Mode, CdNecBcd(Minute), CdNecBcd(Second), CdNecBcd(Frame)};

    PAGED_CODE();

    Packet[NEC_TYPE_BYTE] = NEC_TYPE_MSF;
    return CdExecute(Drive, Packet, NULL, 0, NULL);
}

NTSTATUS CdNecPlay(PCD_DRIVE Drive, const CDROM_PLAY_AUDIO_MSF *Range)
{
    NTSTATUS Status;

    PAGED_CODE();

    Status = CdNecSend(Drive, NEC_AUDIO_SEARCH, NEC_SEARCH_AND_PLAY, Range->StartingM, Range->StartingS,
                       Range->StartingF);
    if (!NT_SUCCESS(Status))
        return Status;
    return CdNecSend(Drive, NEC_PLAY, NEC_STEREO, Range->EndingM, Range->EndingS, Range->EndingF);
}

NTSTATUS CdNecPause(PCD_DRIVE Drive)
{
    UCHAR Packet[PACKET_LENGTH] = {NEC_STILL};

    PAGED_CODE();

    return CdExecute(Drive, Packet, NULL, 0, NULL);
}

/* On from where it stands, to where it was to play. */
NTSTATUS CdNecResume(PCD_DRIVE Drive)
{
    PAGED_CODE();

    return CdNecSend(Drive, NEC_PLAY, NEC_STEREO, Drive->LastPlay.EndingM, Drive->LastPlay.EndingS,
                     Drive->LastPlay.EndingF);
}

/* There is no stop: the drive stands still. */
NTSTATUS CdNecStop(PCD_DRIVE Drive)
{
    PAGED_CODE();

    return CdNecPause(Drive);
}
