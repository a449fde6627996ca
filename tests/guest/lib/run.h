/*
 * Between the parts of the test library: running one case.
 */
#pragma once

#include "testcase.h"
#include "testioctl.h"

/*
 * Runs a case, in the form that the request says, until it is known whether it leaks. IRQL: PASSIVE_LEVEL. One at a
 * time. Request and Result may be the same memory.
 */
VOID TestRunCase(const TEST_CASE_RECORD *Case, const TEST_REQUEST *Request, PTEST_RESULT Result);

/* form.c: what TestSeed and TestGoesOn say from now on. */
VOID TestSetForm(const TEST_REQUEST *Request);
