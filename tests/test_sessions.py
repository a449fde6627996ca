"""
The scripted serial sessions: every tests/sessions/*.session is a test, once for each row of its %matrix.
"""

from pathlib import Path

import pytest

from lib import language, player
from lib.build import ROOT
from lib.verdict import SessionFailure

FOLDER = Path(__file__).parent / "sessions"


def runs():
    """One parameter set per boot. A file that cannot be understood is one too: its test says why."""
    for path in sorted(FOLDER.glob("*.session")):
        try:
            session = language.parse_file(path, path.relative_to(ROOT))
        except language.SessionError as error:
            yield pytest.param(error, {}, id=path.stem)
            continue
        for values in session.runs():
            name = "-".join([path.stem] + [f"{key}={value}" for key, value in values.items()])
            yield pytest.param(session, values, id=name)


@pytest.mark.parametrize("session, values", runs())
def test_session(session, values, built):
    if isinstance(session, language.SessionError):
        pytest.fail(str(session), pytrace=False)
    report = ""
    try:
        player.play(session, values)
    except SessionFailure as failure:
        report = str(failure)
    if report:
        pytest.fail(report, pytrace=False)
