"""How well do the thresholds of derived events carry over to drives that they were not chosen on?

    python -m benchmarks.leave_out DIRECTORY

The directory holds `positions.jsonl.gz` and `events.csv`, as for `benchmarks.plateaus`. Three answers:

* Leave out: for each drive (each pair of drives) the thresholds are chosen anew on all others, from the values of
  `benchmarks.plateaus` and from wider ones, and judged on those left out, all of them pooled.
* Draws: drives are drawn with replacement, as often as there are drives, and judged by the shipped thresholds.
* Off: the labels' clock is moved against the positions', and the margin of a pair made narrower and wider.

What none of them can tell: the form of a rule was found on the same drives. Takes a minute, writes to
benchmarks/results/.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.plateaus import KINDS, TRIED, WITHIN_US, legs_of
from roadlens.domain import EventType
from roadlens.scoring.agreement import Agreement, pairs
from roadlens.scoring.parameters import DEFAULT, Parameters
from roadlens.storage.binary import Positions
from roadlens.telemetry.derive import derive
from roadlens.telemetry.labels import Label, read_labels
from roadlens.telemetry.seconds import SECOND_US, Seconds, seconds
from roadlens.telemetry.track import Track

RESULT: Final = Path(__file__).parent / "results" / "leave_out.json"
SEED: Final = 1
DRAWS: Final = 20_000
TARGETS: Final = {
    EventType.HARSH_BRAKING: 0.35,
    EventType.RAPID_ACCELERATION: 0.45,
    EventType.HARSH_CORNERING: 0.55,
}
OFF_S: Final = (-2, -1, 0, 1, 2)
WITHIN_S: Final = (1, 2, 3, 4, 5)

_BRAKING, _ACCELERATION, _CORNERING = KINDS
Grid = Mapping[str, Sequence[float]]
# By type the numbers that its rule alone depends on, with the values that `benchmarks.plateaus` tries.
NARROW: Final[dict[EventType, Grid]] = {
    kind: {name: TRIED[name] for name in (*names, "manoeuvre_hysteresis")}
    for kind, names in (
        (_BRAKING, ("gps_braking_swing_ms2",)),
        (_ACCELERATION, ("gps_acceleration_swing_ms2", "gps_start_stumble_kmh")),
        (_CORNERING, ("gps_cornering_across_ms2", "gps_cornering_along_ms2")),
    )
}
# Every number that was chosen on labelled drives, from about half to one and a half times of it.
WIDE: Final[dict[EventType, Grid]] = {
    _BRAKING: {
        "gps_braking_swing_ms2": (1.3, 1.5, 1.65, 1.8, 2.0, 2.3),
        "gps_braking_at_least_ms2": (0.5, 0.8, 1.1, 1.5),
        "gps_braking_from_kmh": (10, 18, 25, 35),
        "gps_bend_ms2": (0.8, 1.2, 1.6),
    },
    _ACCELERATION: {
        "gps_acceleration_swing_ms2": (1.5, 1.7, 1.9, 2.1, 2.3),
        "gps_acceleration_at_least_ms2": (0.5, 0.8, 1.2),
        "gps_acceleration_from_kmh": (15, 28, 40),
        "gps_bend_ms2": (0.8, 1.2, 1.6),
        "gps_start_ms2": (1.0, 1.5, 2.0),
        "gps_start_stumble_kmh": (1, 3.6, 6),
    },
    _CORNERING: {
        "gps_cornering_across_ms2": (0.8, 0.9, 0.98, 1.1, 1.2, 1.3, 1.5),
        "gps_cornering_along_ms2": (0.8, 1.0, 1.23, 1.4, 1.6, 2.0),
    },
}

# Counts in the order of `Agreement`: labels, derived, agree.
Counts = npt.NDArray[np.int64]


class Drive(NamedTuple):
    """One drive: its positions, its rows, and when its labels of a type begin and end, Unix microseconds."""

    fixes: Positions
    rows: Seconds
    labels: dict[EventType, list[tuple[int, int]]]


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").strip())
    directory = Path(sys.argv[1])
    there = drives(legs_of(directory / "positions.jsonl.gz"), read_labels(directory / "events.csv"))
    shipped = {kind: counts(there, DEFAULT, kind) for kind in KINDS}
    result = {
        "drives": len(there),
        "shipped": {kind: told(counted.sum(axis=0)) for kind, counted in shipped.items()},
        "left_out": {kind: list(left_out(there, kind)) for kind in KINDS},
        "draws": drawn(shipped),
        "off": {kind: off(there, kind) for kind in KINDS},
        "within": {kind: within(there, kind) for kind in KINDS},
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    show(result)


def drives(legs: Sequence[Positions], labels: Sequence[Label]) -> list[Drive]:
    """Each leg with the labels of its time."""
    found = []
    for leg in legs:
        first, last = int(leg["fix_time"][0]) - WITHIN_US, int(leg["fix_time"][-1]) + WITHIN_US
        spans = {
            kind: [(each.start, each.end) for each in labels if each.event_type is kind and first <= each.start <= last]
            for kind in KINDS
        }
        found.append(Drive(leg, seconds(Track(DEFAULT, leg)), spans))
    return found


def moments(drive: Drive, parameters: Parameters, kind: EventType) -> list[int]:
    """When the events of a type are, Unix microseconds."""
    events = derive(Track(parameters, drive.fixes), drive.rows)
    return [event.worst_us for event in events if event.event_type is kind]


def counts(there: Sequence[Drive], parameters: Parameters, kind: EventType) -> Counts:
    """Labels, events and pairs of each drive; shape (drives, 3)."""
    counted = []
    for drive in there:
        spans, found = drive.labels[kind], moments(drive, parameters, kind)
        counted.append((len(spans), len(found), len(list(pairs(spans, found, WITHIN_US)))))
    return np.array(counted)


def f1(counted: Counts) -> npt.NDArray[np.float64]:
    """Of the sums over drives; 0 where there is nothing to compare. From (…, drives, 3) to (…)."""
    labels, derived, agree = np.moveaxis(counted.sum(axis=-2), -1, 0)
    return np.asarray(2 * agree / np.maximum(labels + derived, 1))


def told(counted: Counts) -> dict[str, Any]:
    """Counts of all drives together, and what they come to."""
    labels, derived, agree = (int(value) for value in counted)
    of = Agreement(labels, derived, agree)
    rates = {name: round(getattr(of, name) or 0.0, 3) for name in ("precision", "recall", "f1")}
    return {"labels": labels, "derived": derived, "agree": agree, **rates}


def left_out(there: Sequence[Drive], kind: EventType) -> Iterator[dict[str, Any]]:
    """By grid and by how many drives are left out at once: what the thresholds chosen on the others come to."""
    for name, grid in (("narrow", NARROW[kind]), ("wide", WIDE[kind])):
        points = list(product(*grid.values()))
        by_point = np.array([counts(there, replace(DEFAULT, **_values(grid, point)), kind) for point in points])
        steps = _steps(grid)
        for many in (1, 2):
            pooled, chosen = np.zeros(3, dtype=np.int64), Counter[int]()
            for away in combinations(range(len(there)), many):
                others = [place for place in range(len(there)) if place not in away]
                point = choose(f1(by_point[:, others]), steps)
                pooled += by_point[point, list(away)].sum(axis=0)
                chosen[point] += 1
            (most, times), *_ = chosen.most_common()
            yield {
                "grid": name,
                "points": len(points),
                "left_out": many,
                **told(pooled),
                "most_chosen": _values(grid, points[most]),
                "share_of_choices": round(times / chosen.total(), 2),
                "best_on_all": round(float(f1(by_point).max()), 3),
            }


def choose(scores: npt.NDArray[np.float64], steps: npt.NDArray[np.float64]) -> int:
    """The point in the middle of the best ones: on a plateau, not at its edge."""
    best = np.flatnonzero(scores >= scores.max() - 1e-12)
    away = ((steps[best] - steps[best].mean(axis=0)) ** 2).sum(axis=1)
    return int(best[np.argmin(away)])


def _steps(grid: Grid) -> npt.NDArray[np.float64]:
    """Where the points of a grid lie, each value's place from 0 to 1."""
    return np.array(list(product(*(np.linspace(0, 1, len(values)) for values in grid.values()))))


