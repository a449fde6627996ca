/* What the cases about the tree's device drivers share. */
#pragma once

#include "testcase.h"

#include "mm/mm.h"

/* Opens a device by its kernel name for reading and writing; requests on it are synchronous. */
NTSTATUS DeviceOpen(PCWSTR Name, PHANDLE Handle);
/* One device control; returns its final status. Information: NULL, or the bytes given back. */
NTSTATUS DeviceControl(HANDLE Device, ULONG Code, PVOID Input, ULONG InputLength, PVOID Output, ULONG OutputLength,
                       PULONG_PTR Information);
/* A section of the driver whose device that is; NULL, and a failure, when there is none. */
PMM_SECTION DeviceSection(PCWSTR Name, PCSTR Section);
/* Whether Condition(Context) comes to hold within ten seconds. */
BOOLEAN DeviceWaitFor(BOOLEAN (*Condition)(PVOID Context), PVOID Context);
