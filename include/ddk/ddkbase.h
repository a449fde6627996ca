/*
 * The words that driver sources are decorated with, assertions, and the C run-time routines of the kernel.
 */
#pragma once

#include "ntcrt.h"
#include "ntdef.h"

/* Annotations: they say something to Microsoft's analyser and nothing to the compiler ("SAL annotations"). */
#define _In_
#define _In_opt_
#define _Out_
#define _Out_opt_
#define _Inout_
#define _Inout_opt_
#define _In_z_
#define _In_opt_z_
#define _Reserved_
#define _Outptr_
#define _Outptr_opt_
#define _In_reads_(...)
#define _In_reads_opt_(...)
#define _In_reads_bytes_(...)
#define _In_reads_bytes_opt_(...)
#define _In_reads_z_(...)
#define _Out_writes_(...)
#define _Out_writes_opt_(...)
#define _Out_writes_bytes_(...)
#define _Out_writes_bytes_opt_(...)
#define _Out_writes_to_(...)
#define _Out_writes_bytes_to_(...)
#define _Inout_updates_(...)
#define _Inout_updates_bytes_(...)
#define _Inout_updates_opt_(...)
#define _When_(...)
#define _At_(...)
#define _Success_(...)
#define _Function_class_(...)
#define _IRQL_requires_(...)
#define _IRQL_requires_max_(...)
#define _IRQL_requires_min_(...)
#define _IRQL_requires_same_
#define _IRQL_raises_(...)
#define _IRQL_saves_
#define _IRQL_saves_global_(...)
#define _IRQL_restores_
#define _IRQL_restores_global_(...)
#define _IRQL_always_function_max_(...)
#define _IRQL_always_function_min_(...)
#define _Requires_lock_held_(...)
#define _Requires_lock_not_held_(...)
#define _Acquires_lock_(...)
#define _Releases_lock_(...)
#define _Acquires_exclusive_lock_(...)
#define _Releases_exclusive_lock_(...)
#define _Acquires_shared_lock_(...)
#define _Releases_shared_lock_(...)
#define _Guarded_by_(...)
#define _Interlocked_
#define _Interlocked_operand_
#define _Must_inspect_result_
#define _Check_return_
#define _Use_decl_annotations_
#define _Dispatch_type_(...)
#define _Field_range_(...)
#define _Field_size_(...)
#define _Field_size_bytes_(...)
#define _In_range_(...)
#define _Out_range_(...)
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Post_invalid_
#define _Post_satisfies_(...)
#define _Pre_satisfies_(...)
#define _Pre_notnull_
#define _Notnull_
#define _Maybenull_
#define _Null_
#define _Null_terminated_
#define _Printf_format_string_
#define _Strict_type_match_
#define _Analysis_assume_(...)
#define _Analysis_assume_lock_held_(...)
#define _Analysis_assume_lock_not_held_(...)
#define _Analysis_mode_(...)
#define _Kernel_clear_do_init_(...)
#define _Kernel_requires_resource_held_(...)
#define _Kernel_requires_resource_not_held_(...)
#define _Kernel_acquires_resource_(...)
#define _Kernel_releases_resource_(...)
#define _Kernel_float_saved_
#define _Kernel_float_restored_
#define __drv_when(...)
#define __drv_at(...)
#define __drv_allocatesMem(...)
#define __drv_freesMem(...)
#define __drv_aliasesMem
#define __drv_requiresIRQL(...)
#define __drv_maxIRQL(...)
#define __drv_minIRQL(...)
#define __drv_sameIRQL
#define __drv_raisesIRQL(...)
#define __drv_savesIRQL
#define __drv_restoresIRQL
#define __drv_dispatchType(...)
#define __drv_functionClass(...)
#define __drv_strictType(...)
#define __drv_strictTypeMatch(...)
#define __drv_clearDoInit(...)
#define __drv_aliasesMem
#define __drv_acquiresExclusiveResource(...)
#define __drv_releasesExclusiveResource(...)
#define __in
#define __in_opt
#define __in_bcount(...)
#define __in_bcount_opt(...)
#define __in_ecount(...)
#define __in_ecount_opt(...)
#define __out
#define __out_opt
#define __out_bcount(...)
#define __out_bcount_opt(...)
#define __out_bcount_part(...)
#define __out_ecount(...)
#define __out_ecount_opt(...)
#define __inout
#define __inout_opt
#define __inout_bcount(...)
#define __deref_out
#define __deref_opt_out
#define __checkReturn
#define __reserved
#define __field_bcount(...)
#define __field_ecount(...)
#define __success(...)
#define __analysis_assume(...)
#define __annotation(...)

/* __declspec(x): each word becomes an attribute of gcc's, or nothing. */
#define __declspec(x) DDK_DECLSPEC_##x
#define DDK_DECLSPEC_noreturn __attribute__((noreturn))
#define DDK_DECLSPEC_noinline __attribute__((noinline))
#define DDK_DECLSPEC_naked __attribute__((naked))
#define DDK_DECLSPEC_selectany __attribute__((weak))
#define DDK_DECLSPEC_dllimport
#define DDK_DECLSPEC_dllexport
#define DDK_DECLSPEC_novtable
#define DDK_DECLSPEC_nothrow
#define DDK_DECLSPEC_align(n) __attribute__((aligned(n)))
#define DDK_DECLSPEC_code_seg(name) __attribute__((section(name)))
#define DDK_DECLSPEC_allocate(name) __attribute__((section(name)))
#define DECLSPEC_IMPORT
#define DECLSPEC_EXPORT

