/* ntddk.h: what a kernel-mode driver of the literature includes; everything is in wdm.h. */
#pragma once
#include "wdm.h"
