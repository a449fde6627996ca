/*
 * System services for processes and threads. Everything that a program passes is copied and checked before anything is
 * done, and a handle is only given out when its number has reached the program.
 */
#include "ps/capture.h"
#include "ps/psp.h"
#include "ps/service.h"
#include "rtl/export.h"

#define PSP_LONGEST_PATH 1024           /* bytes */

/* Hands out a handle to Object, or closes it again when the program's variable cannot be written. */
static PAGED_CODE_SECTION NTSTATUS PspReturnHandle(PVOID Object, POBJECT_TYPE Type, ACCESS_MASK Access,
                                                   USER_ADDRESS HandleAddress)
{
    HANDLE Handle;
    NTSTATUS Status = ObOpenObjectByPointer(Object, 0, NULL, Access, Type, KernelMode, &Handle);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmCopyToUser(HandleAddress, &Handle, sizeof(Handle));
    if (!NT_SUCCESS(Status))
        ObCloseHandle(Handle, ExGetPreviousMode());
    return Status;
}

/* The token of a program that the caller starts. */
static PAGED_CODE_SECTION PTOKEN PspTokenForChild(ULONG Flags)
{
    if (Flags & PROCESS_START_UNPRIVILEGED)
        return SeCreateToken(0);
    return SeReferenceToken(PsGetCurrentProcess()->Token);
}

