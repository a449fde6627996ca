/* The kernel's own line on the console (terminal.c); drivers see the rest, include/ddk/tidepool.h. */
#pragma once

#include "tidepool.h"

extern KD_LINE KdKernelLine;
