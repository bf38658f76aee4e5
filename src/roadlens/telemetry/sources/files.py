"""An input file, plain or gzip: hands out its lines or its bytes in constant memory and knows which line it is at."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from roadlens.errors import InvalidInput

LONGEST_LINE = 1 << 20  # a forward is under 2 kB; a file without line ends must not fill the memory
CHUNK = 1 << 16
_GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class Unreadable(InvalidInput):
    """The file ends in the middle, or is not what it says: what came before it is good."""


class InputFile:
    """A file that is read once, from its beginning. `read_bytes` of `total_bytes` tell how far, compressed ones where
    they are; `number` is the line that was handed out last.

    Raises:
        InvalidInput: there is no such file, or it may not be read.
        Unreadable: while reading, at the line where the file breaks off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        try:
            self._raw = path.open("rb")
            self.total_bytes = path.stat().st_size
        except OSError as error:
            raise InvalidInput(f"{path}: cannot be read: {error.strerror}.") from error
        packed = self._raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        self._raw.seek(0)
        # No buffer of ours around it: filling one beyond the place where a file breaks off loses what came before.
        self._content = cast(BufferedReader, gzip.GzipFile(fileobj=self._raw)) if packed else self._raw

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._content.close()
        self._raw.close()

    @property
    def read_bytes(self) -> int:
        """How much of the file has been read."""
        return self._raw.tell()

    def head(self) -> bytes:
        """Some of the first bytes, without taking them; none only if the file is empty."""
        return self._reading(lambda: self._content.peek(CHUNK)).removeprefix(_BOM)

    def lines(self) -> Iterator[bytes]:
        """Each line as it stands, with its end."""
        while line := self._reading(lambda: self._content.readline(LONGEST_LINE)):
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                raise Unreadable(f"{self.path}:{self.number + 1}: the line is longer than {LONGEST_LINE:,} bytes.")
            self.number += 1
            yield line.removeprefix(_BOM) if self.number == 1 else line

    def chunks(self) -> Iterator[bytes]:
        """The bytes in pieces; whoever understands them keeps `number` up to date."""
        while chunk := self._reading(lambda: self._content.read1(CHUNK)):
            yield chunk

    def _reading(self, read: Callable[[], bytes]) -> bytes:
        try:
            return read()
        except (EOFError, gzip.BadGzipFile, zlib.error, OSError) as error:
            raise Unreadable(
                f"{self.path}:{self.number + 1}: the file breaks off here ({error}). Get it again: what came before "
                "this line was read."
            ) from error
