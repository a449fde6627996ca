"""
The SPIN models in tests/model: each is proved in the sizes named here, and each of its variants that is wrong on purpose
(a `BROKEN_` switch that its head lists) is refuted. So a proof that stopped looking would be seen.
"""

import re
import subprocess

import pytest

from lib.build import ROOT

MODELS = ROOT / "tests" / "model"
# What to prove: the model and the sizes. A run keeps every state in memory; these take a minute and 700 MiB at the most.
PROOFS = [
    ("dispatcher", {"THREADS": 3, "STEPS": 1}),
    ("dispatcher", {"THREADS": 2, "STEPS": 2}),
    ("pager", {"PROCESSORS": 2, "TOUCHES": 1}),
    ("pager", {"PROCESSORS": 1, "TOUCHES": 2, "LOCKERS": 1}),
    ("pager", {"PROCESSORS": 2, "TOUCHES": 1, "FRAMES": 1}),
]
MEMORY = 2000       # MiB


def sources():
    return sorted(path.stem for path in MODELS.glob("*.pml"))


def variants():
    for name in sources():
        for switch in sorted(set(re.findall(r"\bBROKEN_\w+", (MODELS / f"{name}.pml").read_text(encoding="utf-8")))):
            yield name, switch


def switches(defines):
    return [f"-D{key}={value}" for key, value in defines.items()]


def check(name, defines, folder):
    """Has SPIN make the checker, and runs it. Returns what it says."""
    # Not optimised: the checker is one enormous routine, which takes longer to optimise than to run.
    for command in (["spin", "-a", *switches(defines), MODELS / f"{name}.pml"],
                    ["gcc", "-O0", "-w", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEMORY}", "-o", "pan", "pan.c"],
                    ["./pan", "-m100000", "-n"]):
        run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if run.returncode != 0:
            pytest.fail(f"{' '.join(map(str, command))}:\n{run.stdout}", pytrace=False)
    return run.stdout


def errors(report):
    """How many errors a search found, and whether it was a whole one."""
    found = re.search(r"errors: (\d+)", report)
    return int(found[1]) if found else None, "not completed" not in report and "depth too small" not in report


def trail(name, defines, folder):
    """The run that SPIN found, told step by step."""
    return subprocess.run(["spin", "-t", "-p", "-g", *switches(defines), MODELS / f"{name}.pml"], cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout[-8000:]


@pytest.mark.parametrize("name, sizes", PROOFS, ids=lambda value: value if isinstance(value, str) else "-".join(
    f"{key}={number}" for key, number in value.items()))
def test_proof(name, sizes, tmp_path):
    report = check(name, sizes, tmp_path)
    count, whole = errors(report)
    if count != 0:
        pytest.fail(f"SPIN refutes tests/model/{name}.pml with {sizes}:\n{report}\n{trail(name, sizes, tmp_path)}", pytrace=False)
    assert whole, f"the search was not a whole one:\n{report}"


@pytest.mark.parametrize("name, switch", variants())
def test_broken_variant_is_refuted(name, switch, tmp_path):
    report = check(name, {switch: 1}, tmp_path)
    assert errors(report)[0], f"SPIN finds nothing wrong with {switch} of tests/model/{name}.pml:\n{report}"


def test_every_model_is_proved():
    assert {name for name, _ in PROOFS} == set(sources())
