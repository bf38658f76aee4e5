"""A file is there whole or not at all, and a full disk is a sentence."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from roadlens.errors import SetupError
from roadlens.rescoring.files import RESULTS, Files, written


def test_a_file_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "fixes.parquet"
    with written(path) as part:
        part.write_bytes(b"whole")
        assert not path.exists()
    assert [each.name for each in tmp_path.iterdir()] == ["fixes.parquet"]
    assert path.read_bytes() == b"whole"


def test_of_a_full_disk_nothing_is_left(tmp_path: Path) -> None:
    def write() -> None:
        with written(tmp_path / "fixes.parquet") as part:
            part.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SetupError, match="There is no room left for "):
        write()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "rescoring").write_text("a file where a directory should be")
    with pytest.raises(SetupError, match="rescoring/2 cannot be written"):
        Files.of(tmp_path, 2).prepare()


def test_what_is_half_written_goes_and_the_rest_stays(tmp_path: Path) -> None:
    files = Files.of(tmp_path, 2)
    files.prepare()
    for path in (files.fixes(1), files.trips(1), files.fixes(2), *(files.result(1, name) for name in RESULTS)):
        path.touch()
    (files.directory / "fixes-000003.77.part").touch()
    files.prepare()
    files.forget(1)
    assert [path.name for path in files.directory.iterdir()] == ["fixes-000002.parquet"]
    assert files.directory.stat().st_mode & 0o077 == 0
