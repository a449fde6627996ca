/* Callback objects, inside the kernel; drivers see ExCreateCallback in exsync.h. */
#pragma once

#include "exsync.h"

/* Makes the object type and the directory \Callback. IRQL: PASSIVE_LEVEL, once, after Ob. */
NTSTATUS ExInitializeCallbacks(VOID);
