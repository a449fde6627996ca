/*
 * Paths: what programs write, and what the kernel's name space calls it.
 *
 *   \\.\COM2          \??\COM2                  a device
 *   \Device\Null      \Device\Null              a full path
 *   drivers/null.sys  \SystemRoot\drivers\null.sys
 *   /startup          \SystemRoot\startup
 */
#include "sdk.h"

/* Prefix and name, widened, slashes turned. */
static NTSTATUS SdkJoin(LPCSTR Prefix, LPCSTR Name, BOOL Slashes, SDK_PATH *Path)
{
    SIZE_T Length = 0;

    if (*Name == '\0')
        return STATUS_OBJECT_NAME_INVALID;
    for (; *Prefix != '\0'; Prefix++)
        Path->Characters[Length++] = (UCHAR)*Prefix;
    for (; *Name != '\0'; Name++) {
        if (Length == SDK_LONGEST_PATH)
            return STATUS_OBJECT_NAME_INVALID;
        Path->Characters[Length++] = Slashes && *Name == '/' ? '\\' : (UCHAR)*Name;
    }
    Path->Name.Buffer = Path->Characters;
    Path->Name.Length = Path->Name.MaximumLength = (USHORT)(Length * sizeof(WCHAR));
    InitializeObjectAttributes(&Path->Attributes, &Path->Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return STATUS_SUCCESS;
}

NTSTATUS SdkPath(LPCSTR Name, SDK_PATH *Path)
{
    if (strncmp(Name, "\\\\.\\", 4) == 0)
        return SdkJoin("\\??\\", Name + 4, TRUE, Path);
    if (*Name == '\\')
        return SdkJoin("", Name, TRUE, Path);
    if (strcmp(Name, "/") == 0 || strcmp(Name, ".") == 0)
        return SdkJoin("", "\\SystemRoot\\", TRUE, Path);
    while (*Name == '/' || strncmp(Name, "./", 2) == 0)
        Name += *Name == '/' ? 1 : 2;
    return SdkJoin("\\SystemRoot\\", Name, TRUE, Path);
}

NTSTATUS SdkObjectName(LPCSTR Name, SDK_PATH *Path)
{
    return SdkJoin("\\BaseNamedObjects\\", Name, FALSE, Path);
}
