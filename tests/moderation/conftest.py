import pytest

from moderation import Screener, load


@pytest.fixture(scope="session")
def screener() -> Screener:
    return load()
