/*
 * stdio.h: formatted output to standard output, and lines from standard input. Formats are those of the kernel's print
 * (kernel/rtl/format.c): %l is 32 bits, %I64 or %ll 64. Output is not kept back: what a call prints has been written
 * when it returns, in one piece up to 512 characters.
 */
#pragma once

#include "ntcrt.h"

#define EOF (-1)

int printf(const char *Format, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char *Format, va_list Arguments);
int puts(const char *Text);
int putchar(int Character);
/* A line without its newline, cut to what fits; NULL at the end of input. */
char *gets_s(char *Buffer, size_t Size);
