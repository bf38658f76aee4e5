"""A file that a command writes: it appears when it is whole, and only who ran the command may read it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from roadlens.errors import SetupError


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """A text file to write to. If the block fails, there is none, and one that was there before stays.

    What is there and is no file (a pipe, a device) is written to as it comes, and a link goes on leading where it did.

    Raises:
        SetupError: nothing can be written there, or no more.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", newline="") as file:
                yield file
        else:
            with _replacing(path.resolve()) as file:
                yield file
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror}. Name another place.") from error


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    handle, draft = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
