/*
 * The target: a device of the test driver's own, to which the cases send requests. A case says what the device does
 * with a request; everything else about it is the I/O manager's doing, which is what is tested.
 */
#pragma once

#include "testcase.h"

#define TARGET_NAME L"\\Device\\IoTarget"

typedef NTSTATUS TARGET_ROUTINE(PDEVICE_OBJECT Device, PIRP Irp);

/*
 * Makes the device, ready to be opened, with these bits in Flags; Name may be NULL. Requests other than create and
 * close go to Routine (NULL: to nobody, so they are unknown to the driver). NULL: it could not be made, and that is a
 * failure.
 */
PDEVICE_OBJECT TargetCreate(PCWSTR Name, ULONG Flags, BOOLEAN Exclusive, TARGET_ROUTINE *Routine);
VOID TargetDelete(PDEVICE_OBJECT Device);

/* Ends a request. */
NTSTATUS TargetComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

/* Opens a name for reading and writing; Options as for ZwCreateFile. */
NTSTATUS TargetOpen(PCWSTR Name, ULONG Options, PHANDLE Handle);
