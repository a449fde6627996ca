/* string.h for drivers: strings and memory. The C run-time of the kernel is one header, nt/ntcrt.h. */
#pragma once
#include "ntcrt.h"
