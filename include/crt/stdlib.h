/* stdlib.h for drivers: what drivers use of it. The C run-time of the kernel is one header, nt/ntcrt.h. */
#pragma once
#include "ntcrt.h"
