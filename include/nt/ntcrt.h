/*
 * The part of the C run-time library that drivers may use, as the kernel provides it: memory, 8-bit and 16-bit
 * strings, character classes, number parsing and the NT flavour of formatted print.
 *
 * IRQL: any level, as long as the memory that is passed is resident at that level. None of them waits, allocates
 * or touches pageable memory of its own. WCHAR is 16 bits (-fshort-wchar), upper and lower case in str* and wcs*
 * are ASCII; RtlUpcaseUnicodeChar knows more letters.
 */
#pragma once

#include "ntdef.h"

/* Memory (kernel/rtl/memory.c). */
void *memcpy(void *Destination, const void *Source, size_t Length);
void *memmove(void *Destination, const void *Source, size_t Length);
void *memset(void *Destination, int Value, size_t Length);
int memcmp(const void *First, const void *Second, size_t Length);
void *memchr(const void *Buffer, int Value, size_t Length);

/* 8-bit strings (kernel/rtl/string.c). */
size_t strlen(const char *Text);
size_t strnlen(const char *Text, size_t Limit);
char *strcpy(char *Destination, const char *Source);
char *strncpy(char *Destination, const char *Source, size_t Count);
char *strcat(char *Destination, const char *Source);
char *strncat(char *Destination, const char *Source, size_t Count);
int strcmp(const char *First, const char *Second);
int strncmp(const char *First, const char *Second, size_t Count);
int _stricmp(const char *First, const char *Second);
int _strnicmp(const char *First, const char *Second, size_t Count);
char *strchr(const char *Text, int Character);
char *strrchr(const char *Text, int Character);
char *strstr(const char *Text, const char *Pattern);
size_t strspn(const char *Text, const char *Accept);
size_t strcspn(const char *Text, const char *Reject);
char *strpbrk(const char *Text, const char *Accept);
char *_strlwr(char *Text);
char *_strupr(char *Text);

/* Character classes and numbers (kernel/rtl/ctype.c). */
int toupper(int Character);
int tolower(int Character);
int isdigit(int Character);
int isxdigit(int Character);
int isalpha(int Character);
int isalnum(int Character);
int isspace(int Character);
int isupper(int Character);
int islower(int Character);
int isprint(int Character);
int atoi(const char *Text);
long strtol(const char *Text, char **End, int Base);
unsigned long strtoul(const char *Text, char **End, int Base);

/* 16-bit strings (kernel/rtl/wstring.c). */
size_t wcslen(const WCHAR *Text);
size_t wcsnlen(const WCHAR *Text, size_t Limit);
WCHAR *wcscpy(WCHAR *Destination, const WCHAR *Source);
WCHAR *wcsncpy(WCHAR *Destination, const WCHAR *Source, size_t Count);
WCHAR *wcscat(WCHAR *Destination, const WCHAR *Source);
WCHAR *wcsncat(WCHAR *Destination, const WCHAR *Source, size_t Count);
int wcscmp(const WCHAR *First, const WCHAR *Second);
int wcsncmp(const WCHAR *First, const WCHAR *Second, size_t Count);
int _wcsicmp(const WCHAR *First, const WCHAR *Second);
int _wcsnicmp(const WCHAR *First, const WCHAR *Second, size_t Count);
WCHAR *wcschr(const WCHAR *Text, WCHAR Character);
WCHAR *wcsrchr(const WCHAR *Text, WCHAR Character);
WCHAR *wcsstr(const WCHAR *Text, const WCHAR *Pattern);

/*
 * Formatted print (kernel/rtl/format.c). The counted forms return the number of characters stored, not counting
 * the null; when the text and its null do not fit, no null is stored past `Count`: exactly `Count` characters
 * return `Count`, more return -1. A null buffer with a count of zero asks for the length.
 */
int _vsnprintf(char *Buffer, size_t Count, const char *Format, va_list Arguments);
int _snprintf(char *Buffer, size_t Count, const char *Format, ...);
int _vsnwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, va_list Arguments);
int _snwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, ...);
int vsprintf(char *Buffer, const char *Format, va_list Arguments);
int sprintf(char *Buffer, const char *Format, ...);
int _swprintf(WCHAR *Buffer, const WCHAR *Format, ...);

/* The secure forms always store a null: text that does not fit leaves an empty string and returns -1. */
int vsprintf_s(char *Buffer, size_t Size, const char *Format, va_list Arguments);
int sprintf_s(char *Buffer, size_t Size, const char *Format, ...);
int vswprintf_s(WCHAR *Buffer, size_t Size, const WCHAR *Format, va_list Arguments);
int swprintf_s(WCHAR *Buffer, size_t Size, const WCHAR *Format, ...);
