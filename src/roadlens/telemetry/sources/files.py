"""Files of records, one a line, plain or gzip: reads them in constant memory and knows which line it is at."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from roadlens.errors import InvalidInput

LONGEST_LINE = 1 << 20  # a forward is under 2 kB; a file without line ends must not fill the memory
_GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class Unreadable(InvalidInput):
    """The file ends in the middle, or is not what it says: what came before it is good."""


class Lines:
    """Iterate over (number, line); `read_bytes` of `total_bytes` tell how far it is, compressed ones where they are.

    Raises:
        InvalidInput: there is no such file, or it may not be read.
        Unreadable: while iterating, at the line where the file breaks off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        try:
            self._raw: BinaryIO = path.open("rb")
            self.total_bytes = path.stat().st_size
        except OSError as error:
            raise InvalidInput(f"{path}: cannot be read: {error.strerror}.") from error
        packed = self._raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        self._raw.seek(0)
        self._lines = cast(BinaryIO, gzip.GzipFile(fileobj=self._raw)) if packed else self._raw

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()

    @property
    def read_bytes(self) -> int:
        """How much of the file has been read."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        while line := self._next():
            self.number += 1
            if self.number == 1:
                line = line.removeprefix(_BOM)
            if stripped := line.strip():
                yield self.number, stripped

    def _next(self) -> bytes:
        try:
            line = self._lines.readline(LONGEST_LINE)
        except (EOFError, gzip.BadGzipFile, zlib.error, OSError) as error:
            raise Unreadable(
                f"{self.path}:{self.number + 1}: the file breaks off here ({error}). Get it again: what came before "
                "this line was read."
            ) from error
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            raise Unreadable(f"{self.path}:{self.number + 1}: the line is longer than {LONGEST_LINE:,} bytes.")
        return line
