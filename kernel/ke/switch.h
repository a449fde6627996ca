/* Offsets that switch.S knows; checked against the structures in scheduler.c. */
#pragma once

#define KTHREAD_KERNEL_STACK    0x18
#define KTHREAD_INITIAL_STACK   0x20
#define KTHREAD_PROCESS         0x30
#define KPROCESS_DIRECTORY_BASE 0x18
#define KPRCB_CURRENT_THREAD    0x08
#define KPRCB_KERNEL_STACK_TOP  0x10

/* What KiSwapContext pushes, and KeInitializeThread lays out for a thread that has never run: six registers. */
#define KI_SWITCH_FRAME_SIZE    0x30
