#!/bin/sh
# Print the table of system services for docs/services.md, from the one list in include/nt/services.h:
#
#   tools/service-table.sh >docs/services.md
#
# The compiler's preprocessor reads the list ($CC, or cc); no knowledge of C is repeated here.
set -eu

cd "$(dirname "$0")/.."

cat <<'END'
# System services

Made by `tools/service-table.sh` from `include/nt/services.h`; do not edit. A program puts the number into EAX and the arguments into
RDI, RSI, RDX, R10, R8, R9 and, from the seventh on, behind the return address on its stack (`user/lib/stubs.S`); a `SYSCALL` later the
result is in EAX. The kernel's side is `kernel/ps/table.c`. Numbers never change.

| number | service | arguments | what it does |
|---|---|---|---|
END

# Rows between @ signs: the preprocessor may put blanks and line ends where it likes.
${CC:-cc} -E -P -x c -I include/nt - <<'END' |
#include "services.h"
#define TEXT(Arguments) #Arguments
#define ROW(Number, Name, Arguments, Words) @ Number @ Name @ TEXT(Arguments) @ Words @
NT_SERVICE_LIST(ROW)
END
    tr '\n' ' ' | sed 's/@ *@/@\n@/g' |
    sed -n 's/^ *@ *\([0-9]*\) *@ *\([A-Za-z]*\) *@ *"(\(.*\))" *@ *"\(.*\)" *@* *$/| \1 | `Nt\2` | `\3` | \4 |/p' |
    sed 's/USER(\([^)]*\))/\1/g; s/`VOID`/none/'
