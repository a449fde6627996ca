/*
 * Ldr, as the other rooms see it: loaded modules (the kernel and its drivers), their sections and symbols.
 *
 * A module is loaded and unloaded under the loader lock, a mutex that is held from the first look at the file until
 * DriverEntry has returned; a driver may load another from its DriverEntry, on the same thread. The list of modules is
 * changed under the loader lock and the list's own spin lock, so that it can be read either way: with the loader lock
 * at PASSIVE_LEVEL, or for a moment at any level.
 */
#pragma once

#include "mm/mm.h"
#include "rtl/export.h"
#include "ldrinfo.h"

/*
 * The names of a module's routines and variables, for messages: offsets from the module's base, ascending, and for each
 * where its name stands in Strings. Nonpaged, because a bugcheck reads it.
 */
typedef struct _LDR_SYMBOL_TABLE {
    ULONG Count;
    const ULONG *Offsets;
    const ULONG *Names;
    PCSTR Strings;
} LDR_SYMBOL_TABLE, *PLDR_SYMBOL_TABLE;

/*
 * One loaded module. Nonpaged: the debugger and a bugcheck walk the list. gdb reads ListEntry, Name, Base, SectionCount
 * and Sections by these names (tools/gdb).
 */
typedef struct _LDR_MODULE {
    LIST_ENTRY ListEntry;               /* PsLoadedModuleList; loader lock and LdrpListLock to change, either to read */
    CHAR Name[LDR_NAME_LENGTH];         /* without .sys */
    PVOID Base;
    SIZE_T Size;
    /* Constant while the module is in the list. */
    MM_IMAGE Image;
    ULONG SectionCount;
    PMM_SECTION Sections;               /* ascending by address */
    LDR_SYMBOL_TABLE Symbols;
    /* Loader lock. */
    LDR_MODULE_STATE State;
    PDRIVER_OBJECT DriverObject;        /* NULL: the kernel */
    PLDR_EXPORT Exports;                /* by name, ascending; paged pool but for the kernel's */
    ULONG ExportCount;
    struct _LDR_MODULE **Imports;       /* modules it imports from, each referenced once; paged pool */
    ULONG ImportCount;
    /* Interlocked; raised only under the loader lock. Not zero: the module cannot be unloaded. */
    volatile LONG ReferenceCount;
} LDR_MODULE, *PLDR_MODULE;

extern LIST_ENTRY PsLoadedModuleList;

/* Loading (load.c, unload.c) ---------------------------------------------------------------------------------- */

/*
 * Makes the kernel the first module, named "tidepool", and hands its sections to Mm. Called once at boot, when pool and
 * the system working set are there. IRQL: PASSIVE_LEVEL.
 */
VOID LdrInitialize(VOID);

/* Makes the object type of programs' section locks (services.c). Called once, when Ob is there. IRQL: PASSIVE_LEVEL. */
NTSTATUS LdrInitializeServices(VOID);

/*
 * Loads drivers/ramdisk.sys, the device of the first paging file, then drivers/console.sys. All other drivers are
 * loaded by the shell's start-up script. Returns the first failure, which has been printed. IRQL: PASSIVE_LEVEL.
 * Waits.
 */
NTSTATUS LdrLoadBootDrivers(VOID);

/*
 * Loads the driver in the file at Path (a full path of the name space), runs its DriverEntry and discards its INIT.
 * The driver's name is the file's, without folder and .sys. Every failure is undone completely and a line printed that
 * says what is wrong. *Module (optional) is valid until the driver is unloaded.
 * IRQL: PASSIVE_LEVEL. Takes the loader lock, waits for the file and the paging device.
 * STATUS_IMAGE_ALREADY_LOADED: one of that name is; STATUS_INVALID_IMAGE_FORMAT and its like: the validator's verdict;
 * STATUS_DRIVER_ENTRYPOINT_NOT_FOUND: an import that nobody exports; else what the file, Mm or DriverEntry returned.
 */
NTSTATUS LdrLoadDriver(PCUNICODE_STRING Path, PLDR_MODULE *Module);

