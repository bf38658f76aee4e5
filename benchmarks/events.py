"""How well do events derived from positions alone agree with labels? Precision, recall and F1 for each type.

    python -m benchmarks.events DIRECTORY

The directory holds `positions.jsonl.gz`, drives as Traccar forwards them, and `events.csv` with columns `type` (brake,
accel, corner), `start` and `end`. A derived event agrees with the nearest label of its type that is not taken yet and
began at most three seconds after it or ended at most three seconds before it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.plateaus import LABELS, agreeing, derived, labelled, legs_of


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


if __name__ == "__main__":
    main()
