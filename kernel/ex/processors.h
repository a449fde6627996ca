/* Starting the second processors (processors.c), for kernel/ex/init.c. */
#pragma once

VOID ExStartProcessors(VOID);
