/*
 * Sections without pragmas: the same placement as alloc_text, code_seg, data_seg and bss_seg, said by macros.
 *
 * The pragmas of the literature need the compiler plugin (tools/plugin). These macros work with it and without it, so a
 * source that has to compile with any GCC or Clang uses them; the kernel does.
 *
 *     DRIVER_UNLOAD SampleUnload;
 *     ALLOC_TEXT(PAGE, SampleUnload);              after the declaration, before the definition; static functions too
 *     INIT_CODE NTSTATUS DriverEntry(...)          or in front of the definition
 *     PAGED_DATA static ULONG SampleTable[] = { 1, 2, 3 };
 *     PAGED_BSS static UCHAR SampleBuffer[65536];  no bytes in the file
 *
 * Section names are written bare. Code and data never share a name; data that is initialised and data that is not
 * have sections of their own, so that the latter costs no room. Without the plugin, GCC would still inline a nonpaged
 * function into a pageable one: build with -fno-inline-small-functions -fno-inline-functions then.
 */
#pragma once

#ifndef __has_attribute
#define __has_attribute(x) 0
#endif

/* With the plugin, inlining and cloning stop at the section's edge; without it, they have to be forbidden outright. */
#if defined(__TIDEPOOL_PLUGIN__)
#define DDK_STAY_IN_SECTION
#elif __has_attribute(noclone)
#define DDK_STAY_IN_SECTION , noinline, noclone
#else
#define DDK_STAY_IN_SECTION , noinline
#endif

#define CODE_SECTION(Name) __attribute__((section(#Name) DDK_STAY_IN_SECTION))
#define DATA_SECTION(Name) __attribute__((section(#Name)))
#define CONST_SECTION(Name) __attribute__((section(#Name)))

/*
 * GCC knows an uninitialised section only by the name .bss; for others it is told in the assembler's words, and the '#'
 * hides the flags that GCC itself appends. Clang has no such way: there the variable takes room in the file.
 */
#if defined(__clang__)
#define BSS_SECTION(Name) __attribute__((section(#Name)))
#else
#define BSS_SECTION(Name) __attribute__((section(#Name ",\"aw\",@nobits#")))
#endif

/* Section Name for one function that has been declared and not yet defined. */
#define ALLOC_TEXT(Name, Function) extern __typeof__(Function) Function CODE_SECTION(Name)

#define PAGED_CODE_SECTION CODE_SECTION(PAGE)
#define PAGED_DATA DATA_SECTION(PAGEDATA)
#define PAGED_BSS BSS_SECTION(PAGEBSS)
#define PAGED_CONST CONST_SECTION(PAGECONS)

#define INIT_CODE CODE_SECTION(INIT)
#define INIT_DATA DATA_SECTION(INITDATA)
#define INIT_BSS BSS_SECTION(INITBSS)

/* Microsoft's operator form of #pragma, for use in macros. */
#ifndef __pragma
#define __pragma(...) _Pragma(#__VA_ARGS__)
#endif

/*
 * A compiler that does not know the pragmas would skip them, and pageable code would silently stay resident for good.
 * An `attempt to use poisoned "alloc_text"` (or code_seg, data_seg, bss_seg, const_seg) means just that: build with
 * the plugin, or use the macros above.
 */
#if !defined(__TIDEPOOL_PLUGIN__) && !defined(__clang__)
#pragma GCC poison alloc_text code_seg data_seg bss_seg const_seg
#elif defined(__clang__) && __clang_major__ < 15
#pragma GCC poison alloc_text
#endif
