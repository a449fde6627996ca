/* stdlib.h: memory from the heap, numbers from text, the end of the program. */
#pragma once

#include "ntcrt.h"

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

void *malloc(size_t Size);
void *calloc(size_t Count, size_t Size);
void *realloc(void *Block, size_t Size);
void free(void *Block);
unsigned long long strtoull(const char *Text, char **End, int Base);
void exit(int Status) __attribute__((noreturn));
void abort(void) __attribute__((noreturn));
