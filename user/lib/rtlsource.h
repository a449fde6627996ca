/*
 * The C library's memory, string and print routines are those of the kernel, from the same sources: kernel/rtl is
 * plain C without state. Each file of this folder that includes one of them includes this first. Programs export
 * nothing to drivers.
 */
#pragma once

#include "../../kernel/rtl/rtl.h"

#undef NT_EXPORT
#define NT_EXPORT(Symbol) C_ASSERT(sizeof(&Symbol) == sizeof(PVOID))
