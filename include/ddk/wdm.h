/*
 * wdm.h: what a WDM driver includes. The documented NT driver interface, as far as Tidepool has it: every name
 * here works as the Windows driver documentation says, with its type, layout, IRQL and result. The kernel itself
 * compiles against the same header, so a declaration can never disagree with its routine.
 *
 * Each part stands in a header of its own; this file is their order.
 */
#pragma once

#include "ntdef.h"
#include "ntstatus.h"

#include "ddkbase.h"        /* annotations, __declspec, POOL tags, ASSERT, C run-time */
#include "excpt.h"          /* __try and its kin */
#include "section.h"        /* section macros for compilers without the plugin */
#include "interlocked.h"    /* Interlocked*, lists */
#include "kernel.h"         /* Ke: IRQL, spin locks, dispatcher objects, DPCs, timers, threads */
#include "executive.h"      /* Ex, Mm, Rtl, Ps, Ob, Zw, Dbg */
#include "exsync.h"         /* resources, guarded mutexes, push locks, rundown protection, callback objects */
#include "io.h"             /* Io: drivers, devices, files, IRPs, interrupts */
#include "ioqueue.h"        /* remove locks, cancel-safe queues */
#include "rangelist.h"      /* range lists */
#include "hal.h"            /* ports, registers, interrupt vectors */
