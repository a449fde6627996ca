/*
 * System services: the one table. `NT_SERVICE_LIST(X)` calls X(number, name, (arguments), words) for each, the name
 * without its Nt or Zw. From it are made the kernel's dispatch table (kernel/ps/table.c) and prototypes
 * (kernel/ps/service.h), the Zw entries for kernel callers (kernel/ps/zw.S), the programs' stubs (user/lib/stubs.S) and
 * prototypes (include/sdk/ntdll.h), and docs/services.md (tools/service-table.sh).
 *
 * - Numbers never change and are never used again; a new service gets the next number.
 * - USER(T) marks a pointer that the caller gave: USER_ADDRESS in the kernel, T in a program. The services copy from
 *   and to it with MmCopyFromUser and MmCopyToUser.
 * - At most NT_SERVICE_MAXIMUM_ARGUMENTS arguments; each takes one register or one stack slot of 8 bytes.
 * - The routine runs at PASSIVE_LEVEL in the caller's thread; ExGetPreviousMode() says whether a program called.
 *
 * This header holds nothing but macros, so that assembly can include it.
 */
#pragma once

#define NT_SERVICE_MAXIMUM_ARGUMENTS 12

#define NT_SERVICE_LIST(X)                                                                                             \
    X(0, NullService, (VOID), "does nothing and succeeds: the cost of a system call")                                  \
    /* Handles, events and waits (kernel/ob). */                                                                       \
    X(1, Close, (HANDLE Handle), "closes a handle")                                                                    \
    X(2, DuplicateObject, (HANDLE SourceProcess, HANDLE SourceHandle, HANDLE TargetProcess,                            \
        USER(PHANDLE) TargetHandle, ACCESS_MASK DesiredAccess, ULONG Attributes, ULONG Options),                       \
        "makes another handle to an object")                                                                           \
    X(3, CreateEvent, (USER(PHANDLE) EventHandle, ACCESS_MASK DesiredAccess,                                           \
        USER(POBJECT_ATTRIBUTES) ObjectAttributes, EVENT_TYPE EventType, BOOLEAN InitialState),                        \
        "makes an event, named or not")                                                                                \
    X(4, OpenEvent, (USER(PHANDLE) EventHandle, ACCESS_MASK DesiredAccess,                                             \
        USER(POBJECT_ATTRIBUTES) ObjectAttributes), "opens a named event")                                             \
    X(5, SetEvent, (HANDLE EventHandle, USER(PLONG) PreviousState), "signals an event")                                \
    X(6, ResetEvent, (HANDLE EventHandle, USER(PLONG) PreviousState), "makes an event not signalled")                  \
    X(7, WaitForSingleObject, (HANDLE Handle, BOOLEAN Alertable, USER(PLARGE_INTEGER) Timeout),                        \
        "waits until an object is signalled")                                                                          \
    X(8, WaitForMultipleObjects, (ULONG Count, USER(PHANDLE) Handles, WAIT_TYPE WaitType, BOOLEAN Alertable,           \
        USER(PLARGE_INTEGER) Timeout), "waits until one or all of several objects are signalled")                      \
    /* Files and devices (kernel/io). */                                                                               \
    X(9, CreateFile, (USER(PHANDLE) FileHandle, ACCESS_MASK DesiredAccess,                                             \
        USER(POBJECT_ATTRIBUTES) ObjectAttributes, USER(PIO_STATUS_BLOCK) IoStatusBlock,                               \
        USER(PLARGE_INTEGER) AllocationSize, ULONG FileAttributes, ULONG ShareAccess, ULONG CreateDisposition,         \
        ULONG CreateOptions, USER(PVOID) EaBuffer, ULONG EaLength), "opens or makes a file, or opens a device")        \
    X(10, OpenFile, (USER(PHANDLE) FileHandle, ACCESS_MASK DesiredAccess,                                              \
        USER(POBJECT_ATTRIBUTES) ObjectAttributes, USER(PIO_STATUS_BLOCK) IoStatusBlock, ULONG ShareAccess,            \
        ULONG OpenOptions), "opens a file or device")                                                                  \
    X(11, ReadFile, (HANDLE FileHandle, HANDLE Event, USER(PVOID) ApcRoutine, USER(PVOID) ApcContext,                  \
        USER(PIO_STATUS_BLOCK) IoStatusBlock, USER(PVOID) Buffer, ULONG Length,                                        \
        USER(PLARGE_INTEGER) ByteOffset, USER(PULONG) Key), "reads from a file or device")                             \
    X(12, WriteFile, (HANDLE FileHandle, HANDLE Event, USER(PVOID) ApcRoutine, USER(PVOID) ApcContext,                 \
        USER(PIO_STATUS_BLOCK) IoStatusBlock, USER(PVOID) Buffer, ULONG Length,                                        \
        USER(PLARGE_INTEGER) ByteOffset, USER(PULONG) Key), "writes to a file or device")                              \
    X(13, DeviceIoControlFile, (HANDLE FileHandle, HANDLE Event, USER(PVOID) ApcRoutine, USER(PVOID) ApcContext,       \
        USER(PIO_STATUS_BLOCK) IoStatusBlock, ULONG IoControlCode, USER(PVOID) InputBuffer, ULONG InputBufferLength,   \
        USER(PVOID) OutputBuffer, ULONG OutputBufferLength), "sends a control code to a device")                       \
    X(14, QueryInformationFile, (HANDLE FileHandle, USER(PIO_STATUS_BLOCK) IoStatusBlock,                              \
        USER(PVOID) FileInformation, ULONG Length, ULONG FileInformationClass), "asks about an open file")             \
    X(15, SetInformationFile, (HANDLE FileHandle, USER(PIO_STATUS_BLOCK) IoStatusBlock,                                \
        USER(PVOID) FileInformation, ULONG Length, ULONG FileInformationClass),                                        \
        "changes an open file: position, size, deletion")                                                              \
    X(16, QueryDirectoryFile, (HANDLE FileHandle, HANDLE Event, USER(PVOID) ApcRoutine, USER(PVOID) ApcContext,        \
        USER(PIO_STATUS_BLOCK) IoStatusBlock, USER(PVOID) FileInformation, ULONG Length, ULONG FileInformationClass,   \
        BOOLEAN ReturnSingleEntry, USER(PUNICODE_STRING) FileName, BOOLEAN RestartScan), "lists a folder")             \
    X(17, CancelIoFile, (HANDLE FileHandle, USER(PIO_STATUS_BLOCK) IoStatusBlock),                                     \
        "cancels the requests that are outstanding on a file")                                                         \
    X(18, DeleteFile, (USER(POBJECT_ATTRIBUTES) ObjectAttributes), "deletes a file by its name")                       \
    /* The caller's memory (kernel/ps/vmservices.c). */                                                                \
    X(19, AllocateVirtualMemory, (HANDLE Process, USER(PVOID *) BaseAddress, ULONG_PTR ZeroBits,                       \
        USER(PSIZE_T) RegionSize, ULONG AllocationType, ULONG Protect), "reserves or commits memory")                  \
    X(20, FreeVirtualMemory, (HANDLE Process, USER(PVOID *) BaseAddress, USER(PSIZE_T) RegionSize, ULONG FreeType),    \
        "decommits or releases memory")                                                                                \
    X(21, ProtectVirtualMemory, (HANDLE Process, USER(PVOID *) BaseAddress, USER(PSIZE_T) RegionSize,                  \
        ULONG NewProtect, USER(PULONG) OldProtect), "changes the protection of memory")                                \
    X(22, LockVirtualMemory, (HANDLE Process, USER(PVOID *) BaseAddress, USER(PSIZE_T) RegionSize, ULONG MapType),     \
        "keeps memory resident")                                                                                       \
    X(23, UnlockVirtualMemory, (HANDLE Process, USER(PVOID *) BaseAddress, USER(PSIZE_T) RegionSize,                   \
        ULONG MapType), "lets locked memory be paged again")                                                           \
    /* Processes and threads (kernel/ps). */                                                                           \
    X(24, CreateUserProcess, (USER(PHANDLE) ProcessHandle, USER(PPROCESS_START) Start), "starts a program")            \
    X(25, OpenProcess, (USER(PHANDLE) ProcessHandle, ACCESS_MASK DesiredAccess,                                        \
        USER(POBJECT_ATTRIBUTES) ObjectAttributes, USER(PCLIENT_ID) ClientId), "opens a process by its number")        \
    X(26, TerminateProcess, (HANDLE Process, NTSTATUS ExitStatus), "ends a process")                                   \
    X(27, QueryInformationProcess, (HANDLE Process, ULONG Class, USER(PVOID) Information, ULONG Length,                \
        USER(PULONG) ReturnLength), "asks about a process: exit status, parent, memory")                               \
    X(28, CreateThread, (USER(PHANDLE) ThreadHandle, USER(PCLIENT_ID) ClientId, USER(PVOID) StartRoutine,              \
        USER(PVOID) Argument, SIZE_T StackSize), "starts a thread in the calling process")                             \
    X(29, TerminateThread, (HANDLE Thread, NTSTATUS ExitStatus), "ends a thread of the calling process")               \
    X(30, DelayExecution, (BOOLEAN Alertable, USER(PLARGE_INTEGER) Interval), "sleeps")                                \
    X(31, YieldExecution, (VOID), "lets another ready thread run")                                                     \
    /* The system (kernel/ps/sysinfo.c, shutdown.c). */                                                                \
    X(32, QuerySystemInformation, (ULONG Class, USER(PVOID) Information, ULONG Length, USER(PULONG) ReturnLength),     \
        "asks about memory, processes, paging files, interrupts, time")                                                \
    X(33, QueryBootOption, (USER(PCSTR) Key, USER(PSTR) Value, ULONG Length), "reads a word of the boot command line") \
    X(34, ShutdownSystem, (ULONG Status), "switches the machine off")                                                  \
    /* Drivers and their sections (kernel/ldr/services.c). */                                                          \
    X(35, LoadDriver, (USER(PUNICODE_STRING) Path), "loads a driver file and starts it")                               \
    X(36, UnloadDriver, (USER(PUNICODE_STRING) Driver), "unloads a driver by its name")                                \
    X(37, QueryDrivers, (USER(PVOID) Information, ULONG Length, USER(PULONG) ReturnLength), "lists the drivers")       \
    X(38, QuerySections, (USER(PCSTR) Driver, USER(PVOID) Information, ULONG Length,                                   \
        USER(PULONG) ReturnLength), "lists the sections of one driver, or of all")                                     \
    X(39, LockDriverSection, (USER(PCSTR) Driver, USER(PCSTR) Section, USER(PHANDLE) LockHandle),                      \
        "brings a driver's section in and keeps it; closing the handle lets it go")                                    \
    X(40, UnlockDriverSection, (HANDLE LockHandle), "lets a locked section go and closes the handle")                  \
    X(41, PageDriver, (USER(PCSTR) Driver), "makes everything in a driver pageable")                                   \
    X(42, ResetDriver, (USER(PCSTR) Driver), "gives a driver's sections their own kinds back")                         \
    X(43, TrimMemory, (VOID), "sends everything that may leave memory out")                                            \
    /* Later ones, of any room. */                                                                                     \
    X(44, FlushBuffersFile, (HANDLE FileHandle, USER(PIO_STATUS_BLOCK) IoStatusBlock),                                 \
        "waits until what was written has reached the device")                                                         \
    X(45, QuerySystemTime, (USER(PLARGE_INTEGER) SystemTime), "tells the time in 100 ns since 1601, UTC")              \
    X(46, QueryPerformanceCounter, (USER(PLARGE_INTEGER) Counter, USER(PLARGE_INTEGER) Frequency),                     \
        "tells a count that only goes up, and how many make a second")                                                 \
    X(47, CreateSection, (USER(PHANDLE) SectionHandle, ACCESS_MASK DesiredAccess,                                      \
        USER(POBJECT_ATTRIBUTES) ObjectAttributes, USER(PLARGE_INTEGER) MaximumSize, ULONG PageProtection,             \
        ULONG AllocationAttributes, HANDLE FileHandle), "makes a section of a file, or of memory that can be shared")  \
    X(48, OpenSection, (USER(PHANDLE) SectionHandle, ACCESS_MASK DesiredAccess,                                        \
        USER(POBJECT_ATTRIBUTES) ObjectAttributes), "opens a named section")                                           \
    X(49, MapViewOfSection, (HANDLE SectionHandle, HANDLE Process, USER(PVOID *) BaseAddress, ULONG_PTR ZeroBits,      \
        SIZE_T CommitSize, USER(PLARGE_INTEGER) SectionOffset, USER(PSIZE_T) ViewSize, ULONG InheritDisposition,       \
        ULONG AllocationType, ULONG Protect), "shows a section in a process' memory")                                  \
    X(50, UnmapViewOfSection, (HANDLE Process, USER(PVOID) BaseAddress), "takes a view away")                          \
    X(51, QueryVirtualMemory, (HANDLE Process, USER(PVOID) BaseAddress, ULONG Class, USER(PVOID) Information,          \
        SIZE_T Length, USER(PSIZE_T) ReturnLength), "asks about a range of a process' memory")                         \
    X(52, CreatePagingFile, (USER(PUNICODE_STRING) PageFileName, USER(PLARGE_INTEGER) MinimumSize,                     \
        USER(PLARGE_INTEGER) MaximumSize, ULONG Priority), "makes a paging file on a disk")                            \
    /* Asynchronous procedure calls (kernel/ps/apcservices.c). */                                                      \
    X(53, QueueApcThread, (HANDLE ThreadHandle, USER(PVOID) ApcRoutine, USER(PVOID) ApcArgument1,                      \
        USER(PVOID) ApcArgument2, USER(PVOID) ApcArgument3), "queues a user APC to a thread")                          \
    X(54, TestAlert, (VOID), "lets the user APCs in that are queued; STATUS_ALERTED: the thread was alerted")          \
    X(55, AlertThread, (HANDLE ThreadHandle), "ends an alertable wait of a thread")                                    \
    X(56, Continue, (USER(PCONTEXT) Context, BOOLEAN TestAlert), "goes on with other registers: the end of a user APC") \
    X(57, SetApcDispatcher, (USER(PVOID) Dispatcher), "says where in the program user APCs arrive")

/* How many arguments a parenthesised list has: NT_ARGUMENT_COUNT (A, B) is 2. (VOID) counts as one. */
#define NT_ARGUMENT_COUNT(...) NT_ARGUMENT_PICK(__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define NT_ARGUMENT_PICK(A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, Count, ...) Count
