"""One analyzer for all: it takes seconds to load and never changes."""

import pytest

from knowledge.analysis import Analyzer


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    return Analyzer()
