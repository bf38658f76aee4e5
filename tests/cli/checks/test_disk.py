"""A disk that is nearly full, and a directory that nobody may write to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from roadlens.cli.checks.disk import check, judged

GB = 10**9


def test_room_enough() -> None:
    assert list(judged(Path("data"), 11 * GB, 100 * GB)) == []


@pytest.mark.parametrize(("free", "level"), [(9 * GB, "warning"), (GB, "error")])
def test_little_room(free: int, level: str) -> None:
    (finding,) = judged(Path("data"), free, 100 * GB)
    assert finding.level == level
    assert f"{free / GB:.1f} GB of 100.0 GB are free" in finding.what


def test_a_directory_that_is_not_there_yet(tmp_path: Path) -> None:
    assert all(finding.check == "disk" for finding in check(tmp_path / "a" / "b", holds_database=True))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        (finding,) = check(tmp_path, holds_database=False)
    finally:
        tmp_path.chmod(0o700)
    assert "cannot be written to" in finding.what
