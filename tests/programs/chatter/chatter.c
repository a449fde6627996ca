/*
 * chatter WORD COUNT [LENGTH]: prints COUNT lines "WORD NUMBER WORD...WORD.", LENGTH times the word, each in several
 * writes, so that whoever else prints meanwhile could come between.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>

int main(int Count, char **Words)
{
    ULONG Lines = Count > 2 ? (ULONG)strtoul(Words[2], NULL, 0) : 0;
    ULONG Length = Count > 3 ? (ULONG)strtoul(Words[3], NULL, 0) : 5;

    if (Lines == 0) {
        printf("usage: chatter WORD COUNT [LENGTH]\n");
        return 2;
    }
    for (ULONG Line = 1; Line <= Lines; Line++) {
        printf("%s %u ", Words[1], Line);
        for (ULONG Piece = 0; Piece < Length; Piece++)
            printf("%s", Words[1]);
        printf(".\n");
    }
    return 0;
}
