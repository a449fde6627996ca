/*
 * Io's own: open packets, the states of a request, locks.
 *
 * Locks, all DISPATCH_LEVEL:
 * - IopDatabaseLock: device lists of drivers, attachments, open counts, states of drivers and devices.
 * - the cancel spin lock, then a file's or a thread's list of requests (FILE_OBJECT.IrpListLock, ETHREAD.IrpListLock).
 * None is held across a call into a driver, except the cancel lock into a cancel routine, which releases it.
 */
#pragma once

#include "io/io.h"
#include "ke/rules.h"
#include "ps/ps.h"
#include "rtl/export.h"

#define IOP_TAG 0x20206F49u             /* "Io  " */
#define IOP_BUFFER_TAG 0x42206F49u      /* "Io B": system buffers */

/* Type fields of the documented structures. */
#define IO_TYPE_DEVICE 3
#define IO_TYPE_DRIVER 4
#define IO_TYPE_FILE 5
#define IO_TYPE_IRP 6
#define IO_TYPE_IRP_FREE 0x4606         /* an IRP that has been freed: who completes it now does so twice */

extern POBJECT_TYPE IopDriverObjectType, IopDeviceObjectType, IopFileObjectType;
extern KSPIN_LOCK IopDatabaseLock;

/* Devices and drivers -------------------------------------------------------------------------------------------- */

/* DEVICE_OBJECT.DeviceObjectExtension. Database lock. */
typedef struct _DEVOBJ_EXTENSION {
    PDEVICE_OBJECT DeviceObject;
    PDEVICE_OBJECT AttachedTo;          /* the device below */
    BOOLEAN DeletePending;              /* IoDeleteDevice has been called */
} DEVOBJ_EXTENSION, *PDEVOBJ_EXTENSION;
#define IopDeviceExtension(Device) ((PDEVOBJ_EXTENSION)(Device)->DeviceObjectExtension)

/* DRIVER_OBJECT.Flags. Database lock. */
#define DRVO_UNLOAD_INVOKED 0x00000001  /* no new files on its devices */
#define DRVO_INITIALIZED 0x00000010

/* device.c */
NTSTATUS IopCreateDeviceType(VOID);
/*
 * Counts a file on the device, so that neither it nor its driver goes; references the device. STATUS_NO_SUCH_DEVICE:
 * it is not ready yet or going; STATUS_ACCESS_DENIED: exclusive and open.
 */
NTSTATUS IopOpenDevice(PDEVICE_OBJECT Device);
VOID IopCloseDevice(PDEVICE_OBJECT Device);
/* Every request to an unset MajorFunction slot, and to a driver that has gone. */
DRIVER_DISPATCH IopInvalidDeviceRequest;
/* The name of a device for messages, in Buffer. */
PCSTR IopDeviceName(PDEVICE_OBJECT Device, PCHAR Buffer, SIZE_T Size);

/* driver.c */
NTSTATUS IopCreateDriverType(VOID);
/* The name of the driver whose image holds Address, or "tidepool" for the kernel. */
VOID IopDriverNameAt(PVOID Address, PCHAR Name, SIZE_T Size);

/* interrupt.c */
VOID IopInitializeInterrupts(VOID);
/* Disconnects and names what routines in [Start, Start + Size) are still connected to. Returns how many. */
ULONG IopDisconnectDriver(PCUNICODE_STRING Driver, PVOID Start, SIZE_T Size);

/* Files ------------------------------------------------------------------------------------------------------------ */

/* What goes from an open service through Ob to the device's parse procedure, and comes back. */
#define IOP_OPEN_MARK 0x6E65704F70706F49ull
typedef struct _IOP_OPEN {
    ULONG64 Mark;                       /* tells it from any other parse context */
    ULONG CreateOptions;
    ULONG Disposition;
    ULONG FileAttributes;
    ULONG ShareAccess;
    LARGE_INTEGER AllocationSize;
    ULONG_PTR Information;              /* result: IO_STATUS_BLOCK.Information of the create */
    PFILE_OBJECT File;                  /* result */
} IOP_OPEN, *PIOP_OPEN;

/* file.c */
NTSTATUS IopCreateFileType(VOID);
/* Serialises requests on a synchronous file. STATUS_USER_APC: the thread is to end. IRQL: <= APC_LEVEL. */
NTSTATUS IopLockFile(PFILE_OBJECT File, KPROCESSOR_MODE Mode);
VOID IopUnlockFile(PFILE_OBJECT File);
OB_PARSE_METHOD IopParseDevice, IopParseFile;

/* Requests --------------------------------------------------------------------------------------------------------- */

/* IRP.AllocationFlags: where it comes from and who ends it. */
#define IOP_IRP_LOOKASIDE 0x01          /* goes back to the list of its stack size */
#define IOP_IRP_WAITED 0x02             /* the issuing routine waits on an IOP_WAITER and ends it */
#define IOP_IRP_THREAD 0x04             /* IoBuild...: completion ends it; in its thread's list */

