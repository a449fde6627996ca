/*
 * What the files of `views` share: how a case says what did not hold, and the cases.
 */
#pragma once

#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define SELF "bin/views.exe"
#define GRAIN 0x10000u

#define FAILED_WITH(Status) (GetLastError() == (DWORD)(Status))
#define CHECK(Condition)                                                        \
    do {                                                                        \
        if (!(Condition)) {                                                     \
            printf("# %u: %s; last error %s\n", __LINE__, #Condition,           \
                   NtStatusName((NTSTATUS)GetLastError()));                     \
            return FALSE;                                                       \
        }                                                                       \
    } while (0)

/* Runs this program again, its words printed by Format, and waits: its exit status. */
DWORD RunSelf(PCSTR Format, PCSTR Name, ULONG First, ULONG Second);
/* An empty file, or one that holds Text; everything shared. */
HANDLE MakeFile(PCSTR Name, PCSTR Text);
BOOL ReadAt(HANDLE File, ULONGLONG Offset, PVOID Buffer, DWORD Length);
BOOL WriteAt(HANDLE File, ULONGLONG Offset, const VOID *Buffer, DWORD Length);
/* A word that tells one page from another, and who wrote it. */
ULONGLONG Word(ULONG Page, ULONG Who);

/* The cases: TRUE when all held. */
BOOL TwoProcessesShare(VOID);
BOOL ViewAndFileAreOne(VOID);
BOOL NothingComesFromBehindTheEnd(VOID);
BOOL MappedFileIsNotCut(VOID);
BOOL CopyIsOnesOwn(VOID);
BOOL ReservedSectionIsCommittedByViews(VOID);
BOOL LimitsAreNamed(VOID);
BOOL GuardTellsOnce(VOID);
BOOL QueryTellsRanges(VOID);
BOOL StackGrows(VOID);
BOOL ImageIsShared(VOID);
BOOL ImageIsChangedInACopy(VOID);

/* What the program does in another process: its exit status. */
int ShareChild(PCSTR Name, ULONG Pages);
int TouchGuard(VOID);
int Overflow(VOID);
int Hold(VOID);
int Stress(PCSTR Name, ULONG Mib, ULONG Rounds, BOOL Child);
