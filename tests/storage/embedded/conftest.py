"""A data directory whose cluster has been made already: most tests are about what happens to it afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from roadlens.storage.embedded.server import EmbeddedPostgres


@pytest.fixture(scope="session")
def used_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("embedded") / "data"
    server = EmbeddedPostgres(data_dir)
    server.start()
    server.stop()
    return data_dir


@pytest.fixture
def data_dir(used_once: Path, tmp_path: Path) -> Path:
    """Of this test alone; nothing runs in it."""
    return Path(shutil.copytree(used_once, tmp_path / "data"))
