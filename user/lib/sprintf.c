/* See rtlsource.h. */
#include "rtlsource.h"
#include "../../kernel/rtl/sprintf.c"
