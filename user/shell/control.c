/*
 * Ctrl-C. The console sets an event of the shell's while it is told one (drivers/console/consoleioctl.h); what is to
 * end then is the shell's to know: a program, a wait, a transfer. While nothing runs no event is told, and the prompt
 * gets an empty line.
 */
#include "shell.h"
#include <winioctl.h>
#include "../../drivers/console/consoleioctl.h"

#define CANCEL_INTERVAL 50              /* ms between two tries to cancel */

static HANDLE ControlC;                 /* made when it is first needed */

/* What is no console has no Ctrl-C, and refuses. */
static VOID TellConsole(HANDLE Event)
{
    ULONG64 Handle = (ULONG_PTR)Event;
    DWORD Returned;

    DeviceIoControl(GetStdHandle(STD_OUTPUT_HANDLE), IOCTL_CONSOLE_SET_CONTROL_C, &Handle, sizeof(Handle), NULL, 0,
                    &Returned, NULL);
}

VOID ListenForControlC(VOID)
{
    if (ControlC == NULL)
        ControlC = CreateEvent(NULL, FALSE, FALSE, NULL);
    if (ControlC == NULL)
        return;
    ResetEvent(ControlC);
    TellConsole(ControlC);
}

VOID IgnoreControlC(VOID)
{
    TellConsole(NULL);
}

BOOL WaitUnlessControlC(HANDLE Object)
{
    HANDLE Handles[] = {Object, ControlC};

    return WaitForMultipleObjects(ControlC != NULL ? 2 : 1, Handles, FALSE, INFINITE) != WAIT_OBJECT_0 + 1;
}

/* Cancels as often as it takes: the next request may have been just about to begin. */
static DWORD Canceller(LPVOID Context)
{
    CANCELLER *Guard = Context;

    if (WaitUnlessControlC(Guard->Done))
        return 0;
    do {
        CancelIoEx(Guard->Port, NULL);
        CancelIoEx(GetStdHandle(STD_INPUT_HANDLE), NULL);
    } while (WaitForSingleObject(Guard->Done, CANCEL_INTERVAL) == WAIT_TIMEOUT);
    return 0;
}

VOID BeginCancelling(CANCELLER *Guard, HANDLE Port)
{
    memset(Guard, 0, sizeof(*Guard));
    Guard->Port = Port;
    ListenForControlC();
    Guard->Done = CreateEvent(NULL, TRUE, FALSE, NULL);
    if (Guard->Done != NULL)
        Guard->Thread = CreateThread(NULL, 0, Canceller, Guard, 0, NULL);
}

VOID EndCancelling(CANCELLER *Guard)
{
    if (Guard->Thread != NULL) {
        SetEvent(Guard->Done);
        WaitForSingleObject(Guard->Thread, INFINITE);
        CloseHandle(Guard->Thread);
    }
    if (Guard->Done != NULL)
        CloseHandle(Guard->Done);
    IgnoreControlC();
}
