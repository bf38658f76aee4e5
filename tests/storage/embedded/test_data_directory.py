"""Which directories are taken, which are refused, and the address of the database in one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from roadlens.storage.embedded.data_directory import (
    LONGEST_SOCKET_PATH,
    DataDirectory,
    database_url,
    prepare_data_directory,
    socket_directory,
    socket_in,
)
from roadlens.storage.embedded.errors import DataDirectoryUnusable
from roadlens.storage.embedded.identity import as_caller


def test_new_and_empty_directories_become_private(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir(mode=0o755)
    for name in ("new/below/new", "empty"):
        data = prepare_data_directory(tmp_path / name)
        assert stat.S_IMODE(data.path.stat().st_mode) == 0o700


def test_directory_in_use_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    tmp_path.chmod(0o755)
    prepare_data_directory(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_directory_that_others_may_write_to(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    tmp_path.chmod(0o777)
    with pytest.raises(DataDirectoryUnusable, match="chmod 700"):
        prepare_data_directory(tmp_path)


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_file_in_the_way(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataDirectoryUnusable, match="is a file, and a directory is needed"):
        prepare_data_directory(tmp_path / name)


def test_socket_lies_in_the_data_directory_where_that_fits() -> None:
    short = Path("/var/lib/roadlens")
    assert socket_directory(DataDirectory(short), as_caller()) == short


@pytest.mark.parametrize("name", ["x" * LONGEST_SOCKET_PATH, "a,b"])
def test_socket_lies_in_a_private_directory_where_it_does_not_fit(tmp_path: Path, name: str) -> None:
    data = prepare_data_directory(tmp_path / name)
    private = socket_directory(data, as_caller())
    try:
        assert socket_directory(data, as_caller()) == private
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert len(os.fsencode(socket_in(private))) <= LONGEST_SOCKET_PATH
        private.chmod(0o755)
        with pytest.raises(DataDirectoryUnusable, match="not a private directory of ours"):
            socket_directory(data, as_caller())
    finally:
        private.rmdir()


def test_address_survives_every_character_of_a_path() -> None:
    directory = Path("/data/Straße 100% & more?=#+")
    assert conninfo_to_dict(database_url(directory)) == {
        "user": "roadlens",
        "dbname": "roadlens",
        "host": str(directory),
        "port": "5432",
    }
