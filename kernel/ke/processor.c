/*
 * The processor blocks, and the proof that the offsets which assembly uses are those of the structures.
 */
#include "ke/ke.h"
#include "ke/trap.h"
#include "hal/tables.h"
#include "rtl/export.h"

#define SAME_OFFSET(name, type, field) C_ASSERT(offsetof(type, field) == (name))
SAME_OFFSET(0, KPRCB, Self);
SAME_OFFSET(PRCB_CURRENT_THREAD, KPRCB, CurrentThread);
SAME_OFFSET(PRCB_KERNEL_STACK_TOP, KPRCB, KernelStackTop);
SAME_OFFSET(PRCB_USER_RSP, KPRCB, UserRsp);
SAME_OFFSET(PRCB_LOADED_PROCESS, KPRCB, LoadedProcess);
SAME_OFFSET(PRCB_TSS, KPRCB, Tss);
SAME_OFFSET(TSS_RSP0, HAL_TSS, Rsp0);
SAME_OFFSET(THREAD_KERNEL_STACK, KTHREAD, KernelStack);
SAME_OFFSET(THREAD_INITIAL_STACK, KTHREAD, InitialStack);
SAME_OFFSET(THREAD_PROCESS, KTHREAD, ApcState.Process);
SAME_OFFSET(THREAD_USER_APC_PENDING, KTHREAD, ApcState.UserApcPending);
SAME_OFFSET(THREAD_COMBINED_APC_DISABLE, KTHREAD, CombinedApcDisable);
SAME_OFFSET(THREAD_FPU_STATE, KTHREAD, FpuState);
SAME_OFFSET(THREAD_PREVIOUS_MODE, KTHREAD, PreviousMode);
SAME_OFFSET(THREAD_EXIT_REQUESTED, KTHREAD, ExitRequested);
SAME_OFFSET(TRAP_FRAME_RAX, KTRAP_FRAME, Rax);
SAME_OFFSET(TRAP_FRAME_VECTOR, KTRAP_FRAME, Vector);
SAME_OFFSET(TRAP_FRAME_RIP, KTRAP_FRAME, Rip);
SAME_OFFSET(TRAP_FRAME_CS, KTRAP_FRAME, SegCs);
C_ASSERT(sizeof(KI_SERVICE) == 1 << SERVICE_ENTRY_SHIFT);
C_ASSERT(offsetof(KI_SERVICE, ArgumentCount) == SERVICE_ARGUMENT_COUNT);
C_ASSERT(SELECTOR_USER_CODE == KGDT_R3_CODE && SELECTOR_USER_DATA == KGDT_R3_DATA);

PKPRCB KiProcessorBlock[MAXIMUM_PROCESSORS];
ULONG KeNumberProcessors = 1;

ULONG KeGetCurrentProcessorNumber(VOID)
{
    return KeGetCurrentPrcb()->Number;
}
NT_EXPORT(KeGetCurrentProcessorNumber);

ULONG KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors)
{
    if (ActiveProcessors != NULL)
        *ActiveProcessors = ((KAFFINITY)1 << KeNumberProcessors) - 1;
    return KeNumberProcessors;
}
NT_EXPORT(KeQueryActiveProcessorCount);

/* A bit for each processor that runs ("KeQueryActiveProcessors"). IRQL: any. */
KAFFINITY KeQueryActiveProcessors(VOID)
{
    KAFFINITY Active;

    KeQueryActiveProcessorCount(&Active);
    return Active;
}
NT_EXPORT(KeQueryActiveProcessors);

PKTHREAD KeGetCurrentThread(VOID)
{
    return KiCurrentThread();
}
NT_EXPORT(KeGetCurrentThread);

/* Documentation: "ExGetPreviousMode": on whose behalf the current thread runs a system service. IRQL: any. */
KPROCESSOR_MODE ExGetPreviousMode(VOID)
{
    return KiCurrentThread()->PreviousMode;
}
NT_EXPORT(ExGetPreviousMode);
