/*
 * Structured exceptions in the kernel: raising one in the innermost __try of the current thread.
 *
 * A thread's __try bodies in progress are a list of records on its stack, KTHREAD.TryFrames the innermost; the compiler
 * plugin makes the code that keeps the list (tools/plugin/README.md has the contract). Raising takes the innermost
 * record off, fills it in and goes on where it says: from a fault by changing the trap frame, from a routine by a jump.
 * The level and locks stay as they are, as the documentation of ExRaiseStatus says; so a __try that can be left by an
 * exception must not hold what it would not release.
 *
 * Interrupts and DPCs borrow the stack of a thread whose records are none of theirs; they set the list aside.
 */
#include "ke/ke.h"
#include "ke/rules.h"
#include "excpt.h"
#include "rtl/export.h"

/* Puts a record on the list: the body of a __try begins. IRQL: any. */
VOID KeEnterTry(PKTRY_RECORD Record)
{
    PKTHREAD Thread = KiCurrentThread();

    Record->Next = Thread->TryFrames;
    Thread->TryFrames = (PVOID)Record;
}
NT_EXPORT(KeEnterTry);

/* Takes the innermost record off: the body has been left. IRQL: any. */
VOID KeLeaveTry(PKTRY_RECORD Record)
{
    PKTHREAD Thread = KiCurrentThread();

    if (Thread->TryFrames != (PVOID)Record)
        KiBugCheck(KERNEL_SECURITY_CHECK_FAILURE, (ULONG_PTR)Record, (ULONG_PTR)Thread->TryFrames, (ULONG_PTR)Thread, 0,
                   NULL,
                   "A __try is left whose record, %p, is not the innermost of the thread, %p: a routine was left by a "
                   "way that the compiler does not know of, or the stack was overwritten.", Record, Thread->TryFrames);
    Thread->TryFrames = (PVOID)Record->Next;
}
NT_EXPORT(KeLeaveTry);

/* Takes the innermost record and fills it in; NULL if there is none. */
static PKTRY_RECORD KiTakeTryRecord(const EXCEPTION_RECORD *Exception)
{
    PKTHREAD Thread = KiCurrentThread();
    PKTRY_RECORD Record = Thread->TryFrames;

    if (Record == NULL)
        return NULL;
    Thread->TryFrames = (PVOID)Record->Next;
    Record->Exception = *Exception;
    Record->Exception.ExceptionRecord = NULL;
    Record->Pointers.ExceptionRecord = (PEXCEPTION_RECORD)&Record->Exception;
    Record->Pointers.ContextRecord = NULL;
    return Record;
}

/* Raises an exception in the calling thread; stops the system when it is in no __try. */
static DECLSPEC_NORETURN VOID KiRaise(const EXCEPTION_RECORD *Exception)
{
    PKTRY_RECORD Record = KiTakeTryRecord(Exception);

    if (Record == NULL)
        KiBugCheck(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(LONG_PTR)Exception->ExceptionCode,
                   (ULONG_PTR)Exception->ExceptionAddress, Exception->ExceptionInformation[0],
                   Exception->ExceptionInformation[1], NULL,
                   "The exception 0x%08X was raised at %s, in no __try. What can raise it is called in a __try with an "
                   "__except that handles it.", Exception->ExceptionCode, KiWords(Exception->ExceptionAddress).Text);
    __asm__ volatile("movq %0, %%rbp\n\t"
                     "movq %1, %%rsp\n\t"
                     "jmpq *%2"
                     : : "a"(Record->Resume[0]), "c"(Record->Resume[2]), "d"(Record->Resume[1]) : "memory");
    __builtin_unreachable();
}

/*
 * A fault in kernel mode that is the fault of an address or an operation, not of the level: makes the trap return to
 * the innermost __try of the thread. FALSE, and nothing is changed: there is none. First, Second: ExceptionInformation,
 * for an access violation what was tried (0 read, 1 write, 8 execute) and the address. IRQL: that of the fault.
 */
BOOLEAN KiRaiseFromTrap(PKTRAP_FRAME Frame, NTSTATUS Status, ULONG ParameterCount, ULONG_PTR First, ULONG_PTR Second)
{
    EXCEPTION_RECORD Exception = {.ExceptionCode = Status, .ExceptionAddress = (PVOID)Frame->Rip,
                                  .NumberParameters = ParameterCount, .ExceptionInformation = {First, Second}};
    PKTRY_RECORD Record = KiTakeTryRecord(&Exception);

    if (Record == NULL)
        return FALSE;
    Frame->Rbp = Record->Resume[0];
    Frame->Rip = Record->Resume[1];
    Frame->Rsp = Record->Resume[2];
    return TRUE;
}

/* A filter or __finally has run and the exception goes on outwards. */
VOID KeContinueSearch(PKTRY_RECORD Record, LONG Disposition)
{
    EXCEPTION_RECORD Exception = Record->Exception;

    if (Disposition < 0) {
        Exception.ExceptionCode = STATUS_NONCONTINUABLE_EXCEPTION;
        Exception.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    }
    KiRaise(&Exception);
}
NT_EXPORT(KeContinueSearch);

VOID ExRaiseStatus(NTSTATUS Status)
{
    EXCEPTION_RECORD Exception = {.ExceptionCode = Status, .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
                                  .ExceptionAddress = __builtin_return_address(0)};
    KiRaise(&Exception);
}
NT_EXPORT(ExRaiseStatus);

VOID ExRaiseAccessViolation(VOID)
{
    EXCEPTION_RECORD Exception = {.ExceptionCode = STATUS_ACCESS_VIOLATION, .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
                                  .ExceptionAddress = __builtin_return_address(0)};
    KiRaise(&Exception);
}
NT_EXPORT(ExRaiseAccessViolation);

VOID ExRaiseDatatypeMisalignment(VOID)
{
    EXCEPTION_RECORD Exception = {.ExceptionCode = STATUS_DATATYPE_MISALIGNMENT,
                                  .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
                                  .ExceptionAddress = __builtin_return_address(0)};
    KiRaise(&Exception);
}
NT_EXPORT(ExRaiseDatatypeMisalignment);
