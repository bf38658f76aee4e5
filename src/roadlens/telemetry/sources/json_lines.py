"""Files of Traccar's forwards, one a line. Knows lines; what is in one is Traccar's."""

from __future__ import annotations

from roadlens.errors import InvalidInput
from roadlens.telemetry.batch import Complaint, Rejected
from roadlens.telemetry.sources import traccar
from roadlens.telemetry.sources.files import InputFile
from roadlens.telemetry.sources.source import Description, Reading, Records


def records(file: InputFile, description: Description) -> Records:
    """Read the forwards of a file; see `Source`."""
    if description.device is not None:
        raise InvalidInput(f"{file.path}: Traccar's forwards name their device: leave --device out.")
    for line in file.lines():
        if not (forward := line.strip()):
            continue
        try:
            claim, fix = traccar.read(forward)
        except Rejected as error:
            yield Complaint(file.number, error.reason, error.detail)
        else:
            yield Reading(file.number, claim, fix)
