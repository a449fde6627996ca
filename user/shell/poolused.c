/* Who has how much pool: one line for each tag and pool, the one with most bytes first. */
#include "shell.h"

static VOID SortByBytes(PSYSTEM_POOL_TAG_INFORMATION Tags, ULONG Count)
{
    for (ULONG Index = 1; Index < Count; Index++) {
        SYSTEM_POOL_TAG_INFORMATION Tag = Tags[Index];
        ULONG Place = Index;
        for (; Place > 0 && Tags[Place - 1].Bytes < Tag.Bytes; Place--)
            Tags[Place] = Tags[Place - 1];
        Tags[Place] = Tag;
    }
}

/* A tag's letters; what cannot be printed is a dot. */
static PCSTR TagText(const CHAR *Tag, PSTR Text)
{
    for (ULONG Index = 0; Index < 4; Index++)
        Text[Index] = Tag[Index] >= ' ' && Tag[Index] <= '~' ? Tag[Index] : '.';
    Text[4] = '\0';
    return Text;
}

BOOL PoolUsedCommand(const LINE *Line)
{
    PSTR Wanted = Line->Count != 0 ? Line->Words[0] : NULL;
    PSYSTEM_POOL_TAG_INFORMATION Tags;
    ULONG Length, Shown = 0;
    JSON Json = {0};
    CHAR Text[5];
    NTSTATUS Status = QuerySystemList(SystemPoolTagInformation, (PVOID *)&Tags, &Length);

    if (!NT_SUCCESS(Status))
        return Fail(Line, "the list of tags", Status, NULL);
    SortByBytes(Tags, Length / sizeof(*Tags));
    for (ULONG Index = 0; Index < Length / sizeof(*Tags); Index++) {
        PSYSTEM_POOL_TAG_INFORMATION Tag = &Tags[Index];
        TagText(Tag->Tag, Text);
        if (Wanted != NULL && strcmp(Wanted, Text) != 0)
            continue;
        if (Line->Json) {
            JsonAdd(&Json, Shown == 0 ? "[{\"tag\":" : ",{\"tag\":");
            JsonString(&Json, Text);
            JsonAdd(&Json, ",\"pool\":\"%s\",\"allocations\":%llu,\"frees\":%llu,\"bytes\":%llu}",
                    Tag->Paged ? "paged" : "nonpaged", Tag->Allocations, Tag->Frees, Tag->Bytes);
        } else {
            if (Shown == 0)
                printf("%-4s %-8s %12s %12s %9s %12s\n", "tag", "pool", "allocations", "frees", "now", "bytes");
            printf("%-4s %-8s %12llu %12llu %9llu %12llu\n", Text, Tag->Paged ? "paged" : "nonpaged", Tag->Allocations,
                   Tag->Frees, Tag->Allocations - Tag->Frees, Tag->Bytes);
        }
        Shown++;
    }
    if (Line->Json) {
        JsonAdd(&Json, Shown == 0 ? "[]" : "]");
        JsonPrint(&Json);
    }
    free(Tags);
    return Shown != 0 || Wanted == NULL ? TRUE : Fail(Line, Wanted, STATUS_NOT_FOUND, NULL);
}
