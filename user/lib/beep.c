/* The speaker. */
#include "sdk.h"
#include "ntddbeep.h"

/*
 * A tone of so many hertz (37 to 32767) for so many milliseconds; returns when it is over ("Beep"). Fails when beep.sys
 * is not loaded.
 */
BOOL Beep(DWORD Frequency, DWORD Duration)
{
    BEEP_SET_PARAMETERS Tone = {Frequency, Duration};
    HANDLE Device = CreateFileA("\\\\.\\Beep", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                OPEN_EXISTING, 0, NULL);
    DWORD Returned, Error;
    BOOL Good;

    if (Device == INVALID_HANDLE_VALUE)
        return FALSE;
    Good = DeviceIoControl(Device, IOCTL_BEEP_SET, &Tone, sizeof(Tone), NULL, 0, &Returned, NULL);
    Error = GetLastError();
    if (Good)
        Sleep(Duration);        /* closing would end the tone */
    CloseHandle(Device);
    if (!Good)
        SetLastError(Error);
    return Good;
}
