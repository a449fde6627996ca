"""
The in-guest tests: every TEST_CASE of tests/guest is a pytest test, once for each number of processors its suite names.

One boot runs a whole suite; its TAP report is then taken apart, case by case.
"""

import functools

import pytest

from lib import language, player, tap
from lib.verdict import SessionFailure

SESSION = """\
%boot --cpus {cpus} {suite.options}
%add tests/{suite.name}.sys=drivers/{suite.name}.sys
%add tests/test.exe=bin/test.exe
%timeout 300
$ load {suite.drivers} {suite.name}
$ run test {suite.name}
"""

SUITES = {suite.name: suite for suite in tap.find_suites()}


def cases():
    for suite in SUITES.values():
        for cpus in suite.processors:
            group = f"{suite.name}-cpus={cpus}"
            for case in suite.cases:
                mark = pytest.mark.xdist_group(group)
                yield pytest.param(suite.name, cpus, case, id=f"{group}-{case.name}", marks=mark)


@functools.cache
def run_suite(name, cpus):
    """Boots, loads the suite's driver, runs its cases. Returns their results and, if it went wrong, the report."""
    session = language.parse(SESSION.format(suite=SUITES[name], cpus=cpus), f"tests/guest/{name}")
    try:
        log, report = player.play(session), ""
    except SessionFailure as failure:
        log, report = failure.log, str(failure)
    results, _ = tap.parse(log.splitlines())
    return results, report


@pytest.mark.parametrize("suite, cpus, case", cases())
def test_case(suite, cpus, case, built):
    results, report = run_suite(suite, cpus)
    result = results.get(case.name)
    what = f"{case.where}: {case.name}: {case.statement}"
    if not result:
        pytest.fail(f"{what}\nnot run: the report has no line for it\n{report}", pytrace=False)
    if not result.ok:
        pytest.fail("\n".join([what] + result.notes + ([result.remark] if result.remark else [])), pytrace=False)
