/* The last error of each thread, and statuses as names and words. */
#include "sdk.h"

BOOL SdkResult(NTSTATUS Status)
{
    if (NT_SUCCESS(Status))
        return TRUE;
    SdkCurrentThread()->LastError = (DWORD)Status;
    return FALSE;
}

DWORD GetLastError(VOID)
{
    return SdkCurrentThread()->LastError;
}

VOID SetLastError(DWORD Error)
{
    SdkCurrentThread()->LastError = Error;
}

static const struct {
    NTSTATUS Status;
    PCSTR Name;
    PCSTR Words;
} SdkStatuses[] = {
#define SDK_STATUS(Name, Value, Words) {(NTSTATUS)Value, #Name, Words},
    NT_STATUS_LIST(SDK_STATUS)
#undef SDK_STATUS
};

PCSTR NtStatusName(NTSTATUS Status)
{
    for (ULONG Index = 0; Index < ARRAYSIZE(SdkStatuses); Index++) {
        if (SdkStatuses[Index].Status == Status)
            return SdkStatuses[Index].Name;
    }
    return NULL;
}

PCSTR NtStatusWords(NTSTATUS Status)
{
    for (ULONG Index = 0; Index < ARRAYSIZE(SdkStatuses); Index++) {
        if (SdkStatuses[Index].Status == Status)
            return SdkStatuses[Index].Words;
    }
    return NULL;
}
