/*
 * Where a second processor begins: one page below 1 MiB, which the first MiB of RAM keeps for it (hal/multiboot.c).
 * Shared by boot/trampoline.S, which is copied there, and hal/startprocessor.c, which fills in its parameters.
 */
#pragma once

#define TRAMPOLINE_PHYSICAL 0x8000      /* page aligned: the start-up IPI carries the page's number as its vector */
