/*
 * Threads. What a thread has of its own, its last error, is found by its stack pointer: there is no segment register to
 * hold it. The first thread, and one that found no free entry, share the entry at the end.
 */
#include "sdk.h"
#include <stdlib.h>

#define SDK_MOST_THREADS 64
#define SDK_DEFAULT_STACK (256 * 1024)

static SDK_THREAD SdkThreads[SDK_MOST_THREADS + 1];

/* What CreateThread hands to the new thread. */
typedef struct _SDK_THREAD_START {
    LPTHREAD_START_ROUTINE Routine;
    LPVOID Argument;
    SIZE_T StackSize;
} SDK_THREAD_START;

SDK_THREAD *SdkCurrentThread(VOID)
{
    ULONG_PTR Stack = (ULONG_PTR)__builtin_frame_address(0);
    ULONG Index = 0;

    while (Index < SDK_MOST_THREADS && (Stack < SdkThreads[Index].StackLow || Stack >= SdkThreads[Index].StackHigh))
        Index++;
    return &SdkThreads[Index];
}

static VOID SdkEnterThread(SIZE_T StackSize)
{
    ULONG_PTR High = (ULONG_PTR)__builtin_frame_address(0) + sizeof(ULONG64) * 4;

    for (ULONG Index = 0; Index < SDK_MOST_THREADS; Index++) {
        SDK_THREAD *Thread = &SdkThreads[Index];
        if (__atomic_exchange_n(&Thread->Used, 1, __ATOMIC_ACQUIRE) == 0) {
            Thread->LastError = 0;
            Thread->StackLow = High - StackSize;
            Thread->StackHigh = High;
            return;
        }
    }
}

static DECLSPEC_NORETURN VOID SdkThreadStart(PVOID Context)
{
    SDK_THREAD_START Start = *(SDK_THREAD_START *)Context;

    free(Context);
    SdkEnterThread(Start.StackSize);
    NtTestAlert();      /* APCs that were queued before it began run first, as documented */
    ExitThread(Start.Routine(Start.Argument));
}

HANDLE CreateThread(LPSECURITY_ATTRIBUTES Attributes, SIZE_T StackSize, LPTHREAD_START_ROUTINE StartRoutine,
                    LPVOID Argument, DWORD CreationFlags, LPDWORD ThreadId)
{
    SDK_THREAD_START *Start = malloc(sizeof(*Start));
    CLIENT_ID ClientId;
    HANDLE Thread;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Attributes);
    UNREFERENCED_PARAMETER(CreationFlags);
    if (Start == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    Start->Routine = StartRoutine;
    Start->Argument = Argument;
    Start->StackSize = StackSize != 0 ? StackSize : SDK_DEFAULT_STACK;
    Status = NtCreateThread(&Thread, &ClientId, (PVOID)(ULONG_PTR)SdkThreadStart, Start, Start->StackSize);
    if (!SdkResult(Status)) {
        free(Start);
        return NULL;
    }
    if (ThreadId != NULL)
        *ThreadId = HandleToUlong(ClientId.UniqueThread);
    return Thread;
}

DECLSPEC_NORETURN VOID ExitThread(DWORD ExitCode)
{
    SDK_THREAD *Thread = SdkCurrentThread();

    if (Thread != &SdkThreads[SDK_MOST_THREADS]) {
        Thread->StackLow = Thread->StackHigh = 0;
        __atomic_store_n(&Thread->Used, 0, __ATOMIC_RELEASE);
    }
    /* The call does not come back to user mode. */
    for (;;)
        NtTerminateThread(NtCurrentThread(), (NTSTATUS)ExitCode);
}

BOOL TerminateThread(HANDLE Thread, DWORD ExitCode)
{
    return SdkResult(NtTerminateThread(Thread, (NTSTATUS)ExitCode));
}
