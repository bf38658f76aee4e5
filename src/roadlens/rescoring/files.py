"""Where a rebuild's files are, and how one is written: whole, under its name, or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from roadlens.errors import SetupError

# What rules make of a chunk's fixes; see `expressions.results`.
RESULTS = ("signs", "sums", "over")

_FULL = (errno.ENOSPC, errno.EDQUOT)


class Files(NamedTuple):
    """Of one version, below the data directory: what is exported of a chunk, and what a cluster has made of it."""

    directory: Path

    @classmethod
    def of(cls, data_dir: Path, version: int) -> Files:
        return cls(data_dir / "rescoring" / str(version))

    def trips(self, chunk: int) -> Path:
        """Trips of a chunk as they are live, with what stays of them."""
        return self.directory / f"trips-{chunk:06}.parquet"

    def fixes(self, chunk: int) -> Path:
        """Their fixes; complete if it is there, for it is written last."""
        return self.directory / f"fixes-{chunk:06}.parquet"

    def result(self, chunk: int, name: str) -> Path:
        """What a cluster has made of them; `name` is one of `RESULTS`."""
        return self.directory / f"{name}-{chunk:06}.parquet"

    @property
    def classes(self) -> Path:
        """The parameters of each class of vehicles, for a cluster."""
        return self.directory / "classes.parquet"

    @property
    def spark_log(self) -> Path:
        """What Java and Spark have said."""
        return self.directory / "spark.log"

    def prepare(self) -> None:
        """Make the directory, readable by its owner alone, and remove what somebody left half-written.

        Raises:
            SetupError: it cannot be made; the message says where.
        """
        with said(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            for part in self.directory.glob("*.part"):
                part.unlink(missing_ok=True)

    def forget(self, chunk: int) -> None:
        """Remove the files of a chunk that is stored. The fixes go first: without them it is not complete."""
        for path in (self.fixes(chunk), self.trips(chunk), *(self.result(chunk, name) for name in RESULTS)):
            path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove all files of the version."""
        shutil.rmtree(self.directory, ignore_errors=True)


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A path to write to in the block; at its end that is on the disk, under the right name.

    Raises:
        SetupError: the disk is full, or cannot be written; nothing is left.
    """
    part = path.with_suffix(f".{os.getpid()}.part")
    with said(path):
        try:
            yield part
            _sync(part)
            part.rename(path)
            _sync(path.parent)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def said(path: Path) -> Iterator[None]:
    """An error of the file system as a sentence that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise SetupError(
                f"There is no room left for {path}. Make some and run the same command again: it goes on from here."
            ) from error
        raise SetupError(f"{path} cannot be written: {error.strerror or error}.") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
