/*
 * Tokens, and the one question that is asked of them: does the caller hold this privilege?
 */
#include "se/se.h"
#include "ps/ps.h"
#include "rtl/export.h"

#define SE_TAG 0x2020655Au              /* "Ze  " */

const LUID SeLockMemoryPrivilege = {SE_LOCK_MEMORY_PRIVILEGE, 0};
const LUID SeLoadDriverPrivilege = {SE_LOAD_DRIVER_PRIVILEGE, 0};
const LUID SeCreatePagefilePrivilege = {SE_CREATE_PAGEFILE_PRIVILEGE, 0};
const LUID SeShutdownPrivilege = {SE_SHUTDOWN_PRIVILEGE, 0};

/* The system process keeps its reference for ever. */
TOKEN SeSystemToken = {1, SE_ALL_PRIVILEGES};

PTOKEN SeCreateToken(ULONG Privileges)
{
    PTOKEN Token = ExAllocatePoolWithTag(NonPagedPool, sizeof(TOKEN), SE_TAG);

    if (Token != NULL) {
        Token->ReferenceCount = 1;
        Token->Privileges = Privileges;
    }
    return Token;
}

PTOKEN SeReferenceToken(PTOKEN Token)
{
    InterlockedIncrement(&Token->ReferenceCount);
    return Token;
}

VOID SeDereferenceToken(PTOKEN Token)
{
    if (InterlockedDecrement(&Token->ReferenceCount) == 0)
        ExFreePoolWithTag(Token, SE_TAG);
}

/*
 * Whether the current process holds the privilege; a kernel-mode caller is not asked ("SeSinglePrivilegeCheck").
 * IRQL: PASSIVE_LEVEL.
 */
BOOLEAN SeSinglePrivilegeCheck(LUID PrivilegeValue, KPROCESSOR_MODE PreviousMode)
{
    PAGED_CODE();
    if (PreviousMode == KernelMode)
        return TRUE;
    if (PrivilegeValue.HighPart != 0 || PrivilegeValue.LowPart >= 32)
        return FALSE;
    return (PsGetCurrentProcess()->Token->Privileges >> PrivilegeValue.LowPart & 1) != 0;
}
NT_EXPORT(SeSinglePrivilegeCheck);
