"""docs/services.md is what tools/service-table.sh makes of the one list of system services."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_document_is_the_table():
    made = subprocess.run([ROOT / "tools/service-table.sh"], capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs/services.md").read_text(encoding="utf-8") == made
    assert made.count("\n| ") - 1 == made.count("`Nt")
