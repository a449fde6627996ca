"""
The in-guest tests: every TEST_CASE of tests/guest is a pytest test, once for each number of processors its suite names.

One boot runs a whole suite; its TAP report is then taken apart, case by case.
"""

import functools

import pytest

from lib import language, player, tap
from lib.verdict import SessionFailure

# Suites of the pager are played with the paging file on a real disk, too: its requests end later, by an interrupt.
ON_DISK = {"pager": ["2"], "stress": ["2"]}
DISK = "--disk 40M --append 'pagefile=disk:16M-32M mem=32M'"
# Suites that ask for no machine of their own pass with 16 MiB of RAM.
SMALL = {"memory": ["2"], "pager": ["1"], "sections": ["2"], "ke": ["1"]}

SESSION = """\
%boot --cpus {cpus} {suite.options} {extra}
%add tests/{suite.name}.sys=drivers/{suite.name}.sys
%add tests/test.exe=bin/test.exe
%timeout 300
$ load {suite.drivers} {suite.name}
$ run test {suite.name}
"""

SUITES = {suite.name: suite for suite in tap.find_suites()}


def cases():
    for suite in SUITES.values():
        machines = [(cpus, "", f"{suite.name}-cpus={cpus}") for cpus in suite.processors]
        machines += [(cpus, DISK, f"{suite.name}-disk-cpus={cpus}") for cpus in ON_DISK.get(suite.name, [])]
        machines += [(cpus, "--mem 16M", f"{suite.name}-small-cpus={cpus}") for cpus in SMALL.get(suite.name, [])]
        for cpus, extra, group in machines:
            for case in suite.cases:
                mark = pytest.mark.xdist_group(group)
                yield pytest.param(suite.name, cpus, extra, case, id=f"{group}-{case.name}", marks=mark)


@functools.cache
def run_suite(name, cpus, extra):
    """Boots, loads the suite's driver, runs its cases. Returns their results and, if it went wrong, the report."""
    session = language.parse(SESSION.format(suite=SUITES[name], cpus=cpus, extra=extra), f"tests/guest/{name}")
    try:
        log, report = player.play(session), ""
    except SessionFailure as failure:
        log, report = failure.log, str(failure)
    results, _ = tap.parse(log.splitlines())
    return results, report


@pytest.mark.parametrize("suite, cpus, extra, case", cases())
def test_case(suite, cpus, extra, case, built):
    results, report = run_suite(suite, cpus, extra)
    result = results.get(case.name)
    what = f"{case.where}: {case.name}: {case.statement}"
    if not result:
        pytest.fail(f"{what}\nnot run: the report has no line for it\n{report}", pytrace=False)
    if not result.ok:
        pytest.fail("\n".join([what] + result.notes + ([result.remark] if result.remark else [])), pytrace=False)
