/*
 * What the test program and a test driver say to each other: three device-control codes on \Device\TestNAME, all
 * buffered. Included by both, after the header that defines CTL_CODE (devioctl.h, winioctl.h).
 */
#pragma once

/* Device types from 0x8000 on are anybody's ("Specifying Device Types"). */
#define TEST_DEVICE 0x8000

/* Output: ULONG, how many cases the driver has. */
#define IOCTL_TEST_COUNT CTL_CODE(TEST_DEVICE, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* Input: ULONG, a case's index from 0. Output: TEST_DESCRIPTION. STATUS_NO_MORE_ENTRIES past the last. */
#define IOCTL_TEST_DESCRIBE CTL_CODE(TEST_DEVICE, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* Input: TEST_REQUEST. Output: TEST_RESULT. Runs the case in the calling thread, at PASSIVE_LEVEL. */
#define IOCTL_TEST_RUN CTL_CODE(TEST_DEVICE, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS)

#define TEST_NAME_LENGTH 64
#define TEST_STATEMENT_LENGTH 160

/* Which case, and in which form; the last two are for cases that ask for a seed or go on for a time. */
typedef struct _TEST_REQUEST {
    ULONG Index;                /* from 0 */
    ULONG Seed;                 /* 0: another one every time */
    ULONG Seconds;              /* how long it goes on; 0: the short form, a fixed amount of work */
} TEST_REQUEST, *PTEST_REQUEST;

typedef struct _TEST_DESCRIPTION {
    CHAR Name[TEST_NAME_LENGTH];
    CHAR Statement[TEST_STATEMENT_LENGTH];
} TEST_DESCRIPTION, *PTEST_DESCRIPTION;

/* What the last run found; a case that seems to leak is run again, since only what grows every time is a leak. */
typedef struct _TEST_RESULT {
    ULONG Failures;             /* expectations that did not hold, in all runs */
    ULONG Runs;
    LONGLONG LeakedPages;       /* commit, in pages, that the last run did not give back */
    LONGLONG LeakedPoolBytes;   /* nonpaged and paged pool that the last run did not give back */
    LONGLONG LeakedFrames;      /* frames that the last run took out of the free, zeroed and standby lists */
    CHAR Inconsistency[128];    /* what MmCheckConsistency found; empty: nothing */
} TEST_RESULT, *PTEST_RESULT;
