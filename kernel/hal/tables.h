/*
 * Descriptor tables as the processor reads them (AMD64 Architecture Programmer's Manual vol. 2, chapters 4, 8 and 12).
 */
#pragma once

#include "wdm.h"

#define HAL_SEGMENT_KERNEL_CODE 0x00AF9B000000FFFFull
#define HAL_SEGMENT_KERNEL_DATA 0x00CF93000000FFFFull
#define HAL_SEGMENT_USER_DATA   0x00CFF3000000FFFFull
#define HAL_SEGMENT_USER_CODE   0x00AFFB000000FFFFull
#define HAL_SEGMENT_TSS         0x0000890000000000ull   /* available 64-bit TSS, present */

#define HAL_GATE_INTERRUPT 0x8E00
#define HAL_GATE_USER      0x6000
typedef struct __attribute__((packed)) _HAL_GATE {
    USHORT OffsetLow, Selector;
    USHORT Attributes;          /* bits 0-2: the interrupt stack's number, 0 for none */
    USHORT OffsetMiddle;
    ULONG OffsetHigh, Reserved;
} HAL_GATE;
C_ASSERT(sizeof(HAL_GATE) == 16);

#define HAL_VECTOR_NMI 2
#define HAL_VECTOR_BREAKPOINT 3
#define HAL_VECTOR_DOUBLE_FAULT 8
#define HAL_VECTOR_MACHINE_CHECK 18

/* Interrupt stack numbers, counted from 1 as the gates do. */
#define HAL_IST_NMI 1
#define HAL_IST_DOUBLE_FAULT 2
#define HAL_IST_MACHINE_CHECK 3
#define HAL_IST_COUNT 3
#define HAL_INTERRUPT_STACK_SIZE 4096

typedef struct __attribute__((packed)) _HAL_TSS {
    ULONG Reserved0;
    ULONG64 Rsp0, Rsp1, Rsp2, Reserved1;
    ULONG64 Ist[7];
    ULONG64 Reserved2;
    USHORT Reserved3, IoMap;
} HAL_TSS;
C_ASSERT(sizeof(HAL_TSS) == 104);

typedef struct DECLSPEC_ALIGN(64) _HAL_PROCESSOR_TABLES {
    ULONG64 Gdt[16];
    HAL_TSS Tss;
    UCHAR InterruptStacks[HAL_IST_COUNT][HAL_INTERRUPT_STACK_SIZE] DECLSPEC_ALIGN(16);
} HAL_PROCESSOR_TABLES;
