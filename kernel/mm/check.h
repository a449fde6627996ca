/*
 * What the files of the invariant walker share: check.c, which walks frames, page tables and sections, and
 * checkshared.c, which walks what belongs to no address space, or to several.
 */
#pragma once

#include "mm/mi.h"
#include "rtl/rtl.h"

typedef struct _MI_CHECK {
    PCHAR Report;
    SIZE_T ReportSize;
    BOOLEAN Consistent;
    ULONG64 Valid, Transition, Tables;          /* entries seen; tables of the address space that is being looked at */
    ULONG64 Shared, ShareTables;                /* entries that map shared frames, and tables that hold some */
    PULONG Shares;                              /* the same for each frame, over all address spaces */
    RTL_BITMAP Owned[MI_PAGING_FILES];          /* slots that somebody was found to own */
} MI_CHECK, *PMI_CHECK;

/* The first finding becomes the report. */
VOID MiFinding(PMI_CHECK Check, PCSTR Format, ...);
/* An entry, or what a frame goes back to, that names a slot owns it. */
VOID MiOwnSlotOf(PMI_CHECK Check, MMPTE Pte);

/* PFN lock and all working-set locks held. The first comes before all spaces, the last after them. */
VOID MiForgetViews(VOID);
VOID MiCheckShareTable(PMI_CHECK Check, PMMPTE Table, ULONG_PTR Base, ULONG64 Shared);
VOID MiCheckViews(PMI_CHECK Check, PMM_ADDRESS_SPACE Space);
VOID MiCheckVads(PMI_CHECK Check, PMM_ADDRESS_SPACE Space);
VOID MiCheckSegments(PMI_CHECK Check);
