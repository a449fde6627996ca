/*
 * The RtlStringCch and RtlStringCb families for one width of character. Included by ntstrsafe.h only, once for each
 * width, with STRSAFE_CHARACTER, STRSAFE_NAMED(Name) and STRSAFE_PRINT set; so there is no #pragma once.
 *
 * Everything is one of two workers, which count in characters: one puts a string (copy and cat), one prints.
 */

/* The length of a string that must end within Limit characters; FALSE when it does not. */
static inline BOOLEAN STRSAFE_NAMED(RtlpStrsafeLength)(const STRSAFE_CHARACTER *Text, size_t Limit, size_t *Length)
{
    size_t Count = 0;

    while (Count < Limit && Text[Count] != 0) {
        Count++;
    }
    *Length = Count;
    return Count < Limit;
}

/* What the flags ask for after the text is in, and the out-parameters. Used is the text's length. */
static inline NTSTATUS STRSAFE_NAMED(RtlpStrsafeEnd)(STRSAFE_CHARACTER *Destination, size_t Size, size_t Used,
                                                     STRSAFE_CHARACTER **End, size_t *Remaining, ULONG Flags,
                                                     NTSTATUS Status)
{
    if (NT_SUCCESS(Status)) {
        if ((Flags & STRSAFE_FILL_BEHIND_NULL) && Size > Used + 1) {
            memset(Destination + Used + 1, (UCHAR)Flags, (Size - Used - 1) * sizeof(*Destination));
        }
    } else if (Size != 0 && (Flags & (STRSAFE_FILL_ON_FAILURE | STRSAFE_NULL_ON_FAILURE | STRSAFE_NO_TRUNCATION))) {
        if (Flags & STRSAFE_FILL_ON_FAILURE) {
            memset(Destination, (UCHAR)Flags, Size * sizeof(*Destination));
            Used = (UCHAR)Flags == 0 ? 0 : Size - 1;
            Destination[Used] = 0;
        }
        if (Flags & (STRSAFE_NULL_ON_FAILURE | STRSAFE_NO_TRUNCATION)) {
            Used = 0;
            Destination[0] = 0;
        }
    }
    if (NT_SUCCESS(Status) || Status == STATUS_BUFFER_OVERFLOW) {
        if (End != NULL) {
            *End = Destination == NULL ? NULL : Destination + Used;
        }
        if (Remaining != NULL) {
            *Remaining = Size - Used;
        }
    }
    return Status;
}

/* Checks what all routines check. With IGNORE_NULLS a null destination of no size is right. */
static inline NTSTATUS STRSAFE_NAMED(RtlpStrsafeCheck)(const STRSAFE_CHARACTER *Destination, size_t Size, ULONG Flags)
{
    if ((Flags & ~STRSAFE_VALID_FLAGS) != 0 || Size > NTSTRSAFE_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Flags & STRSAFE_IGNORE_NULLS) {
        return Destination == NULL && Size != 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    }
    return Size == 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

/* Puts at most Limit characters of Source behind what is there (Append) or in its place. */
static inline NTSTATUS STRSAFE_NAMED(RtlpStrsafePut)(STRSAFE_CHARACTER *Destination, size_t Size, BOOLEAN Append,
                                                     const STRSAFE_CHARACTER *Source, size_t Limit,
                                                     STRSAFE_CHARACTER **End, size_t *Remaining, ULONG Flags)
{
    NTSTATUS Status = STRSAFE_NAMED(RtlpStrsafeCheck)(Destination, Size, Flags);
    size_t Kept = 0, Length = 0;

    if (!NT_SUCCESS(Status) || Limit > NTSTRSAFE_MAX_CCH || (Source == NULL && !(Flags & STRSAFE_IGNORE_NULLS)) ||
        (Append && Size != 0 && !STRSAFE_NAMED(RtlpStrsafeLength)(Destination, Size, &Kept))) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Source != NULL) {
        STRSAFE_NAMED(RtlpStrsafeLength)(Source, Limit, &Length);
    }
    if (Size == 0) {
        Status = Length == 0 ? STATUS_SUCCESS : Destination == NULL ? STATUS_INVALID_PARAMETER : STATUS_BUFFER_OVERFLOW;
    } else {
        if (Length > Size - 1 - Kept) {
            Status = STATUS_BUFFER_OVERFLOW;
            /* A string to append to stays what it was when nothing may be cut. */
            Length = Append && (Flags & STRSAFE_NO_TRUNCATION) ? 0 : Size - 1 - Kept;
        }
        memcpy(Destination + Kept, Source, Length * sizeof(*Destination));
        Kept += Length;
        Destination[Kept] = 0;
    }
    return STRSAFE_NAMED(RtlpStrsafeEnd)(Destination, Size, Kept, End, Remaining,
                                         Append ? Flags & ~STRSAFE_NO_TRUNCATION : Flags, Status);
}

