/*
 * disc WHAT...: asks the CD-ROM drive: toc, length, check, play, pause, resume, stop, bad; wait waits for a
 * line, so that a session can change the disc meanwhile; other changes to another opening and back. Prints what comes
 * back.
 */
#include <windows.h>
#include <ntdll.h>
#include <ntddcdrm.h>
#include <ntdddisk.h>
#include <stdio.h>
#include <string.h>

#define SECTOR 2048

static HANDLE Drive, OtherDrive;    /* two openings, from the start */

static VOID Say(PCSTR What, BOOL Good)
{
    printf("%s: %s\n", What, Good ? "done" : NtStatusName((NTSTATUS)GetLastError()));
}

static BOOL Control(DWORD Code, PVOID Input, DWORD InputLength, PVOID Output, DWORD OutputLength, PDWORD Returned)
{
    return DeviceIoControl(Drive, Code, Input, InputLength, Output, OutputLength, Returned, NULL);
}

static VOID ShowToc(PCSTR What)
{
    CDROM_TOC Toc;
    DWORD Length;

    if (!Control(IOCTL_CDROM_READ_TOC, NULL, 0, &Toc, sizeof(Toc), &Length)) {
        Say(What, FALSE);
        return;
    }
    printf("toc: tracks %u to %u, %u bytes\n", Toc.FirstTrack, Toc.LastTrack, Length);
    for (ULONG Index = 0; Index < (Length - 4) / sizeof(TRACK_DATA); Index++) {
        TRACK_DATA *Track = &Toc.TrackData[Index];
        printf("track %u control %u at %02u:%02u:%02u\n", Track->TrackNumber, Track->Control, Track->Address[1],
               Track->Address[2], Track->Address[3]);
    }
}

/* Wrong lengths, codes and places. */
static VOID TryBad(VOID)
{
    CDROM_PLAY_AUDIO_MSF Range = {0, 2, 75, 1, 0, 0};
    UCHAR Sector[SECTOR];
    LARGE_INTEGER Place = {.QuadPart = SECTOR / 2};
    ULONG Word = 0;
    DWORD Length;

    Say("toc into 803 bytes", Control(IOCTL_CDROM_READ_TOC, NULL, 0, Sector, sizeof(CDROM_TOC) - 1, &Length));
    Say("length into 4 bytes", Control(IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &Word, sizeof(Word), &Length));
    Say("check into 1 byte", Control(IOCTL_CDROM_CHECK_VERIFY, NULL, 0, &Word, 1, &Length));
    Say("play of 5 bytes", Control(IOCTL_CDROM_PLAY_AUDIO_MSF, &Range, sizeof(Range) - 1, NULL, 0, &Length));
    Say("play from frame 75", Control(IOCTL_CDROM_PLAY_AUDIO_MSF, &Range, sizeof(Range), NULL, 0, &Length));
    Say("an unknown code", Control(CDROM_CONTROL_CODE(0x7FF), NULL, 0, NULL, 0, &Length));
    Say("100 bytes", ReadFile(Drive, Sector, 100, &Length, NULL));
    SetFilePointerEx(Drive, Place, NULL, FILE_BEGIN);
    Say("half a sector on", ReadFile(Drive, Sector, SECTOR, &Length, NULL));
    Say("a write", WriteFile(Drive, Sector, SECTOR, &Length, NULL));
}

static VOID Do(PCSTR What)
{
    CDROM_PLAY_AUDIO_MSF Range = {0, 2, 0, 1, 0, 0};
    GET_LENGTH_INFORMATION Information;
    CHAR Line[16];
    DWORD Length;

    if (strcmp(What, "toc") == 0) {
        ShowToc(What);
    } else if (strcmp(What, "length") == 0) {
        if (Control(IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &Information, sizeof(Information), &Length))
            printf("length: %llu\n", (ULONG64)Information.Length.QuadPart);
        else
            Say(What, FALSE);
    } else if (strcmp(What, "check") == 0) {
        Say(What, Control(IOCTL_CDROM_CHECK_VERIFY, NULL, 0, NULL, 0, &Length));
    } else if (strcmp(What, "play") == 0) {
        Say(What, Control(IOCTL_CDROM_PLAY_AUDIO_MSF, &Range, sizeof(Range), NULL, 0, &Length));
    } else if (strcmp(What, "pause") == 0) {
        Say(What, Control(IOCTL_CDROM_PAUSE_AUDIO, NULL, 0, NULL, 0, &Length));
    } else if (strcmp(What, "resume") == 0) {
        Say(What, Control(IOCTL_CDROM_RESUME_AUDIO, NULL, 0, NULL, 0, &Length));
    } else if (strcmp(What, "stop") == 0) {
        Say(What, Control(IOCTL_CDROM_STOP_AUDIO, NULL, 0, NULL, 0, &Length));
    } else if (strcmp(What, "bad") == 0) {
        TryBad();
    } else if (strcmp(What, "other") == 0) {
        HANDLE Old = Drive;
        Drive = OtherDrive;
        OtherDrive = Old;
    } else if (strcmp(What, "wait") == 0) {
        printf("waiting\n");
        gets_s(Line, sizeof(Line));
    } else {
        printf("disc: %s means nothing\n", What);
    }
}

static HANDLE Open(VOID)
{
    return CreateFileA("\\\\.\\CdRom0", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       OPEN_EXISTING, 0, NULL);
}

int main(int argc, char **argv)
{
    Drive = Open();
    OtherDrive = Open();
    if (Drive == INVALID_HANDLE_VALUE || OtherDrive == INVALID_HANDLE_VALUE) {
        printf("disc: the drive does not open: %s\n", NtStatusName((NTSTATUS)GetLastError()));
        return 1;
    }
    for (int Index = 1; Index < argc; Index++)
        Do(argv[Index]);
    CloseHandle(Drive);
    CloseHandle(OtherDrive);
    return 0;
}
