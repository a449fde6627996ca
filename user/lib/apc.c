/* User APCs and the alertable waits that let them in ("Asynchronous Procedure Calls"). */
#include "sdk.h"

/* The kernel hands an APC three arguments, Windows' routine takes one. */
static VOID SdkApcRoutine(PVOID Routine, PVOID Data, PVOID Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    ((PAPCFUNC)(ULONG_PTR)Routine)((ULONG_PTR)Data);
}

DWORD QueueUserAPC(PAPCFUNC Routine, HANDLE Thread, ULONG_PTR Data)
{
    return SdkResult(NtQueueApcThread(Thread, (PVOID)(ULONG_PTR)SdkApcRoutine, (PVOID)(ULONG_PTR)Routine, (PVOID)Data,
                                      NULL));
}

/* As documented, APCs return WAIT_IO_COMPLETION, and an alert only begins the wait again. */
DWORD SleepEx(DWORD Milliseconds, BOOL Alertable)
{
    LARGE_INTEGER Time;
    NTSTATUS Status;

    SdkInterval(Milliseconds, &Time);
    do
        Status = NtDelayExecution(Alertable != FALSE, &Time);
    while (Status == STATUS_ALERTED);
    return Status == STATUS_USER_APC ? WAIT_IO_COMPLETION : 0;
}

DWORD WaitForSingleObjectEx(HANDLE Handle, DWORD Milliseconds, BOOL Alertable)
{
    LARGE_INTEGER Time;
    NTSTATUS Status;

    do
        Status = NtWaitForSingleObject(Handle, Alertable != FALSE, SdkTimeout(Milliseconds, &Time));
    while (Status == STATUS_ALERTED);
    return SdkResult(Status) ? (DWORD)Status : WAIT_FAILED;
}

DWORD WaitForMultipleObjectsEx(DWORD Count, const HANDLE *Handles, BOOL All, DWORD Milliseconds, BOOL Alertable)
{
    LARGE_INTEGER Time;
    NTSTATUS Status;

    do
        Status = NtWaitForMultipleObjects(Count, (PHANDLE)Handles, All ? WaitAll : WaitAny, Alertable != FALSE,
                                          SdkTimeout(Milliseconds, &Time));
    while (Status == STATUS_ALERTED);
    return SdkResult(Status) ? (DWORD)Status : WAIT_FAILED;
}

HANDLE GetCurrentThread(VOID)
{
    return NtCurrentThread();
}
