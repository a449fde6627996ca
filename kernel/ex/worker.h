/* System worker threads, inside the kernel; drivers see ExQueueWorkItem in executive.h. */
#pragma once

#include "executive.h"

/*
 * Starts the worker threads. Items queued before that wait for them. IRQL: PASSIVE_LEVEL, after Ps. Fails as
 * PsCreateSystemThread does.
 */
NTSTATUS ExInitializeWorkQueues(VOID);