def _values(grid: Grid, point: Sequence[float]) -> dict[str, Any]:
    return dict(zip(grid, point, strict=True))


def drawn(shipped: Mapping[EventType, Counts]) -> dict[str, Any]:
    """Intervals of F1 over drawn sets of drives, and how many of them reach the targets."""
    many = len(next(iter(shipped.values())))
    places = np.random.default_rng(SEED).integers(0, many, (DRAWS, many))
    scores = {kind: f1(counted[places]) for kind, counted in shipped.items()}
    reached = {kind: scores[kind] >= TARGETS[kind] for kind in KINDS}
    found: dict[str, Any] = {"seed": SEED, "draws": DRAWS}
    for kind in KINDS:
        low, middle, high = np.percentile(scores[kind], (2.5, 50, 97.5))
        found[kind] = {
            "interval": [round(float(low), 2), round(float(high), 2)],
            "median": round(float(middle), 2),
            "target": TARGETS[kind],
            "reached": round(float(reached[kind].mean()), 3),
        }
    found["all_reached"] = round(float(np.all(list(reached.values()), axis=0).mean()), 3)
    return found


def off(there: Sequence[Drive], kind: EventType) -> dict[str, float]:
    """F1 where the labels' clock is so many seconds ahead of what it is."""
    return {f"{by:+d}": _paired(there, kind, by * SECOND_US, WITHIN_US) for by in OFF_S}


