/* Boot options: the kernel's command line as key=value words. */
#pragma once
#include "wdm.h"
VOID ExInitializeOptions(PCSTR CommandLine);
/* The value of a key, or NULL when it was not given. The string stays. IRQL: any. */
PCSTR ExQueryBootOption(PCSTR Key);
/* A size with a suffix K, M or G; Default when it was not given or is no size (which is said). */
ULONG64 ExQueryBootSize(PCSTR Key, ULONG64 Default);
