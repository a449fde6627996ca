/* Events and waits. */
#include "sdk.h"

#define SDK_TICKS_PER_MILLISECOND 10000ll   /* the kernel counts 100 ns; negative times are from now on */

PLARGE_INTEGER SdkTimeout(DWORD Milliseconds, PLARGE_INTEGER Time)
{
    Time->QuadPart = -SDK_TICKS_PER_MILLISECOND * Milliseconds;
    return Milliseconds == INFINITE ? NULL : Time;
}

VOID SdkInterval(DWORD Milliseconds, PLARGE_INTEGER Time)
{
    Time->QuadPart = Milliseconds == INFINITE ? MAXLONGLONG : -SDK_TICKS_PER_MILLISECOND * Milliseconds;
}

/* The name's attributes, or those of no name. */
static NTSTATUS SdkEventName(LPCSTR Name, ULONG Attributes, SDK_PATH *Path)
{
    NTSTATUS Status = STATUS_SUCCESS;

    if (Name != NULL)
        Status = SdkObjectName(Name, Path);
    else
        InitializeObjectAttributes(&Path->Attributes, NULL, 0, NULL, NULL);
    Path->Attributes.Attributes |= Attributes;
    return Status;
}

HANDLE CreateEventA(LPSECURITY_ATTRIBUTES Attributes, BOOL ManualReset, BOOL InitialState, LPCSTR Name)
{
    SDK_PATH Path;
    HANDLE Event;
    NTSTATUS Status = SdkEventName(Name, OBJ_OPENIF, &Path);

    UNREFERENCED_PARAMETER(Attributes);
    if (NT_SUCCESS(Status))
        Status = NtCreateEvent(&Event, EVENT_ALL_ACCESS, &Path.Attributes,
                               ManualReset ? NotificationEvent : SynchronizationEvent, InitialState != FALSE);
    return SdkResult(Status) ? Event : NULL;
}

HANDLE OpenEventA(DWORD DesiredAccess, BOOL Inherit, LPCSTR Name)
{
    SDK_PATH Path;
    HANDLE Event;
    NTSTATUS Status = SdkObjectName(Name, &Path);

    UNREFERENCED_PARAMETER(Inherit);
    if (NT_SUCCESS(Status))
        Status = NtOpenEvent(&Event, DesiredAccess, &Path.Attributes);
    return SdkResult(Status) ? Event : NULL;
}

BOOL SetEvent(HANDLE Event)
{
    return SdkResult(NtSetEvent(Event, NULL));
}

BOOL ResetEvent(HANDLE Event)
{
    return SdkResult(NtResetEvent(Event, NULL));
}

/* The kernel's wait statuses are Windows' wait results. The waits themselves are in apc.c: these are not alertable. */
DWORD WaitForSingleObject(HANDLE Handle, DWORD Milliseconds)
{
    return WaitForSingleObjectEx(Handle, Milliseconds, FALSE);
}

DWORD WaitForMultipleObjects(DWORD Count, const HANDLE *Handles, BOOL All, DWORD Milliseconds)
{
    return WaitForMultipleObjectsEx(Count, Handles, All, Milliseconds, FALSE);
}

VOID Sleep(DWORD Milliseconds)
{
    SleepEx(Milliseconds, FALSE);
}

VOID SdkLock(volatile LONG *Lock)
{
    while (__atomic_exchange_n(Lock, 1, __ATOMIC_ACQUIRE) != 0)
        NtYieldExecution();
}

VOID SdkUnlock(volatile LONG *Lock)
{
    __atomic_store_n(Lock, 0, __ATOMIC_RELEASE);
}
