/*
 * windows.h: the part of the Windows programming interface that Tidepool's programs have. Names, arguments and results
 * are the documented ones ("Windows API"), with these differences:
 *
 * - Text is 8-bit (ISO 8859-1); there is one form of each routine, and CreateFile is CreateFileA.
 * - GetLastError returns the NTSTATUS of the last failure; NtStatusName (ntdll.h) gives its name.
 * - A path is relative to the root of the system image, with / or \; \\.\NAME is a device, and what begins with one \
 *   is a full path of the kernel's name space.
 */
#pragma once

#include "ntdef.h"
#include "ntstatus.h"

#define WINAPI
#define CALLBACK
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#define INFINITE 0xFFFFFFFF
#define MAX_PATH 260

/* Errors ------------------------------------------------------------------------------------------------------- */

DWORD GetLastError(VOID);
VOID SetLastError(DWORD Error);
#define ERROR_SUCCESS ((DWORD)STATUS_SUCCESS)
#define ERROR_IO_PENDING ((DWORD)STATUS_PENDING)
#define ERROR_NO_MORE_FILES ((DWORD)STATUS_NO_MORE_FILES)
#define ERROR_NOT_ENOUGH_MEMORY ((DWORD)STATUS_NO_MEMORY)

/* Files and devices ---------------------------------------------------------------------------------------------- */

