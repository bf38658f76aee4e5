"""Do the thresholds of derived events lie on plateaus? F1 by type where one of them is changed and the rest are left.

    python -m benchmarks.plateaus DIRECTORY

The directory holds `positions.jsonl.gz`, drives as Traccar forwards them, and `events.csv`, labels as `roadlens score
evaluate` reads them. Events and labels are paired as there. A threshold whose neighbours give the same is not fitted to
one event.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from roadlens.domain import EventType
from roadlens.scoring.agreement import Agreement, pairs
from roadlens.scoring.parameters import DEFAULT, Parameters
from roadlens.storage.binary import Positions
from roadlens.storage.reads.tracks import Assignment
from roadlens.telemetry.batch import Batch
from roadlens.telemetry.cut import cut
from roadlens.telemetry.formulas import find
from roadlens.telemetry.labels import Label, read_labels
from roadlens.telemetry.sources import traccar
from roadlens.telemetry.steps import one_a_moment
from roadlens.telemetry.track import Track

KINDS = (EventType.HARSH_BRAKING, EventType.RAPID_ACCELERATION, EventType.HARSH_CORNERING)
WITHIN_US = 3_000_000

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
    legs, labels = legs_of(directory / "positions.jsonl.gz"), read_labels(directory / "events.csv")
    print(f"{'':<27} {'':>5}  {'  '.join(KINDS)}")
    for name, values in TRIED.items():
        for value in values:
            changed: dict[str, Any] = {name: value}
            scores = f1(legs, labels, replace(DEFAULT, **changed))
            told = "  ".join(f"{scores[kind]:>{len(kind)}.2f}" for kind in KINDS)
            print(f"{name:<27} {value:>5}  {told}")


def f1(legs: list[Positions], labels: Sequence[Label], parameters: Parameters) -> dict[EventType, float]:
    """By type; 0 where there is nothing to compare."""
    found = derived(legs, parameters)
    scores: dict[EventType, float] = {}
    for kind in KINDS:
        spans = [(label.start, label.end) for label in labels if label.event_type is kind]
        agree = len(list(pairs(spans, found[kind], WITHIN_US)))
        scores[kind] = Agreement(len(spans), len(found[kind]), agree).f1 or 0.0
    return scores


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


def derived(legs: list[Positions], parameters: Parameters) -> dict[EventType, list[int]]:
    """The moments of the events that Roadlens derives from these legs, Unix microseconds."""
    found: dict[EventType, list[int]] = {kind: [] for kind in EventType}
    for leg in legs:
        for event in find(Track(parameters, leg), UTC).events:
            found[event.event_type].append(event.worst_us)
    return found


if __name__ == "__main__":
    main()