/* Prints in place of what is there. */
static inline NTSTATUS STRSAFE_NAMED(RtlpStrsafePrint)(STRSAFE_CHARACTER *Destination, size_t Size,
                                                       STRSAFE_CHARACTER **End, size_t *Remaining, ULONG Flags,
                                                       const STRSAFE_CHARACTER *Format, va_list Arguments)
{
    static const STRSAFE_CHARACTER Empty[1] = {0};
    NTSTATUS Status = STRSAFE_NAMED(RtlpStrsafeCheck)(Destination, Size, Flags);
    size_t Used = 0;

    if (!NT_SUCCESS(Status) || (Format == NULL && !(Flags & STRSAFE_IGNORE_NULLS))) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Format == NULL) {
        Format = Empty;
    }
    if (Size == 0) {
        Status = *Format == 0 ? STATUS_SUCCESS : Destination == NULL ? STATUS_INVALID_PARAMETER : STATUS_BUFFER_OVERFLOW;
    } else {
        int Length = STRSAFE_PRINT(Destination, Size - 1, Format, Arguments);
        if (Length < 0 || (size_t)Length > Size - 1) {
            Status = STATUS_BUFFER_OVERFLOW;
            Used = Size - 1;
        } else {
            Used = (size_t)Length;
        }
        Destination[Used] = 0;
    }
    return STRSAFE_NAMED(RtlpStrsafeEnd)(Destination, Size, Used, End, Remaining, Flags, Status);
}

/* Copy ---------------------------------------------------------------------------------------------------------------- */

static inline NTSTATUS STRSAFE_NAMED(RtlStringCchCopy)(STRSAFE_CHARACTER *pszDest, size_t cchDest,
                                                       const STRSAFE_CHARACTER *pszSrc)
{
    return STRSAFE_NAMED(RtlpStrsafePut)(pszDest, cchDest, FALSE, pszSrc, NTSTRSAFE_MAX_CCH, NULL, NULL, 0);
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCbCopy)(STRSAFE_CHARACTER *pszDest, size_t cbDest,
                                                      const STRSAFE_CHARACTER *pszSrc)
{
    return STRSAFE_NAMED(RtlStringCchCopy)(pszDest, cbDest / sizeof(*pszDest), pszSrc);
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCchCopyN)(STRSAFE_CHARACTER *pszDest, size_t cchDest,
                                                        const STRSAFE_CHARACTER *pszSrc, size_t cchToCopy)
{
    return STRSAFE_NAMED(RtlpStrsafePut)(pszDest, cchDest, FALSE, pszSrc, cchToCopy, NULL, NULL, 0);
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCbCopyN)(STRSAFE_CHARACTER *pszDest, size_t cbDest,
                                                       const STRSAFE_CHARACTER *pszSrc, size_t cbToCopy)
{
    return STRSAFE_NAMED(RtlStringCchCopyN)(pszDest, cbDest / sizeof(*pszDest), pszSrc, cbToCopy / sizeof(*pszDest));
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCchCopyNEx)(STRSAFE_CHARACTER *pszDest, size_t cchDest,
                                                          const STRSAFE_CHARACTER *pszSrc, size_t cchToCopy,
                                                          STRSAFE_CHARACTER **ppszDestEnd, size_t *pcchRemaining,
                                                          ULONG dwFlags)
{
    return STRSAFE_NAMED(RtlpStrsafePut)(pszDest, cchDest, FALSE, pszSrc, cchToCopy, ppszDestEnd, pcchRemaining,
                                         dwFlags);
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCchCopyEx)(STRSAFE_CHARACTER *pszDest, size_t cchDest,
                                                         const STRSAFE_CHARACTER *pszSrc,
                                                         STRSAFE_CHARACTER **ppszDestEnd, size_t *pcchRemaining,
                                                         ULONG dwFlags)
{
    return STRSAFE_NAMED(RtlStringCchCopyNEx)(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH, ppszDestEnd, pcchRemaining,
                                              dwFlags);
}

