"""A small file with a secret, made once for its owner alone, and read ever after."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from roadlens.errors import SetupError


def kept(path: Path, fresh: str) -> str:
    """The text in a file that only its owner may read; `fresh` is written to it first if there is no such file.

    The file appears whole or not at all, and of two processes that make it at once both get the same text.
    """
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
            try:
                with os.fdopen(handle, "w") as file:
                    file.write(f"{fresh}\n")
                    file.flush()
                    os.fsync(file.fileno())
                with suppress(FileExistsError):  # another process was faster: its text is the one to use
                    path.hardlink_to(draft)
            finally:
                Path(draft).unlink()
        text = path.read_text().strip()
    except OSError as error:
        raise SetupError(f"{path} cannot be read or written: {error.strerror}. Check the data directory.") from error
    if not text:
        raise SetupError(f"{path} is empty. Delete it, and a new one will be made.")
    return text
