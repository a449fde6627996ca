/*
 * Directories of the name space: a hash table of objects by name, without regard to case. All under the name lock.
 */
#include "ob/obp.h"

FAST_MUTEX ObpNameLock;
POBJECT_DIRECTORY ObpRootDirectory;

/* Equal for names that differ in case only. IRQL: any. */
ULONG ObpHashName(PCUNICODE_STRING Name)
{
    ULONG Hash = 0;

    for (ULONG I = 0; I < Name->Length / sizeof(WCHAR); I++) {
        Hash = Hash * 37 + RtlUpcaseUnicodeChar(Name->Buffer[I]);
    }
    return Hash;
}

POBJECT_HEADER ObpFindEntry(POBJECT_DIRECTORY Directory, PCUNICODE_STRING Name, ULONG Hash)
{
    PLIST_ENTRY Bucket = &Directory->Buckets[Hash % OBP_DIRECTORY_BUCKETS];

    for (PLIST_ENTRY Entry = Bucket->Flink; Entry != Bucket; Entry = Entry->Flink) {
        POBJECT_HEADER Header = CONTAINING_RECORD(Entry, OBJECT_HEADER, DirectoryLink);
        if (Header->NameHash == Hash && RtlEqualUnicodeString(&Header->Name, Name, TRUE)) {
            return Header;
        }
    }
    return NULL;
}

/* The entry references the object, and the object its directory. */
VOID ObpInsertEntry(POBJECT_DIRECTORY Directory, POBJECT_HEADER Header)
{
    ObReferenceObject(OBP_BODY(Header));
    ObReferenceObject(Directory);
    Header->Directory = Directory;
    InsertTailList(&Directory->Buckets[Header->NameHash % OBP_DIRECTORY_BUCKETS], &Header->DirectoryLink);
    Directory->Count++;
}

VOID ObpRemoveEntry(POBJECT_HEADER Header)
{
    POBJECT_DIRECTORY Directory = Header->Directory;

    RemoveEntryList(&Header->DirectoryLink);
    Directory->Count--;
    Header->Directory = NULL;
    ObDereferenceObject(Directory);
}
