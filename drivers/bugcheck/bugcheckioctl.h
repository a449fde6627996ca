/*
 * bugcheck's one device control, for the driver and the programs that ask it: the input is the name of a way to stop
 * the machine, with its null (bugcheck.c lists them). It returns only when there is no such way.
 */
#pragma once

#define BUGCHECK_DRIVER "drivers/bugcheck.sys"
#define BUGCHECK_DEVICE "\\\\.\\BugCheck"
#define BUGCHECK_LONGEST_NAME 32

#define IOCTL_BUGCHECK_PROVOKE CTL_CODE(0x8000, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
