/* Drivers by the names that people use. */
#include "sdk.h"

BOOL LoadDriver(LPCSTR Path)
{
    SDK_PATH Full;
    NTSTATUS Status = SdkPath(Path, &Full);

    return SdkResult(NT_SUCCESS(Status) ? NtLoadDriver(&Full.Name) : Status);
}

BOOL UnloadDriver(LPCSTR Name)
{
    WCHAR Wide[LDR_NAME_LENGTH + 8];
    UNICODE_STRING String = {0, sizeof(Wide), Wide};

    for (ULONG Index = 0; Name[Index] != '\0'; Index++) {
        if (Index == ARRAYSIZE(Wide))
            return SdkResult(STATUS_NOT_FOUND);
        Wide[Index] = (UCHAR)Name[Index];
        String.Length += sizeof(WCHAR);
    }
    return SdkResult(NtUnloadDriver(&String));
}
