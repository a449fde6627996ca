#!/usr/bin/python3
"""Names of headers as sources from Windows write them: `#include <sys\\file.h>`, `#include "NTDDK.H"`.

usage: includes.py NAMES SOURCES FOLDER...

There a backslash separates folders and case does not matter. For every header that a source or header below SOURCES names
so, and that is not found as it stands, NAMES gets a file of just that name which includes the real one, looked for beside
the source that names it and in each FOLDER. NAMES is then one more folder for the compiler to look in.
"""

import re
import sys
from pathlib import Path

INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"\r\n]+)[>"]', re.M)
SOURCES = {".c", ".h", ".s", ".inc"}


def find(folder, name):
    """The file that name, in any case, means below folder, or None."""
    path = folder
    for part in name.split("/"):
        if part in (".", ".."):
            path = path / part
            continue
        try:
            path = next(entry for entry in sorted(path.iterdir()) if entry.name.lower() == part.lower())
        except (StopIteration, OSError):
            return None
    return path if path.is_file() else None


def wanted(sources):
    """(folder of the source, name) for every header that is named."""
    for path in sorted(sources.rglob("*")):
        if path.suffix.lower() in SOURCES and path.is_file():
            for name in INCLUDE.findall(path.read_bytes()):
                yield path.parent, name.decode("latin-1")


def main(names, sources, *folders):
    names, folders = Path(names), [Path(folder).resolve() for folder in folders]
    made = {}
    for beside, name in wanted(Path(sources)):
        if any((folder / name).is_file() for folder in [beside, *folders]):
            continue
        places = (find(folder, name.replace("\\", "/")) for folder in [beside, *folders])
        real = next((place for place in places if place), None)
        if real:
            made[name] = real
    for name, real in made.items():
        # With a backslash the whole name is one file's; with a slash it is a folder's and a file's.
        path, text = names / name, f'#include "{real.resolve()}"\n'
        if names.resolve() in path.resolve().parents and (not path.is_file() or path.read_text() != text):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
