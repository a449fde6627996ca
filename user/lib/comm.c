/* Serial ports: time-outs and purging, by the port's device controls. */
#include "sdk.h"
#include "ntddser.h"

C_ASSERT(sizeof(COMMTIMEOUTS) == sizeof(SERIAL_TIMEOUTS));
C_ASSERT(PURGE_RXABORT == SERIAL_PURGE_RXABORT && PURGE_TXABORT == SERIAL_PURGE_TXABORT);
C_ASSERT(PURGE_RXCLEAR == SERIAL_PURGE_RXCLEAR && PURGE_TXCLEAR == SERIAL_PURGE_TXCLEAR);

BOOL SetCommTimeouts(HANDLE File, LPCOMMTIMEOUTS Timeouts)
{
    return DeviceIoControl(File, IOCTL_SERIAL_SET_TIMEOUTS, Timeouts, sizeof(*Timeouts), NULL, 0, NULL, NULL);
}

BOOL PurgeComm(HANDLE File, DWORD Flags)
{
    return DeviceIoControl(File, IOCTL_SERIAL_PURGE, &Flags, sizeof(Flags), NULL, 0, NULL, NULL);
}
