/*
 * What programs ask the system and tell it about processes: plain data, the same on both sides of a system call.
 * Drivers and their sections are described in ldrinfo.h.
 */
#pragma once

#include "ntdef.h"

/* Handles that need no opening ("NtCurrentProcess", "NtCurrentThread"). */
#define NtCurrentProcess() ((HANDLE)(LONG_PTR)-1)
#define NtCurrentThread() ((HANDLE)(LONG_PTR)-2)

#define PROCESS_NAME_LENGTH 32          /* a program's name, with its null; longer ones are cut */
#define PROCESS_COMMAND_LINE 1024       /* a command line, with its null */

/* Starting a program --------------------------------------------------------------------------------------------- */

#define PROCESS_START_UNPRIVILEGED 1    /* the new process holds no privilege, whatever its parent holds */

/* NtCreateUserProcess: the program's file, its command line (the name first), the handles it begins with. */
typedef struct _PROCESS_START {
    UNICODE_STRING ImagePath;           /* full path in the name space */
    PCSTR CommandLine;                  /* ends in a null, at most PROCESS_COMMAND_LINE with it */
    ULONG Flags;                        /* PROCESS_START_... */
    HANDLE StandardInput;               /* the caller's; the new process gets its own to the same object. NULL: none */
    HANDLE StandardOutput;
    ULONG64 ProcessId;                  /* out */
} PROCESS_START, *PPROCESS_START;

/* What a program finds at the address that its entry point gets as argument. Read-only. */
typedef struct _PROCESS_PARAMETERS {
    ULONG64 ProcessId;
    HANDLE StandardInput;
    HANDLE StandardOutput;
    CHAR CommandLine[PROCESS_COMMAND_LINE];
} PROCESS_PARAMETERS, *PPROCESS_PARAMETERS;

/* NtQueryInformationProcess ---------------------------------------------------------------------------------------- */

#define ProcessBasicInformation 0

typedef struct _PROCESS_BASIC_INFORMATION {
    NTSTATUS ExitStatus;                /* STATUS_PENDING while it runs */
    ULONG Privileges;                   /* those it holds: 1 << SE_..._PRIVILEGE */
    ULONG64 UniqueProcessId;
    ULONG64 InheritedFromUniqueProcessId;
    ULONG64 ResidentPages;
    ULONG64 CommittedPages;
    ULONG64 LockedPages;
    ULONG64 PageFaults;
} PROCESS_BASIC_INFORMATION, *PPROCESS_BASIC_INFORMATION;

/* Privileges: the numbers of the Windows documentation ("Privilege Constants"). --------------------------------- */

#define SE_LOCK_MEMORY_PRIVILEGE 4      /* SeLockMemoryPrivilege: drivers' sections, trimming */
#define SE_LOAD_DRIVER_PRIVILEGE 10     /* SeLoadDriverPrivilege */
#define SE_CREATE_PAGEFILE_PRIVILEGE 15 /* SeCreatePagefilePrivilege */
#define SE_SHUTDOWN_PRIVILEGE 19        /* SeShutdownPrivilege */

/* NtQuerySystemInformation ----------------------------------------------------------------------------------------- */

typedef enum _SYSTEM_INFORMATION_CLASS {
    SystemBasicInformation,             /* SYSTEM_BASIC_INFORMATION */
    SystemMemoryInformation,            /* SYSTEM_MEMORY_INFORMATION */
    SystemPagingFileInformation,        /* SYSTEM_PAGING_FILE_INFORMATION[] */
    SystemProcessInformation,           /* SYSTEM_PROCESS_INFORMATION[] */
    SystemMemoryCheck,                  /* SYSTEM_MEMORY_CHECK: holds Mm's tables against each other, which takes a while */
    SystemInterruptInformation,         /* SYSTEM_INTERRUPT_INFORMATION[] */
    SystemPoolTagInformation            /* SYSTEM_POOL_TAG_INFORMATION[] */
} SYSTEM_INFORMATION_CLASS;

typedef struct _SYSTEM_BASIC_INFORMATION {
    ULONG NumberOfProcessors;
    ULONG PageSize;
    ULONG64 InterruptTime;              /* 100 ns since boot */
    ULONG64 SystemTime;                 /* 100 ns since 1601 */
    ULONG64 ContextSwitches;
    ULONG64 Interrupts;
} SYSTEM_BASIC_INFORMATION, *PSYSTEM_BASIC_INFORMATION;

typedef struct _SYSTEM_MEMORY_INFORMATION {
    ULONG64 TotalFrames, ZeroedFrames, FreeFrames, StandbyFrames, ModifiedFrames, ActiveFrames, TransitFrames, BadFrames;
    ULONG64 NonPagedPoolBytes, PagedPoolBytes;
    ULONG64 DemandZeroFaults, SoftFaults, HardFaults;
    ULONG64 PagesIn, PagesOut;          /* pages read from and written to paging files */
    ULONG64 PageReads, PageWrites;      /* the requests that moved them */
    ULONG64 CommittedPages, CommitLimit, SystemWorkingSet;
} SYSTEM_MEMORY_INFORMATION, *PSYSTEM_MEMORY_INFORMATION;

typedef struct _SYSTEM_PAGING_FILE_INFORMATION {
    CHAR Name[32];
    ULONG Slots;
    ULONG Used;
    ULONG Minimum;                      /* slots: it has never fewer, and grows to Maximum */
    ULONG Maximum;
    ULONG Bad;                          /* of those used: could not be written, and are not used again */
} SYSTEM_PAGING_FILE_INFORMATION, *PSYSTEM_PAGING_FILE_INFORMATION;

typedef struct _SYSTEM_PROCESS_INFORMATION {
    ULONG64 UniqueProcessId;
    ULONG64 InheritedFromUniqueProcessId;
    ULONG NumberOfThreads;
    ULONG HandleCount;
    ULONG64 ResidentPages;
    ULONG64 CommittedPages;
    BOOLEAN Terminating;
    CHAR ImageName[PROCESS_NAME_LENGTH];
} SYSTEM_PROCESS_INFORMATION, *PSYSTEM_PROCESS_INFORMATION;

typedef struct _SYSTEM_MEMORY_CHECK {
    BOOLEAN Consistent;
    CHAR Report[256];                   /* the first thing that is not */
} SYSTEM_MEMORY_CHECK, *PSYSTEM_MEMORY_CHECK;

/* One tag in one pool. What a pool cannot keep apart any more is under '****'. */
typedef struct _SYSTEM_POOL_TAG_INFORMATION {
    CHAR Tag[4];                        /* as it is spelled in memory, not ended by a null */
    BOOLEAN Paged;
    ULONG64 Allocations;                /* ever */
    ULONG64 Frees;                      /* ever */
    ULONG64 Bytes;                      /* allocated now */
} SYSTEM_POOL_TAG_INFORMATION, *PSYSTEM_POOL_TAG_INFORMATION;

/* One connected interrupt. */
typedef struct _SYSTEM_INTERRUPT_INFORMATION {
    ULONG Vector;
    ULONG Irql;
    ULONG Line;                         /* input of the I/O APIC */
    BOOLEAN LevelSensitive;
    CHAR Driver[PROCESS_NAME_LENGTH];
    ULONG64 Count;                      /* times it came */
} SYSTEM_INTERRUPT_INFORMATION, *PSYSTEM_INTERRUPT_INFORMATION;

/* NtShutdownSystem ------------------------------------------------------------------------------------------------ */

#define SHUTDOWN_PASS 0                 /* everything that was asked succeeded */
#define SHUTDOWN_FAIL 1
