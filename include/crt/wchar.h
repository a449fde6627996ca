/* wchar.h for drivers: strings of 16-bit characters. The C run-time of the kernel is one header, nt/ntcrt.h. */
#pragma once
#include "ntcrt.h"
