/* What the cases about the kernel's core share. */
#pragma once

#include "testcase.h"

/* 100 ns units of a relative due time. */
static inline LARGE_INTEGER KeTestMilliseconds(LONG Count)
{
    return (LARGE_INTEGER){.QuadPart = -10000ll * Count};
}

static inline VOID KeTestSleep(LONG Milliseconds)
{
    LARGE_INTEGER Interval = KeTestMilliseconds(Milliseconds);
    KeDelayExecutionThread(KernelMode, FALSE, &Interval);
}

static inline NTSTATUS KeTestWait(PVOID Object)
{
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, NULL);
}

/* Takes the object if it is signalled, without waiting. */
static inline NTSTATUS KeTestPoll(PVOID Object)
{
    LARGE_INTEGER Now = {.QuadPart = 0};
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, &Now);
}

/* Starts a thread; returns its object, referenced, or NULL. KeTestJoin waits for its end and drops the reference. */
PVOID KeTestStart(PKSTART_ROUTINE Routine, PVOID Context);
VOID KeTestJoin(PVOID Thread);