/* Starts a program from what NtCreateUserProcess has captured. */
static PAGED_CODE_SECTION NTSTATUS PspStartProgram(const PROCESS_START *Start, PCUNICODE_STRING Path,
                                                   PCSTR CommandLine, PEPROCESS *Process)
{
    PTOKEN Token = PspTokenForChild(Start->Flags);
    NTSTATUS Status;

    if (Token == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = PsCreateUserProcess(Path, CommandLine, Token, Start->StandardInput, Start->StandardOutput, Process);
    SeDereferenceToken(Token);
    return Status;
}

PAGED_CODE_SECTION NTSTATUS NtCreateUserProcess(USER_ADDRESS ProcessHandle, USER_ADDRESS StartAddress)
{
    USER_ADDRESS IdAddress = {StartAddress.Value + offsetof(PROCESS_START, ProcessId)};
    UNICODE_STRING Path;
    PROCESS_START Start;
    PEPROCESS Process;
    PCHAR CommandLine;
    NTSTATUS Status;

    PAGED_CODE();
    Status = MmCopyFromUser(&Start, StartAddress, sizeof(Start));
    if (!NT_SUCCESS(Status))
        return Status;
    if (Start.Flags & ~PROCESS_START_UNPRIVILEGED)
        return STATUS_INVALID_PARAMETER;
    Status = PsCaptureUnicodeString((USER_ADDRESS){StartAddress.Value + offsetof(PROCESS_START, ImagePath)},
                                    PSP_LONGEST_PATH, &Path);
    if (!NT_SUCCESS(Status))
        return Status;
    CommandLine = ExAllocatePoolWithTag(PagedPool, PROCESS_COMMAND_LINE, PSP_TAG);
    if (CommandLine == NULL) {
        PsReleaseString(&Path);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = PsCaptureString((USER_ADDRESS){(ULONG_PTR)Start.CommandLine}, CommandLine, PROCESS_COMMAND_LINE);
    /* What could still fail after the start is tried before it. */
    if (NT_SUCCESS(Status) && Status != STATUS_BUFFER_OVERFLOW)
        Status = MmCopyToUser(IdAddress, &Start.ProcessId, sizeof(Start.ProcessId));
    if (Status == STATUS_BUFFER_OVERFLOW)
        Status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(Status))
        Status = PspStartProgram(&Start, &Path, CommandLine, &Process);
    ExFreePoolWithTag(CommandLine, PSP_TAG);
    PsReleaseString(&Path);
    if (!NT_SUCCESS(Status))
        return Status;
    Start.ProcessId = HandleToUlong(Process->UniqueProcessId);
    MmCopyToUser(IdAddress, &Start.ProcessId, sizeof(Start.ProcessId));
    Status = PspReturnHandle(Process, PspProcessType, PROCESS_ALL_ACCESS, ProcessHandle);
    if (!NT_SUCCESS(Status))
        PspTerminateProcess(Process, Status);
    ObDereferenceObject(Process);
    return Status;
}
NT_EXPORT(ZwCreateUserProcess);    /* for the test library */

/*
 * Opens a process by its number. Who wants more than to wait and to ask must hold every privilege that the process
 * holds. ObjectAttributes must be given and name nothing.
 */
PAGED_CODE_SECTION NTSTATUS NtOpenProcess(USER_ADDRESS ProcessHandle, ACCESS_MASK DesiredAccess,
                                          USER_ADDRESS ObjectAttributes, USER_ADDRESS ClientIdAddress)
{
    OBJECT_ATTRIBUTES Attributes;
    CLIENT_ID ClientId;
    PEPROCESS Process;
    NTSTATUS Status;

    PAGED_CODE();
    Status = MmCopyFromUser(&Attributes, ObjectAttributes, sizeof(Attributes));
    if (NT_SUCCESS(Status))
        Status = MmCopyFromUser(&ClientId, ClientIdAddress, sizeof(ClientId));
    if (!NT_SUCCESS(Status))
        return Status;
    if (Attributes.Length != sizeof(Attributes) || Attributes.ObjectName != NULL)
        return STATUS_INVALID_PARAMETER;
    Status = PsLookupProcessByProcessId(ClientId.UniqueProcess, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    if ((DesiredAccess & ~(SYNCHRONIZE | PROCESS_QUERY_INFORMATION | STANDARD_RIGHTS_READ)) != 0 &&
        (Process == PsInitialSystemProcess ||
         (Process->Token->Privileges & ~PsGetCurrentProcess()->Token->Privileges) != 0))
        Status = STATUS_ACCESS_DENIED;
    else
        Status = PspReturnHandle(Process, PspProcessType, DesiredAccess, ProcessHandle);
    ObDereferenceObject(Process);
    return Status;
}

/* Ends a process; NULL is the caller's own, as NtCurrentProcess() is. */
PAGED_CODE_SECTION NTSTATUS NtTerminateProcess(HANDLE ProcessHandle, NTSTATUS ExitStatus)
{
    PEPROCESS Process;
    NTSTATUS Status;

    PAGED_CODE();
    if (ExitStatus == STATUS_PENDING)
        return STATUS_INVALID_PARAMETER;
    if (ProcessHandle == NULL)
        ProcessHandle = NtCurrentProcess();
    Status = PspReferenceProcess(ProcessHandle, PROCESS_TERMINATE, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Process == PsInitialSystemProcess)
        Status = STATUS_ACCESS_DENIED;
    else if (Process->Terminating)
        Status = STATUS_PROCESS_IS_TERMINATING;
    else
        PspTerminateProcess(Process, ExitStatus);
    ObDereferenceObject(Process);
    return Status;
}

PAGED_CODE_SECTION NTSTATUS NtQueryInformationProcess(HANDLE ProcessHandle, ULONG Class, USER_ADDRESS Information,
                                                      ULONG Length, USER_ADDRESS ReturnLength)
{
    PROCESS_BASIC_INFORMATION Basic = {0};
    ULONG Returned = sizeof(Basic);
    PEPROCESS Process;
    NTSTATUS Status;

    PAGED_CODE();
    if (Class != ProcessBasicInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (Length != sizeof(Basic))
        return STATUS_INFO_LENGTH_MISMATCH;
    Status = PspReferenceProcess(ProcessHandle, PROCESS_QUERY_INFORMATION, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    /* Decided is not yet over: the exit status shows when a wait for the process would be satisfied. */
    Basic.ExitStatus = Process->Pcb.Header.SignalState != 0 ? Process->ExitStatus : STATUS_PENDING;
    Basic.Privileges = Process->Token->Privileges;
    Basic.UniqueProcessId = HandleToUlong(Process->UniqueProcessId);
    Basic.InheritedFromUniqueProcessId = HandleToUlong(Process->InheritedFromUniqueProcessId);
    Basic.ResidentPages = MmWorkingSetSize(&Process->AddressSpace);
    Basic.CommittedPages = Process->AddressSpace.CommittedPages;
    Basic.LockedPages = Process->AddressSpace.LockedPages;
    Basic.PageFaults = Process->AddressSpace.PageFaults;
    ObDereferenceObject(Process);
    Status = MmCopyToUser(Information, &Basic, sizeof(Basic));
    if (NT_SUCCESS(Status) && ReturnLength.Value != 0)
        Status = MmCopyToUser(ReturnLength, &Returned, sizeof(Returned));
    return Status;
}

/* Starts a thread of the calling process. StackSize 0: 256 KiB. */
PAGED_CODE_SECTION NTSTATUS NtCreateThread(USER_ADDRESS ThreadHandle, USER_ADDRESS ClientIdAddress,
                                           USER_ADDRESS StartRoutine, USER_ADDRESS Argument, SIZE_T StackSize)
{
    PEPROCESS Process = PsGetCurrentProcess();
    CLIENT_ID ClientId;
    PETHREAD Thread;
    NTSTATUS Status;

    PAGED_CODE();
    /* A start outside user space would be a fault of the kernel's on the way into user mode. */
    if (Process == PsInitialSystemProcess || StartRoutine.Value < MM_LOWEST_USER_ADDRESS ||
        StartRoutine.Value > MM_HIGHEST_USER_ADDRESS)
        return STATUS_INVALID_PARAMETER;
    Status = PspCreateThreadObject(Process, PspUserThreadStart, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    Thread->UserStart = StartRoutine.Value;
    Thread->UserArgument = Argument.Value;
    ClientId = Thread->Cid;
    Status = PspCreateUserStack(Thread, StackSize);
    if (NT_SUCCESS(Status) && ClientIdAddress.Value != 0)
        Status = MmCopyToUser(ClientIdAddress, &ClientId, sizeof(ClientId));
    if (NT_SUCCESS(Status))
        Status = PspReturnHandle(Thread, PspThreadType, THREAD_ALL_ACCESS, ThreadHandle);
    if (NT_SUCCESS(Status))
        Status = PspStartThread(Thread);
    if (!NT_SUCCESS(Status)) {
        /* A handle that went out already keeps the object, a thread that never began. */
        PspDeleteUserStack(Thread);
        PspDiscardThread(Thread);
    }
    return Status;
}

/* Ends a thread of the calling process; NULL and NtCurrentThread() are the calling thread. */
PAGED_CODE_SECTION NTSTATUS NtTerminateThread(HANDLE ThreadHandle, NTSTATUS ExitStatus)
{
    PETHREAD Thread;
    NTSTATUS Status;

    PAGED_CODE();
    if (ExitStatus == STATUS_PENDING)
        return STATUS_INVALID_PARAMETER;
    if (ThreadHandle == NULL || ThreadHandle == NtCurrentThread()) {
        Thread = PsGetCurrentThread();
        ObReferenceObject(Thread);
    } else {
        Status = ObReferenceObjectByHandle(ThreadHandle, THREAD_TERMINATE, PspThreadType, ExGetPreviousMode(),
                                           (PVOID *)&Thread, NULL);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    Status = STATUS_ACCESS_DENIED;
    if (Thread->ThreadsProcess == PsGetCurrentProcess() && Thread->SystemRoutine == NULL) {
        PspTerminateThread(Thread, ExitStatus);
        Status = STATUS_SUCCESS;
    }
    ObDereferenceObject(Thread);
    return Status;
}

PAGED_CODE_SECTION NTSTATUS NtDelayExecution(BOOLEAN Alertable, USER_ADDRESS Interval)
{
    LARGE_INTEGER Time;
    NTSTATUS Status;

    PAGED_CODE();
    Status = MmCopyFromUser(&Time, Interval, sizeof(Time));
    if (!NT_SUCCESS(Status))
        return Status;
    return KeDelayExecutionThread(ExGetPreviousMode(), Alertable, &Time);
}

PAGED_CODE_SECTION NTSTATUS NtYieldExecution(VOID)
{
    LARGE_INTEGER None = {.QuadPart = 0};

    KeDelayExecutionThread(KernelMode, FALSE, &None);
    return STATUS_SUCCESS;
}
