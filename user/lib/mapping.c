/* Sections as files in memory ("File Mapping"), and what lies at an address. */
#include "sdk.h"

/* The name's attributes, or those of no name. */
static NTSTATUS SdkMappingName(LPCSTR Name, SDK_PATH *Path)
{
    NTSTATUS Status = STATUS_SUCCESS;

    if (Name != NULL)
        Status = SdkObjectName(Name, Path);
    else
        InitializeObjectAttributes(&Path->Attributes, NULL, 0, NULL, NULL);
    Path->Attributes.Attributes |= OBJ_OPENIF;
    return Status;
}

/* Protect: PAGE_..., with SEC_COMMIT (also when neither is given) or SEC_RESERVE. */
HANDLE CreateFileMappingA(HANDLE File, LPSECURITY_ATTRIBUTES Attributes, DWORD Protect, DWORD SizeHigh, DWORD SizeLow,
                          LPCSTR Name)
{
    LARGE_INTEGER Size = {.QuadPart = (LONGLONG)((ULONGLONG)SizeHigh << 32 | SizeLow)};
    DWORD Kind = Protect & (SEC_COMMIT | SEC_RESERVE);
    SDK_PATH Path;
    HANDLE Mapping;
    NTSTATUS Status = SdkMappingName(Name, &Path);

    UNREFERENCED_PARAMETER(Attributes);
    if (NT_SUCCESS(Status))
        Status = NtCreateSection(&Mapping, SECTION_ALL_ACCESS, &Path.Attributes, Size.QuadPart != 0 ? &Size : NULL,
                                 Protect & ~(DWORD)(SEC_COMMIT | SEC_RESERVE), Kind != 0 ? Kind : SEC_COMMIT,
                                 File != INVALID_HANDLE_VALUE ? File : NULL);
    if (!SdkResult(Status))
        return NULL;
    SetLastError((DWORD)Status);        /* ERROR_ALREADY_EXISTS: a success with a last error */
    return Mapping;
}

HANDLE OpenFileMappingA(DWORD DesiredAccess, BOOL Inherit, LPCSTR Name)
{
    SDK_PATH Path;
    HANDLE Mapping;
    NTSTATUS Status = SdkObjectName(Name, &Path);

    UNREFERENCED_PARAMETER(Inherit);
    /* FILE_MAP_COPY is a way to read, FILE_MAP_EXECUTE has a number of its own. */
    if (DesiredAccess & FILE_MAP_COPY)
        DesiredAccess |= SECTION_MAP_READ;
    if (DesiredAccess & FILE_MAP_EXECUTE)
        DesiredAccess = (DesiredAccess & ~(DWORD)FILE_MAP_EXECUTE) | SECTION_MAP_EXECUTE;
    if (NT_SUCCESS(Status))
        Status = NtOpenSection(&Mapping, DesiredAccess, &Path.Attributes);
    return SdkResult(Status) ? Mapping : NULL;
}

LPVOID MapViewOfFileEx(HANDLE Mapping, DWORD DesiredAccess, DWORD OffsetHigh, DWORD OffsetLow, SIZE_T Bytes, LPVOID Address)
{
    LARGE_INTEGER Offset = {.QuadPart = (LONGLONG)((ULONGLONG)OffsetHigh << 32 | OffsetLow)};
    DWORD Protect = (DesiredAccess & FILE_MAP_WRITE)     ? PAGE_READWRITE
                    : (DesiredAccess & FILE_MAP_COPY)    ? PAGE_WRITECOPY
                    : (DesiredAccess & FILE_MAP_EXECUTE) ? PAGE_EXECUTE_READ : PAGE_READONLY;

    return SdkResult(NtMapViewOfSection(Mapping, NtCurrentProcess(), &Address, 0, 0, &Offset, &Bytes, ViewShare, 0, Protect))
               ? Address : NULL;
}

LPVOID MapViewOfFile(HANDLE Mapping, DWORD DesiredAccess, DWORD OffsetHigh, DWORD OffsetLow, SIZE_T Bytes)
{
    return MapViewOfFileEx(Mapping, DesiredAccess, OffsetHigh, OffsetLow, Bytes, NULL);
}

BOOL UnmapViewOfFile(LPCVOID Address)
{
    return SdkResult(NtUnmapViewOfSection(NtCurrentProcess(), (PVOID)Address));
}

SIZE_T VirtualQuery(LPCVOID Address, PMEMORY_BASIC_INFORMATION Information, SIZE_T Length)
{
    SIZE_T Returned;

    return SdkResult(NtQueryVirtualMemory(NtCurrentProcess(), (PVOID)Address, MemoryBasicInformation, Information, Length,
                                          &Returned)) ? Returned : 0;
}

/* A file in memory has nothing behind it that a view could be written to. What is no view is refused. */
BOOL FlushViewOfFile(LPCVOID Address, SIZE_T Bytes)
{
    MEMORY_BASIC_INFORMATION Information;

    if (VirtualQuery(Address, &Information, sizeof(Information)) == 0)
        return FALSE;
    return SdkResult(Information.Type != MEM_MAPPED ? STATUS_NOT_MAPPED_VIEW
                     : Bytes > Information.RegionSize - ((ULONG_PTR)Address - (ULONG_PTR)Information.BaseAddress)
                         ? STATUS_INVALID_VIEW_SIZE : STATUS_SUCCESS);
}
