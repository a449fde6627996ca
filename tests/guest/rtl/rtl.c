/* The run-time library: what needs memory and nothing else, so one processor shows it all. */
#include "testcase.h"

TEST_SUITE(rtl, "1");

TEST_CASE(UuidsDiffer, "ExUuidCreate: STATUS_SUCCESS, and a version 4 identifier unlike the one before") {
    UUID First, Second;

    EXPECT_STATUS(ExUuidCreate(&First), STATUS_SUCCESS);
    EXPECT_STATUS(ExUuidCreate(&Second), STATUS_SUCCESS);
    EXPECT(!RtlEqualMemory(&First, &Second, sizeof(UUID)));
    EXPECT_EQUAL(First.Data3 >> 12, 4);
    EXPECT_EQUAL(First.Data4[0] >> 6, 2);
}
