/*
 * The cpio reader of cpio.h. An entry is a header of 110 ASCII characters (a magic number and thirteen fields of
 * eight hexadecimal digits), its name with a null, and its data; name and data are padded to multiples of four, and
 * the entry TRAILER!!! ends the archive (cpio(5), "New ASCII Format").
 */
#include "rtl.h"
#include "cpio.h"

#define RTLP_CPIO_HEADER_SIZE   110
#define RTLP_CPIO_MAGIC         "070701"
#define RTLP_CPIO_MAGIC_CRC     "070702"    /* the same with a sum of the data's bytes in the last field */
#define RTLP_CPIO_MAGIC_LENGTH  6
#define RTLP_CPIO_TRAILER       "TRAILER!!!"

#define RTLP_CPIO_TYPE_MASK     0170000
#define RTLP_CPIO_TYPE_FILE     0100000
#define RTLP_CPIO_TYPE_FOLDER   0040000

/* The fields by their order behind the magic number. */
enum {
    RtlpCpioMode = 1, RtlpCpioModified = 5, RtlpCpioFileSize = 6, RtlpCpioNameSize = 11, RtlpCpioSum = 12,
    RtlpCpioFields = 13
};

VOID RtlCpioOpen(PRTL_CPIO Archive, const VOID *Start, SIZE_T Size)
{
    *Archive = (RTL_CPIO){Start, Size, 0, NULL};
}

static NTSTATUS RtlpCpioFail(PRTL_CPIO Archive, PCSTR Error)
{
    Archive->Error = Error;
    return STATUS_DATA_ERROR;
}

/* Parses the fields of a header; FALSE when a character is no hexadecimal digit. */
static BOOLEAN RtlpCpioParseFields(const UCHAR *Header, ULONG Fields[RtlpCpioFields])
{
    const UCHAR *Next = Header + RTLP_CPIO_MAGIC_LENGTH;

    for (ULONG Field = 0; Field < RtlpCpioFields; Field++) {
        Fields[Field] = 0;
        for (ULONG Digit = 0; Digit < 8; Digit++, Next++) {
            if (!isxdigit(*Next)) {
                return FALSE;
            }
            Fields[Field] = Fields[Field] * 16 + (ULONG)(isdigit(*Next) ? *Next - '0' : tolower(*Next) - 'a' + 10);
        }
    }
    return TRUE;
}

/* Whether a name stays below the folder it is unpacked into: no leading slash, no empty, "." or ".." component. */
static BOOLEAN RtlpCpioNameIsSafe(PCSTR Name)
{
    for (;;) {
        size_t Length = strcspn(Name, "/");
        if (Length == 0 || (Length == 1 && Name[0] == '.') || (Length == 2 && Name[0] == '.' && Name[1] == '.')) {
            return FALSE;
        }
        if (Name[Length] == 0) {
            return TRUE;
        }
        Name += Length + 1;
    }
}

static ULONG RtlpCpioSumOf(const UCHAR *Data, SIZE_T Size)
{
    ULONG Sum = 0;

    for (SIZE_T Index = 0; Index < Size; Index++) {
        Sum += Data[Index];
    }
    return Sum;
}

/* Reads the entry at Archive->Offset, whatever it is, and moves Offset behind it. */
static NTSTATUS RtlpCpioRead(PRTL_CPIO Archive, PRTL_CPIO_ENTRY Entry)
{
    const UCHAR *Header = Archive->Start + Archive->Offset;
    SIZE_T Left = Archive->Size - Archive->Offset;
    ULONG Fields[RtlpCpioFields];
    SIZE_T NameSize, DataOffset, DataSize;
    BOOLEAN HasSum;
    PCSTR Name;

    if (Left < RTLP_CPIO_HEADER_SIZE) {
        return RtlpCpioFail(Archive, "the archive ends without its trailer");
    }
    HasSum = memcmp(Header, RTLP_CPIO_MAGIC_CRC, RTLP_CPIO_MAGIC_LENGTH) == 0;
    if (!HasSum && memcmp(Header, RTLP_CPIO_MAGIC, RTLP_CPIO_MAGIC_LENGTH) != 0) {
        return RtlpCpioFail(Archive, "no newc header (magic 070701) where one must be");
    }
    if (!RtlpCpioParseFields(Header, Fields)) {
        return RtlpCpioFail(Archive, "a header field is not hexadecimal");
    }

    /* Sizes are 32 bits wide and sums of a few of them cannot run over 64. */
    NameSize = Fields[RtlpCpioNameSize];
    DataSize = Fields[RtlpCpioFileSize];
    DataOffset = ALIGN_UP_BY(RTLP_CPIO_HEADER_SIZE + NameSize, 4);
    if (NameSize < 2 || NameSize > RTL_CPIO_LONGEST_NAME + 1) {
        return RtlpCpioFail(Archive, "the name is empty or too long");
    }
    if (DataOffset > Left) {
        return RtlpCpioFail(Archive, "the name runs past the end of the archive");
    }
    if (DataSize > Left - DataOffset) {
        return RtlpCpioFail(Archive, "the data runs past the end of the archive");
    }
    Name = (PCSTR)Header + RTLP_CPIO_HEADER_SIZE;
    if (strnlen(Name, NameSize) != NameSize - 1) {
        return RtlpCpioFail(Archive, "the name does not end where the header says");
    }
    if (HasSum && RtlpCpioSumOf(Header + DataOffset, DataSize) != Fields[RtlpCpioSum]) {
        return RtlpCpioFail(Archive, "the data does not match its checksum");
    }

    Entry->Name = Name;
    Entry->NameLength = NameSize - 1;
    Entry->Data = Header + DataOffset;
    Entry->Size = DataSize;
    Entry->Mode = Fields[RtlpCpioMode];
    Entry->ModifiedTime = Fields[RtlpCpioModified];
    switch (Entry->Mode & RTLP_CPIO_TYPE_MASK) {
    case RTLP_CPIO_TYPE_FILE:
        Entry->Kind = RtlCpioFile;
        break;
    case RTLP_CPIO_TYPE_FOLDER:
        Entry->Kind = RtlCpioFolder;
        break;
    default:
        Entry->Kind = RtlCpioOther;
        break;
    }
    /* The padding of the last entry may be missing; then the next read finds no header. */
    Archive->Offset += min(ALIGN_UP_BY(DataOffset + DataSize, 4), Left);
    return STATUS_SUCCESS;
}

NTSTATUS RtlCpioNext(PRTL_CPIO Archive, PRTL_CPIO_ENTRY Entry)
{
    for (;;) {
        SIZE_T Offset = Archive->Offset;
        NTSTATUS Status = RtlpCpioRead(Archive, Entry);

        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        if (strcmp(Entry->Name, RTLP_CPIO_TRAILER) == 0) {
            Archive->Offset = Offset;
            return STATUS_NO_MORE_ENTRIES;
        }
        if (strcmp(Entry->Name, ".") == 0) {
            continue;
        }
        if (Entry->NameLength > 2 && Entry->Name[0] == '.' && Entry->Name[1] == '/') {
            Entry->Name += 2;
            Entry->NameLength -= 2;
        }
        if (!RtlpCpioNameIsSafe(Entry->Name)) {
            Archive->Offset = Offset;
            return RtlpCpioFail(Archive, "the name leaves the folder, or has an empty component");
        }
        return STATUS_SUCCESS;
    }
}
