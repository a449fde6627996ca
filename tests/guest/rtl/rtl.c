/* The run-time library: what needs memory and nothing else, so one processor shows it all. */
#include "testcase.h"

TEST_SUITE(rtl, "1");
