/*
 * Se: tokens and privileges. A token says what a process may ask of the system; a new process has its parent's token,
 * or one without privileges. Privileges have the documented names and numbers (nt/sysinfo.h, "Privilege Constants").
 *
 * There are no users, groups or security descriptors: a privilege is the only thing that the system asks for.
 */
#pragma once

#include "wdm.h"
#include "nt/sysinfo.h"

/* Nonpaged; constant after it is made, so no lock. */
typedef struct _TOKEN {
    volatile LONG ReferenceCount;
    ULONG Privileges;               /* bit N: privilege N is held and enabled */
} TOKEN, *PTOKEN;

#define SE_ALL_PRIVILEGES                                                                                      \
    (1u << SE_LOCK_MEMORY_PRIVILEGE | 1u << SE_LOAD_DRIVER_PRIVILEGE | 1u << SE_CREATE_PAGEFILE_PRIVILEGE |    \
     1u << SE_SHUTDOWN_PRIVILEGE)

/* The token of the system process: every privilege. */
extern TOKEN SeSystemToken;

/* As LUIDs, for SeSinglePrivilegeCheck. */
extern const LUID SeLockMemoryPrivilege, SeLoadDriverPrivilege, SeCreatePagefilePrivilege, SeShutdownPrivilege;

/* A token with one reference, or NULL. IRQL: <= DISPATCH_LEVEL. */
PTOKEN SeCreateToken(ULONG Privileges);
PTOKEN SeReferenceToken(PTOKEN Token);
/* Frees it with the last reference. IRQL: <= DISPATCH_LEVEL. */
VOID SeDereferenceToken(PTOKEN Token);
