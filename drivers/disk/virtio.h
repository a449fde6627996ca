/*
 * The virtio block device as its registers and rings show it, through the legacy interface of a transitional PCI device
 * (Virtual I/O Device Version 1.0: 2.4 "Virtqueues", 4.1.4.8 "Legacy Interfaces: A Note on PCI Device Layout", 5.2
 * "Block Device"). Numbers are little-endian, as the processor's.
 */
#pragma once

#include <ntddk.h>

#define VIRTIO_PCI_VENDOR 0x1AF4
#define VIRTIO_PCI_BLOCK 0x1001             /* transitional */

/* Registers, from the port that base address register 0 holds. */
enum {
    VIRTIO_DEVICE_FEATURES = 0x00,          /* ULONG, read */
    VIRTIO_DRIVER_FEATURES = 0x04,          /* ULONG: those of them that the driver uses */
    VIRTIO_QUEUE_PAGE = 0x08,               /* ULONG: page number of the queue; 0: none */
    VIRTIO_QUEUE_SIZE = 0x0C,               /* USHORT, read; 0: there is no such queue */
    VIRTIO_QUEUE_SELECT = 0x0E,             /* USHORT: which queue the two above mean */
    VIRTIO_QUEUE_NOTIFY = 0x10,             /* USHORT: the number of a queue that has something new */
    VIRTIO_STATUS = 0x12,                   /* UCHAR; writing 0 resets the device */
    VIRTIO_INTERRUPT = 0x13,                /* UCHAR: why it interrupted; reading ends the interrupt */
    VIRTIO_BLOCK_CAPACITY = 0x14,           /* ULONG64, in sectors */
    VIRTIO_BLOCK_MOST_SEGMENTS = 0x20,      /* ULONG */
    VIRTIO_BLOCK_CYLINDERS = 0x24,          /* USHORT */
    VIRTIO_BLOCK_HEADS = 0x26,              /* UCHAR */
    VIRTIO_BLOCK_SECTORS = 0x27,            /* UCHAR */
};

#define VIRTIO_STATUS_FOUND 0x01
#define VIRTIO_STATUS_DRIVER 0x02
#define VIRTIO_STATUS_RUNNING 0x04
#define VIRTIO_STATUS_FAILED 0x80

#define VIRTIO_INTERRUPT_QUEUE 0x01

#define VIRTIO_FEATURE_MOST_SEGMENTS 0x00000004u
#define VIRTIO_FEATURE_GEOMETRY 0x00000010u
#define VIRTIO_FEATURE_READ_ONLY 0x00000020u
#define VIRTIO_FEATURE_FLUSH 0x00000200u

/* One piece of memory. A request is a chain of them: header, data, result. */
typedef struct _VIRTIO_DESCRIPTOR {
    ULONG64 Address;                        /* physical */
    ULONG Length;
    USHORT Flags;
    USHORT Next;
} VIRTIO_DESCRIPTOR, *PVIRTIO_DESCRIPTOR;
#define VIRTIO_DESCRIPTOR_NEXT 1
#define VIRTIO_DESCRIPTOR_WRITE 2           /* the device writes it */

/* What the driver offers: the first descriptors of chains. Flags stays 0: interrupt for each that is done. */
typedef struct _VIRTIO_AVAILABLE {
    USHORT Flags;
    volatile USHORT Index;                  /* how many were offered ever */
    USHORT Ring[];
} VIRTIO_AVAILABLE, *PVIRTIO_AVAILABLE;

/* What the device has done. */
typedef struct _VIRTIO_USED {
    volatile USHORT Flags;
    volatile USHORT Index;
    struct { ULONG Id, Length; } Ring[];
} VIRTIO_USED, *PVIRTIO_USED;
#define VIRTIO_USED_NO_NOTIFY 1             /* the device looks by itself just now */

/* Descriptors and offers lie side by side, what is done from the next page on (2.4.2 "Legacy Interfaces"). */
#define VIRTIO_OFFERS_AT(Size) ((Size) * sizeof(VIRTIO_DESCRIPTOR))
#define VIRTIO_DONE_AT(Size) ROUND_TO_PAGES(VIRTIO_OFFERS_AT(Size) + sizeof(VIRTIO_AVAILABLE) + ((Size) + 1) * sizeof(USHORT))
#define VIRTIO_QUEUE_BYTES(Size) \
    (VIRTIO_DONE_AT(Size) + ROUND_TO_PAGES(sizeof(VIRTIO_USED) + (Size) * 2 * sizeof(ULONG) + sizeof(USHORT)))

/* The first descriptor of a request. */
typedef struct _VIRTIO_BLOCK_HEADER {
    ULONG Type;
    ULONG Reserved;
    ULONG64 Sector;
} VIRTIO_BLOCK_HEADER;
enum { VIRTIO_BLOCK_READ = 0, VIRTIO_BLOCK_WRITE = 1, VIRTIO_BLOCK_FLUSH = 4 };
#define VIRTIO_SECTOR_SHIFT 9
#define VIRTIO_SECTOR_SIZE (1u << VIRTIO_SECTOR_SHIFT)

/* The last one: a byte. */
enum { VIRTIO_BLOCK_OK = 0, VIRTIO_BLOCK_FAILED = 1, VIRTIO_BLOCK_UNSUPPORTED = 2 };