def within(there: Sequence[Drive], kind: EventType) -> dict[str, float]:
    """F1 where a pair may be so many seconds apart."""
    return {str(margin): _paired(there, kind, 0, margin * SECOND_US) for margin in WITHIN_S}


def _paired(there: Sequence[Drive], kind: EventType, by: int, margin: int) -> float:
    total = Agreement(0, 0, 0)
    for drive in there:
        spans = [(start + by, end + by) for start, end in drive.labels[kind]]
        found = moments(drive, DEFAULT, kind)
        total += Agreement(len(spans), len(found), len(list(pairs(spans, found, margin))))
    return round(total.f1 or 0.0, 2)


def show(result: Mapping[str, Any]) -> None:
    print(f"{'':<19} {'thresholds':<24} labels  derived  agree  precision  recall    F1  best on all")
    for kind in KINDS:
        print(_line(kind, "as shipped", result["shipped"][kind]))
        for row in result["left_out"][kind]:
            what = f"{row['grid']} ({row['points']}), {row['left_out']} left out"
            print(f"{_line('', what, row)}  {row['best_on_all']:>11.2f}")
    draws = result["draws"]
    print(f"\n{draws['draws']:,} draws of {result['drives']} drives, thresholds as shipped")
    for kind in KINDS:
        low, high = draws[kind]["interval"]
        print(
            f"{kind:<19} F1 {low:.2f} to {high:.2f}, at least {draws[kind]['target']} in {draws[kind]['reached']:.0%}"
        )
    print(f"{'all three':<19} in {draws['all_reached']:.0%}")
    for name, columns in (("off", "the labels' clock moved, s"), ("within", "pairs at most so far apart, s")):
        print(f"\n{columns:<30} " + "  ".join(f"{value:>4}" for value in result[name][KINDS[0]]))
        for kind in KINDS:
            print(f"{kind:<30} " + "  ".join(f"{value:>4.2f}" for value in result[name][kind].values()))


def _line(kind: str, what: str, row: Mapping[str, Any]) -> str:
    counted = f"{row['labels']:>6} {row['derived']:>8} {row['agree']:>6}"
    return f"{kind:<19} {what:<24} {counted} {row['precision']:>10.2f} {row['recall']:>7.2f} {row['f1']:>5.2f}"


if __name__ == "__main__":
    main()
