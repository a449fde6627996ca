/* System worker threads, inside the kernel; drivers see ExQueueWorkItem in executive.h. */
#pragma once

#include "executive.h"

/* Makes the queues usable, before any thread exists: items queued now run when the threads are there. */
VOID ExInitializeWorkQueues(VOID);
/* Starts the worker threads. IRQL: PASSIVE_LEVEL, after Ps. Fails as PsCreateSystemThread does. */
NTSTATUS ExStartWorkerThreads(VOID);
