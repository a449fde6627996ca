/*
 * Faults of a program's own making. There is no delivery to the program: a fault ends the process, with a line that
 * says where it was and what went wrong.
 */
#include "ps/psp.h"

/* The fault was in the page at the end of the thread's stack. */
static BOOLEAN PspBehindStack(PETHREAD Thread, ULONG_PTR Address)
{
    return Address >= Thread->UserStackBase && Address < Thread->UserStackBase + PAGE_SIZE;
}

static const struct {
    NTSTATUS Status;
    PCSTR Name;
    PCSTR Words;
} PspExceptionNames[] = {
#define PSP_EXCEPTION(Status, Words) {Status, #Status, Words}
    PSP_EXCEPTION(STATUS_ACCESS_VIOLATION, "the program used an address that is not its own, or not that way"),
    PSP_EXCEPTION(STATUS_GUARD_PAGE_VIOLATION, "the page was guarded, and this was the first touch of it"),
    PSP_EXCEPTION(STATUS_STACK_OVERFLOW, "the thread's stack is used up"),
    PSP_EXCEPTION(STATUS_IN_PAGE_ERROR, "a page could not be read back from its paging file"),
    PSP_EXCEPTION(STATUS_ILLEGAL_INSTRUCTION, "the instruction does not exist or is switched off here"),
    PSP_EXCEPTION(STATUS_PRIVILEGED_INSTRUCTION, "the instruction is the kernel's, or its address not canonical"),
    PSP_EXCEPTION(STATUS_INTEGER_DIVIDE_BY_ZERO, "a division by zero, or its result does not fit"),
    PSP_EXCEPTION(STATUS_INTEGER_OVERFLOW, "an integer overflow"),
    PSP_EXCEPTION(STATUS_FLOAT_DENORMAL_OPERAND, "a floating-point operand is denormal"),
    PSP_EXCEPTION(STATUS_FLOAT_DIVIDE_BY_ZERO, "a floating-point division by zero"),
    PSP_EXCEPTION(STATUS_FLOAT_INEXACT_RESULT, "a floating-point result is not exact"),
    PSP_EXCEPTION(STATUS_FLOAT_INVALID_OPERATION, "a floating-point operation without a result"),
    PSP_EXCEPTION(STATUS_FLOAT_OVERFLOW, "a floating-point result is too large"),
    PSP_EXCEPTION(STATUS_FLOAT_STACK_CHECK, "the x87 register stack is full or empty"),
    PSP_EXCEPTION(STATUS_FLOAT_UNDERFLOW, "a floating-point result is too small"),
    PSP_EXCEPTION(STATUS_BREAKPOINT, "a breakpoint without a debugger"),
    PSP_EXCEPTION(STATUS_SINGLE_STEP, "a single step without a debugger"),
    PSP_EXCEPTION(STATUS_DATATYPE_MISALIGNMENT, "the address is not aligned"),
#undef PSP_EXCEPTION
};

VOID PsUserException(PKTRAP_FRAME TrapFrame, NTSTATUS Status, ULONG_PTR Address)
{
    PETHREAD Thread = PsGetCurrentThread();
    PEPROCESS Process = Thread->ThreadsProcess;
    PCSTR Name = "exception", Words = "the processor refused the instruction";

    /* A thread that shall end anyway may fault on memory that its process has given back: nothing to report. */
    PsCheckTermination();
    if (Status == STATUS_ACCESS_VIOLATION && PspBehindStack(Thread, Address))
        Status = STATUS_STACK_OVERFLOW;
    for (ULONG Index = 0; Index < ARRAYSIZE(PspExceptionNames); Index++) {
        if (PspExceptionNames[Index].Status == Status) {
            Name = PspExceptionNames[Index].Name;
            Words = PspExceptionNames[Index].Words;
        }
    }
    DbgPrint("%s (process %u, thread %u) ended: %s (0x%08X) at address %p, instruction %p: %s\n",
             Process->ImageFileName, HandleToUlong(Thread->Cid.UniqueProcess), HandleToUlong(Thread->Cid.UniqueThread),
             Name, Status, (PVOID)Address, (PVOID)TrapFrame->Rip, Words);
    PspTerminateProcess(Process, Status);
    PspExitThread(Status);
}
