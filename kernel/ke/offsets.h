/*
 * Structure offsets and constants that assembly knows. ke/processor.c checks every one against its structure.
 */
#pragma once

#define PRCB_CURRENT_THREAD 0x08
#define PRCB_KERNEL_STACK_TOP 0x10
#define PRCB_USER_RSP 0x18
#define PRCB_LOADED_PROCESS 0x20
#define PRCB_TSS 0x28

#define TSS_RSP0 0x04

#define THREAD_KERNEL_STACK 0x18
#define THREAD_INITIAL_STACK 0x20
#define THREAD_PROCESS 0x50
#define THREAD_USER_APC_PENDING 0x5A
#define THREAD_FPU_STATE 0x60
#define THREAD_PREVIOUS_MODE 0x70
#define THREAD_EXIT_REQUESTED 0x71
#define THREAD_COMBINED_APC_DISABLE 0x74

#define TRAP_FRAME_RAX 0x70
#define TRAP_FRAME_VECTOR 0x78
#define TRAP_FRAME_RIP 0x88
#define TRAP_FRAME_CS 0x90
#define TRAP_FRAME_SYSTEM_CALL 0x100   /* Vector of a frame that a system call was made into */

#define SELECTOR_USER_CODE 0x33
#define SELECTOR_USER_DATA 0x2B

#define SERVICE_ENTRY_SHIFT 4       /* sizeof(KI_SERVICE) == 16 */
#define SERVICE_ARGUMENT_COUNT 8
#define SERVICE_REGISTER_ARGUMENTS 6
#define SERVICE_MAXIMUM_ARGUMENTS 16

#define MSR_GS_BASE 0xC0000101
