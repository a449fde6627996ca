"""
Files that a session asks for: payloads to send through a port, and drivers and programs spoiled in one exact way.

    random N [SEED]                  N bytes, always the same for the same seed
    fill N BYTE                      N bytes of one value
    text 'LINE' 'LINE' ...           lines of text
    iso FILE ...                     an ISO 9660 image with these files in it
    copy FILE                        another name for a built file
    truncate FILE N                  its first N bytes
    append FILE HEX                  itself and some bytes more
    patch FILE OFFSET HEX ...        bytes overwritten at offsets
    edit FILE WHERE.FIELD=VALUE ...  fields of an ELF64 file overwritten, by name (elfedit.py)

Sizes and offsets are decimal or 0x hexadecimal. A FILE is one made before it in the session, or a path below the build
folder, or one below the project's root.
"""

import random
import subprocess
from pathlib import Path

from . import elfedit
from .build import BUILD, ROOT


class RecipeError(Exception):
    """A file that cannot be made as asked."""


class Files:
    """The files of one session, made in a folder of its own."""

    def __init__(self, folder, roots=(BUILD, ROOT)):
        self._folder = Path(folder)
        self._roots = [Path(root) for root in roots]

    def find(self, name):
        """The path of a made or built file. Raises RecipeError."""
        candidates = [self._folder / name] + [root / name for root in self._roots]
        for path in candidates:
            if path.is_file():
                return path
        raise RecipeError(f"no file '{name}': not made here, nor in " + ", ".join(str(root) for root in self._roots))

    def read(self, name):
        return self.find(name).read_bytes()

    def make(self, name, words):
        """Makes one file from a recipe. Raises RecipeError."""
        if not words or words[0] not in RECIPES:
            raise RecipeError(f"unknown recipe '{words[0] if words else ''}': one of {', '.join(RECIPES)}")
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise RecipeError(f"'{name}' is not a name inside the session's folder")
        recipe, low, high = RECIPES[words[0]]
        arguments = words[1:]
        if not low <= len(arguments) <= (high or len(arguments)):
            wanted = f"{low}" if high == low else f"{low} or more"
            raise RecipeError(f"'{words[0]}' takes {wanted} words, not {len(arguments)}")
        try:
            data = recipe(self, *arguments)
        except (ValueError, elfedit.EditError) as error:
            raise RecipeError(str(error)) from None
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def _random(self, size, seed="1"):
        return random.Random(int(seed, 0)).randbytes(int(size, 0))

    def _fill(self, size, value):
        return bytes([int(value, 0)]) * int(size, 0)

    def _text(self, *lines):
        return "".join(line + "\n" for line in lines).encode()

    def _iso(self, *names):
        command = ["xorriso", "-as", "mkisofs", "-quiet", "-graft-points"]
        grafts = [f"{Path(name).name}={self.find(name)}" for name in names]
        run = subprocess.run(command + grafts, capture_output=True, check=False)
        if run.returncode:
            raise RecipeError(f"xorriso: {run.stderr.decode(errors='replace').strip()}")
        return run.stdout

    def _copy(self, name):
        return self.read(name)

    def _truncate(self, name, size):
        data = self.read(name)
        if int(size, 0) >= len(data):
            raise RecipeError(f"'{name}' has {len(data)} bytes: truncating to {size} changes nothing")
        return data[:int(size, 0)]

    def _append(self, name, digits):
        return self.read(name) + bytes.fromhex(digits)

    def _patch(self, name, *pairs):
        if len(pairs) % 2:
            raise RecipeError("'patch' takes pairs: OFFSET HEX ...")
        data = bytearray(self.read(name))
        for offset, digits in zip(pairs[::2], pairs[1::2]):
            at, piece = int(offset, 0), bytes.fromhex(digits)
            if not 0 <= at <= len(data) - len(piece):
                raise RecipeError(f"'{name}' has {len(data)} bytes: nothing to overwrite at {offset}")
            data[at:at + len(piece)] = piece
        return bytes(data)

    def _edit(self, name, *assignments):
        data = self.read(name)
        for assignment in assignments:
            data = elfedit.assign(data, assignment)
        return data


# recipe: routine, fewest words, most words (None: any number)
RECIPES = {
    "random": (Files._random, 1, 2),
    "fill": (Files._fill, 2, 2),
    "text": (Files._text, 1, None),
    "iso": (Files._iso, 1, None),
    "copy": (Files._copy, 1, 1),
    "truncate": (Files._truncate, 2, 2),
    "append": (Files._append, 2, 2),
    "patch": (Files._patch, 3, None),
    "edit": (Files._edit, 2, None),
}
