/*
 * The one door for taking back translations. Every write that makes an entry less permissive ends here, before the frame
 * is used for anything else.
 */
#include "mm/mi.h"

/*
 * System pages are global and user pages belong to the address space that is loaded; INVLPG drops both. Flushing an
 * address of a space that is not loaded is harmless: loading CR3 has dropped its translations already.
 */
VOID MiFlushTlb(const ULONG_PTR *Addresses, ULONG Count)
{
    ASSERT(KeNumberProcessors == 1);    /* more of them have to be told by interrupt, from here */
    for (ULONG i = 0; i < Count; i++)
        __asm__ volatile("invlpg (%0)" : : "r"(Addresses[i]) : "memory");
}