typedef struct _OVERLAPPED {
    ULONG_PTR Internal;                 /* with InternalHigh: the IO_STATUS_BLOCK */
    ULONG_PTR InternalHigh;
    union {
        struct { DWORD Offset; DWORD OffsetHigh; };
        PVOID Pointer;
    };
    HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;

typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

typedef struct _WIN32_FIND_DATAA {
    DWORD dwFileAttributes;
    DWORD nFileSizeHigh;
    DWORD nFileSizeLow;
    CHAR cFileName[MAX_PATH];
} WIN32_FIND_DATAA, WIN32_FIND_DATA, *LPWIN32_FIND_DATAA;

#define CREATE_NEW 1
#define CREATE_ALWAYS 2
#define OPEN_EXISTING 3
#define OPEN_ALWAYS 4
#define TRUNCATE_EXISTING 5
#define FILE_FLAG_OVERLAPPED 0x40000000
#define FILE_FLAG_BACKUP_SEMANTICS 0x02000000
#define FILE_FLAG_DELETE_ON_CLOSE 0x04000000
#define FILE_BEGIN 0
#define FILE_CURRENT 1
#define FILE_END 2
#define STD_INPUT_HANDLE ((DWORD)-10)
#define STD_OUTPUT_HANDLE ((DWORD)-11)

HANDLE CreateFileA(LPCSTR FileName, DWORD DesiredAccess, DWORD ShareMode, LPSECURITY_ATTRIBUTES SecurityAttributes,
                   DWORD CreationDisposition, DWORD FlagsAndAttributes, HANDLE TemplateFile);
/*
 * Wait until the transfer has ended. On a file opened with FILE_FLAG_OVERLAPPED several threads may have transfers
 * under way at once; on others one follows the other. Overlapped says where in the file, and may be NULL.
 */
BOOL ReadFile(HANDLE File, LPVOID Buffer, DWORD Length, LPDWORD Read, LPOVERLAPPED Overlapped);
BOOL WriteFile(HANDLE File, LPCVOID Buffer, DWORD Length, LPDWORD Written, LPOVERLAPPED Overlapped);
BOOL DeviceIoControl(HANDLE Device, DWORD ControlCode, LPVOID Input, DWORD InputLength, LPVOID Output,
                     DWORD OutputLength, LPDWORD Returned, LPOVERLAPPED Overlapped);
BOOL GetFileSizeEx(HANDLE File, PLARGE_INTEGER Size);
BOOL SetFilePointerEx(HANDLE File, LARGE_INTEGER Distance, PLARGE_INTEGER NewPointer, DWORD Method);
BOOL SetEndOfFile(HANDLE File);
/* Cancels what any thread has under way on the file; Overlapped must be NULL: all of it. */
BOOL CancelIoEx(HANDLE File, LPOVERLAPPED Overlapped);
BOOL DeleteFileA(LPCSTR FileName);
BOOL CloseHandle(HANDLE Object);
HANDLE GetStdHandle(DWORD Which);
/* Lists a folder: the name is the folder's, and every entry is found. */
HANDLE FindFirstFileA(LPCSTR Folder, LPWIN32_FIND_DATAA Data);
BOOL FindNextFileA(HANDLE Find, LPWIN32_FIND_DATAA Data);
BOOL FindClose(HANDLE Find);
#define CreateFile CreateFileA
#define DeleteFile DeleteFileA
#define FindFirstFile FindFirstFileA
#define FindNextFile FindNextFileA

/* Serial ports ("Communications Functions") --------------------------------------------------------------------- */

typedef struct _COMMTIMEOUTS {
    DWORD ReadIntervalTimeout;
    DWORD ReadTotalTimeoutMultiplier;
    DWORD ReadTotalTimeoutConstant;
    DWORD WriteTotalTimeoutMultiplier;
    DWORD WriteTotalTimeoutConstant;
} COMMTIMEOUTS, *LPCOMMTIMEOUTS;
#define MAXDWORD 0xFFFFFFFF
#define PURGE_TXABORT 0x0001
#define PURGE_RXABORT 0x0002
#define PURGE_TXCLEAR 0x0004
#define PURGE_RXCLEAR 0x0008

BOOL SetCommTimeouts(HANDLE File, LPCOMMTIMEOUTS Timeouts);
BOOL PurgeComm(HANDLE File, DWORD Flags);

/* Memory ----------------------------------------------------------------------------------------------------------- */

LPVOID VirtualAlloc(LPVOID Address, SIZE_T Size, DWORD Type, DWORD Protect);
BOOL VirtualFree(LPVOID Address, SIZE_T Size, DWORD Type);
BOOL VirtualProtect(LPVOID Address, SIZE_T Size, DWORD Protect, PDWORD OldProtect);
BOOL VirtualLock(LPVOID Address, SIZE_T Size);
BOOL VirtualUnlock(LPVOID Address, SIZE_T Size);
/* Returns how many bytes of *Information it has filled in: all, or 0. */
SIZE_T VirtualQuery(LPCVOID Address, PMEMORY_BASIC_INFORMATION Information, SIZE_T Length);

/* Files in memory, and memory that programs share: File INVALID_HANDLE_VALUE. */
#define FILE_MAP_COPY 0x0001
#define FILE_MAP_WRITE SECTION_MAP_WRITE
#define FILE_MAP_READ SECTION_MAP_READ
#define FILE_MAP_ALL_ACCESS SECTION_ALL_ACCESS
#define FILE_MAP_EXECUTE 0x0020
#define ERROR_ALREADY_EXISTS ((DWORD)STATUS_OBJECT_NAME_EXISTS)
HANDLE CreateFileMappingA(HANDLE File, LPSECURITY_ATTRIBUTES Attributes, DWORD Protect, DWORD SizeHigh, DWORD SizeLow,
                          LPCSTR Name);
HANDLE OpenFileMappingA(DWORD DesiredAccess, BOOL Inherit, LPCSTR Name);
LPVOID MapViewOfFile(HANDLE Mapping, DWORD DesiredAccess, DWORD OffsetHigh, DWORD OffsetLow, SIZE_T Bytes);
LPVOID MapViewOfFileEx(HANDLE Mapping, DWORD DesiredAccess, DWORD OffsetHigh, DWORD OffsetLow, SIZE_T Bytes, LPVOID Address);
BOOL UnmapViewOfFile(LPCVOID Address);
BOOL FlushViewOfFile(LPCVOID Address, SIZE_T Bytes);
#define CreateFileMapping CreateFileMappingA
#define OpenFileMapping OpenFileMappingA

/* Waiting ---------------------------------------------------------------------------------------------------------- */

#define WAIT_OBJECT_0 0x00000000
#define WAIT_ABANDONED 0x00000080
#define WAIT_IO_COMPLETION ((DWORD)STATUS_USER_APC)
#define WAIT_TIMEOUT 0x00000102
#define WAIT_FAILED 0xFFFFFFFF
#define MAXIMUM_WAIT_OBJECTS 64

HANDLE CreateEventA(LPSECURITY_ATTRIBUTES Attributes, BOOL ManualReset, BOOL InitialState, LPCSTR Name);
HANDLE OpenEventA(DWORD DesiredAccess, BOOL Inherit, LPCSTR Name);
BOOL SetEvent(HANDLE Event);
BOOL ResetEvent(HANDLE Event);
DWORD WaitForSingleObject(HANDLE Handle, DWORD Milliseconds);
DWORD WaitForMultipleObjects(DWORD Count, const HANDLE *Handles, BOOL WaitAll, DWORD Milliseconds);
VOID Sleep(DWORD Milliseconds);
/* Alertable, the APCs that are queued for the thread run in the wait, which ends then: WAIT_IO_COMPLETION. */
DWORD WaitForSingleObjectEx(HANDLE Handle, DWORD Milliseconds, BOOL Alertable);
DWORD WaitForMultipleObjectsEx(DWORD Count, const HANDLE *Handles, BOOL WaitAll, DWORD Milliseconds, BOOL Alertable);
DWORD SleepEx(DWORD Milliseconds, BOOL Alertable);
#define CreateEvent CreateEventA
#define OpenEvent OpenEventA
#define EVENT_MODIFY_STATE 0x0002
#define EVENT_ALL_ACCESS 0x1F0003

/* Time ------------------------------------------------------------------------------------------------------------- */

/* 100 ns since 1601, UTC. */
typedef struct _FILETIME {
    DWORD dwLowDateTime, dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

ULONGLONG GetTickCount64(VOID);
BOOL Beep(DWORD Frequency, DWORD Duration);
VOID GetSystemTimeAsFileTime(LPFILETIME SystemTime);
BOOL QueryPerformanceCounter(PLARGE_INTEGER Counter);
BOOL QueryPerformanceFrequency(PLARGE_INTEGER Frequency);

/* Processes and threads -------------------------------------------------------------------------------------------- */

typedef DWORD (*LPTHREAD_START_ROUTINE)(LPVOID Argument);

typedef struct _STARTUPINFOA {
    DWORD cb;
    DWORD dwFlags;
    HANDLE hStdInput;                   /* with STARTF_USESTDHANDLES; else the caller's own are passed on */
    HANDLE hStdOutput;
} STARTUPINFOA, STARTUPINFO, *LPSTARTUPINFOA;
#define STARTF_USESTDHANDLES 0x00000100

typedef struct _PROCESS_INFORMATION {
    HANDLE hProcess;
    HANDLE hThread;                     /* always NULL: the first thread is not handed out */
    DWORD dwProcessId;
    DWORD dwThreadId;
} PROCESS_INFORMATION, *LPPROCESS_INFORMATION;

#define CREATE_UNPRIVILEGED 0x80000000  /* Tidepool's own: the program holds no privilege */
#define STILL_ACTIVE ((DWORD)STATUS_PENDING)
#define PROCESS_TERMINATE 0x0001
#define PROCESS_QUERY_INFORMATION 0x0400
#define PROCESS_ALL_ACCESS 0x1FFFFF

BOOL CreateProcessA(LPCSTR ApplicationName, LPSTR CommandLine, LPSECURITY_ATTRIBUTES ProcessAttributes,
                    LPSECURITY_ATTRIBUTES ThreadAttributes, BOOL InheritHandles, DWORD CreationFlags,
                    LPVOID Environment, LPCSTR CurrentDirectory, LPSTARTUPINFOA StartupInfo,
                    LPPROCESS_INFORMATION ProcessInformation);
HANDLE OpenProcess(DWORD DesiredAccess, BOOL Inherit, DWORD ProcessId);
BOOL TerminateProcess(HANDLE Process, UINT ExitCode);
BOOL GetExitCodeProcess(HANDLE Process, LPDWORD ExitCode);
HANDLE GetCurrentProcess(VOID);
DWORD GetCurrentProcessId(VOID);
DECLSPEC_NORETURN VOID ExitProcess(UINT ExitCode);
HANDLE CreateThread(LPSECURITY_ATTRIBUTES Attributes, SIZE_T StackSize, LPTHREAD_START_ROUTINE StartRoutine,
                    LPVOID Argument, DWORD CreationFlags, LPDWORD ThreadId);
DECLSPEC_NORETURN VOID ExitThread(DWORD ExitCode);
/* A routine for another thread to call in its next alertable wait. FALSE: the thread takes none any more. */
typedef VOID (*PAPCFUNC)(ULONG_PTR Data);
DWORD QueueUserAPC(PAPCFUNC Routine, HANDLE Thread, ULONG_PTR Data);
HANDLE GetCurrentThread(VOID);
BOOL TerminateThread(HANDLE Thread, DWORD ExitCode);
LPSTR GetCommandLineA(VOID);
#define CreateProcess CreateProcessA
#define GetCommandLine GetCommandLineA
