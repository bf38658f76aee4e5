"""Lines and bytes of files, plain and packed: their numbers, their ends, and where they break off."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from roadlens.errors import InvalidInput
from roadlens.telemetry.sources.files import LONGEST_LINE, InputFile, Unreadable


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_are_numbered_and_whole(file: Path, pack: type[bytes]) -> None:
    file.write_bytes(pack(b"\xef\xbb\xbfone\r\n\ntwo"))
    with InputFile(file) as opened:
        assert opened.head().startswith(b"one")
        assert [(opened.number, line) for line in opened.lines()] == [(1, b"one\r\n"), (2, b"\n"), (3, b"two")]
        assert opened.read_bytes == opened.total_bytes


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_chunks_are_the_bytes(file: Path, pack: type[bytes]) -> None:
    content = bytes(range(256)) * 2000
    file.write_bytes(pack(content))
    with InputFile(file) as opened:
        assert content.startswith(opened.head())
        assert b"".join(opened.chunks()) == content


def test_a_line_without_end_is_not_read_into_memory(file: Path) -> None:
    file.write_bytes(b"a\n" + b"x" * (LONGEST_LINE + 1))
    with InputFile(file) as opened, pytest.raises(Unreadable, match=":2: the line is longer than 1,048,576 bytes"):
        list(opened.lines())


@pytest.mark.parametrize("length", [1, 9, 30])
def test_a_packed_file_that_breaks_off_says_so(file: Path, length: int) -> None:
    file.write_bytes(gzip.compress(bytes(range(200)))[: 1 + length])
    with InputFile(file) as opened, pytest.raises(Unreadable, match="the file breaks off here"):
        list(opened.lines())


def test_what_came_before_the_break_is_read(file: Path) -> None:
    file.write_bytes(gzip.compress(b"".join(b"line %d\n" % number for number in range(200)))[:200])
    with InputFile(file) as opened:
        lines = opened.lines()
        assert next(lines) == b"line 0\n"
        with pytest.raises(Unreadable, match=r":\d\d+: the file breaks off here"):
            list(lines)
        assert opened.number > 50


def test_what_cannot_be_opened_says_so(file: Path) -> None:
    for path in (file.with_name("none"), file.parent):
        with pytest.raises(InvalidInput, match="cannot be read"):
            InputFile(path)
