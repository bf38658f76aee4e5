"""How well do events derived from positions alone agree with labels? Precision, recall and F1 for each type.

    python -m benchmarks.events DIRECTORY

The directory holds `positions.jsonl.gz`, drives as Traccar forwards them, and `events.csv` with columns `type` (brake,
accel, corner), `start` and `end`. A derived event agrees with the nearest label of its type that is not taken yet and
began at most three seconds after it or ended at most three seconds before it.
"""

from __future__ import annotations

import csv
import gzip
import sys
from datetime import UTC, datetime
from pathlib import Path

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


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").strip())
    directory = Path(sys.argv[1])
    found, labels = derived(legs_of(directory / "positions.jsonl.gz")), labelled(directory / "events.csv")
    print(f"{'type':<20} {'labels':>7} {'derived':>8} {'agree':>6} {'precision':>10} {'recall':>7} {'F1':>5}")
    for kind in LABELS.values():
        agree = agreeing(found[kind], labels[kind])
        precision, recall = agree / max(len(found[kind]), 1), agree / max(len(labels[kind]), 1)
        f1 = 2 * agree / max(len(found[kind]) + len(labels[kind]), 1)
        counts = f"{len(labels[kind]):>7} {len(found[kind]):>8} {agree:>6}"
        print(f"{kind:<20} {counts} {precision:>10.2f} {recall:>7.2f} {f1:>5.2f}")


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
