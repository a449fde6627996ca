/* ctype.h: character classes, ASCII (nt/ntcrt.h). */
#pragma once

#include "ntcrt.h"
