/*
 * disk: virtio block devices on the PCI bus.
 *
 * A paging file may lie on such a disk, and a page of this driver that was out could only be brought in by itself. So
 * nothing of it is pageable, not even DriverEntry: all sections have their default names, and the build looks that it
 * stays so.
 *
 *   init.c      DriverEntry: finds the devices, sets each up; unload
 *   request.c   the dispatch routines
 *   queue.c     requests on their way through the device: start, interrupt, end
 *
 * A request goes to the device in pieces of at most DISK_MOST_SEGMENTS runs of memory, one piece at a time; several
 * requests are in the device at once. Each of them has a slot: a part of the descriptor table that is its own, and a
 * header and a result byte that lie ready. A request that finds no slot waits in a list; whoever frees a slot starts
 * it.
 */
#pragma once

#include "virtio.h"

#define DISK_TAG 'ksiD'
#define DISK_MOST_SEGMENTS 16
#define DISK_SLOT_DESCRIPTORS (DISK_MOST_SEGMENTS + 2)
#define DISK_MOST_SLOTS 32

/* What the device reads and writes of a request besides its data. */
typedef struct _DISK_SHARED {
    VIRTIO_BLOCK_HEADER Header;
    volatile UCHAR Result;
    UCHAR Padding[15];
} DISK_SHARED, *PDISK_SHARED;
C_ASSERT(sizeof(DISK_SHARED) == 32);

typedef struct _DISK_SLOT {
    PIRP Irp;                               /* NULL: free */
    ULONG Bytes;                            /* in the piece that is in the device */
} DISK_SLOT, *PDISK_SLOT;

/* The device extension. */
typedef struct _DISK {
    /* Constant once the device is there. */
    PDEVICE_OBJECT DeviceObject;
    ULONG Number;                           /* \Device\Disk<Number> */
    ULONG Port;
    PKINTERRUPT Interrupt;
    ULONG Features;
    ULONG64 Length;                         /* bytes */
    ULONG MostSegments;
    ULONG QueueSize, SlotCount;
    PUCHAR Memory;                          /* contiguous: rings, then the slots' shared parts */
    ULONG64 MemoryPhysical;
    PVIRTIO_DESCRIPTOR Descriptors;
    PVIRTIO_AVAILABLE Offers;
    PVIRTIO_USED Done;
    PDISK_SHARED Shared;

    KSPIN_LOCK Lock;                        /* from here; DISPATCH_LEVEL */
    DISK_SLOT Slots[DISK_MOST_SLOTS];
    ULONG FreeSlots;                        /* one bit each */
    USHORT Seen;                            /* of Done->Index */
    LIST_ENTRY Waiting;                     /* IRPs without a slot, Tail.Overlay.ListEntry */
} DISK, *PDISK;
C_ASSERT(DISK_MOST_SLOTS <= 32);

/* How much of a request has been done: DriverContext[0] of its IRP, set to 0 before DiskStart. */
#define DISK_DONE(Irp) (*(PULONG_PTR)&(Irp)->Tail.Overlay.DriverContext[0])

FORCEINLINE UCHAR DiskReadUchar(PDISK Disk, ULONG Register)
{
    return READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)(Disk->Port + Register));
}
FORCEINLINE USHORT DiskReadUshort(PDISK Disk, ULONG Register)
{
    return READ_PORT_USHORT((PUSHORT)(ULONG_PTR)(Disk->Port + Register));
}
FORCEINLINE ULONG DiskReadUlong(PDISK Disk, ULONG Register)
{
    return READ_PORT_ULONG((PULONG)(ULONG_PTR)(Disk->Port + Register));
}
FORCEINLINE VOID DiskWriteUchar(PDISK Disk, ULONG Register, UCHAR Value)
{
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)(Disk->Port + Register), Value);
}
FORCEINLINE VOID DiskWriteUshort(PDISK Disk, ULONG Register, USHORT Value)
{
    WRITE_PORT_USHORT((PUSHORT)(ULONG_PTR)(Disk->Port + Register), Value);
}
FORCEINLINE VOID DiskWriteUlong(PDISK Disk, ULONG Register, ULONG Value)
{
    WRITE_PORT_ULONG((PULONG)(ULONG_PTR)(Disk->Port + Register), Value);
}

/* request.c */
DRIVER_DISPATCH DiskOpenClose, DiskTransfer, DiskFlush, DiskControl;
NTSTATUS DiskComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

/* queue.c */
KSERVICE_ROUTINE DiskInterrupt;
IO_DPC_ROUTINE DiskDpc;
/* Hands a checked request to the device, or puts it in line. It is marked pending. IRQL: <= DISPATCH_LEVEL. */
VOID DiskStart(PDISK Disk, PIRP Irp);
