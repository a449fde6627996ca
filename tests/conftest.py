"""
What all of the tests share: the built tree, made once per run.
"""

import pytest

from lib import build as builder


def pytest_configure(config):
    config.addinivalue_line("markers", "xdist_group(name): tests that share one boot, so one worker (pytest-xdist)")


@pytest.fixture(scope="session")
def built():
    """The tree, built. A failed build fails every test that needs it, with what make said."""
    try:
        builder.build()
    except builder.BuildFailure as failure:
        pytest.fail(str(failure), pytrace=False)
