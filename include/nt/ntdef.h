/*
 * Base types of the NT interface, shared by the kernel, drivers, programs and the host-side unit tests.
 *
 * LONG and ULONG are 32 bits and are not `long` (which is 64 bits here); every width is what the Windows
 * documentation says ("Windows Data Types"). The compiler's ISO predefined set is all this header relies on.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdbool.h>

/* Annotations and decorations ------------------------------------------------------------------------------ */

#define IN
#define OUT
#define OPTIONAL
#ifndef CONST
#define CONST const
#endif
#define VOID void

/* Calling-convention words of the literature: one convention here, System V. */
#define __cdecl
#define __stdcall
#define __fastcall
#define NTAPI
#define FASTCALL
#define CDECL
#define __unaligned
#define UNALIGNED
#define RESTRICTED_POINTER
#ifndef __inline
#define __inline inline
#endif
/* C99 inline, so that sources may write `static` in front or not. */
#define FORCEINLINE inline __attribute__((always_inline))
#define __forceinline inline __attribute__((always_inline))
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define DECLSPEC_NOINLINE __attribute__((noinline))
#define DECLSPEC_ALIGN(x) __attribute__((aligned(x)))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)

/* Integers ------------------------------------------------------------------------------------------------- */

typedef char CHAR, *PCHAR, *PSTR, *LPSTR, CCHAR, *PCCHAR;
typedef const char *PCSTR, *LPCSTR, *PCSZ;
typedef signed char SCHAR, *PSCHAR;
typedef unsigned char UCHAR, *PUCHAR, BYTE, *PBYTE;
typedef short SHORT, *PSHORT, CSHORT;
typedef unsigned short USHORT, *PUSHORT, WORD, *PWORD;
typedef int LONG, *PLONG, INT, *PINT;
typedef unsigned int ULONG, *PULONG, UINT, *PUINT, DWORD, *PDWORD, *LPDWORD, CLONG;
typedef long long LONGLONG, *PLONGLONG, LONG64, *PLONG64, INT64, *PINT64;
typedef unsigned long long ULONGLONG, *PULONGLONG, ULONG64, *PULONG64, UINT64, *PUINT64, DWORD64, *PDWORD64;
typedef int LONG32, INT32, *PINT32;
typedef unsigned int ULONG32, *PULONG32, UINT32, *PUINT32, DWORD32;
typedef signed char INT8;
typedef unsigned char UINT8;
typedef short INT16;
typedef unsigned short UINT16;
#define __int64 long long
#define __int32 int
#define __int16 short
#define __int8 char

typedef long long LONG_PTR, *PLONG_PTR, INT_PTR, *PINT_PTR;
typedef unsigned long long ULONG_PTR, *PULONG_PTR, UINT_PTR, *PUINT_PTR, DWORD_PTR, *PDWORD_PTR;
typedef ULONG_PTR SIZE_T, *PSIZE_T;
typedef LONG_PTR SSIZE_T, *PSSIZE_T;
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;

typedef UCHAR BOOLEAN, *PBOOLEAN;
typedef int BOOL, *PBOOL, *LPBOOL;
#define TRUE 1
#define FALSE 0

typedef void *PVOID, *LPVOID, **PPVOID;
typedef const void *PCVOID, *LPCVOID;
typedef PVOID HANDLE, *PHANDLE;

typedef uint16_t WCHAR, *PWCHAR, *PWCH, *PWSTR, *LPWSTR, *NWPSTR, WCH;
typedef const WCHAR *PCWSTR, *LPCWSTR, *PCWCH, *PCWCHAR;

typedef LONG NTSTATUS, *PNTSTATUS;
#define NT_SUCCESS(Status) ((NTSTATUS)(Status) >= 0)
#define NT_INFORMATION(Status) ((((ULONG)(Status)) >> 30) == 1)
#define NT_WARNING(Status) ((((ULONG)(Status)) >> 30) == 2)
#define NT_ERROR(Status) ((((ULONG)(Status)) >> 30) == 3)

typedef ULONG ACCESS_MASK, *PACCESS_MASK;
typedef LONG KPRIORITY;
typedef ULONG LOGICAL;
typedef UCHAR KIRQL, *PKIRQL;
typedef CCHAR KPROCESSOR_MODE;
typedef enum _MODE { KernelMode, UserMode, MaximumMode } MODE;

