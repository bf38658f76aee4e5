"""Numbers that one process adds to and every process of the instance may read, added up. Knows no metric by name.

A number is a cell of 8 bytes. Kept in a file that is mapped into memory, it costs no more than one in a list, others
see it at once, and it outlives a process that is killed: who takes its place goes on counting in the same cells.
What is so only now, and not counted, ends with the process: the file is locked for as long as that lives.

A disk that is full costs numbers, and nothing else: whoever counts is not to fail for it.
"""

from __future__ import annotations

import fcntl
import json
import logging
import mmap
import os
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

# Of 8 bytes each, 256 KiB in all, for which a file has room from the first. All series of today take a tenth of them.
CELLS = 32_768

# The name of the metric, then the values of its labels.
Series = tuple[str, ...]

logger = logging.getLogger(__name__)


class _Place(NamedTuple):
    """Where the `width` cells of a series begin; and whether they say what is so now, and not what has been."""

    start: int
    width: int
    momentary: bool


class Tally:
    """The cells of this process. Only the thread of its event loop may write to them.

    Attributes:
        cells: doubles, to be written to at an index that `place` gave.
    """

    def __init__(self, file: Path | None = None) -> None:
        """Without a file the numbers are this process's alone. Where a living process has the file, one beside it."""
        self._names: Path | None = None
        self._unwritten = b""
        self._used = 1  # the first one takes what has no place
        self._places: dict[Series, _Place] = {}
        self.cells = memoryview(array("d", bytes(8 * CELLS))).cast("B").cast("d")
        if file is not None:
            try:
                self._take(file)
            except OSError as error:
                logger.warning("This process counts, and nobody sees it: there is no room at %s (%s)", file, error)

    def _take(self, file: Path) -> None:
        """Go on where the process before has ended."""
        taken, mapped = _own(file)
        names = taken.with_suffix(".names")
        with names.open("ab+") as written:
            written.seek(0)
            # A line that its writer could not end is written over.
            written.truncate(written.read().rfind(b"\n") + 1)
        self.cells, self._names = memoryview(mapped).cast("B").cast("d"), names
        for series, place in _read_names(names):
            self._places[series] = place
            self._used = place.start + place.width
            if place.momentary:  # of the process before
                self.cells[place.start : self._used] = array("d", bytes(8 * place.width))
        # What it counted under names that it could not write.
        self.cells[self._used :] = array("d", bytes(8 * (CELLS - self._used)))

    def place(self, series: Series, width: int, *, momentary: bool = False) -> int:
        """Where the `width` cells of a series begin; they are made, with zeros, at the first call."""
        if series in self._places:
            return self._places[series].start
        if self._used + width > CELLS:
            logger.warning("There is no room to count %s: more than %d numbers", series, CELLS)
            return 0
        place = self._places[series] = _Place(self._used, width, momentary)
        self._used += width
        if self._names is not None:
            self._unwritten += _line(series, place).encode()
            self._write_names(self._names)
        return place.start

    def _write_names(self, file: Path) -> None:
        """What finds no room is written with the next name, and its numbers are seen then."""
        try:
            with file.open("ab", buffering=0) as names:
                self._unwritten = self._unwritten[names.write(self._unwritten) :]
        except OSError as error:
            logger.debug("The names of what is counted find no room at %s: %s", file, error)

    def read(self) -> dict[Series, list[float]]:
        """What has been counted: by this process alone, or the sums over all files of the directory."""
        sums: dict[Series, list[float]] = defaultdict(list)
        for numbers in self._each(momentary=False):
            for series, more in numbers.items():
                before = sums[series] or [0.0] * len(more)
                sums[series] = [a + b for a, b in zip(before, more, strict=True)]
        return dict(sums)

    def present(self) -> list[dict[Series, list[float]]]:
        """What is so now, in each process of the instance that lives."""
        return list(self._each(momentary=True))

    def _each(self, *, momentary: bool) -> Iterator[dict[Series, list[float]]]:
        if self._names is None:
            places = list(self._places.items())  # copied at once, for the reader may be another thread
            yield _numbers(self.cells, places, momentary=momentary)
            return
        for names in sorted(self._names.parent.glob("*.names")):
            with names.with_suffix(".cells").open("rb") as file:
                if not momentary or _lives(file.fileno()):
                    yield _numbers(memoryview(file.read()).cast("d"), _read_names(names), momentary=momentary)


def cells_file(directory: Path, name: str) -> Path:
    """Where the process of that name counts."""
    return directory / f"{name}.cells"


def _own(file: Path) -> tuple[Path, mmap.mmap]:
    """The first file that no living process has, in memory; made with zeros if it is not there.

    While workers are replaced, two of one name live for a moment.
    """
    for number in count(1):
        own = file if number == 1 else file.with_stem(f"{file.stem}-{number}")
        handle = os.open(own, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # Held by what is mapped, which has a handle of its own to the same open file (flock(2), mmap of Python).
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _make_room(handle)
            return own, mmap.mmap(handle, 8 * CELLS)
        except BlockingIOError:
            continue
        finally:
            os.close(handle)
    raise AssertionError("unreachable: one is free")


def _make_room(handle: int) -> None:
    """Now: a page that finds none when it is first written to ends the process (SIGBUS, mmap(2)).

    Raises:
        OSError: there is none.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, 8 * CELLS)
    else:
        os.ftruncate(handle, 8 * CELLS)


def _lives(handle: int) -> bool:
    """Whether the process that counts in the file still does. Readers do not keep each other from asking."""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(handle, fcntl.LOCK_UN)
    return False


def _numbers(
    cells: memoryview[float], places: Iterable[tuple[Series, _Place]], *, momentary: bool
) -> dict[Series, list[float]]:
    return {
        series: [*map(float, cells[place.start : place.start + place.width])]
        for series, place in places
        if place.momentary == momentary
    }


def _line(series: Series, place: _Place) -> str:
    return f"{json.dumps([series, *place])}\n"


def _read_names(names: Path) -> Iterator[tuple[Series, _Place]]:
    """What has been written to its end."""
    lines = names.read_text().split("\n")[:-1] if names.exists() else []
    for line in lines:
        series, *place = json.loads(line)
        yield tuple(series), _Place(*place)