/* Turns what is left in characters into bytes, the odd ones of the buffer's size included. */
static inline NTSTATUS STRSAFE_NAMED(RtlpStrsafeBytes)(NTSTATUS Status, size_t cbDest, size_t Left, size_t *pcbRemaining)
{
    if (pcbRemaining != NULL && (NT_SUCCESS(Status) || Status == STATUS_BUFFER_OVERFLOW)) {
        *pcbRemaining = Left * sizeof(STRSAFE_CHARACTER) + cbDest % sizeof(STRSAFE_CHARACTER);
    }
    return Status;
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCbCopyNEx)(STRSAFE_CHARACTER *pszDest, size_t cbDest,
                                                         const STRSAFE_CHARACTER *pszSrc, size_t cbToCopy,
                                                         STRSAFE_CHARACTER **ppszDestEnd, size_t *pcbRemaining,
                                                         ULONG dwFlags)
{
    size_t Left = 0;
    NTSTATUS Status = STRSAFE_NAMED(RtlpStrsafePut)(pszDest, cbDest / sizeof(*pszDest), FALSE, pszSrc,
                                                    cbToCopy / sizeof(*pszDest), ppszDestEnd, &Left, dwFlags);

    return STRSAFE_NAMED(RtlpStrsafeBytes)(Status, cbDest, Left, pcbRemaining);
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCbCopyEx)(STRSAFE_CHARACTER *pszDest, size_t cbDest,
                                                        const STRSAFE_CHARACTER *pszSrc,
                                                        STRSAFE_CHARACTER **ppszDestEnd, size_t *pcbRemaining,
                                                        ULONG dwFlags)
{
    return STRSAFE_NAMED(RtlStringCbCopyNEx)(pszDest, cbDest, pszSrc, NTSTRSAFE_MAX_CCH * sizeof(*pszDest), ppszDestEnd,
                                             pcbRemaining, dwFlags);
}

/* Cat ----------------------------------------------------------------------------------------------------------------- */

static inline NTSTATUS STRSAFE_NAMED(RtlStringCchCat)(STRSAFE_CHARACTER *pszDest, size_t cchDest,
                                                      const STRSAFE_CHARACTER *pszSrc)
{
    return STRSAFE_NAMED(RtlpStrsafePut)(pszDest, cchDest, TRUE, pszSrc, NTSTRSAFE_MAX_CCH, NULL, NULL, 0);
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCbCat)(STRSAFE_CHARACTER *pszDest, size_t cbDest,
                                                     const STRSAFE_CHARACTER *pszSrc)
{
    return STRSAFE_NAMED(RtlStringCchCat)(pszDest, cbDest / sizeof(*pszDest), pszSrc);
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCchCatN)(STRSAFE_CHARACTER *pszDest, size_t cchDest,
                                                       const STRSAFE_CHARACTER *pszSrc, size_t cchToAppend)
{
    return STRSAFE_NAMED(RtlpStrsafePut)(pszDest, cchDest, TRUE, pszSrc, cchToAppend, NULL, NULL, 0);
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCbCatN)(STRSAFE_CHARACTER *pszDest, size_t cbDest,
                                                      const STRSAFE_CHARACTER *pszSrc, size_t cbToAppend)
{
    return STRSAFE_NAMED(RtlStringCchCatN)(pszDest, cbDest / sizeof(*pszDest), pszSrc, cbToAppend / sizeof(*pszDest));
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCchCatEx)(STRSAFE_CHARACTER *pszDest, size_t cchDest,
                                                        const STRSAFE_CHARACTER *pszSrc,
                                                        STRSAFE_CHARACTER **ppszDestEnd, size_t *pcchRemaining,
                                                        ULONG dwFlags)
{
    return STRSAFE_NAMED(RtlpStrsafePut)(pszDest, cchDest, TRUE, pszSrc, NTSTRSAFE_MAX_CCH, ppszDestEnd, pcchRemaining,
                                         dwFlags);
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCbCatEx)(STRSAFE_CHARACTER *pszDest, size_t cbDest,
                                                       const STRSAFE_CHARACTER *pszSrc,
                                                       STRSAFE_CHARACTER **ppszDestEnd, size_t *pcbRemaining,
                                                       ULONG dwFlags)
{
    size_t Left = 0;
    NTSTATUS Status = STRSAFE_NAMED(RtlpStrsafePut)(pszDest, cbDest / sizeof(*pszDest), TRUE, pszSrc, NTSTRSAFE_MAX_CCH,
                                                    ppszDestEnd, &Left, dwFlags);

    return STRSAFE_NAMED(RtlpStrsafeBytes)(Status, cbDest, Left, pcbRemaining);
}

