/* ctype.h for drivers: classes of characters. The C run-time of the kernel is one header, nt/ntcrt.h. */
#pragma once
#include "ntcrt.h"
