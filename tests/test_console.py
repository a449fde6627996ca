"""
Many who print at once on one console: every line comes out whole, whoever says it, and the prompt where it should.
"""

import re

import pytest

from lib import language, player

SESSION = """
%matrix cpus=1,4
%add tests/chatter.exe tests/crash.exe tests/linger.exe
%timeout 120
$ run chatter alpha 300 &
$ run chatter beta 300 6 &
$ run chatter gamma 40 200 &
$ drivers
$ run crash null &
$ run chatter delta 60
$ ps
$ run crash divide
$ run linger read
...
> one line
...
linger: read one line
...
> ^C
...
$ help
$ run chatter epsilon 60 3
$ wait
"""

WORDS = ("alpha", "beta", "gamma", "delta", "epsilon")
LENGTHS = {"alpha": 5, "beta": 6, "gamma": 200, "delta": 5, "epsilon": 3}
COUNTS = {"alpha": 300, "beta": 300, "gamma": 40, "delta": 60, "epsilon": 60}
OTHERS = re.compile(
    r"Clock: .*|Processors: .*|INIT of the kernel .*|tide> .*|\w+ started, process \d+|"
    r"crash\.exe \(process \d+, thread \d+\) ended: STATUS_\w+ .*|run: \w+: STATUS_\w+: .*|linger: read( [a-z ]+)?|"
    r"one line|\^C|wait: \d+ \(crash\): STATUS_ACCESS_VIOLATION: .*|"
    r"name +base +size +state +devices|\w+ +0x[0-9A-F]{16} +\d+ running +\d+|"
    r" +pid name +threads .*| +\d+ [\w.]+ +\d+ +\d+ (running|ending) +\d+ +\d+|[a-z]+ +.*|")


@pytest.mark.parametrize("values", language.parse(SESSION, "test_console.py").runs(), ids=lambda values: values["cpus"])
def test_lines_are_whole(values, built):
    text = player.play(language.parse(SESSION, "test_console.py"), values)
    numbers = {word: [] for word in WORDS}
    for line in text.splitlines():
        word = next((word for word in WORDS if word in line and "chatter" not in line), None)
        if word is None:
            assert OTHERS.fullmatch(line), line
            continue
        number = re.fullmatch(rf"{word} (\d+) (?:{word}){{{LENGTHS[word]}}}\.", line)
        assert number, line
        numbers[word].append(int(number.group(1)))
    assert numbers == {word: list(range(1, COUNTS[word] + 1)) for word in WORDS}
