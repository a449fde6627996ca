/* CONTEXT: the registers of a thread, in the documented layout of x64 ("CONTEXT structure"). */
#pragma once

#include "ntdef.h"

#define CONTEXT_AMD64 0x00100000u
#define CONTEXT_CONTROL (CONTEXT_AMD64 | 0x01u)     /* SegSs Rsp SegCs Rip EFlags */
#define CONTEXT_INTEGER (CONTEXT_AMD64 | 0x02u)     /* the other general registers */

typedef struct DECLSPEC_ALIGN(16) _M128A {
    ULONG64 Low;
    LONG64 High;
} M128A, *PM128A;

typedef struct DECLSPEC_ALIGN(16) _CONTEXT {
    ULONG64 P1Home, P2Home, P3Home, P4Home, P5Home, P6Home;
    ULONG ContextFlags;                 /* which parts are filled in */
    ULONG MxCsr;
    USHORT SegCs, SegDs, SegEs, SegFs, SegGs, SegSs;
    ULONG EFlags;
    ULONG64 Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
    ULONG64 Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15;
    ULONG64 Rip;
    UCHAR FltSave[512];                 /* as FXSAVE stores it */
    M128A VectorRegister[26];
    ULONG64 VectorControl;
    ULONG64 DebugControl, LastBranchToRip, LastBranchFromRip, LastExceptionToRip, LastExceptionFromRip;
} CONTEXT, *PCONTEXT;
C_ASSERT(sizeof(CONTEXT) == 1232);
