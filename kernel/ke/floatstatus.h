/*
 * From the exception bits of the floating-point unit to the documented statuses. Plain C, also compiled on the host.
 *
 * The x87 status word and MXCSR have the same six bits in the same places (AMD64 APM vol. 1, "x87 Status Word", "MXCSR
 * Register"); bit 6 of the former says that an invalid operation was one of the register stack.
 */
#pragma once

#include "ntstatus.h"

enum {
    FLOAT_INVALID = 0x01, FLOAT_DENORMAL = 0x02, FLOAT_ZERO_DIVIDE = 0x04, FLOAT_OVERFLOW = 0x08, FLOAT_UNDERFLOW = 0x10,
    FLOAT_PRECISION = 0x20, FLOAT_EXCEPTIONS = 0x3F, FLOAT_STACK_FAULT = 0x40
};
#define MXCSR_MASKS_SHIFT 7             /* MXCSR's masks of the six lie that much above them */

/*
 * Raised: the bits of what has happened and is not masked. Of several, the one that says most: those of operands, which
 * come before there is a result, first ("SIMD Floating-Point Exception Priority").
 */
static inline NTSTATUS KiFloatStatus(ULONG Raised)
{
    if (Raised & FLOAT_INVALID)
        return Raised & FLOAT_STACK_FAULT ? STATUS_FLOAT_STACK_CHECK : STATUS_FLOAT_INVALID_OPERATION;
    if (Raised & FLOAT_ZERO_DIVIDE)
        return STATUS_FLOAT_DIVIDE_BY_ZERO;
    if (Raised & FLOAT_DENORMAL)
        return STATUS_FLOAT_DENORMAL_OPERAND;
    if (Raised & FLOAT_OVERFLOW)
        return STATUS_FLOAT_OVERFLOW;
    if (Raised & FLOAT_UNDERFLOW)
        return STATUS_FLOAT_UNDERFLOW;
    return STATUS_FLOAT_INEXACT_RESULT;
}
