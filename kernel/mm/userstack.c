/*
 * Stacks of programs: reserved as a whole, committed as they grow ("Thread Stack Size", "Creating Guard Pages").
 *
 *   Start                                         End
 *   +-------+- - - - - - - -+-------+---------------+
 *   | never |    reserved   | guard |   committed   |     grows to the left
 *   +-------+- - - - - - - -+-------+---------------+
 *
 * A touch of the guard page makes it a page like those above it and the one below it the guard. The page before the
 * last is the end: its touch is a stack overflow. Who skips the guard page finds nothing there; programs are compiled
 * so that each page of a frame is touched in turn (-fstack-clash-protection).
 *
 * Growing changes what is committed, so it takes the range lock, before the working-set lock and without any. The fault
 * has let go of everything by then and is tried again afterwards.
 */
#include "mm/mi.h"

#define FIRST_COMMIT (2 * PAGE_SIZE)
#define STACK_PROTECTION (MI_PROTECT_USER | MI_PROTECT_READ | MI_PROTECT_WRITE)

NTSTATUS MmCreateUserStack(PMM_ADDRESS_SPACE Space, SIZE_T Size, PULONG_PTR Base, PSIZE_T Total)
{
    MMVAD Template = {.Protection = STACK_PROTECTION, .Stack = TRUE};
    ULONG_PTR Length = max(ROUND_TO_PAGES(Size), FIRST_COMMIT + PAGE_SIZE) + PAGE_SIZE, Start = 0;
    MI_VIEW_END None;
    PMMVAD Vad;
    NTSTATUS Status = STATUS_PROCESS_IS_TERMINATING;

    MiLockRanges(Space);
    if (!Space->Deleting)
        Status = MiInsertVad(Space, &Template, &Start, Length, 0, &Vad);
    if (NT_SUCCESS(Status)) {
        ULONG_PTR Committed = Vad->End - FIRST_COMMIT;
        Status = MiCommitRange(Space, Vad, Committed, Vad->End, STACK_PROTECTION);
        if (NT_SUCCESS(Status))
            Status = MiCommitRange(Space, Vad, Committed - PAGE_SIZE, Committed, STACK_PROTECTION | MI_PROTECT_GUARD);
        if (!NT_SUCCESS(Status))
            MiReleaseVad(Space, Vad, &None);
    }
    MiUnlockRanges(Space);
    *Base = Start;
    *Total = Length;
    return Status;
}

/* A page of a stack whose guard was touched, as its entry says. Range lock and working-set lock held. */
static NTSTATUS MiMoveGuard(PMM_ADDRESS_SPACE Space, PMMVAD Vad, ULONG_PTR Page)
{
    BOOLEAN Last = Page <= Vad->Start + PAGE_SIZE;
    NTSTATUS Status = STATUS_STACK_OVERFLOW;

    if (!Last && !NT_SUCCESS(MiCommitRange(Space, Vad, Page - PAGE_SIZE, Page, STACK_PROTECTION | MI_PROTECT_GUARD)))
        return Status;                  /* nothing is left to promise: the stack ends here */
    MiProtectPage(Space, Vad, MiFindPte(Space->DirectoryTableBase, Page), Page, STACK_PROTECTION);
    return Last ? Status : STATUS_SUCCESS;
}

NTSTATUS MiGrowStack(PMM_ADDRESS_SPACE Space, ULONG_PTR Address)
{
    ULONG_PTR Page = Address & ~(ULONG_PTR)(PAGE_SIZE - 1);
    NTSTATUS Status = STATUS_GUARD_PAGE_VIOLATION;
    PMMVAD Vad;

    MiLockRanges(Space);
    Vad = MiFindVad(Space, Address);
    if (Vad != NULL && Vad->Stack) {
        PMMPTE Pte = MiFindPte(Space->DirectoryTableBase, Page);
        MMPTE Value = Pte != NULL ? MiReadPte(Pte) : MiMakeZero();
        /* Another thread may have touched it, too, and been first: then there is nothing left to do. */
        Status = !MiIsValid(Value) && (MiProtectionOf(Value) & MI_PROTECT_GUARD) ? MiMoveGuard(Space, Vad, Page)
                                                                                 : STATUS_SUCCESS;
    }
    MiUnlockRanges(Space);
    return Status;
}
