/*
 * Included in front of every file that a host unit test is made of, the kernel's and the test's: the C library's names
 * that the kernel defines too get other ones, so that the kernel's routines can live in a program that also has the
 * host's. Files compiled with this include no header of the host.
 */
#pragma once

#define memcpy KernelMemcpy
#define memmove KernelMemmove
#define memset KernelMemset
#define memcmp KernelMemcmp
#define memchr KernelMemchr
#define strlen KernelStrlen
#define strnlen KernelStrnlen
#define strcpy KernelStrcpy
#define strncpy KernelStrncpy
#define strcat KernelStrcat
#define strncat KernelStrncat
#define strcmp KernelStrcmp
#define strncmp KernelStrncmp
#define strchr KernelStrchr
#define strrchr KernelStrrchr
#define strstr KernelStrstr
#define strspn KernelStrspn
#define strcspn KernelStrcspn
#define strpbrk KernelStrpbrk
#define toupper KernelToupper
#define tolower KernelTolower
#define isdigit KernelIsdigit
#define isxdigit KernelIsxdigit
#define isalpha KernelIsalpha
#define isalnum KernelIsalnum
#define isspace KernelIsspace
#define isupper KernelIsupper
#define islower KernelIslower
#define isprint KernelIsprint
#define atoi KernelAtoi
#define strtol KernelStrtol
#define strtoul KernelStrtoul
#define wcslen KernelWcslen
#define wcsnlen KernelWcsnlen
#define wcscpy KernelWcscpy
#define wcsncpy KernelWcsncpy
#define wcscat KernelWcscat
#define wcsncat KernelWcsncat
#define wcscmp KernelWcscmp
#define wcsncmp KernelWcsncmp
#define wcschr KernelWcschr
#define wcsrchr KernelWcsrchr
#define wcsstr KernelWcsstr
#define sprintf KernelSprintf
#define vsprintf KernelVsprintf
