/*
 * Where things lie in the upper half: the one table. Every range's top-level entry is made at boot and shared by all
 * processes, so that a system address means the same everywhere.
 *
 *   range                   begins                 may grow to    backed by
 *   direct map of RAM       FFFF8000'00000000      32 TiB         2 MiB pages, read-write, never executable
 *   PFN database            FFFFA000'00000000      64 GiB         frames set aside at boot
 *   nonpaged pool           FFFFA010'00000000      64 GiB         frames, mapped as the pool grows
 *   paged pool              FFFFA020'00000000      64 GiB         demand-zero pages
 *   system PTEs             FFFFA030'00000000      64 MiB         kernel stacks, I/O and MDL mappings
 *   kernel image            FFFFFFFF'80000000      512 MiB        at its physical address plus this
 *   driver images           FFFFFFFF'A0000000      256 MiB        within 2 GiB of the kernel, for 32-bit relative code
 */
#pragma once

#define MM_SYSTEM_RANGE_START   0xFFFF800000000000ull
#define MM_DIRECT_MAP           0xFFFF800000000000ull
#define MM_DIRECT_MAP_SIZE      0x0000200000000000ull
#define MM_PFN_DATABASE         0xFFFFA00000000000ull
#define MM_NONPAGED_POOL        0xFFFFA01000000000ull
#define MM_PAGED_POOL           0xFFFFA02000000000ull
#define MM_SYSTEM_PTES          0xFFFFA03000000000ull
#define MM_SYSTEM_PTE_PAGES     0x4000ull
#define MM_KERNEL_BASE          0xFFFFFFFF80000000ull
#define MM_DRIVER_IMAGES        0xFFFFFFFFA0000000ull
#define MM_DRIVER_IMAGE_PAGES   0x10000ull
