/*
 * The debugger's door: gdb sets breakpoints on these two (tools/gdb) and reads or forgets a module's symbols when
 * they are reached. They do nothing, but they must stay calls with the module in the first argument's register.
 */
#include "ldr/ldrp.h"

/* The sections are placed; DriverEntry has not run. IRQL: PASSIVE_LEVEL, loader lock held. */
DECLSPEC_NOINLINE VOID KdModuleLoaded(PLDR_MODULE Module)
{
    __asm__ volatile("" : : "r"(Module) : "memory");
}

/* The unload routine has returned; the sections are still there. IRQL: PASSIVE_LEVEL, loader lock held. */
DECLSPEC_NOINLINE VOID KdModuleUnloaded(PLDR_MODULE Module)
{
    __asm__ volatile("" : : "r"(Module) : "memory");
}
