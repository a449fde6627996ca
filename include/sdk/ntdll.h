/*
 * ntdll.h: the system services as programs call them, one prototype for each line of nt/services.h, and what belongs to
 * them. windows.h is built on these; a program may use both.
 */
#pragma once

#include "ntdef.h"
#include "ntstatus.h"
#include "context.h"
#include "ntfile.h"
#include "ldrinfo.h"
#include "sysinfo.h"
#include "services.h"

#define USER(Type) Type
#define SDK_SERVICE_PROTOTYPE(Number, Name, Arguments, Words) NTSTATUS Nt##Name Arguments;
NT_SERVICE_LIST(SDK_SERVICE_PROTOTYPE)
#undef SDK_SERVICE_PROTOTYPE
#undef USER

/* Any system-call number with up to four arguments: for programs that try what does not exist. */
NTSTATUS NtCallNumber(ULONG Number, ULONG_PTR First, ULONG_PTR Second, ULONG_PTR Third, ULONG_PTR Fourth);

/* Load a driver's file by its path, unload a driver by its name; the status of a failure is the last error. */
BOOL LoadDriver(PCSTR Path);
BOOL UnloadDriver(PCSTR Name);

/* The name of a status ("STATUS_SUCCESS") and what it means in words; NULL when it is not in the list. */
PCSTR NtStatusName(NTSTATUS Status);
PCSTR NtStatusWords(NTSTATUS Status);
