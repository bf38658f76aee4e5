"""The dashboard's files, each in the codings that browsers take. Knows no page and no route."""

from __future__ import annotations

import gzip
import posixpath
import re
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final, Self

import zstandard

from roadlens.cache.forms import IDENTITY, SHORTEST, preferred

MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

# What a module imports statically: what a browser must have before the module runs.
_IMPORT: Final = re.compile(r'^(?:import|export)\b[^;"]*"(\.[^"]+)";', re.MULTILINE)


@dataclass(frozen=True)
class File:
    """One file. Compressed when first asked for, once for each coding; a large one stays on the disk until then."""

    media_type: str
    source: bytes | Path
    digest: str
    _coded: dict[str, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, media_type: str, source: bytes | Path) -> Self:
        return cls(media_type, source, blake2b(_bytes(source), digest_size=8).hexdigest())

    @property
    def body(self) -> bytes:
        return _bytes(self.source)

    @property
    def text(self) -> str:
        return self.body.decode()

    def coded(self, accept_encoding: str) -> tuple[str, bytes]:
        """The coding to answer with, and the bytes in it."""
        coding = preferred(accept_encoding.encode("latin-1", "replace"))
        if coding in self._coded:
            return coding, self._coded[coding]
        body = self.body
        if coding == IDENTITY or len(body) < SHORTEST:
            return IDENTITY, body
        self._coded[coding] = _compressed(body, coding)
        return coding, self._coded[coding]


def _bytes(source: bytes | Path) -> bytes:
    return source.read_bytes() if isinstance(source, Path) else source


def _compressed(body: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.compress(body, 6, mtime=0)
    # Copied, for the library's own bytes keep the room of the longest that they could have been.
    return bytes(memoryview(zstandard.ZstdCompressor(level=9).compress(body)))


def read_files(directory: Path) -> dict[str, File]:
    """Every file below the directory that a browser is given, by its path with `/`."""
    return {
        path.relative_to(directory).as_posix(): File.of(MEDIA_TYPES[path.suffix], path.read_bytes())
        for path in sorted(directory.rglob("*"))
        if path.suffix in MEDIA_TYPES
    }


def imported(files: dict[str, File], *names: str) -> list[str]:
    """The modules and all that they import statically, each once: what a page can begin to fetch at once."""
    found: list[str] = []
    waiting = list(names)
    while waiting:
        module = waiting.pop(0)
        if module in found:
            continue
        found.append(module)
        waiting += [posixpath.normpath(f"{module}/../{target}") for target in _IMPORT.findall(files[module].text)]
    return found
