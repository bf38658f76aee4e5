"""What is said between the command that rebuilds and its processes: lines of JSON."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from roadlens.errors import DatabaseUnavailable, Overloaded, RoadlensError, SetupError


class Greeting(msgspec.Struct, frozen=True):
    """The first line that a process is sent: where things are, whether files stay, and where a cluster's master is.

    It comes over the pipe and not as an argument, for the database's address holds a password.
    """

    database_url: str
    directory: str
    version: int
    keep_files: bool = False
    master: str = ""


class Export(msgspec.Struct, frozen=True, tag=True):
    """Write a chunk's trips and fixes to files."""

    chunk: int


class Score(msgspec.Struct, frozen=True, tag=True):
    """Score a chunk on DuckDB, exporting it first if its files are not there, and store what comes of it."""

    chunk: int


class Finish(msgspec.Struct, frozen=True, tag=True):
    """Store what a cluster has made of a chunk."""

    chunk: int


class Drivers(msgspec.Struct, frozen=True, tag=True):
    """Score the history of these drivers."""

    drivers: tuple[str, ...]


Task = Export | Score | Finish | Drivers


class Counts(NamedTuple):
    """What a task has done. `kept` are trips whose events could not be made anew, for their positions are not there."""

    positions: int = 0
    trips: int = 0
    events: int = 0
    kept: int = 0
    drivers: int = 0

    def plus(self, other: Counts) -> Counts:
        return Counts(*(ours + theirs for ours, theirs in zip(self, other, strict=True)))


class Done(msgspec.Struct, frozen=True, tag=True):
    """A task is done. `seconds` are by phase."""

    counts: Counts
    seconds: dict[str, float]


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A task cannot be done now; the sentence says what to do."""

    code: str
    detail: str

    def error(self) -> RoadlensError:
        kinds = {kind.code: kind for kind in (DatabaseUnavailable, Overloaded, SetupError)}
        return kinds.get(self.code, RoadlensError)(self.detail)


class Spread(msgspec.Struct, frozen=True):
    """Have a cluster make what rules make of these chunks, which are exported; each is answered by a `Made`."""

    chunks: tuple[int, ...]


class Made(msgspec.Struct, frozen=True, tag=True):
    """What rules make of a chunk is in its files now."""

    chunk: int
    seconds: float


Answer = Done | Made | Failed

encode = msgspec.json.encode
greeting = msgspec.json.Decoder(Greeting)
task = msgspec.json.Decoder(Task)
answer = msgspec.json.Decoder(Answer)
spread = msgspec.json.Decoder(Spread)
