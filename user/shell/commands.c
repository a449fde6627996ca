/* The commands: the one table. Help is made from it. */
#include "shell.h"

const COMMAND Commands[] = {
    {"help", "[COMMAND]", 0, 1, HelpCommand,
     "lists the commands, or says how one is used", NULL},
    {"drivers", "[-j]", 0, 0, DriversCommand,
     "lists the loaded drivers and the kernel", NULL},
    {"sections", "[DRIVER] [-j]", 0, 1, SectionsCommand,
     "lists sections: kind, pages, resident pages, locks, paging", "`drivers` lists what is loaded"},
    {"load", "FILE...", 1, MOST_WORDS, LoadCommand,
     "loads driver files and starts them", "`dir drivers` lists the drivers in the image"},
    {"unload", "DRIVER", 1, 1, UnloadCommand,
     "stops a driver and unloads it", "`drivers` lists what is loaded"},
    {"lock", "DRIVER SECTION", 2, 2, LockCommand,
     "brings a section in and keeps it; prints a handle", "`drivers` lists what is loaded"},
    {"unlock", "HANDLE", 1, 1, UnlockCommand,
     "lets a locked section go", NULL},
    {"page", "DRIVER", 1, 1, PageCommand,
     "makes every section of a driver pageable", "`drivers` lists what is loaded"},
    {"reset", "DRIVER", 1, 1, ResetCommand,
     "gives a driver's sections their own kinds back", "`drivers` lists what is loaded"},
    {"trim", "", 0, 0, TrimCommand,
     "sends everything that may leave memory out", NULL},
    {"mem", "[check] [-j]", 0, 1, MemCommand,
     "shows frames, pools, paging files, faults; or checks all of it", NULL},
    {"pagefile", "[DISK [MINIMUM [MAXIMUM]]] [-j]", 0, 3, PagefileCommand,
     "lists the paging files, or makes one on a disk", "`load disk` first; the disk is given by run-qemu.sh --disk"},
    {"poolused", "[TAG] [-j]", 0, 1, PoolUsedCommand,
     "shows who has how much pool: allocations, frees and bytes of each tag", "`poolused` lists the tags"},
    {"ps", "[-j]", 0, 0, PsCommand,
     "lists the processes", NULL},
    {"dir", "[FOLDER] [-j]", 0, 1, DirCommand,
     "lists a folder", "`dir` lists the root folder"},
    {"type", "FILE", 1, 1, TypeCommand,
     "prints a file", "`dir` lists the files"},
    {"del", "FILE...", 1, MOST_WORDS, DelCommand,
     "deletes files", "`dir` lists the files"},
    {"copy", "FROM TO", 2, 2, CopyCommand,
     "copies a file", "`dir` lists the files"},
    {"sum", "FILE...", 1, MOST_WORDS, SumCommand,
     "prints sizes and CRC-32 of files", "`dir` lists the files"},
    {"run", "[-u] PROGRAM [ARGUMENT...] [&]", 1, MOST_WORDS, RunCommand,
     "runs a program, which Ctrl-C ends: -u without privileges, & in the background", "`dir bin` lists the programs"},
    {"wait", "[PID]", 0, 1, WaitCommand,
     "waits until a process has ended; or all that run in the background", "`ps` lists the processes"},
    {"kill", "PID", 1, 1, KillCommand,
     "ends a process", "`ps` lists the processes"},
    {"open", "PORT", 1, 1, OpenCommand,
     "talks through a port; a line with only a dot ends it, !COMMAND runs a command",
     "the ports are com2, com3 and com4; `drivers` says whether serial is loaded"},
    {"send", "PORT FILE", 2, 2, SendCommand,
     "sends a file through a port", "`dir` lists the files; the ports are com2, com3 and com4"},
    {"receive", "PORT FILE COUNT", 3, 3, ReceiveCommand,
     "receives so many bytes from a port into a file", "`dir` lists the folders; the ports are com2, com3 and com4"},
    {"irql", "[-j]", 0, 0, IrqlCommand,
     "shows the interrupt request levels and what is connected where", NULL},
    {"bugcheck", "NAME", 1, 1, BugCheckCommand,
     "stops the machine: irql data access readonly execute zero init manual wait lower stack pool",
     "`dir drivers` lists the drivers in the image"},
    {"shutdown", "", 0, 0, ShutdownCommand,
     "switches the machine off", NULL},
};
const ULONG CommandCount = ARRAYSIZE(Commands);

const COMMAND *FindCommand(PCSTR Name)
{
    for (ULONG Index = 0; Index < CommandCount; Index++) {
        if (strcmp(Commands[Index].Name, Name) == 0)
            return &Commands[Index];
    }
    return NULL;
}

static VOID PrintHelp(const COMMAND *Command)
{
    printf("%-10s %-32s %s\n", Command->Name, Command->Arguments, Command->Words);
}

BOOL HelpCommand(const LINE *Line)
{
    const COMMAND *Command;

    if (Line->Count != 0) {
        Command = FindCommand(Line->Words[0]);
        if (Command != NULL)
            PrintHelp(Command);
        else
            printf("help: %s: unknown command; `help` lists what there is\n", Line->Words[0]);
        return Command != NULL;
    }
    printf("%-10s %-32s %s\n", "command", "arguments", "what it does");
    for (ULONG Index = 0; Index < CommandCount; Index++)
        PrintHelp(&Commands[Index]);
    return TRUE;
}
