/*
 * Classification by section name: where a driver's author wants a section to live. The match is case-sensitive.
 *
 *   PAGE + 0 to 4 characters, .page + 0 to 4 characters     pageable
 *   names that begin with .edata or .EDATA                  pageable
 *   INIT, .init                                             discarded after DriverEntry
 *   INITDATA, INITBSS                                       the same, by the custom that gives data a name of its own
 *   everything else                                         nonpaged
 *
 * One name cannot hold code and data at once, and DriverEntry's data may be discarded with it, so INIT has companions
 * as PAGE has PAGEDATA and PAGEBSS.
 */
#include "rtl/rtl.h"
#include "ldrelf.h"

#define LDRP_LONGEST_SUFFIX 4

static BOOLEAN LdrpBeginsWith(PCSTR Name, PCSTR Prefix)
{
    return strncmp(Name, Prefix, strlen(Prefix)) == 0;
}

static BOOLEAN LdrpBeginsWithInAnyCase(PCSTR Name, PCSTR Prefix)
{
    return _strnicmp(Name, Prefix, strlen(Prefix)) == 0;
}

/* Whether Name is Base with or without its dot, in any case. */
static BOOLEAN LdrpIsInAnyCase(PCSTR Name, PCSTR Base)
{
    return _stricmp(Name + (Name[0] == '.'), Base) == 0;
}

LDR_NAME_VERDICT LdrElfClassifyName(PCSTR Name)
{
    static const PCSTR PagePrefixes[] = {"PAGE", ".page"};

    for (SIZE_T Index = 0; Index < ARRAYSIZE(PagePrefixes); Index++) {
        if (LdrpBeginsWith(Name, PagePrefixes[Index])) {
            SIZE_T Suffix = strlen(Name) - strlen(PagePrefixes[Index]);
            return Suffix <= LDRP_LONGEST_SUFFIX ? LdrNamePageable : LdrNameTooLong;
        }
    }
    if (LdrpBeginsWith(Name, ".edata") || LdrpBeginsWith(Name, ".EDATA")) {
        return LdrNamePageable;
    }
    if (strcmp(Name, "INIT") == 0 || strcmp(Name, ".init") == 0 || strcmp(Name, "INITDATA") == 0 ||
        strcmp(Name, "INITBSS") == 0) {
        return LdrNameInit;
    }
    if (LdrpBeginsWithInAnyCase(Name, "page") || LdrpBeginsWithInAnyCase(Name, ".page") ||
        LdrpIsInAnyCase(Name, "init") || LdrpIsInAnyCase(Name, "initdata") || LdrpIsInAnyCase(Name, "initbss") ||
        LdrpBeginsWithInAnyCase(Name, ".edata")) {
        return LdrNameNearMiss;
    }
    return LdrNameNonpaged;
}
