/*
 * Bugchecks of the pager that state the rule in words: what was touched, by whom, at which level, what state it is in,
 * and what would have been right.
 */
#include "mm/mi.h"
#include "kd/kd.h"

/*
 * Room for who touched what: an instruction that cannot be fetched is both, and is named once; who called it is in the
 * stack.
 */
#define MI_TOUCH_TEXT (2 * KD_ADDRESS_TEXT + 16)

static PCSTR MiTouchWords(PCHAR Text, ULONG_PTR Address, ULONG Reason, ULONG64 Rip)
{
    CHAR Who[KD_ADDRESS_TEXT], What[KD_ADDRESS_TEXT];

    KdNameAddress((PVOID)Address, What);
    if (Address == Rip)
        _snprintf(Text, MI_TOUCH_TEXT, "%s was called", What);
    else
        _snprintf(Text, MI_TOUCH_TEXT, "%s %s %s", KdNameAddress((PVOID)Rip, Who),
                  (Reason & MM_FAULT_EXECUTE) ? "executed" : (Reason & MM_FAULT_WRITE) ? "wrote" : "read", What);
    return Text;
}

/* Why a touch of that address faults, as far as its entry tells. */
static PCSTR MiStateWords(PMMPTE Pte)
{
    MMPTE Value = Pte != NULL ? MiReadPte(Pte) : MiMakeZero();

    if (MiIsValid(Value))
        return "in memory but may not be used that way";
    switch (MiKindOf(Value)) {
    case MiPteDemandZero: return "pageable and was never touched";
    case MiPteTransition: return "pageable and out of the working set";
    case MiPtePagingFile: return "pageable and paged out";
    case MiPteDiscarded: return "discarded: it was INIT";
    default: return "not there at all";
    }
}

/*
 * A fault at DISPATCH_LEVEL or above, or at a lower level with interrupts off. STATUS_SUCCESS: another processor has
 * resolved it meanwhile. Else a bugcheck: 0xD1 when a driver's code did it, 0xA when the kernel's did ("Bug Check 0xA",
 * "Bug Check 0xD1"). Parameters as documented: address, level, access (bit 0 write, bit 3 execute), instruction.
 */
NTSTATUS MiFaultAtRaisedIrql(ULONG_PTR Address, ULONG Reason, KIRQL Irql, PKTRAP_FRAME Frame)
{
    ULONG64 Root;
    PMMPTE Pte;
    ULONG Code, Access = ((Reason & MM_FAULT_WRITE) ? 1u : 0u) | ((Reason & MM_FAULT_EXECUTE) ? 8u : 0u);
    CHAR Touch[MI_TOUCH_TEXT];
    PMM_SECTION Section;
    BOOLEAN InterruptsOff = Irql <= APC_LEVEL;
    PCSTR Remedy;

    __asm__ volatile("movq %%cr3, %0" : "=r"(Root));
    Pte = Address > MM_HIGHEST_USER_ADDRESS && Address < MM_SYSTEM_RANGE_START ? NULL
                                                                               : MiFindPte(Root & MI_PTE_FRAME_MASK, Address);
    if (Pte != NULL && MiIsValid(MiReadPte(Pte)) &&
        MiPermits(MiProtectionOf(MiReadPte(Pte)), Reason & MM_FAULT_WRITE, Reason & MM_FAULT_EXECUTE, 0) &&
        (Address >= MM_SYSTEM_RANGE_START || !(Reason & MM_FAULT_PRESENT))) {
        MiFlushHere(Address);
        return STATUS_SUCCESS;
    }
    Section = MmFindSection((PVOID)Address);
    if (InterruptsOff)
        Remedy = "with interrupts off nothing can be waited for, so only nonpaged or locked memory may be touched";
    else if (Address < MM_SYSTEM_RANGE_START)
        Remedy = "user memory may be touched only in the caller's thread, at APC_LEVEL or below, after a probe";
    else if (Section != NULL && Section->Kind == MmSectionDiscarded)
        Remedy = "nothing of INIT may be needed once DriverEntry has returned: move it to another section";
    else if (Section != NULL)
        Remedy = "lock the section first (MmLockPagableCodeSection or MmLockPagableDataSection), or stay at APC_LEVEL or below";
    else
        Remedy = "at DISPATCH_LEVEL and above only nonpaged or locked memory may be touched";
    Code = Frame->Rip >= MM_DRIVER_IMAGES ? DRIVER_IRQL_NOT_LESS_OR_EQUAL : IRQL_NOT_LESS_OR_EQUAL;
    KiBugCheck(Code, Address, Irql, Access, Frame->Rip, Frame, "%s at IRQL %u%s; it is %s. The rule: %s",
               MiTouchWords(Touch, Address, Reason, Frame->Rip), Irql, InterruptsOff ? " with interrupts off" : "",
               MiStateWords(Pte), Remedy);
}

DECLSPEC_NORETURN VOID MiTouchedDiscarded(ULONG_PTR Address, PKTRAP_FRAME Frame)
{
    CHAR Touch[MI_TOUCH_TEXT];

    KiBugCheck(PAGE_FAULT_IN_NONPAGED_AREA, Address, Frame->ErrorCode, Frame->Rip, 0, Frame,
               "%s; it was INIT and is discarded. The rule: nothing of INIT may be needed once DriverEntry has returned",
               MiTouchWords(Touch, Address, (ULONG)Frame->ErrorCode, Frame->Rip));
}
