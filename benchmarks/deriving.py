"""What does deriving cost by the rules of either formula? Microseconds of processor time a leg, in turns.

    python -m benchmarks.deriving DIRECTORY

The directory holds `positions.jsonl.gz`, drives as Traccar forwards them. Besides the drives as they are, it looks at
their beginnings, as they are derived while a trip is under way, and at one fix in ten of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from time import process_time

from benchmarks.plateaus import legs_of
from roadlens.scoring.parameters import DEFAULT, FORMULA_1, Parameters
from roadlens.storage.binary import Positions
from roadlens.telemetry.formulas import find
from roadlens.telemetry.track import Track

ROUNDS = 15
FIRST = replace(
    DEFAULT, formula=FORMULA_1, gps_braking_ms2=2.2, gps_acceleration_ms2=2.6, gps_cornering_ms2=2.1
)  # as the first releases had it


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").strip())
    legs = legs_of(Path(sys.argv[1]) / "positions.jsonl.gz")
    print(f"{'':<22} {'relativity-1':>12} {'relativity-2':>12} {'ratio':>6}")
    for name, those in (
        ("whole drives", legs),
        ("their first 60 fixes", [leg[:60] for leg in legs]),
        ("their first 12 fixes", [leg[:12] for leg in legs]),
        ("one fix in ten", [leg[::10] for leg in legs]),
    ):
        pairs = [(once(those, FIRST), once(those, DEFAULT)) for _ in range(ROUNDS)]
        first, second = (min(column) / len(those) * 1e6 for column in zip(*pairs, strict=True))
        print(f"{name:<22} {first:>12.0f} {second:>12.0f} {second / first:>6.1f}")


def once(legs: Sequence[Positions], parameters: Parameters) -> float:
    """Seconds of processor time for all of them."""
    began = process_time()
    for leg in legs:
        find(Track(parameters, leg), UTC)
    return process_time() - began


if __name__ == "__main__":
    main()
