/* winioctl.h: device-control codes for programs. */
#pragma once

#include "ntdef.h"
#include "devioctl.h"
