/* Ldr's own: what the files of this folder share and nobody else calls. */
#pragma once

#include "ldr/ldr.h"
#include "ldr/ldrelf.h"

#define LDRP_TAG 0x2072644Cu      /* "Ldr " */

/* The kernel's module (kernelimage.c). */
extern LDR_MODULE LdrpKernelModule;
#define LDRP_KERNEL_NAME "tidepool"

/* module.c: once, before any other routine of the folder. */
VOID LdrpInitializeLocks(VOID);
/* In and out of PsLoadedModuleList. IRQL: PASSIVE_LEVEL, loader lock held. */
VOID LdrpInsertModule(PLDR_MODULE Module);
VOID LdrpRemoveModule(PLDR_MODULE Module);
/*
 * Runs Routine for the module that holds Address while the list cannot change. FALSE: no module there.
 * IRQL: any; Routine runs at HIGH_LEVEL and touches resident memory only.
 */
BOOLEAN LdrpWithModuleAt(PVOID Address, VOID (*Routine)(PLDR_MODULE Module, PVOID Context), PVOID Context);
/* Copies the module's name out of a file's path or name: without folder and .sys. FALSE: empty or too long. */
BOOLEAN LdrpModuleName(PCSTR Path, CHAR Name[LDR_NAME_LENGTH]);
/* The section of a module that holds Address, or NULL. IRQL: any. */
PMM_SECTION LdrpSectionAt(PLDR_MODULE Module, ULONG_PTR Address);

/* unload.c: gives back whatever of a module exists; the second half of an unload, and how a failed load is undone. */
VOID LdrpDeleteModule(PLDR_MODULE Module);

/* import.c: see there. */
BOOLEAN LdrpPrepareImports(PLDR_MODULE Module);
BOOLEAN LdrpResolveImport(PVOID Context, PCSTR Name, PULONG_PTR Address);
VOID LdrpReleaseImports(PLDR_MODULE Module);
BOOLEAN LdrpCollectExports(PLDR_MODULE Module, const LDR_ELF_IMAGE *Elf);

/* symtable.c: the driver's own symbol table. FALSE: no memory. IRQL: PASSIVE_LEVEL. */
BOOLEAN LdrpCollectSymbols(PLDR_MODULE Module, const LDR_ELF_IMAGE *Elf);
VOID LdrpReleaseSymbols(PLDR_MODULE Module);
