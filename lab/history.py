"""The record of a run: what each client sent and was answered, and when. Knows how it is written and read back.

Two files. `reads` has a fixed number of bytes for each answer, for there are millions; `events` has a line for all
else: what the numbers in `reads` mean, writes, posts, failures. All times are the machine's monotonic clock, which its
processes share; `began` is before the first byte was sent, `ended` after the last one had come.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from lab.registers import Seen

_READ = struct.Struct("<ddIHH")
_READS_A_TIME = 65536

READS, EVENTS, FAULTS = "reads", "events", "faults"

# The kind of failure of a read that was answered, but late.
LATE = "late"
# The kind of failure of a command of Roadlens's, and who runs them: no server, and no way that a fault could close.
COMMAND_FAILED = "a command failed"
SHELL = "a shell"
# Two leases and room (docs/change-feed.md: a write waits at most one; it may come to a worker that is taken for dead).
# A read waits for none, but for a processor and a disk as a write does.
LONGEST_S = 5.0


class Read(NamedTuple):
    """An answer: which of `Shown` it was, to which `Asked`, by which `Worker`."""

    began: float
    ended: float
    shown: int
    asked: int
    worker: int


class Asked(msgspec.Struct, tag=True):
    """A question, and who puts it."""

    number: int
    path: str
    who: str


class Worker(msgspec.Struct, tag=True):
    number: int
    name: str


class Shown(msgspec.Struct, tag=True):
    """What an answer says."""

    number: int
    seen: list[Seen]


class Written(msgspec.Struct, tag=True):
    """One attempt to give a register its next value. Not acknowledged: it may have happened, or may yet.

    Attributes:
        refused: for another version is there. So it has not happened, and will not.
        author: the attempt's own number, where others make attempts of the same register meanwhile; 0 elsewhere.
    """

    register: str
    number: int
    began: float
    ended: float
    acknowledged: bool
    server: str
    refused: bool = False
    author: int = 0

    @property
    def shared(self) -> bool:
        return self.author > 0


class Posted(msgspec.Struct, tag=True):
    """A device's positions `first` to `last`."""

    device: str
    first: int
    last: int
    began: float
    ended: float
    acknowledged: bool
    server: str


class Failed(msgspec.Struct, tag=True):
    """What was not answered as it should be.

    Attributes:
        kind: a status, the name of an error, `LATE` or `COMMAND_FAILED`.
        shared: an edit of what others edit too.
    """

    what: str
    kind: str
    detail: str
    began: float
    ended: float
    server: str
    shared: bool = False


class Wrong(msgspec.Struct, tag=True):
    """What a client itself found to contradict what it was told before."""

    what: str
    at: float


class Sizes(msgspec.Struct, tag=True):
    """Bytes of memory of each process."""

    at: float
    resident: dict[str, int]


class Waited(msgspec.Struct, tag=True):
    """Seconds between two looks in which a worker had no processor."""

    server: str
    worker: int
    began: float
    ended: float
    seconds: float


class Summed(msgspec.Struct, tag=True):
    """How many answers there were of each kind, by `Cache-Status`."""

    answers: dict[str, int]


Event = Asked | Worker | Shown | Written | Posted | Failed | Wrong | Sizes | Summed | Waited


class Fault(msgspec.Struct):
    """What was done to whom. `ended` is when it was undone and all answered again."""

    kind: str
    target: str
    began: float
    ended: float

    def touches(self, began: float, ended: float, grace: float = 0.0) -> bool:
        return began <= self.ended + grace and ended >= self.began


class Recorder:
    """Writes a history; of one process, in the order in which answers end."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._reads = (directory / READS).open("wb", 1 << 20)
        self._events = (directory / EVENTS).open("wb", 1 << 16)
        self._encode = msgspec.json.Encoder().encode

    def read(self, began: float, ended: float, shown: int, asked: int, worker: int) -> None:
        self._reads.write(_READ.pack(began, ended, shown, asked, worker))

    def event(self, event: Event) -> None:
        self._events.write(self._encode(event) + b"\n")

    def close(self) -> None:
        self._reads.close()
        self._events.close()


def events(directory: Path) -> Iterator[Event]:
    decode = msgspec.json.Decoder(Event).decode
    with (directory / EVENTS).open("rb") as lines:
        for line in lines:
            yield decode(line)


def reads(directory: Path) -> Iterator[Read]:
    """In the order in which they ended."""
    with (directory / READS).open("rb") as file:
        while piece := file.read(_READ.size * _READS_A_TIME):
            for fields in _READ.iter_unpack(piece):
                yield Read(*fields)


def faults(directory: Path) -> list[Fault]:
    file = directory / FAULTS
    return msgspec.json.decode(file.read_bytes(), type=list[Fault]) if file.exists() else []


def keep_faults(directory: Path, found: Sequence[Fault]) -> None:
    """Whole at any moment, for who reads them meanwhile. One writes at a time."""
    draft = directory / f"{FAULTS}.draft"
    draft.write_bytes(msgspec.json.encode(found))
    draft.replace(directory / FAULTS)


def add(directory: Path, more: Sequence[Event]) -> None:
    """What another process has seen meanwhile."""
    with (directory / EVENTS).open("ab") as file:
        file.write(b"".join(msgspec.json.encode(event) + b"\n" for event in more))
