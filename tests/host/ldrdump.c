/*
 * ldrdump FILE BASE DIRECTORY [SYMBOL=ADDRESS...]: lays a driver out at BASE as the loader does and writes what each
 * section's memory holds into DIRECTORY/NAME. Prints one line per section: name, address, size. The test that uses it
 * lets the linker do the same and compares.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"
#include "ldr/ldrelf.h"

/* The host's, since names.h does not come before this file. */
extern int strncmp(const char *First, const char *Second, size_t Count);
extern size_t strlen(const char *Text);

static BOOLEAN Resolve(PVOID Context, PCSTR Name, PULONG_PTR Address)
{
    char **Words = Context;

    for (; *Words != NULL; Words++) {
        size_t Length = strlen(Name);
        if (strncmp(*Words, Name, Length) == 0 && (*Words)[Length] == '=') {
            *Address = strtoull(*Words + Length + 1, NULL, 0);
            return TRUE;
        }
    }
    return FALSE;
}

static VOID Stop(PCSTR What)
{
    fprintf(stderr, "ldrdump: %s\n", What);
    exit(1);
}

int main(int Count, char **Words)
{
    static LDR_ELF_IMAGE Image;
    static _Alignas(8) UCHAR Bytes[1 << 20];
    LDR_REPORT Report = {.Error = ""};
    ULONG_PTR *Addresses;
    ULONG_PTR Base;
    SIZE_T Size;
    FILE *File;

    if (Count < 4 || (File = fopen(Words[1], "rb")) == NULL) {
        Stop("ldrdump FILE BASE DIRECTORY [SYMBOL=ADDRESS...]");
    }
    Size = fread(Bytes, 1, sizeof(Bytes), File);
    fclose(File);
    Base = strtoull(Words[2], NULL, 0);
    if (!NT_SUCCESS(LdrElfValidateDriver(Bytes, Size, &Image, &Report))) {
        Stop(Report.Error);
    }
    Addresses = calloc(Image.SymbolCount, sizeof(*Addresses));
    if (!NT_SUCCESS(LdrElfResolveImports(&Image, Resolve, Words + 4, Addresses, &Report))) {
        Stop(Report.Error);
    }
    for (ULONG Index = 0; Index < Image.SectionCount; Index++) {
        const LDR_ELF_SECTION *Section = &Image.Sections[Index];
        PUCHAR Copy = malloc((SIZE_T)Section->PageCount * LDR_PAGE_SIZE);
        char Path[4096];
        if (!NT_SUCCESS(LdrElfRelocateSection(&Image, Index, Base, Addresses, Copy, &Report))) {
            Stop(Report.Error);
        }
        printf("%s %#llx %llu\n", Section->Name, Base + Section->PageOffset * (ULONG_PTR)LDR_PAGE_SIZE, Section->Size);
        snprintf(Path, sizeof(Path), "%s/%s", Words[3], Section->Name);
        File = fopen(Path, "wb");
        if (File == NULL || fwrite(Copy, 1, Section->Size, File) != Section->Size || fclose(File) != 0) {
            Stop(Path);
        }
        free(Copy);
    }
    free(Addresses);
    return 0;
}
