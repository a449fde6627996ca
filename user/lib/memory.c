/* See rtlsource.h. */
#include "rtlsource.h"
#include "../../kernel/rtl/memory.c"
