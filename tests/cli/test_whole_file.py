"""A file is whole or not there, and is nobody else's to read."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import pytest

from roadlens.cli.whole_file import whole_file
from roadlens.errors import SetupError


def test_it_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with whole_file(path) as file:
        file.write("a\n")
        assert not path.exists()
    assert path.read_bytes() == b"a\n"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UnicodeEncodeError), whole_file(path) as file:
        file.write("b\udfff\n")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["a\n"]
    with pytest.raises(SetupError, match="cannot be written: No such file"), whole_file(tmp_path / "no" / "table.csv"):
        pass


def test_what_is_no_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe, real, link = tmp_path / "pipe", tmp_path / "real", tmp_path / "link"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(pipe) as file:
        file.write("a\n")
    assert os.read(reader, 10) == b"a\n"
    os.close(reader)
    assert pipe.is_fifo()
    real.write_text("before\n")
    link.symlink_to(real)
    with whole_file(link) as file:
        file.write("after\n")
    assert link.is_symlink()
    assert real.read_text() == "after\n"
    with pytest.raises(SetupError, match="cannot be written: Is a directory"), whole_file(tmp_path):
        pass


def test_a_disk_without_room_is_said_and_leaves_what_was_there(tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk: the same system call fails, with another number."""
    path = tmp_path / "table.csv"
    path.write_text("before\n")
    usual, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, usual[1]))
    try:
        with pytest.raises(SetupError, match=r"table.csv cannot be written: File too large"), whole_file(path) as file:
            file.write("x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        signal.signal(signal.SIGXFSZ, ignored)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["before\n"]
