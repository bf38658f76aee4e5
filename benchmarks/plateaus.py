"""Do the thresholds of derived events lie on plateaus? F1 by type where one of them is changed and the rest are left.

    python -m benchmarks.plateaus DIRECTORY

The directory holds `positions.jsonl.gz`, drives as Traccar forwards them, and `events.csv` with columns `type` (brake,
accel, corner), `start` and `end`. A derived event agrees with the nearest label of its type that is not taken yet and
began at most three seconds after it or ended at most three seconds before it. A threshold whose neighbours give the
same is not fitted to one event.
"""

from __future__ import annotations

import csv
import gzip
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from roadlens.domain import EventType
from roadlens.scoring.parameters import DEFAULT, Parameters
from roadlens.storage.binary import Positions
from roadlens.storage.reads.tracks import Assignment
from roadlens.telemetry.batch import Batch
from roadlens.telemetry.cut import cut
from roadlens.telemetry.formulas import find
from roadlens.telemetry.sources import traccar
from roadlens.telemetry.steps import one_a_moment
from roadlens.telemetry.track import Track

LABELS = {
    "brake": EventType.HARSH_BRAKING,
    "accel": EventType.RAPID_ACCELERATION,
    "corner": EventType.HARSH_CORNERING,
}
WITHIN_S = 3.0

Spans = list[tuple[float, float]]

TRIED = {
    "gps_braking_swing_ms2": (1.5, 1.6, 1.65, 1.7, 1.8),
    "gps_acceleration_swing_ms2": (1.7, 1.8, 1.9, 2.0, 2.1, 2.2),
    "gps_start_stumble_kmh": (1, 2, 3.6, 5, 6),
    "gps_cornering_across_ms2": (0.9, 0.95, 0.98, 1.0, 1.03),
    "gps_cornering_along_ms2": (1.1, 1.2, 1.23, 1.3, 1.4),
    "manoeuvre_hysteresis": (0.6, 0.7, 0.8),
}


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").strip())
    directory = Path(sys.argv[1])
    legs, labels = legs_of(directory / "positions.jsonl.gz"), labelled(directory / "events.csv")
    print(f"{'':<27} {'':>5}  {'  '.join(LABELS.values())}")
    for name, values in TRIED.items():
        for value in values:
            changed: dict[str, Any] = {name: value}
            scores = f1(legs, labels, replace(DEFAULT, **changed))
            told = "  ".join(f"{scores[kind]:>{len(kind)}.2f}" for kind in LABELS.values())
            print(f"{name:<27} {value:>5}  {told}")


def f1(legs: list[Positions], labels: dict[EventType, Spans], parameters: Parameters) -> dict[EventType, float]:
    """By type."""
    found = derived(legs, parameters)
    return {
        kind: 2 * agreeing(found[kind], labels[kind]) / max(len(found[kind]) + len(labels[kind]), 1)
        for kind in LABELS.values()
    }


def legs_of(path: Path) -> list[Positions]:
    """The legs that these positions of one device are cut into."""
    batch = Batch()
    with gzip.open(path) as lines:
        for number, line in enumerate(lines, 1):
            batch.add(*traccar.read(line), number)
    fixes = batch.positions()
    fixes.sort(order=["fix_time", "digest"])
    fixes = one_a_moment(fixes)
    return [fixes[leg.start : leg.stop] for leg in cut(DEFAULT, fixes, [Assignment(0, "", "", None, None)]).legs]


def derived(legs: list[Positions], parameters: Parameters = DEFAULT) -> dict[EventType, list[float]]:
    """The moments of the events that Roadlens derives from these legs, Unix seconds."""
    found: dict[EventType, list[float]] = {kind: [] for kind in EventType}
    for leg in legs:
        for event in find(Track(parameters, leg), UTC).events:
            found[event.event_type].append(event.worst_us / 1e6)
    return found


def labelled(path: Path) -> dict[EventType, Spans]:
    """When the labelled events began and ended, Unix seconds."""
    labels: dict[EventType, Spans] = {kind: [] for kind in LABELS.values()}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            span = (datetime.fromisoformat(row["start"]).timestamp(), datetime.fromisoformat(row["end"]).timestamp())
            labels[LABELS[row["type"]]].append(span)
    return labels


def agreeing(moments: list[float], labels: Spans) -> int:
    """How many events agree with a label; each label is taken once, by the first event that agrees."""
    free, agree = list(labels), 0
    for moment in moments:
        distances = [(max(start - moment, moment - end), start, end) for start, end in free]
        if distances and min(distances)[0] <= WITHIN_S:
            free.remove(min(distances)[1:])
            agree += 1
    return agree


if __name__ == "__main__":
    main()
