/*
 * What can be asked about loaded modules and their sections: the kernel's loader fills these in, system services hand
 * them to programs. Plain data, the same on both sides.
 */
#pragma once

#include "ntdef.h"

#define LDR_NAME_LENGTH 32          /* a driver's name, with its null */
#define LDR_SECTION_NAME_LENGTH 16  /* a section's name, with its null */
#define LDR_SYMBOL_LENGTH 64        /* a symbol's name, with its null; longer ones are cut */

typedef enum _LDR_MODULE_STATE {
    LdrModuleLoading,               /* being placed: not in the list yet */
    LdrModuleInitializing,          /* in its DriverEntry */
    LdrModuleStarted,
    LdrModuleUnloading              /* its unload routine has been called, or is about to be */
} LDR_MODULE_STATE;

typedef struct _LDR_MODULE_INFORMATION {
    CHAR Name[LDR_NAME_LENGTH];
    ULONG64 Base;
    ULONG64 Size;                   /* bytes of address space */
    ULONG State;                    /* LDR_MODULE_STATE */
    ULONG SectionCount;
    ULONG DeviceCount;
    ULONG ReferenceCount;           /* modules that import from it and section-lock handles: each refuses unloading */
} LDR_MODULE_INFORMATION, *PLDR_MODULE_INFORMATION;

/* LDR_SECTION_INFORMATION.Kind */
#define LDR_SECTION_NONPAGED 0
#define LDR_SECTION_PAGEABLE 1
#define LDR_SECTION_INIT 2
#define LDR_SECTION_DISCARDED 3

/* LDR_SECTION_INFORMATION.Protection */
#define LDR_SECTION_READ 1
#define LDR_SECTION_WRITE 2
#define LDR_SECTION_EXECUTE 4

typedef struct _LDR_SECTION_INFORMATION {
    CHAR Driver[LDR_NAME_LENGTH];
    CHAR Name[LDR_SECTION_NAME_LENGTH];
    ULONG64 Base;
    ULONG Kind;
    ULONG Protection;
    ULONG Pages;
    ULONG ResidentPages;
    LONG LockCount;
    ULONG RaisedUses;               /* checked builds: times it was seen at DISPATCH_LEVEL or above and not locked */
    ULONG64 PageIns;                /* pages read from a paging file since the module was loaded */
    ULONG64 PageOuts;
} LDR_SECTION_INFORMATION, *PLDR_SECTION_INFORMATION;
