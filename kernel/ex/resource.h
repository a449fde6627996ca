/* What resource.c and resourcestate.c share of resources (exsync.h). */
#pragma once

#include "exsync.h"
#include "ke/rules.h"
#include "rtl/export.h"

#define EXP_RESOURCE_TAG 'seRE'

/* Stops the system: Owner gives back, converts or passes on what it does not own. Lock held or not. */
DECLSPEC_NORETURN VOID ExpResourceNotOwned(PERESOURCE Resource, ERESOURCE_THREAD Owner, PVOID Caller);

FORCEINLINE BOOLEAN ExpIsExclusive(PERESOURCE Resource)
{
    return (Resource->Flag & ResourceOwnedExclusive) != 0;
}

/* The entry of an owner, or NULL. Lock held. */
FORCEINLINE POWNER_ENTRY ExpFindOwner(PERESOURCE Resource, ERESOURCE_THREAD Owner)
{
    if (Resource->OwnerEntry.OwnerCount != 0 && Resource->OwnerEntry.OwnerThread == Owner)
        return &Resource->OwnerEntry;
    for (ULONG Index = 0; Index < Resource->TableSize; Index++)
        if (Resource->OwnerTable[Index].OwnerCount != 0 && Resource->OwnerTable[Index].OwnerThread == Owner)
            return &Resource->OwnerTable[Index];
    return NULL;
}
