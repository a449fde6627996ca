/* string.h: memory and strings; the code is the kernel's run-time library (nt/ntcrt.h says what each does). */
#pragma once

#include "ntcrt.h"
