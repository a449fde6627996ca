/* The program's memory, page by page. */
#include "sdk.h"

LPVOID VirtualAlloc(LPVOID Address, SIZE_T Size, DWORD Type, DWORD Protect)
{
    return SdkResult(NtAllocateVirtualMemory(NtCurrentProcess(), &Address, 0, &Size, Type, Protect)) ? Address : NULL;
}

BOOL VirtualFree(LPVOID Address, SIZE_T Size, DWORD Type)
{
    return SdkResult(NtFreeVirtualMemory(NtCurrentProcess(), &Address, &Size, Type));
}

BOOL VirtualProtect(LPVOID Address, SIZE_T Size, DWORD Protect, PDWORD OldProtect)
{
    return SdkResult(NtProtectVirtualMemory(NtCurrentProcess(), &Address, &Size, Protect, OldProtect));
}

/* "In the working set": the only kind of lock that NtLockVirtualMemory knows. */
#define SDK_MAP_PROCESS 1

BOOL VirtualLock(LPVOID Address, SIZE_T Size)
{
    return SdkResult(NtLockVirtualMemory(NtCurrentProcess(), &Address, &Size, SDK_MAP_PROCESS));
}

BOOL VirtualUnlock(LPVOID Address, SIZE_T Size)
{
    return SdkResult(NtUnlockVirtualMemory(NtCurrentProcess(), &Address, &Size, SDK_MAP_PROCESS));
}
