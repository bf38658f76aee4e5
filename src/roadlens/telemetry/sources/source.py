"""The contract of every source: an opened file goes in; what its records say, or why they cannot be read, comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import Complaint, Fix
from roadlens.telemetry.sources.files import InputFile
from roadlens.telemetry.sources.mapping import Mapping


class Reading(NamedTuple):
    """One record that could be read, and the line where it began."""

    line: int
    claim: DeviceClaim
    fix: Fix


Records = Iterator[Reading | Complaint]


@dataclass(frozen=True, slots=True)
class Description:
    """What somebody says of a file beyond what stands in it.

    Attributes:
        device: unique id of the device of all its records, where they name none.
        mapping: how a table is written that is not written as documented.
    """

    device: str | None = None
    mapping: Mapping | None = None


class Source(Protocol):
    """Reads one format, record by record and in constant memory.

    Raises:
        Unreadable: at the record where the file cannot be read on; what was handed out before is good.
        InvalidInput: nothing of it can be read: a column that nobody knows, or no device.
    """

    def __call__(self, file: InputFile, description: Description) -> Records: ...
