/* A driver that does nothing, to be loaded a hundred times under a hundred names (tools/bench.py). */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD EmptyUnload;

#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, EmptyUnload)

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = EmptyUnload;
    return STATUS_SUCCESS;
}

VOID EmptyUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}
