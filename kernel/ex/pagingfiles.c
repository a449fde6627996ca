/*
 * The kernel word pagefile=: which paging files there shall be.
 *
 *     pagefile=16M              on the ramdisk, whose memory is set aside; without a word, of a default size
 *     pagefile=disk             on the first disk, all of it; disk1 is the second one
 *     pagefile=disk:16M         as much of it
 *     pagefile=disk:8M-64M      8 MiB at first, growing to 64 MiB
 *     pagefile=8M+disk:16M      two of them
 *     pagefile=0                none
 */
#include "ex/options.h"
#include "section.h"

#define DISK_WORD "disk"

/* One file of the list, at *Text. FALSE: it means nothing. */
INIT_CODE static BOOLEAN ExpReadPagingFile(PCSTR *Text, PEX_PAGING_FILE File)
{
    RtlZeroMemory(File, sizeof(*File));
    File->RamDisk = strncmp(*Text, DISK_WORD, sizeof(DISK_WORD) - 1) != 0;
    if (!File->RamDisk) {
        *Text += sizeof(DISK_WORD) - 1;
        if (**Text >= '0' && **Text <= '9')
            File->Disk = (ULONG)(*(*Text)++ - '0');
        if (**Text != ':')
            return TRUE;
        (*Text)++;
    }
    if (!ExReadSize(Text, &File->Minimum) || (!File->RamDisk && File->Minimum == 0))
        return FALSE;
    File->Maximum = File->Minimum;
    if (**Text != '-')
        return TRUE;
    (*Text)++;
    /* Memory that is set aside is so from the beginning: there is nothing to grow into. */
    return !File->RamDisk && ExReadSize(Text, &File->Maximum) && File->Maximum >= File->Minimum;
}

/* FALSE: the word means nothing. */
INIT_CODE static BOOLEAN ExpReadPagingFiles(PCSTR Text, PEX_PAGING_FILE Files, PULONG Count)
{
    BOOLEAN RamDisk = FALSE;

    for (*Count = 0; *Count < EX_MOST_PAGING_FILES; Text++) {
        PEX_PAGING_FILE File = &Files[*Count];
        if (!ExpReadPagingFile(&Text, File) || (File->RamDisk && RamDisk))
            return FALSE;
        RamDisk |= File->RamDisk;
        *Count += !File->RamDisk || File->Maximum != 0;
        if (*Text != '+')
            return *Text == 0;
    }
    return FALSE;
}

INIT_CODE ULONG ExQueryPagingFiles(PEX_PAGING_FILE Files)
{
    static BOOLEAN Said;
    PCSTR Text = ExQueryBootOption("pagefile");
    ULONG Count;

    if (Text != NULL) {
        if (ExpReadPagingFiles(Text, Files, &Count))
            return Count;
        if (!Said)
            DbgPrint("Warning: pagefile=%s means nothing; it is a size such as 8M, disk, disk:8M-64M, or several of them "
                     "with + between; using the default\n", Text);
        Said = TRUE;
    }
    Files[0] = (EX_PAGING_FILE){.RamDisk = TRUE};
    return 1;
}
