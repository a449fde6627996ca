/*
 * Parameters of system services, copied once from the caller's memory before anything is believed of them. For the
 * rooms whose services take strings. All IRQL: PASSIVE_LEVEL; they may wait for the caller's pages.
 */
#pragma once

#include "mm/mm.h"

/*
 * A counted string of at most MaximumBytes, with a null behind it, in paged pool; the caller frees it with
 * PsReleaseString. STATUS_INVALID_PARAMETER: empty, half a character or too long; STATUS_ACCESS_VIOLATION;
 * STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS PsCaptureUnicodeString(USER_ADDRESS Source, USHORT MaximumBytes, PUNICODE_STRING String);
VOID PsReleaseString(PUNICODE_STRING String);

/* A string that ends in a null, into Size bytes. STATUS_BUFFER_OVERFLOW: longer; STATUS_ACCESS_VIOLATION. */
NTSTATUS PsCaptureString(USER_ADDRESS Source, PCHAR Buffer, SIZE_T Size);

/* STATUS_SUCCESS, or STATUS_PRIVILEGE_NOT_HELD. */
NTSTATUS PsCheckPrivilege(LUID Privilege);
