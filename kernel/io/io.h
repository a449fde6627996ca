/*
 * Io, as the other rooms see it, beyond what drivers see (include/ddk/io.h): driver objects for the loader, the door
 * for paging I/O, interrupts for the shell, the ends of threads.
 */
#pragma once

#include "mm/mm.h"
#include "ob/ob.h"
#include "nt/sysinfo.h"

/* Makes the object types and the lists; needs Ob. Called once. IRQL: PASSIVE_LEVEL. */
NTSTATUS IoInitialize(VOID);

/* Drivers (driver.c) --------------------------------------------------------------------------------------------- */

/*
 * Makes the driver object \Driver\NAME for the image [Start, Start + Size) whose DriverEntry is Entry. Section is the
 * loader's own and becomes DriverSection. STATUS_OBJECT_NAME_COLLISION, STATUS_INSUFFICIENT_RESOURCES.
 * IRQL: PASSIVE_LEVEL.
 */
NTSTATUS IoCreateDriverObject(PCSTR Name, PVOID Start, ULONG Size, PVOID Section, PDRIVER_INITIALIZE Entry,
                              PDRIVER_OBJECT *DriverObject);
/*
 * Calls DriverEntry and opens the driver's devices for business. When DriverEntry fails, what it left behind is named
 * and deleted, and the driver object with it. IRQL: PASSIVE_LEVEL. Returns DriverEntry's status.
 */
NTSTATUS IoInitializeDriver(PDRIVER_OBJECT DriverObject);
/*
 * Calls DriverUnload and deletes the driver object. Refused, with nothing changed: STATUS_DEVICE_BUSY while a file is
 * open on one of its devices or another driver is attached to one; STATUS_INVALID_DEVICE_REQUEST when it has no
 * DriverUnload. Devices and interrupts that DriverUnload leaves behind are named and deleted. IRQL: PASSIVE_LEVEL; the
 * caller sees to it that no other call for this driver is under way (loader lock).
 */
NTSTATUS IoUnloadDriver(PDRIVER_OBJECT DriverObject);
/* How many devices a driver has, for `drivers`. IRQL: <= DISPATCH_LEVEL. */
ULONG IoQueryDeviceCount(PDRIVER_OBJECT DriverObject);

/* Threads (cancel.c) ---------------------------------------------------------------------------------------------- */

/* Cancels the requests that the calling thread has made and waits until they have ended. IRQL: PASSIVE_LEVEL. */
VOID IoCancelThreadIo(PETHREAD Thread);

/* Files for the kernel (open.c) ----------------------------------------------------------------------------------- */

/*
 * Opens a device or file by its full name and returns a referenced file object, without a handle. The last dereference
 * closes it. *Device is the device that requests go to, not referenced: it stays while the file object does.
 * IRQL: PASSIVE_LEVEL.
 */
NTSTATUS IoOpenFileObject(PCUNICODE_STRING Name, ACCESS_MASK DesiredAccess, PFILE_OBJECT *File, PDEVICE_OBJECT *Device);

/* Paging I/O (paging.c) ------------------------------------------------------------------------------------------- */

/*
 * A request for paging I/O to File, allocated ahead so that a transfer cannot fail for want of memory. It serves one
 * transfer at a time, any number of times. NULL: no memory. IRQL: <= DISPATCH_LEVEL.
 */
PIRP IoAllocatePagingIrp(PFILE_OBJECT File);
VOID IoFreePagingIrp(PIRP Irp);
/*
 * Moves Mdl's pages (locked) from or to the paging file at Offset bytes and waits for the end. Irp is one of
 * IoAllocatePagingIrp's for this file and nobody else uses it meanwhile. Returns the device's status, which *Iosb has,
 * too. IRQL: <= APC_LEVEL. Touches resident memory only. Waits only when the device does not complete at once.
 */
NTSTATUS IoPagingIo(PFILE_OBJECT File, PIRP Irp, PMDL Mdl, ULONGLONG Offset, BOOLEAN Write, PIO_STATUS_BLOCK Iosb);

/* Paging files (pagingfile.c) --------------------------------------------------------------------------------------- */

/*
 * Makes a paging file on the disk of that name, which nobody else has open then and for ever after: of Minimum bytes,
 * to grow to Maximum as memory is promised (0: all of the disk). STATUS_INVALID_PARAMETER: not a page, or the least is
 * more than the most; STATUS_DISK_FULL: the disk is smaller; STATUS_INVALID_DEVICE_REQUEST: no disk;
 * STATUS_NOT_SUPPORTED: its driver has pageable sections; STATUS_MEDIA_WRITE_PROTECTED; what opening it and
 * MmCreatePagingFile return.
 * IRQL: PASSIVE_LEVEL.
 */
NTSTATUS IoCreatePagingFile(PCUNICODE_STRING Name, ULONG64 Minimum, ULONG64 Maximum);

/* Interrupts (interrupt.c) ---------------------------------------------------------------------------------------- */

/*
 * Fills up to Capacity entries, one for each connected interrupt object, ascending by vector; returns how many there
 * are. IRQL: PASSIVE_LEVEL.
 */
ULONG IoQueryInterrupts(PSYSTEM_INTERRUPT_INFORMATION Entries, ULONG Capacity);
