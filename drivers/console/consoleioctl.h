/*
 * console's one device control, for the driver and the shell: what Ctrl-C does.
 *
 * The input is the handle of an event (a ULONG64; 0: none). While there is an event, a Ctrl-C sets it and throws away
 * what was typed before it and not yet read; what that means is for the caller to decide: the shell ends its foreground
 * program. Until the caller sets an event, or none, again, nobody reads on: what is typed behind the Ctrl-C is not
 * meant for who is to end. While there is none, a Ctrl-C waits in its place among what was typed: for an event to come,
 * or for a read to reach it, which then gets an empty line. STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH,
 * STATUS_ACCESS_DENIED.
 */
#pragma once

#define IOCTL_CONSOLE_SET_CONTROL_C CTL_CODE(0x50, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)    /* FILE_DEVICE_CONSOLE */
