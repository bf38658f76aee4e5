"""What a leg comes to by the formula of its score version: its events and its sums."""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple

from roadlens.scoring.parameters import FORMULA_1
from roadlens.telemetry import relativity_1
from roadlens.telemetry.derive import Event, derive
from roadlens.telemetry.seconds import seconds
from roadlens.telemetry.sums import Sums, sum_up
from roadlens.telemetry.track import Track


class Found(NamedTuple):
    """The events of a leg in the order of time, and its sums; no sums where it is too short to be a trip."""

    events: list[Event]
    sums: Sums | None


def find(track: Track, zone: tzinfo) -> Found:
    """What a leg shows.

    Args:
        track: the leg, with the parameters of its vehicle's class.
        zone: the installation's time zone.
    """
    if track.parameters.formula == FORMULA_1:
        sums = relativity_1.sum_up(track, zone)
        return Found([] if sums is None else relativity_1.derive(track), sums)
    rows = seconds(track)
    sums = sum_up(track, rows, zone)
    return Found([] if sums is None else derive(track, rows), sums)
