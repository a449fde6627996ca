/*
 * DbgPrint and the checks that report through it.
 *
 * DbgPrint works at every IRQL and touches no pageable memory: it formats into a buffer on the stack and hands whole
 * lines to the console (terminal.c). KdPrint is DbgPrint in a checked build and nothing in a free one
 * (include/ddk/ddkbase.h).
 */
#include "kd/kd.h"
#include "kd/terminal.h"
#include "mm/mm.h"
#include "rtl/export.h"

#define KD_PRINT 512         /* longest text of one call */

VOID KdVPrint(PCSTR Prefix, PCSTR Format, va_list Arguments)
{
    CHAR Line[KD_PRINT];
    int Start = _snprintf(Line, sizeof(Line), "%s", Prefix), Length;

    Length = _vsnprintf(Line + Start, sizeof(Line) - (size_t)Start, Format, Arguments);
    if (Length < 0 || Start + Length > (int)sizeof(Line) - 1) {
        Length = sizeof(Line) - 1 - Start;
        Line[sizeof(Line) - 2] = '\n';      /* a cut line still ends */
    }
    KdWriteLine(&KdKernelLine, Line, (ULONG)(Start + Length));
}

/* Documentation: "DbgPrint". At most 511 bytes. IRQL: any; arguments of %s and %wZ must be resident above APC_LEVEL. */
ULONG DbgPrint(PCSTR Format, ...)
{
    va_list Arguments;

    va_start(Arguments, Format);
    KdVPrint("", Format, Arguments);
    va_end(Arguments);
    return STATUS_SUCCESS;
}
NT_EXPORT(DbgPrint);

/* Documentation: "DbgPrintEx". Errors are always printed, other levels in checked builds. */
ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...)
{
    va_list Arguments;

    UNREFERENCED_PARAMETER(ComponentId);
#if !DBG
    if (Level != DPFLTR_ERROR_LEVEL)
        return STATUS_SUCCESS;
#else
    UNREFERENCED_PARAMETER(Level);
#endif
    va_start(Arguments, Format);
    KdVPrint("", Format, Arguments);
    va_end(Arguments);
    return STATUS_SUCCESS;
}
NT_EXPORT(DbgPrintEx);

/* Without a debugger the breakpoint trap says where it was and goes on. IRQL: any. */
VOID DbgBreakPoint(VOID)
{
    __asm__ volatile("int3");
}
NT_EXPORT(DbgBreakPoint);

VOID DbgBreakPointWithStatus(ULONG Status)
{
    UNREFERENCED_PARAMETER(Status);
    DbgBreakPoint();
}
NT_EXPORT(DbgBreakPointWithStatus);

/* A failed ASSERT of the kernel or a driver is a bugcheck here: there is no one to press "ignore". IRQL: any. */
VOID RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PSTR Message)
{
    KiBugCheck(KERNEL_SECURITY_CHECK_FAILURE, (ULONG_PTR)FailedAssertion, (ULONG_PTR)FileName, LineNumber, 0, NULL,
               "assertion failed: %s%s%s at %s line %u", (PCSTR)FailedAssertion, Message != NULL ? ": " : "",
               Message != NULL ? Message : "", (PCSTR)FileName, LineNumber);
}
NT_EXPORT(RtlAssert);

/*
 * PAGED_CODE() at too high a level ("PAGED_CODE macro"): file and line, counted for its section. The code may get away
 * with it when its page happens to be in; it is wrong all the same. IRQL: any.
 */
VOID KdPagedCodeViolation(PCSTR File, ULONG Line)
{
    CHAR Text[KD_ADDRESS_TEXT];

    MmCountRaisedUse(__builtin_return_address(0));
    DbgPrint("PAGED_CODE: %s line %u, %s, runs at IRQL %u; pageable code may run at APC_LEVEL (1) at the most\n", File,
             Line, KdNameAddress(__builtin_return_address(0), Text), KeGetCurrentIrql());
}
NT_EXPORT(KdPagedCodeViolation);
