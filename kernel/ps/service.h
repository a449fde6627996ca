/*
 * The system services as the kernel sees them: a prototype for each line of nt/services.h. The dispatch table that the
 * system-call entry indexes (KiServiceTable, ke/trap.h) is in kernel/ps/table.c.
 */
#pragma once

#include "mm/mm.h"
#include "nt/sysinfo.h"
#include "nt/services.h"

#define USER(Type) USER_ADDRESS
#define KI_SERVICE_PROTOTYPE(Number, Name, Arguments, Words) NTSTATUS Nt##Name Arguments;
NT_SERVICE_LIST(KI_SERVICE_PROTOTYPE)
#undef KI_SERVICE_PROTOTYPE
#undef USER