/*
 * Unloads the driver of that name, with or without .sys, case-insensitive: calls its unload routine, deletes its
 * devices' rest and its sections.
 * IRQL: PASSIVE_LEVEL. Takes the loader lock. STATUS_NOT_FOUND: no such driver; STATUS_DEVICE_BUSY: handles are open
 * on its devices, a program holds one of its sections locked, or another driver imports from it (the line printed
 * says which);
 * STATUS_INVALID_DEVICE_REQUEST: it has no unload routine, or is the kernel.
 */
NTSTATUS LdrUnloadDriver(PCSTR Name);

/* Modules, sections, symbols (module.c, symbol.c) -------------------------------------------------------------- */

VOID LdrAcquireLoaderLock(VOID);
VOID LdrReleaseLoaderLock(VOID);

/*
 * The module of that name, with or without .sys, case-insensitive; NULL: none. IRQL: PASSIVE_LEVEL, loader lock held.
 */
PLDR_MODULE LdrFindModuleByName(PCSTR Name);

/*
 * The module whose address range holds Address, or NULL. The module stays as long as the caller knows by other means
 * that it does (loader lock, code running in it, bugcheck). IRQL: any. Never waits: a processor that was stopped with
 * the list's lock held is passed by.
 */
PLDR_MODULE LdrFindModuleByAddress(PVOID Address);

/*
 * The section of a module by name, kept: the module cannot be unloaded before LdrDereferenceSection. Who locks a
 * section for a program holds such a reference for as long as the handle is open.
 * IRQL: PASSIVE_LEVEL; takes the loader lock. STATUS_NOT_FOUND: no such driver; STATUS_OBJECT_NAME_NOT_FOUND: it has
 * no such section (names are case-sensitive); STATUS_DEVICE_BUSY: the driver is just starting or going.
 */
NTSTATUS LdrReferenceSection(PCSTR Driver, PCSTR Section, PMM_SECTION *Found);
/* IRQL: <= DISPATCH_LEVEL. */
VOID LdrDereferenceSection(PMM_SECTION Section);

/* The same for a whole module. */
NTSTATUS LdrReferenceModule(PCSTR Driver, PLDR_MODULE *Found);
VOID LdrDereferenceModule(PLDR_MODULE Module);

typedef struct _LDR_SYMBOL_INFORMATION {
    CHAR Module[LDR_NAME_LENGTH];
    CHAR Section[LDR_SECTION_NAME_LENGTH];  /* "" in a gap between sections */
    CHAR Symbol[LDR_SYMBOL_LENGTH];         /* the last one at or below the address in that section; "" when none is */
    ULONG_PTR Offset;                       /* from Symbol, else from the section, else from the module */
} LDR_SYMBOL_INFORMATION, *PLDR_SYMBOL_INFORMATION;

/*
 * What stands at an address. FALSE: not in any module. IRQL: any, also in a bugcheck; touches resident memory only and
 * copies what it finds, so that nothing is kept of a module that may go.
 */
BOOLEAN LdrSymbolForAddress(PVOID Address, PLDR_SYMBOL_INFORMATION Information);

/* Exports (export.c): an exported name of the kernel's or of Module (NULL: the kernel); NULL when there is none. */
PVOID LdrFindExport(PLDR_MODULE Module, PCSTR Name);

/* Queries (query.c): fill up to Capacity entries; *Count is how many there are, which may be more. --------------- */

/* IRQL: PASSIVE_LEVEL; take the loader lock. Entries may be pageable. STATUS_BUFFER_TOO_SMALL: *Count > Capacity. */
NTSTATUS LdrQueryModules(PLDR_MODULE_INFORMATION Entries, ULONG Capacity, PULONG Count);
/* Driver: one driver's, or NULL for all. STATUS_NOT_FOUND: there is none of that name. */
NTSTATUS LdrQuerySections(PCSTR Driver, PLDR_SECTION_INFORMATION Entries, ULONG Capacity, PULONG Count);

/* The debugger's door -------------------------------------------------------------------------------------------- */

/* Empty routines on which gdb sets breakpoints: a module's sections are placed; a module is about to go. */
VOID KdModuleLoaded(PLDR_MODULE Module);
VOID KdModuleUnloaded(PLDR_MODULE Module);
