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

    Raises:
        SetupError: nothing can be written there.
    """
    try:
        handle, draft = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