/*
 * What a routine that issued a request waits for. State goes from 0 to DONE without anybody waiting, or over WAITING,
 * in which case the event is set. So a request that completes at once costs no dispatcher call.
 */
typedef struct _IOP_WAITER {
    volatile LONG State;
    KEVENT Event;
} IOP_WAITER, *PIOP_WAITER;
#define IOP_WAITING 1
#define IOP_DONE 2

/* irp.c */
VOID IopInitializeIrps(VOID);

/* wait.c */
/*
 * Sends a request that the caller has built for the device at the top of a stack, and waits for its end. In UserMode
 * the request is cancelled when the thread is asked to end. The request stays the caller's. Returns its final status.
 * IRQL: PASSIVE_LEVEL (<= APC_LEVEL when the driver allows it).
 */
NTSTATUS IopCallAndWait(PDEVICE_OBJECT Device, PIRP Irp, KPROCESSOR_MODE Mode);
/* The same for a request of a file: it is in the file's list meanwhile, where NtCancelIoFile finds it. */
NTSTATUS IopCallFileAndWait(PDEVICE_OBJECT Device, PIRP Irp, PFILE_OBJECT File, KPROCESSOR_MODE Mode);
FORCEINLINE VOID IopEndWait(PIRP Irp, CCHAR Boost)
{
    PIOP_WAITER Waiter = CONTAINING_RECORD(Irp->UserEvent, IOP_WAITER, Event);

    /* Whoever waits may free both as soon as it sees DONE. */
    if (InterlockedExchange(&Waiter->State, IOP_DONE) == IOP_WAITING) {
        KeSetEvent(&Waiter->Event, Boost, FALSE);
    }
}

/* cancel.c */
extern KSPIN_LOCK IopCancelSpinLock;
/* Cancels every request in a list whose lock is Lock. IRQL: <= DISPATCH_LEVEL. */
VOID IopCancelList(PKSPIN_LOCK Lock, PLIST_ENTRY Head);

/* build.c */
/* The end of a request that IoBuild... made: results to the caller, memory back. IRQL: <= DISPATCH_LEVEL. */
VOID IopFinishThreadIrp(PIRP Irp, CCHAR Boost);

/* transfer.c: the caller's buffers of a request. */
typedef struct _IOP_TRANSFER {
    USER_ADDRESS Input;
    ULONG InputLength;
    USER_ADDRESS Output;
    ULONG OutputLength;
} IOP_TRANSFER, *PIOP_TRANSFER;

/* request.c: a request that a system service makes, from its handle to its end. */
typedef struct _IOP_REQUEST {
    KPROCESSOR_MODE Mode;
    ACCESS_MASK Granted;
    PFILE_OBJECT File;
    PDEVICE_OBJECT Device;
    PKEVENT Event;                      /* the caller's, or NULL */
    USER_ADDRESS Iosb;
    BOOLEAN Moves;                      /* a transfer at Offset, which moves the file's position */
    LARGE_INTEGER Offset;
    BOOLEAN Locked;                     /* it is this request's turn on a synchronous file */
    PIRP Irp;
    PIO_STACK_LOCATION Stack;
    IOP_TRANSFER Transfer;
} IOP_REQUEST, *PIOP_REQUEST;
/*
 * References file and event, checks that one of the rights in Access was granted (0: none is needed), waits for its
 * turn and allocates the IRP. On failure nothing is left; on success IopSendRequest or IopAbandonRequest ends it.
 */
NTSTATUS IopBeginRequest(PIOP_REQUEST Request, HANDLE Handle, HANDLE Event, USER_ADDRESS Iosb, ACCESS_MASK Access,
                         UCHAR Major);
/* Sends it, waits, gives results and buffers back. Returns the request's status, or that of delivering its results. */
NTSTATUS IopSendRequest(PIOP_REQUEST Request);
/* Ends it unsent. Returns Status. */
NTSTATUS IopAbandonRequest(PIOP_REQUEST Request, NTSTATUS Status);

/* transfer.c */
/* STATUS_ACCESS_VIOLATION: a program's range that does not lie in user space. */
NTSTATUS IopProbe(USER_ADDRESS Address, SIZE_T Length, KPROCESSOR_MODE Mode);
/* One system buffer for the Transfer's input and output. */
NTSTATUS IopPrepareBuffered(PIOP_REQUEST Request);
/* An MDL over a locked buffer. */
NTSTATUS IopPrepareDirect(PIOP_REQUEST Request, USER_ADDRESS Buffer, ULONG Length, LOCK_OPERATION Operation);
/* Copies back what the driver returned, when a system buffer was used. */
NTSTATUS IopDeliver(PIOP_REQUEST Request);
/* Gives system buffer and MDLs back. */
VOID IopReleaseTransfer(PIRP Irp);
