"""A file that every test of a source may write."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written anew by each reading; one for all, so that Hypothesis may use it."""
    return tmp_path_factory.mktemp("sources") / "drives"
