/*
 * The system services as the kernel sees them: a prototype for each line of nt/services.h, and the dispatch table that
 * the system-call entry indexes.
 */
#pragma once

#include "mm/mm.h"
#include "nt/sysinfo.h"
#include "nt/services.h"

#define USER(Type) USER_ADDRESS
#define KI_SERVICE_PROTOTYPE(Number, Name, Arguments, Words) NTSTATUS Name Arguments;
NT_SERVICE_LIST(KI_SERVICE_PROTOTYPE)
#undef KI_SERVICE_PROTOTYPE
#undef USER

typedef struct _KI_SERVICE {
    PVOID Routine;
    ULONG ArgumentCount;
} KI_SERVICE;

extern const KI_SERVICE KiServiceTable[];   /* index: the service's number */
extern const ULONG KiServiceCount;