/*
 * Lets other drivers import a routine or variable of this one by name. The loader reads the names out of the section
 * `.exports` and looks the global symbols up; the section itself is not loaded.
 */
#define EXPORT_DRIVER_ROUTINE(Symbol)                                                                          \
    static const CHAR Export_##Symbol[] __attribute__((section(".exports"), used)) = #Symbol
#define EXTERN_C extern
#define NTKERNELAPI
#define NTSYSAPI
#define NTHALAPI
#define NTSYSCALLAPI

#define PAGE_SIZE 0x1000
#define PAGE_SHIFT 12
#define PAGE_ALIGN(Va) ((PVOID)((ULONG_PTR)(Va) & ~(ULONG_PTR)(PAGE_SIZE - 1)))
#define BYTE_OFFSET(Va) ((ULONG)((ULONG_PTR)(Va) & (PAGE_SIZE - 1)))
#define BYTES_TO_PAGES(Size) ((ULONG)(((SIZE_T)(Size) >> PAGE_SHIFT) + (((SIZE_T)(Size) & (PAGE_SIZE - 1)) != 0)))
#define ROUND_TO_PAGES(Size) (((ULONG_PTR)(Size) + PAGE_SIZE - 1) & ~(ULONG_PTR)(PAGE_SIZE - 1))
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(Va, Size)                                                               \
    ((ULONG)(((((SIZE_T)(ULONG_PTR)(Va)) & (PAGE_SIZE - 1)) + (SIZE_T)(Size) + (PAGE_SIZE - 1)) >> PAGE_SHIFT))
#define COMPUTE_PAGES_SPANNED(Va, Size) ADDRESS_AND_SIZE_TO_SPAN_PAGES(Va, Size)

/* Debug print and assertions. DbgPrint works at every IRQL and touches no pageable memory. */
ULONG DbgPrint(PCSTR Format, ...);
ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...);
VOID DbgBreakPoint(VOID);
VOID DbgBreakPointWithStatus(ULONG Status);
VOID RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PSTR Message);
#define DPFLTR_ERROR_LEVEL 0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL 2
#define DPFLTR_INFO_LEVEL 3
#define DPFLTR_DEFAULT_ID 101
#define DPFLTR_IHVDRIVER_ID 77

#if DBG
#define KdPrint(_x_) DbgPrint _x_
#define KdPrintEx(_x_) DbgPrintEx _x_
#define KdBreakPoint() DbgBreakPoint()
#define ASSERT(exp) ((!(exp)) ? (RtlAssert((PVOID)#exp, (PVOID)__FILE__, __LINE__, NULL), FALSE) : TRUE)
#define ASSERTMSG(msg, exp) ((!(exp)) ? (RtlAssert((PVOID)#exp, (PVOID)__FILE__, __LINE__, (PSTR)(msg)), FALSE) : TRUE)
#else
#define KdPrint(_x_) ((void)0)
#define KdPrintEx(_x_) ((void)0)
#define KdBreakPoint() ((void)0)
#define ASSERT(exp) ((void)0)
#define ASSERTMSG(msg, exp) ((void)0)
#endif
#define NT_ASSERT ASSERT
#define NT_VERIFY(exp) ASSERT(exp)
#define ASSERT_IRQL_LESS_OR_EQUAL(x) ASSERT(KeGetCurrentIrql() <= (x))

/* PAGED_CODE(): see KdPagedCodeViolation in the kernel ("PAGED_CODE macro"). */
VOID KdPagedCodeViolation(PCSTR File, ULONG Line);
#if DBG
#define PAGED_CODE()                                                                                           \
    do {                                                                                                       \
        if (KeGetCurrentIrql() > APC_LEVEL)                                                                    \
            KdPagedCodeViolation(__FILE__, __LINE__);                                                          \
    } while (0)
#else
#define PAGED_CODE() ((void)0)
#endif

/* Flags in a word ("FlagOn", "BooleanFlagOn"). */
#define FlagOn(Flags, SingleFlag) ((Flags) & (SingleFlag))
#define BooleanFlagOn(Flags, SingleFlag) ((BOOLEAN)(((Flags) & (SingleFlag)) != 0))
#define SetFlag(Flags, SingleFlag) ((Flags) |= (SingleFlag))
#define ClearFlag(Flags, SingleFlag) ((Flags) &= ~(SingleFlag))

/* 32 times 32 bits are 64. */
#define Int32x32To64(a, b) ((LONGLONG)(LONG)(a) * (LONGLONG)(LONG)(b))
#define UInt32x32To64(a, b) ((ULONGLONG)(ULONG)(a) * (ULONGLONG)(ULONG)(b))

/* RFLAGS ("__readeflags"): bit 9 is whether interrupts are on. */
FORCEINLINE ULONG64 __readeflags(VOID)
{
    ULONG64 Flags;
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(Flags));
    return Flags;
}

/* Memory (the C run-time is in ntcrt.h). */
#define RtlCopyMemory(d, s, n) memcpy((d), (s), (n))
#define RtlMoveMemory(d, s, n) memmove((d), (s), (n))
#define RtlFillMemory(d, n, v) memset((d), (v), (n))
#define RtlZeroMemory(d, n) memset((d), 0, (n))
#define RtlCopyBytes RtlCopyMemory
#define RtlZeroBytes RtlZeroMemory
#define RtlFillBytes RtlFillMemory
#define RtlMoveBytes RtlMoveMemory
#define RtlEqualMemory(a, b, n) (memcmp((a), (b), (n)) == 0)
#define RtlCopyMemoryNonTemporal RtlCopyMemory
#define RtlPrefetchMemoryNonTemporal(Source, Length) __builtin_prefetch(Source)
