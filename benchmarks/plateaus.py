"""Do the thresholds of derived events lie on plateaus? F1 by type where one of them is changed and the rest are left.

    python -m benchmarks.plateaus DIRECTORY

The directory is that of `benchmarks.events`. A threshold whose neighbours give the same is not fitted to one event.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.events import LABELS, Spans, agreeing, derived, labelled, legs_of
from roadlens.domain import EventType
from roadlens.scoring.parameters import DEFAULT, Parameters
from roadlens.storage.binary import Positions

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


if __name__ == "__main__":
    main()
