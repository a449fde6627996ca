/*
 * What the basic operations cost, for `make bench`: DriverEntry measures and prints a line each, `bench NAME COUNT`.
 *
 * Under QEMU's -icount the time-stamp counter advances by one per instruction, so the figures of one processor are
 * instruction counts and the same on every machine. Each is the best of several rounds less the cost of reading the
 * counter: a clock tick falls into some round, not into all. On several processors the counter tells time, and what is
 * measured there is only good for ratios.
 *
 * A system thread measures: a program's has floating-point registers to be saved when it is switched away from.
 */
#include "bench.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD BenchUnload;

ULONG64 BenchOverhead;

VOID BenchReport(PCSTR Name, ULONG64 Count)
{
    DbgPrint("bench %s %I64u\n", Name, Count);
}

PVOID BenchStart(PKSTART_ROUTINE Routine, PVOID Context)
{
    HANDLE Handle;
    PVOID Thread = NULL;

    if (NT_SUCCESS(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, Context))) {
        ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &Thread, NULL);
        ZwClose(Handle);
    }
    return Thread;
}

VOID BenchJoin(PVOID Thread)
{
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Thread);
}

static VOID BenchAll(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    BEST(BenchOverhead, );
    if (KeQueryActiveProcessorCount(NULL) > 1) {
        BenchProcessors();
    } else {
        BenchMemory();
        BenchDispatcher();
    }
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PVOID Thread = BenchStart(BenchAll, NULL);

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = BenchUnload;
    if (Thread == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    BenchJoin(Thread);
    return STATUS_SUCCESS;
}

VOID BenchUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}
