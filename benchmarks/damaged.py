"""What becomes of a drive's events where its positions are disturbed, or the device does wrong?

    python -m benchmarks.damaged DIRECTORY

The directory holds `positions.jsonl.gz`, drives as Traccar forwards them. First every drive is disturbed as a whole, as
another receiver would have seen it; then, again and again, it is damaged at one place, as bad reception or a bad device
does. Each event is looked for among those of the drive as it was, within 3 s: what is there beside them is new. Every
number comes from `SEED`. Takes a minute, writes to benchmarks/results/.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.plateaus import KINDS, WITHIN_US, derived, legs_of
from roadlens.scoring.agreement import pairs
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.binary import Positions
from roadlens.storage.reads.tracks import Assignment
from roadlens.telemetry.cut import cut
from roadlens.telemetry.seconds import SECOND_US
from roadlens.telemetry.steps import one_a_moment

RESULT: Final = Path(__file__).parent / "results" / "damaged.json"
SEED: Final = 1
ROUNDS: Final = 20
DEGREE_M: Final = 111_195.0
ALL: Final = [Assignment(0, "", "", None, None)]

Chance = np.random.Generator
# What a change gives: the fixes; and, where it moves true ones in time or in place, the parts that are true each by
# itself, whose events are those that there are.
Changed = Positions | tuple[Positions, Sequence[Positions]]
Change = Callable[[Positions, Chance], Changed]


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").strip())
    legs = legs_of(Path(sys.argv[1]) / "positions.jsonl.gz")
    result = {
        name: {what: told(legs, change, rounds) for what, change in changes.items()}
        for name, changes, rounds in (("disturbed", DISTURBED, ROUNDS), ("damaged", DAMAGED, ROUNDS))
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    for name, rows in result.items():
        print(f"\n{name:<52} {'before':>7} {'kept':>7} {'lost':>6} {'new':>6}  {'new, ' + ', '.join(KINDS)}")
        for what, row in rows.items():
            new = ", ".join(f"{value:.2f}" for value in row["new_by_type"].values())
            print(f"{what:<52} {row['before']:>7.2f} {row['kept']:>7.2f} {row['lost']:>6.2f} {row['new']:>6.2f}  {new}")


def told(legs: Sequence[Positions], change: Change, rounds: int) -> dict[str, Any]:
    """Events of all drives together before, found again, lost and new; the mean of so many rounds."""
    before, kept, new = 0, 0, dict.fromkeys(KINDS, 0)
    for number in range(rounds):
        chance = np.random.default_rng([SEED, number])
        for leg in legs:
            changed = change(leg.copy(), chance)
            fixes, parts = changed if isinstance(changed, tuple) else (changed, [leg])
            was = derived([each for part in parts for each in cut_again(part)], DEFAULT)
            found = derived(cut_again(fixes), DEFAULT)
            for kind in KINDS:
                same = len(list(pairs([(at, at) for at in was[kind]], found[kind], WITHIN_US)))
                before, kept = before + len(was[kind]), kept + same
                new[kind] += len(found[kind]) - same
    return {
        "before": round(before / rounds, 2),
        "kept": round(kept / rounds, 2),
        "lost": round((before - kept) / rounds, 2),
        "new": round(sum(new.values()) / rounds, 2),
        "new_by_type": {kind: round(value / rounds, 2) for kind, value in new.items()},
    }


def cut_again(fixes: Positions) -> list[Positions]:
    """As positions come in: in the order of time, one a moment, cut into legs."""
    fixes = fixes[np.lexsort((fixes["digest"], fixes["fix_time"]))]
    fixes = one_a_moment(fixes)
    return [fixes[leg.start : leg.stop] for leg in cut(DEFAULT, fixes, ALL).legs]


def noise_of_places(metres: float) -> Change:
    def change(fixes: Positions, chance: Chance) -> Positions:
        return moved(fixes, chance.normal(0, metres, len(fixes)), chance.normal(0, metres, len(fixes)))

    return change


def noise_of_speeds(kmh: float) -> Change:
    def change(fixes: Positions, chance: Chance) -> Positions:
        moving = fixes["speed_kmh"] >= DEFAULT.standing_below_kmh
        fixes["speed_kmh"] += np.where(moving, chance.normal(0, kmh, len(fixes)), 0).astype(np.float32)
        fixes["speed_kmh"] = np.maximum(fixes["speed_kmh"], 0)
        return fixes

    return change


def noise_of_times(seconds: float) -> Change:
    def change(fixes: Positions, chance: Chance) -> Positions:
        fixes["fix_time"] += chance.integers(0, round(seconds * SECOND_US), len(fixes))
        return fixes

    return change


def dropped(share: float) -> Change:
    def change(fixes: Positions, chance: Chance) -> Positions:
        return fixes[chance.random(len(fixes)) >= share]

    return change


def every(seconds: float) -> Change:
    """A fix so often, each between those that are there."""

    def change(fixes: Positions, chance: Chance) -> Positions:
        start = fixes["fix_time"][0] + chance.integers(0, SECOND_US)
        times = np.arange(start, fixes["fix_time"][-1], round(seconds * SECOND_US))
        made = fixes[np.searchsorted(fixes["fix_time"], times, side="right") - 1].copy()
        course = np.unwrap(np.radians(np.nan_to_num(fixes["course"])))
        made["fix_time"] = times
        made["course"] = np.degrees(np.interp(times, fixes["fix_time"], course)) % 360
        for name in ("latitude", "longitude", "speed_kmh"):
            made[name] = np.interp(times, fixes["fix_time"], fixes[name])
        # Nothing is made up in a silence.
        after = np.searchsorted(fixes["fix_time"], times)
        near = fixes["fix_time"][after] - fixes["fix_time"][np.maximum(after - 1, 0)] <= 2 * SECOND_US
        return np.asarray(made[near])

    return change


def lagging(rows: int) -> Change:
    """The speed and the course of so many rows before with each place."""

    def change(fixes: Positions, _: Chance) -> Positions:
        for name in ("speed_kmh", "course"):
            fixes[name] = np.roll(fixes[name], rows)
        return fixes[max(rows, 0) : len(fixes) + min(rows, 0)]

    return change


def moved(fixes: Positions, north_m: Any, east_m: Any) -> Positions:
    fixes["latitude"] += north_m / DEGREE_M
    fixes["longitude"] += east_m / (DEGREE_M * np.cos(np.radians(fixes["latitude"])))
    return fixes


def somewhere(fixes: Positions, chance: Chance, longest: int) -> slice:
    """A stretch of 2 to `longest` fixes."""
    length = int(chance.integers(2, min(longest, len(fixes) - 4) + 1))
    start = int(chance.integers(1, len(fixes) - length - 1))
    return slice(start, start + length)


def silent(longest: int) -> Change:
    def change(fixes: Positions, chance: Chance) -> Positions:
        away = somewhere(fixes, chance, longest)
        return np.delete(fixes, away)

    return change


def jumps(fixes: Positions, chance: Chance) -> Positions:
    there = somewhere(fixes, chance, 20)
    fixes[there] = moved(fixes[there].copy(), *chance.uniform(1_000, 20_000, 2))
    return fixes


def frozen(fixes: Positions, chance: Chance) -> Positions:
    """The very same fix again and again, as in a tunnel."""
    there = somewhere(fixes, chance, 40)
    times = fixes["fix_time"][there].copy()
    fixes[there] = fixes[there.start]
    fixes["fix_time"][there] = times
    return fixes


def frozen_place(fixes: Positions, chance: Chance) -> Positions:
    there = somewhere(fixes, chance, 40)
    for name in ("latitude", "longitude"):
        fixes[name][there] = fixes[name][there.start]
    return fixes


def clock_off(sign: int) -> Change:
    """From some fix on the clock is up to two minutes off."""

    def change(fixes: Positions, chance: Chance) -> Changed:
        at = int(chance.integers(2, len(fixes) - 1))
        fixes["fix_time"][at:] += sign * int(chance.integers(1, 120)) * SECOND_US
        fixes["digest"][at:] += 1
        return fixes, [fixes[:at].copy(), fixes[at:].copy()]

    return change


def tunnel(fixes: Positions, chance: Chance) -> Positions:
    """Nothing for a while, then for some seconds places and speeds that are wrong by up to 40 m and 15 km/h."""
    away = somewhere(fixes, chance, 60)
    after = slice(away.stop, min(away.stop + 5, len(fixes)))
    count = after.stop - after.start
    fixes[after] = moved(fixes[after].copy(), *chance.normal(0, 20, (2, count)))
    fixes["speed_kmh"][after] = np.maximum(fixes["speed_kmh"][after] + chance.uniform(-15, 15, count), 0)
    return np.delete(fixes, away)


def other_vehicle(fixes: Positions, chance: Chance) -> Changed:
    """From some fix on another drive, three kilometres away: the other half of this one."""
    at = int(chance.integers(2, len(fixes) - 1))
    other = np.roll(fixes, len(fixes) // 2)[at:].copy()
    other["fix_time"] = fixes["fix_time"][at:]
    fixes[at:] = moved(other, 0, 3_000)
    return fixes, [fixes[:at].copy(), fixes[at:].copy()]


DISTURBED: Final[Mapping[str, Change]] = {
    "as it is": lambda fixes, _: fixes,
    "places off by 2 m": noise_of_places(2),
    "places off by 3 m": noise_of_places(3),
    "speeds off by 0.5 km/h": noise_of_speeds(0.5),
    "times late by up to 0.1 s": noise_of_times(0.1),
    "times late by up to 0.3 s": noise_of_times(0.3),
    "one fix in ten dropped": dropped(0.1),
    "one fix in three dropped": dropped(1 / 3),
    "10 fixes a second": every(0.1),
    "2 fixes a second": every(0.5),
    "a fix a second, at other moments": every(1),
    "a fix every 2 s": every(2),
    "a fix every 10 s": every(10),
    "speed and course a second late": lagging(1),
    "speed and course a second early": lagging(-1),
}
DAMAGED: Final[Mapping[str, Change]] = {
    "a gap of up to 20 s": silent(20),
    "a gap of up to 10 minutes": silent(600),
    "a jump of 1 to 28 km, up to 20 s": jumps,
    "the same fix for up to 40 s": frozen,
    "the same place for up to 40 s": frozen_place,
    "a tunnel of up to 60 s, 5 bad fixes after it": tunnel,
    "the clock goes back by up to 2 minutes": clock_off(-1),
    "the clock leaps forward by up to 2 minutes": clock_off(1),
    "from there on in another vehicle": other_vehicle,
}

if __name__ == "__main__":
    main()
