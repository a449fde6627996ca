/* See rtlsource.h. */
#include "rtlsource.h"
#include "../../kernel/rtl/crc32.c"
