/* stdio.h for drivers: formatted print into buffers. The C run-time of the kernel is one header, nt/ntcrt.h. */
#pragma once
#include "ntcrt.h"
