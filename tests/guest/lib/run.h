/*
 * Between the parts of the test library: running one case.
 */
#pragma once

#include "testcase.h"
#include "testioctl.h"

/* Runs a case until it is known whether it leaks. IRQL: PASSIVE_LEVEL. One case at a time. */
VOID TestRunCase(const TEST_CASE_RECORD *Case, PTEST_RESULT Result);
