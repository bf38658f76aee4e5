"""Numbers that one process adds to and every process of the instance may read, added up. Knows no metric by name.

A number is a cell of 8 bytes. Kept in a file that is mapped into memory, it costs no more than one in a list, others
see it at once, and it outlives a process that is killed: who takes its place goes on counting in the same cells.
"""

from __future__ import annotations

import json
import logging
import mmap
import os
from array import array
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

# Of 8 bytes each. All series of today take a tenth of them; a file that is not written to takes no room on the disk.
CELLS = 32_768

# The name of the metric, then the values of its labels.
Series = tuple[str, ...]

logger = logging.getLogger(__name__)


class Tally:
    """The cells of this process. Only the thread of its event loop may add to them.

    Attributes:
        cells: doubles, to be added to at an index that `place` gave.
    """

    def __init__(self, file: Path | None = None) -> None:
        """Without a file the numbers are this process's alone. With one, no other living process may count in it."""
        self._names = None if file is None else file.with_suffix(".names")
        self._used = 1  # the first one takes what has no place
        self._places: dict[Series, tuple[int, int]] = {}
        self.cells = memoryview(array("d", bytes(8 * CELLS)) if file is None else _mapped(file)).cast("B").cast("d")
        if self._names is not None:
            known = list(_read_names(self._names))
            for series, start, width in known:
                self._places[series] = start, width
                self._used = start + width
            # A line that its writer could not end is written over.
            self._names.write_text("".join(_line(*entry) for entry in known))

    def place(self, series: Series, width: int) -> int:
        """Where the `width` cells of a series begin; they are made, with zeros, at the first call."""
        if series in self._places:
            return self._places[series][0]
        if self._used + width > CELLS:
            logger.warning("There is no room to count %s: more than %d numbers", series, CELLS)
            return 0
        start, self._used = self._used, self._used + width
        self._places[series] = start, width
        if self._names is not None:
            with self._names.open("a") as names:
                names.write(_line(series, start, width))
        return start

    def read(self) -> dict[Series, list[float]]:
        """Every series with its numbers: this process's alone, or the sums over all files of the directory."""
        if self._names is None:
            places = list(self._places.items())  # copied at once, for the reader may be another thread
            return {series: [*map(float, self.cells[start : start + width])] for series, (start, width) in places}
        sums: dict[Series, list[float]] = defaultdict(list)
        for names in sorted(self._names.parent.glob("*.names")):
            cells = memoryview(names.with_suffix(".cells").read_bytes()).cast("d")
            for series, start, width in _read_names(names):
                before = sums[series] or [0.0] * width
                sums[series] = [a + b for a, b in zip(before, cells[start : start + width], strict=True)]
        return sums


def cells_file(directory: Path, name: str) -> Path:
    """Where the process of that name counts."""
    return directory / f"{name}.cells"


def _mapped(file: Path) -> mmap.mmap:
    """The file in memory, made with zeros if it is not there."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.ftruncate(handle, 8 * CELLS)
        return mmap.mmap(handle, 8 * CELLS)
    finally:
        os.close(handle)


def _line(series: Series, start: int, width: int) -> str:
    return f"{json.dumps([series, start, width])}\n"


def _read_names(names: Path) -> Iterator[tuple[Series, int, int]]:
    """What has been written to its end."""
    lines = names.read_text().split("\n")[:-1] if names.exists() else []
    for line in lines:
        series, start, width = json.loads(line)
        yield tuple(series), start, width
