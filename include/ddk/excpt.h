/*
 * Structured exceptions: __try, __except, __finally, __leave, also in lower case, and what a filter may ask.
 *
 * The macros mark statements; the compiler plugin (tools/plugin/try.cc) turns these into a record that is on the
 * thread's list while the body runs. tools/plugin/README.md has the contract with the kernel and where this differs
 * from Windows: the filter runs after the stack has been unwound to its __try, so that an exception cannot be
 * continued.
 *
 * Source: "Structured Exception Handling" in Microsoft's C/C++ reference; "EXCEPTION_RECORD structure".
 */
#pragma once

#include "ntdef.h"

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#define EXCEPTION_NONCONTINUABLE 1
#define EXCEPTION_MAXIMUM_PARAMETERS 15

typedef struct _EXCEPTION_RECORD {
    NTSTATUS ExceptionCode;
    ULONG ExceptionFlags;
    struct _EXCEPTION_RECORD *ExceptionRecord;
    PVOID ExceptionAddress;
    ULONG NumberParameters;
    ULONG_PTR ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD, *PEXCEPTION_RECORD;

struct _CONTEXT;
typedef struct _EXCEPTION_POINTERS {
    PEXCEPTION_RECORD ExceptionRecord;
    struct _CONTEXT *ContextRecord;         /* NULL: registers are not kept */
} EXCEPTION_POINTERS, *PEXCEPTION_POINTERS;

/*
 * One __try that is being executed, on its function's stack. Whoever raises an exception takes the record off the list,
 * fills Exception and Pointers, and continues at Resume. Volatile, because that happens behind the compiler's back.
 */
typedef volatile struct _KTRY_RECORD {
    volatile struct _KTRY_RECORD *Next;     /* the __try around this one, NULL for the outermost */
    ULONG_PTR Resume[5];                    /* RBP, RIP, RSP; all other registers are free. The rest is unused */
    EXCEPTION_POINTERS Pointers;
    EXCEPTION_RECORD Exception;
} KTRY_RECORD, *PKTRY_RECORD;
C_ASSERT(offsetof(KTRY_RECORD, Resume) == 8 && sizeof(KTRY_RECORD) == 216);

/* Called by what the plugin makes of __try, at any IRQL; the list is the current thread's. */
VOID KeEnterTry(PKTRY_RECORD Record);
VOID KeLeaveTry(PKTRY_RECORD Record);

/*
 * The filter of a __try whose record was taken off the list declined the exception, or its __finally is done: raises
 * Record->Exception in the __try around it. Disposition EXCEPTION_CONTINUE_EXECUTION raises
 * STATUS_NONCONTINUABLE_EXCEPTION there instead.
 */
VOID KeContinueSearch(PKTRY_RECORD Record, LONG Disposition) __attribute__((noreturn));

#if defined(__TIDEPOOL_PLUGIN__)

/* Marks that the plugin looks for. None of them is ever called. */
int __TidepoolTry(void);
int __TidepoolExcept(LONG Disposition);
int __TidepoolFinally(void);
void __TidepoolLeave(void);
NTSTATUS __TidepoolExceptionCode(void);
PEXCEPTION_POINTERS __TidepoolExceptionPointers(void);
int __TidepoolAbnormalTermination(void);

/* Statements without a loop, so that `break` in any part belongs to the loop or switch around it, as it must. */
#define __try if (__TidepoolTry())
#define __except(...) else if (__TidepoolExcept(__VA_ARGS__)) {} else
#define __finally else if (__TidepoolFinally()) {} else
#define __leave __TidepoolLeave()

#define GetExceptionCode() __TidepoolExceptionCode()
#define GetExceptionInformation() __TidepoolExceptionPointers()
#define AbnormalTermination() __TidepoolAbnormalTermination()

#else

#define __try _Static_assert(0, "__try needs the compiler plugin: see tools/plugin/README.md"); if (1)
#define __except(...) else
#define __finally

#endif

#define _exception_code GetExceptionCode
#define _exception_info GetExceptionInformation
#define _abnormal_termination AbnormalTermination

#define try __try
#define except __except
#define finally __finally
#define leave __leave
