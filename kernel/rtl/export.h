/*
 * Exports: a routine or variable that drivers may import says so next to its definition: `NT_EXPORT(KeSetEvent);`.
 *
 * The linker sorts the records by name between KernelExportsStart and KernelExportsEnd, so the loader searches them by
 * halves. Export a name only with its documented type and behaviour.
 */
#pragma once

#include "ntdef.h"

typedef struct _LDR_EXPORT {
    PCSTR Name;
    PVOID Address;
} LDR_EXPORT, *PLDR_EXPORT;

#define NT_EXPORT(Symbol)                                                                                      \
    static const LDR_EXPORT Export_##Symbol __attribute__((section(".exports." #Symbol), used)) = {            \
        #Symbol, (PVOID)(ULONG_PTR)&Symbol}
