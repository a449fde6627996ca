/*
 * linger HOW: does not end by itself, each way in another place: spinning in user mode, asleep, waiting for an event
 * that never comes, reading the console, reading a port, writing.
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <string.h>

static volatile BOOL Never;

static VOID Spin(VOID)
{
    while (!Never)
        ;
}

static VOID SleepForEver(VOID)
{
    Sleep(INFINITE);
}

static VOID WaitForEvent(VOID)
{
    WaitForSingleObject(CreateEvent(NULL, TRUE, FALSE, NULL), INFINITE);
}

static VOID ReadConsole(VOID)
{
    CHAR Line[80];

    while (gets_s(Line, sizeof(Line)) != NULL)
        printf("linger: read %s\n", Line);
    printf("linger: there is nothing to read\n");
}

static VOID ReadPort(VOID)
{
    HANDLE Port = CreateFile("\\\\.\\com2", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    CHAR Byte;
    DWORD Read;

    while (ReadFile(Port, &Byte, 1, &Read, NULL))
        ;
    printf("linger: com2: %s\n", NtStatusName((NTSTATUS)GetLastError()));
}

static VOID Write(VOID)
{
    while (!Never)
        printf("linger: on and on\n");
}

static DWORD SpinThread(LPVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    Spin();
    return 0;
}

/* One thread of each kind. */
static VOID Threads(VOID)
{
    CreateThread(NULL, 0, SpinThread, NULL, 0, NULL);
    CreateThread(NULL, 0, SpinThread, NULL, 0, NULL);
    ReadConsole();
}

static const struct {
    PCSTR How;
    VOID (*Routine)(VOID);
} Ways[] = {
    {"spin", Spin}, {"sleep", SleepForEver}, {"event", WaitForEvent}, {"read", ReadConsole}, {"port", ReadPort},
    {"write", Write}, {"threads", Threads},
};

int main(int Count, char **Words)
{
    for (ULONG Index = 0; Count == 2 && Index < ARRAYSIZE(Ways); Index++) {
        if (strcmp(Words[1], Ways[Index].How) == 0) {
            printf("linger: %s\n", Words[1]);
            Ways[Index].Routine();
            return 1;
        }
    }
    printf("usage: linger spin|sleep|event|read|port|write|threads\n");
    return 2;
}
