/*
 * mixer: the volume lines of a Sound Blaster 16, and an example of data that is in memory only while it is used.
 *
 * A mixer does nothing by itself: no interrupt, no DPC, every request is done when its dispatch routine returns. So its
 * data is wanted only between an open and a close. It keeps the volumes for the time when nobody has a line open, which
 * may be long: in PAGEDATA, where that costs a slot of the paging file and no memory.
 *
 *   INIT      DriverEntry and the search for the card; INITDATA the names of the lines.
 *   PAGE      Open, close, controls: PASSIVE_LEVEL, never locked.
 *   PAGEDATA  The lines: registers and kept volumes. Locked while any line is open, because chip.c reads it with a spin
 *             lock held.
 *   nonpaged  chip.c, which holds that lock: a page of code, not worth a section of its own. And what is waited for or
 *             spun on, MixState.
 */
#pragma once

#include <ntddk.h>
#include <ntddaux.h>

/* Sound Blaster Series Hardware Programming Guide: "DSP I/O Ports", "CT1745 mixer". */
#define SB_BASE 0x220
#define SB_MIXER_INDEX (SB_BASE + 0x4)
#define SB_MIXER_DATA (SB_BASE + 0x5)
#define SB_DSP_RESET (SB_BASE + 0x6)
#define SB_DSP_READ (SB_BASE + 0xA)
#define SB_DSP_WRITE (SB_BASE + 0xC)        /* read: bit 7 set while it takes no command */
#define SB_DSP_READ_STATUS (SB_BASE + 0xE)  /* bit 7: there is a byte to read */
#define DSP_READY 0xAA                      /* what a reset DSP says */
#define DSP_GET_VERSION 0xE1
#define DSP_VERSION_SB16 4
#define LEVEL_SHIFT 3                       /* a volume register has its level in bits 3 to 7 */
#define LEVEL_LARGEST 31

#define MIX_LINES 6

/* A line. Left and Right differ but in a mono line. */
typedef struct _MIX_LINE {
    UCHAR LeftRegister, RightRegister;
    UCHAR LeftLevel, RightLevel;            /* while no line is open; what the chip is told at the first open */
    USHORT Technology;                      /* AUXCAPS_... */
    WCHAR Name[MAXPNAMELEN];
} MIX_LINE, *PMIX_LINE;

/* The device extension. */
typedef struct _MIX_DEVICE {
    ULONG Line;                             /* of MixLines */
} MIX_DEVICE, *PMIX_DEVICE;

/* What all lines share. */
typedef struct _MIX_STATE {
    FAST_MUTEX OpenMutex;
    LONG OpenCount;                         /* of all lines; OpenMutex */
    KSPIN_LOCK ChipLock;                    /* the index register, and what it points to */
} MIX_STATE;

extern MIX_STATE MixState;                  /* nonpaged */
extern MIX_LINE MixLines[MIX_LINES];        /* PAGEDATA */

/* INIT: init.c */
DRIVER_INITIALIZE DriverEntry;

/* PAGE: mixer.c */
DRIVER_UNLOAD MixUnload;
DRIVER_DISPATCH MixCreate;
DRIVER_DISPATCH MixClose;
DRIVER_DISPATCH MixDeviceControl;

/* chip.c. PAGEDATA is locked. IRQL: <= DISPATCH_LEVEL. */
VOID MixSetLevels(ULONG Line, UCHAR Left, UCHAR Right);
VOID MixGetLevels(ULONG Line, PUCHAR Left, PUCHAR Right);
VOID MixRestore(VOID);                      /* kept levels to the chip */
VOID MixKeep(VOID);                         /* the chip's levels to where they are kept */