typedef union _LARGE_INTEGER {
    struct { ULONG LowPart; LONG HighPart; };
    struct { ULONG LowPart; LONG HighPart; } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct { ULONG LowPart; ULONG HighPart; };
    struct { ULONG LowPart; ULONG HighPart; } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID { ULONG LowPart; LONG HighPart; } LUID, *PLUID;

/* Lists and strings ---------------------------------------------------------------------------------------- */

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY, *RESTRICTED_POINTER PRLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

/* Length and MaximumLength are bytes; the buffer need not end in a null. */
typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCHAR Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING;
typedef const STRING *PCSTRING, *PCANSI_STRING;

typedef struct _GUID {
    ULONG Data1;
    USHORT Data2;
    USHORT Data3;
    UCHAR Data4[8];
} GUID, *PGUID, *LPGUID;
typedef GUID UUID;
typedef const GUID *LPCGUID, *PCGUID;

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef const OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT             0x00000002
#define OBJ_PERMANENT           0x00000010
#define OBJ_EXCLUSIVE           0x00000020
#define OBJ_CASE_INSENSITIVE    0x00000040
#define OBJ_OPENIF              0x00000080
#define OBJ_OPENLINK            0x00000100
#define OBJ_KERNEL_HANDLE       0x00000200
#define OBJ_FORCE_ACCESS_CHECK  0x00000400
#define OBJ_VALID_ATTRIBUTES    0x000007F2

#define InitializeObjectAttributes(p, n, a, r, s)                                                              \
    do {                                                                                                       \
        (p)->Length = sizeof(OBJECT_ATTRIBUTES);                                                               \
        (p)->RootDirectory = (r);                                                                              \
        (p)->Attributes = (a);                                                                                 \
        (p)->ObjectName = (n);                                                                                 \
        (p)->SecurityDescriptor = (s);                                                                         \
        (p)->SecurityQualityOfService = NULL;                                                                  \
    } while (0)

typedef struct _IO_STATUS_BLOCK {
    union {
        NTSTATUS Status;
        PVOID Pointer;
    };
    ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;

typedef struct _CLIENT_ID { HANDLE UniqueProcess; HANDLE UniqueThread; } CLIENT_ID, *PCLIENT_ID;

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny } WAIT_TYPE;

/* Helpers -------------------------------------------------------------------------------------------------- */

#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#define UFIELD_OFFSET(type, field) ((ULONG)offsetof(type, field))
#define CONTAINING_RECORD(address, type, field) ((type *)((PCHAR)(address) - offsetof(type, field)))
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (FIELD_OFFSET(type, field) + RTL_FIELD_SIZE(type, field))
#define ARRAYSIZE(a) (sizeof(a) / sizeof((a)[0]))
#define RTL_NUMBER_OF(a) ARRAYSIZE(a)
#define C_ASSERT(e) _Static_assert(e, #e)
#define UNREFERENCED_PARAMETER(P) ((void)(P))
#define DBG_UNREFERENCED_PARAMETER(P) ((void)(P))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(V) ((void)(V))
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#define ALIGN_DOWN_BY(n, a) ((ULONG_PTR)(n) & ~((ULONG_PTR)(a) - 1))
#define ALIGN_UP_BY(n, a) (((ULONG_PTR)(n) + (ULONG_PTR)(a) - 1) & ~((ULONG_PTR)(a) - 1))

#define MAXCHAR 0x7F
#define MAXSHORT 0x7FFF
#define MAXUCHAR 0xFF
#define MAXUSHORT 0xFFFF
#define MAXULONG 0xFFFFFFFFu
#define MAXLONG 0x7FFFFFFF
#define MINLONG 0x80000000
#define MAXLONGLONG 0x7FFFFFFFFFFFFFFFll
#define MAXULONGLONG 0xFFFFFFFFFFFFFFFFull
#define MAXULONG_PTR MAXULONGLONG

#define UNICODE_NULL ((WCHAR)0)
#define ANSI_NULL ((CHAR)0)

#define LongToHandle(h) ((HANDLE)(LONG_PTR)(LONG)(h))
#define ULongToHandle(h) ((HANDLE)(ULONG_PTR)(ULONG)(h))
#define HandleToUlong(h) ((ULONG)(ULONG_PTR)(h))
#define HandleToULong HandleToUlong
#define HandleToLong(h) ((LONG)(LONG_PTR)(h))
#define UlongToPtr(u) ((PVOID)(ULONG_PTR)(ULONG)(u))
#define ULongToPtr UlongToPtr
#define PtrToUlong(p) ((ULONG)(ULONG_PTR)(p))
#define PtrToULong PtrToUlong
#define UlongToHandle ULongToHandle

/* Access rights ("Access Mask Format") ---------------------------------------------------------------------- */

#define DELETE                      0x00010000
#define READ_CONTROL                0x00020000
#define WRITE_DAC                   0x00040000
#define WRITE_OWNER                 0x00080000
#define SYNCHRONIZE                 0x00100000
#define STANDARD_RIGHTS_REQUIRED    0x000F0000
#define STANDARD_RIGHTS_READ        READ_CONTROL
#define STANDARD_RIGHTS_WRITE       READ_CONTROL
#define STANDARD_RIGHTS_EXECUTE     READ_CONTROL
#define STANDARD_RIGHTS_ALL         0x001F0000
#define SPECIFIC_RIGHTS_ALL         0x0000FFFF
#define MAXIMUM_ALLOWED             0x02000000
#define GENERIC_READ                0x80000000
#define GENERIC_WRITE               0x40000000
#define GENERIC_EXECUTE             0x20000000
#define GENERIC_ALL                 0x10000000

#define FILE_READ_DATA              0x0001
#define FILE_LIST_DIRECTORY         0x0001
#define FILE_WRITE_DATA             0x0002
#define FILE_APPEND_DATA            0x0004
#define FILE_READ_EA                0x0008
#define FILE_WRITE_EA               0x0010
#define FILE_EXECUTE                0x0020
#define FILE_READ_ATTRIBUTES        0x0080
#define FILE_WRITE_ATTRIBUTES       0x0100
#define FILE_ALL_ACCESS             (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x1FF)
#define FILE_GENERIC_READ           (STANDARD_RIGHTS_READ | FILE_READ_DATA | FILE_READ_ATTRIBUTES | FILE_READ_EA | SYNCHRONIZE)
#define FILE_GENERIC_WRITE                                                                                     \
    (STANDARD_RIGHTS_WRITE | FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES | FILE_WRITE_EA | FILE_APPEND_DATA | SYNCHRONIZE)

#define FILE_SHARE_READ             0x00000001
#define FILE_SHARE_WRITE            0x00000002
#define FILE_SHARE_DELETE           0x00000004

#define FILE_SUPERSEDE              0x00000000
#define FILE_OPEN                   0x00000001
#define FILE_CREATE                 0x00000002
#define FILE_OPEN_IF                0x00000003
#define FILE_OVERWRITE              0x00000004
#define FILE_OVERWRITE_IF           0x00000005
#define FILE_MAXIMUM_DISPOSITION    0x00000005

/* What IO_STATUS_BLOCK.Information says after a create. */
#define FILE_SUPERSEDED             0x00000000
#define FILE_OPENED                 0x00000001
#define FILE_CREATED                0x00000002
#define FILE_OVERWRITTEN            0x00000003
#define FILE_EXISTS                 0x00000004
#define FILE_DOES_NOT_EXIST         0x00000005

#define FILE_DIRECTORY_FILE             0x00000001
#define FILE_WRITE_THROUGH              0x00000002
#define FILE_SEQUENTIAL_ONLY            0x00000004
#define FILE_SYNCHRONOUS_IO_ALERT       0x00000010
#define FILE_SYNCHRONOUS_IO_NONALERT    0x00000020
#define FILE_NON_DIRECTORY_FILE         0x00000040
#define FILE_DELETE_ON_CLOSE            0x00001000

#define FILE_ATTRIBUTE_READONLY     0x00000001
#define FILE_ATTRIBUTE_DIRECTORY    0x00000010
#define FILE_ATTRIBUTE_DEVICE       0x00000040
#define FILE_ATTRIBUTE_NORMAL       0x00000080

/* Memory protection and allocation ("Memory Protection Constants") ------------------------------------------- */

#define PAGE_NOACCESS           0x01
#define PAGE_READONLY           0x02
#define PAGE_READWRITE          0x04
#define PAGE_WRITECOPY          0x08
#define PAGE_EXECUTE            0x10
#define PAGE_EXECUTE_READ       0x20
#define PAGE_EXECUTE_READWRITE  0x40
#define PAGE_GUARD              0x100
#define MEM_COMMIT              0x00001000
#define MEM_RESERVE             0x00002000
#define MEM_DECOMMIT            0x00004000
#define MEM_RELEASE             0x00008000
#define MEM_FREE                0x00010000
#define MEM_PRIVATE             0x00020000
#define MEM_MAPPED              0x00040000
#define MEM_IMAGE               0x01000000
#define SEC_RESERVE             0x04000000
#define SEC_COMMIT              0x08000000

/* A range of pages that are alike ("MEMORY_BASIC_INFORMATION"). */
typedef struct _MEMORY_BASIC_INFORMATION {
    PVOID BaseAddress;
    PVOID AllocationBase;
    DWORD AllocationProtect;            /* what the allocation was made with */
    DWORD PartitionId;                  /* 0 */
    SIZE_T RegionSize;
    DWORD State;                        /* MEM_COMMIT, MEM_RESERVE, MEM_FREE */
    DWORD Protect;
    DWORD Type;                         /* MEM_PRIVATE, MEM_MAPPED, MEM_IMAGE */
} MEMORY_BASIC_INFORMATION, *PMEMORY_BASIC_INFORMATION;
#define MemoryBasicInformation 0

/* Rights to a section, and what becomes of a view in a new process ("Section Objects and Views"). */
#define SECTION_QUERY           0x0001
#define SECTION_MAP_WRITE       0x0002
#define SECTION_MAP_READ        0x0004
#define SECTION_MAP_EXECUTE     0x0008
#define SECTION_EXTEND_SIZE     0x0010
#define SECTION_ALL_ACCESS      (STANDARD_RIGHTS_REQUIRED | 0x001F)
typedef enum _SECTION_INHERIT { ViewShare = 1, ViewUnmap = 2 } SECTION_INHERIT;
