"""Reads content as a file of positions, whatever its format, and collects what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from roadlens.errors import InvalidInput
from roadlens.telemetry.batch import Complaint, Fix
from roadlens.telemetry.sources import formats
from roadlens.telemetry.sources.files import InputFile
from roadlens.telemetry.sources.mapping import Mapping
from roadlens.telemetry.sources.source import Description, Reading


@dataclass
class Told:
    """What a file said; `error` is the word with which reading ended before the file did."""

    readings: list[Reading] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    error: InvalidInput | None = None

    @property
    def fixes(self) -> list[Fix]:
        return [reading.fix for reading in self.readings]

    @property
    def rows(self) -> list[str]:
        """The fixes such that they can be compared: what is unknown equals what is unknown."""
        return list(map(repr, self.fixes))

    @property
    def fix(self) -> Fix:
        """The only one."""
        assert (len(self.readings), self.complaints, self.error) == (1, [], None), self
        return self.readings[0].fix

    @property
    def complaint(self) -> str:
        """The only one, with its line."""
        (complaint,) = self.complaints
        return f"{complaint.line}: {complaint.detail}"


def read(path: Path, content: bytes | str, *, device: str | None = None, mapping: Mapping | None = None) -> Told:
    """Write the content and read it as an import does."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    told = Told()
    try:
        with InputFile(path) as file:
            for record in formats.records(file, Description(device, mapping)):
                if isinstance(record, Reading):
                    told.readings.append(record)
                else:
                    told.complaints.append(record)
    except InvalidInput as error:
        told.error = error
    return told
