/* What the files of the library know of each other. */
#pragma once

#include <windows.h>
#include <ntdll.h>
#include <string.h>

/* The page that the kernel has filled in for this program. */
extern const PROCESS_PARAMETERS *SdkParameters;

/* Sets the last error; returns whether Status is a success. */
BOOL SdkResult(NTSTATUS Status);

/* A path in the kernel's form, in a buffer of its own. */
#define SDK_LONGEST_PATH 512
typedef struct _SDK_PATH {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    WCHAR Characters[SDK_LONGEST_PATH];
} SDK_PATH;
/* STATUS_OBJECT_NAME_INVALID: empty or too long. */
NTSTATUS SdkPath(LPCSTR Name, SDK_PATH *Path);
/* The same for a name that is not a path: that of an event. */
NTSTATUS SdkObjectName(LPCSTR Name, SDK_PATH *Path);

/* A Windows time-out in the kernel's form: NULL is for ever. */
PLARGE_INTEGER SdkTimeout(DWORD Milliseconds, PLARGE_INTEGER Time);

/* The same for a sleep, which always has an end. */
VOID SdkInterval(DWORD Milliseconds, PLARGE_INTEGER Time);

/* Where the kernel lets user APCs arrive (apc.S). */
VOID KiUserApcDispatcher(VOID);

/* A lock for a few instructions of the library itself. */
VOID SdkLock(volatile LONG *Lock);
VOID SdkUnlock(volatile LONG *Lock);

/* What each thread has of its own (thread.c). */
typedef struct _SDK_THREAD {
    volatile LONG Used;
    ULONG_PTR StackLow, StackHigh;
    DWORD LastError;
} SDK_THREAD;
SDK_THREAD *SdkCurrentThread(VOID);
