/*
 * cdrom: audio by the commands of Pioneer's drives (PAGECDPI; vendor-specific group of the DRM series). Addresses are
 * in BCD; a search sets where to play from, a play where to.
 */
#include "cdrom.h"

static UCHAR CdPioneerBcd(UCHAR Value);
static NTSTATUS CdPioneerSend(PCD_DRIVE Drive, UCHAR Code, UCHAR Flags, UCHAR Minute, UCHAR Second, UCHAR Frame);
static NTSTATUS CdPioneerHold(PCD_DRIVE Drive, UCHAR Flags);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGECDPI, CdPioneerBcd)
#pragma alloc_text(PAGECDPI, CdPioneerSend)
#pragma alloc_text(PAGECDPI, CdPioneerHold)
#pragma alloc_text(PAGECDPI, CdPioneerPlay)
#pragma alloc_text(PAGECDPI, CdPioneerPause)
#pragma alloc_text(PAGECDPI, CdPioneerResume)
#pragma alloc_text(PAGECDPI, CdPioneerStop)
#endif

#define PIONEER_AUDIO_SEARCH 0xC8
#define PIONEER_PLAY 0xC9
#define PIONEER_PAUSE 0xCA
#define PIONEER_TO_ADDRESS 0x10         /* flag of a play: the address is its end */
#define PIONEER_HOLD 0x10               /* flag of a pause; clear: go on */
#define PIONEER_TYPE_BYTE 9
#define PIONEER_TYPE_MSF 0x40

static UCHAR CdPioneerBcd(UCHAR Value)
{
    PAGED_CODE();

    return (UCHAR)(Value / 10 << 4 | Value % 10);
}

static NTSTATUS CdPioneerSend(PCD_DRIVE Drive, UCHAR Code, UCHAR Flags, UCHAR Minute, UCHAR Second, UCHAR Frame)
{
    UCHAR Packet[PACKET_LENGTH] = {Code, Flags, 0, CdPioneerBcd(Minute), CdPioneerBcd(Second), CdPioneerBcd(Frame)};

    PAGED_CODE();

    Packet[PIONEER_TYPE_BYTE] = PIONEER_TYPE_MSF;
    return CdExecute(Drive, Packet, NULL, 0, NULL);
}

static NTSTATUS CdPioneerHold(PCD_DRIVE Drive, UCHAR Flags)
{
    UCHAR Packet[PACKET_LENGTH] = {PIONEER_PAUSE, Flags};

    PAGED_CODE();

    return CdExecute(Drive, Packet, NULL, 0, NULL);
}

NTSTATUS CdPioneerPlay(PCD_DRIVE Drive, const CDROM_PLAY_AUDIO_MSF *Range)
{
    NTSTATUS Status;

    PAGED_CODE();

    Status = CdPioneerSend(Drive, PIONEER_AUDIO_SEARCH, 0, Range->StartingM, Range->StartingS, Range->StartingF);
    if (!NT_SUCCESS(Status))
        return Status;
    return CdPioneerSend(Drive, PIONEER_PLAY, PIONEER_TO_ADDRESS, Range->EndingM, Range->EndingS, Range->EndingF);
}

NTSTATUS CdPioneerPause(PCD_DRIVE Drive)
{
    PAGED_CODE();

    return CdPioneerHold(Drive, PIONEER_HOLD);
}

NTSTATUS CdPioneerResume(PCD_DRIVE Drive)
{
    PAGED_CODE();

    return CdPioneerHold(Drive, 0);
}

/* There is no stop: the drive holds. */
NTSTATUS CdPioneerStop(PCD_DRIVE Drive)
{
    PAGED_CODE();

    return CdPioneerHold(Drive, PIONEER_HOLD);
}
