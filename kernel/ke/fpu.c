/*
 * Who owns the floating-point registers (x87, SSE, AVX), and the routines by which drivers borrow them.
 *
 * Kernel and drivers are compiled without these registers, so in the kernel they still hold what the running thread's
 * program had in them, and an interrupt or system call saves nothing. A thread that has an area (KTHREAD.FpuState) owns
 * the registers while it runs: KiSwapContext stores them there when it leaves it and loads them when it takes it up, on
 * whichever processor that is. Threads of programs have an area from their creation, filled with the state that the ABI
 * wants at their start; system threads have none, and cost nothing.
 *
 * A driver that wants to compute ("Using Floating Point in a WDM Driver") saves first. If its thread owns the
 * registers, they are copied into an area of the driver's, to come back from there; the thread goes on owning them, so
 * the driver may be displaced meanwhile. If not, the driver's area becomes the thread's until the state is restored. A
 * DPC borrows the thread that it interrupted, and is done with it before that thread can go on.
 */
#include "ke/ki.h"
#include "ke/fpu.h"
#include "executive.h"
#include "hal/hal.h"

#define KI_FPU_TAG 'upFK'

/* Parameter 1 of INVALID_FLOATING_POINT_STATE, as documented. */
enum { INVALID_SAVE_FLAGS = 0, INVALID_SAVE_IRQL = 1, INVALID_SAVE_THREAD = 2 };

/* What a register has when nothing was ever put into it. XSAVE's header is zero: every part in its initial state. */
static const KI_FPU_AREA KiFreshFpuArea = {.Control = FPU_INITIAL_CONTROL, .Mxcsr = FPU_INITIAL_MXCSR};
const LONG KiFpuNothing = 0;            /* read by RESTORE_FPU */

/*
 * An area with the state that a new thread begins with, or NULL. The pool aligns to less than XSAVE wants, so the block
 * is larger, and where it began stands in the bytes that the processor leaves to software. IRQL: <= DISPATCH_LEVEL.
 */
PVOID KiAllocateFpuArea(VOID)
{
    SIZE_T Size = HalFpuAreaSize + FPU_AREA_ALIGNMENT;
    PVOID Block = ExAllocatePoolWithTag(NonPagedPool, Size, KI_FPU_TAG);
    KI_FPU_AREA *Area;

    if (Block == NULL)
        return NULL;
    RtlZeroMemory(Block, Size);
    Area = (KI_FPU_AREA *)ALIGN_UP_BY(Block, FPU_AREA_ALIGNMENT);
    *Area = KiFreshFpuArea;
    Area->Block = Block;
    return Area;
}

/* IRQL: <= DISPATCH_LEVEL. Nobody's registers are in it; NULL is nothing to free. */
VOID KiFreeFpuArea(PVOID Area)
{
    if (Area != NULL)
        ExFreePoolWithTag(((KI_FPU_AREA *)Area)->Block, KI_FPU_TAG);
}

static VOID KiLoadFpu(const VOID *Area, ULONG64 Mask)
{
    if (HalHasXsave)
        __asm__ volatile("xrstor64 (%0)" : : "r"(Area), "a"((ULONG)Mask), "d"((ULONG)(Mask >> 32)) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(Area) : "memory");
}

static VOID KiStoreFpu(PVOID Area)
{
    if (HalHasXsave)
        __asm__ volatile("xsave64 (%0)" : : "r"(Area), "a"(~0u), "d"(~0u) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(Area) : "memory");
}

/* The state parts that the kernel keeps, out of those asked about ("RtlGetEnabledExtendedFeatures"). IRQL: any. */
ULONG64 RtlGetEnabledExtendedFeatures(ULONG64 FeatureMask)
{
    return HalFpuFeatures & FeatureMask;
}
NT_EXPORT(RtlGetEnabledExtendedFeatures);

/*
 * Saves the parts of the state that Mask names, which must be enabled ones, and gives the caller fresh registers with
 * all exceptions masked. The caller restores before it returns. IRQL: <= DISPATCH_LEVEL.
 * STATUS_INSUFFICIENT_RESOURCES: nothing has changed.
 */
NTSTATUS KeSaveExtendedProcessorState(ULONG64 Mask, PXSTATE_SAVE XStateSave)
{
    PKTHREAD Thread = KiCurrentThread();

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    ASSERT((Mask & ~HalFpuFeatures) == 0);
    XStateSave->Area = KiAllocateFpuArea();
    if (XStateSave->Area == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    XStateSave->Mask = Mask;
    XStateSave->Thread = Thread;
    XStateSave->Irql = KeGetCurrentIrql();
    XStateSave->Lent = Thread->FpuState == NULL;
    if (XStateSave->Lent)
        Thread->FpuState = XStateSave->Area;
    else
        KiStoreFpu(XStateSave->Area);
    KiLoadFpu(&KiFreshFpuArea, Mask);
    return STATUS_SUCCESS;
}
NT_EXPORT(KeSaveExtendedProcessorState);

/* The save that is restored is one of this thread's, at this level, not restored yet. */
static VOID KiCheckFpuSave(PXSTATE_SAVE Save, PKTHREAD Thread)
{
    KIRQL Irql = KeGetCurrentIrql();

    if (Save->Area == NULL)
        KiBugCheck(INVALID_FLOATING_POINT_STATE, INVALID_SAVE_FLAGS, 0, 0, 0, NULL,
                   "a floating-point state is restored a second time; each save has one restore");
    if (Save->Irql != Irql)
        KiBugCheck(INVALID_FLOATING_POINT_STATE, INVALID_SAVE_IRQL, Save->Irql, Irql, 0, NULL,
                   "a floating-point state that was saved at IRQL %u is restored at IRQL %u; both belong at the same level",
                   Save->Irql, Irql);
    if (Save->Thread != Thread)
        KiBugCheck(INVALID_FLOATING_POINT_STATE, INVALID_SAVE_THREAD, (ULONG_PTR)Save->Thread, (ULONG_PTR)Thread, 0, NULL,
                   "a floating-point state that thread %p saved is restored by thread %p; who saves restores, before the "
                   "routine returns", Save->Thread, Thread);
    if (Save->Lent && Thread->FpuState != Save->Area)
        KiBugCheck(INVALID_FLOATING_POINT_STATE, INVALID_SAVE_FLAGS, Save->Lent, 0, 0, NULL,
                   "a floating-point state is restored before one that was saved after it; the last saved is the first "
                   "restored");
}

/* Brings back what KeSaveExtendedProcessorState has saved. Thread and level must be the same, or the system stops. */
VOID KeRestoreExtendedProcessorState(PXSTATE_SAVE XStateSave)
{
    PKTHREAD Thread = KiCurrentThread();
    PVOID Area = XStateSave->Area;

    KiCheckFpuSave(XStateSave, Thread);
    if (XStateSave->Lent)
        Thread->FpuState = NULL;
    else
        KiLoadFpu(Area, XStateSave->Mask);
    XStateSave->Area = NULL;
    KiFreeFpuArea(Area);
}
NT_EXPORT(KeRestoreExtendedProcessorState);

/* As above, for x87 and SSE. */
NTSTATUS KeSaveFloatingPointState(PKFLOATING_SAVE FloatSave)
{
    return KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, FloatSave);
}
NT_EXPORT(KeSaveFloatingPointState);

NTSTATUS KeRestoreFloatingPointState(PKFLOATING_SAVE FloatSave)
{
    KeRestoreExtendedProcessorState(FloatSave);
    return STATUS_SUCCESS;
}
NT_EXPORT(KeRestoreFloatingPointState);