/* Print --------------------------------------------------------------------------------------------------------------- */

static inline NTSTATUS STRSAFE_NAMED(RtlStringCchVPrintf)(STRSAFE_CHARACTER *pszDest, size_t cchDest,
                                                          const STRSAFE_CHARACTER *pszFormat, va_list argList)
{
    return STRSAFE_NAMED(RtlpStrsafePrint)(pszDest, cchDest, NULL, NULL, 0, pszFormat, argList);
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCbVPrintf)(STRSAFE_CHARACTER *pszDest, size_t cbDest,
                                                         const STRSAFE_CHARACTER *pszFormat, va_list argList)
{
    return STRSAFE_NAMED(RtlStringCchVPrintf)(pszDest, cbDest / sizeof(*pszDest), pszFormat, argList);
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCchPrintf)(STRSAFE_CHARACTER *pszDest, size_t cchDest,
                                                         const STRSAFE_CHARACTER *pszFormat, ...)
{
    va_list Arguments;
    NTSTATUS Status;

    va_start(Arguments, pszFormat);
    Status = STRSAFE_NAMED(RtlStringCchVPrintf)(pszDest, cchDest, pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCbPrintf)(STRSAFE_CHARACTER *pszDest, size_t cbDest,
                                                        const STRSAFE_CHARACTER *pszFormat, ...)
{
    va_list Arguments;
    NTSTATUS Status;

    va_start(Arguments, pszFormat);
    Status = STRSAFE_NAMED(RtlStringCbVPrintf)(pszDest, cbDest, pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCchPrintfEx)(STRSAFE_CHARACTER *pszDest, size_t cchDest,
                                                           STRSAFE_CHARACTER **ppszDestEnd, size_t *pcchRemaining,
                                                           ULONG dwFlags, const STRSAFE_CHARACTER *pszFormat, ...)
{
    va_list Arguments;
    NTSTATUS Status;

    va_start(Arguments, pszFormat);
    Status = STRSAFE_NAMED(RtlpStrsafePrint)(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags, pszFormat,
                                             Arguments);
    va_end(Arguments);
    return Status;
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCbPrintfEx)(STRSAFE_CHARACTER *pszDest, size_t cbDest,
                                                          STRSAFE_CHARACTER **ppszDestEnd, size_t *pcbRemaining,
                                                          ULONG dwFlags, const STRSAFE_CHARACTER *pszFormat, ...)
{
    size_t Left = 0;
    va_list Arguments;
    NTSTATUS Status;

    va_start(Arguments, pszFormat);
    Status = STRSAFE_NAMED(RtlpStrsafePrint)(pszDest, cbDest / sizeof(*pszDest), ppszDestEnd, &Left, dwFlags, pszFormat,
                                             Arguments);
    va_end(Arguments);
    return STRSAFE_NAMED(RtlpStrsafeBytes)(Status, cbDest, Left, pcbRemaining);
}

/* Length -------------------------------------------------------------------------------------------------------------- */

/* STATUS_INVALID_PARAMETER and a length of 0 for a null pointer, or a string that does not end within cchMax. */
static inline NTSTATUS STRSAFE_NAMED(RtlStringCchLength)(const STRSAFE_CHARACTER *psz, size_t cchMax, size_t *pcchLength)
{
    size_t Length = 0;
    BOOLEAN Ends = psz != NULL && cchMax <= NTSTRSAFE_MAX_CCH && STRSAFE_NAMED(RtlpStrsafeLength)(psz, cchMax, &Length);

    if (pcchLength != NULL) {
        *pcchLength = Ends ? Length : 0;
    }
    return Ends ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static inline NTSTATUS STRSAFE_NAMED(RtlStringCbLength)(const STRSAFE_CHARACTER *psz, size_t cbMax, size_t *pcbLength)
{
    NTSTATUS Status = STRSAFE_NAMED(RtlStringCchLength)(psz, cbMax / sizeof(*psz), pcbLength);

    if (pcbLength != NULL) {
        *pcbLength *= sizeof(*psz);
    }
    return Status;
}
