"""docs/events.md, written down again row by row in plain Python: the program gives the very same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from roadlens.domain import EventType
from roadlens.scoring.parameters import DEFAULT, Parameters
from roadlens.telemetry.forces import Forces
from roadlens.telemetry.seconds import Seconds, mms, seconds
from roadlens.telemetry.track import Track
from tests.support.fleet import array
from tests.support.wheel import driven

Known = float | None
# With these only the second terms count, and nearly always.
SHAPES = replace(
    DEFAULT,
    gps_braking_ms2=1e9,
    gps_braking_from_kmh=1.0,
    gps_braking_at_least_ms2=0.1,
    gps_acceleration_ms2=1e9,
    gps_acceleration_from_kmh=1.0,
    gps_acceleration_at_least_ms2=0.1,
    gps_start_ms2=0.1,
    gps_start_stumble_kmh=0.01,
    gps_cornering_ms2=1e9,
    gps_cornering_along_ms2=0.3,
    gps_bend_ms2=0.4,
)


@dataclass
class Page:
    """The columns of the page's tables; a row number that is not of the same segment gives None."""

    rows: Seconds
    parameters: Parameters

    def near(self, i: int, offset: int) -> int | None:
        j = i + offset
        inside = 0 <= j < len(self.rows.index)
        return j if inside and self.rows.segment[i] == self.rows.segment[j] else None

    def close(self, i: int, before: int, after: int) -> bool:
        first, last = self.near(i, before), self.near(i, after)
        if first is None or last is None:
            return False
        lasted = int(self.rows.at_us[last] - self.rows.at_us[first])
        return lasted <= (after - before + self.parameters.window_slack_s) * 1e6

    def value(self, column: str, i: int, offset: int) -> int:
        return int(getattr(self.rows, column)[i + offset])

    def three(self, column: str, i: int, offset: int) -> int:
        return sum(self.value(column, i, offset + each) for each in (-1, 0, 1))

    def raw(self, i: int) -> Known:
        if not self.close(i, -1, 1):
            return None
        change = self.value("speed_mms", i, 1) - self.value("speed_mms", i, -1)
        return 1000 * change / (self.value("at_us", i, 1) - self.value("at_us", i, -1))

    def smooth(self, i: int) -> Known:
        if not self.close(i, -2, 2):
            return None
        change = self.three("speed_mms", i, 1) - self.three("speed_mms", i, -1)
        return 1000 * change / (self.three("at_us", i, 1) - self.three("at_us", i, -1))

    def vector(self, i: int, *, along: bool) -> Known:
        if not self.close(i, -3, 3) or not all(self.value("course_known", i, each) for each in range(-3, 4)):
            return None
        east, north = self.three("east_mms", i, 0), self.three("north_mms", i, 0)
        east_change = self.three("east_mms", i, 2) - self.three("east_mms", i, -2)
        north_change = self.three("north_mms", i, 2) - self.three("north_mms", i, -2)
        lasted = self.three("at_us", i, 2) - self.three("at_us", i, -2)
        by = math.sqrt(east * east + north * north) * lasted
        if by == 0:
            return None
        if along:
            return 1000 * (east_change * east + north_change * north) / by
        return abs(1000 * (east_change * north - north_change * east) / by)

    def along(self, i: int) -> Known:
        found = self.vector(i, along=True)
        return None if found is None else abs(found)

    def across(self, i: int) -> Known:
        return self.vector(i, along=False)

    def in_burst(self, i: int) -> bool:
        inside = [j for j in range(len(self.rows.index)) if self.rows.segment[j] == self.rows.segment[i]]
        reasons = [int(self.rows.left_out[j]) for j in (inside[0], inside[-1] + 1) if j < len(self.rows.index)]
        return len(inside) <= 6 and not any(reason in (3, 4) for reason in reasons)

    def firm(self, i: int) -> Known:
        found = self.smooth(i)
        return self.raw(i) if found is None and self.in_burst(i) else found

    def firm_across(self, i: int) -> Known:
        found = self.across(i)
        if found is not None or not self.in_burst(i) or not self.close(i, -1, 1):
            return found
        if not all(self.value("course_known", i, each) for each in (-1, 0, 1)):
            return None
        east, north = self.value("east_mms", i, 0), self.value("north_mms", i, 0)
        east_change = self.value("east_mms", i, 1) - self.value("east_mms", i, -1)
        north_change = self.value("north_mms", i, 1) - self.value("north_mms", i, -1)
        lasted = self.value("at_us", i, 1) - self.value("at_us", i, -1)
        by = math.sqrt(east * east + north * north) * lasted
        return None if by == 0 else abs(1000 * (east_change * north - north_change * east) / by)

    def most(self, what: Callable[[int], Known], i: int, before: int, after: int) -> Known:
        rows = [self.near(i, offset) for offset in range(before, after + 1)]
        known = [value for value in (what(row) for row in rows if row is not None) if value is not None]
        return max(known, default=None)

    def braked(self, i: int) -> Known:
        return self.most(lambda row: None if (s := self.smooth(row)) is None else -s, i, -2, 0)

    def straight(self, i: int) -> bool:
        bend = self.most(self.across, i, -3, 3)
        return bend is not None and bend < self.parameters.gps_bend_ms2

    def fall(self, i: int) -> Known:
        still = self.most(lambda row: -self.value("speed_mms", row, 0), i, -5, -2)
        if self.near(i, -1) is None or still is None or not still > -mms(self.parameters.gps_start_from_kmh):
            return None
        return self.value("speed_mms", i, -1) - self.value("speed_mms", i, 0)

    def rolls(self, i: int, kmh: float) -> bool:
        return self.value("speed_mms", i, 0) >= mms(kmh)

    def braking(self, i: int) -> float:
        firm, let_go = self.firm(i), self.near(i, 2)
        terms = [0.0] if firm is None else [0.0, -firm / self.parameters.gps_braking_ms2]
        return max(*terms, 0.0, 0.0 if let_go is None else self.let_go(let_go))

    def let_go(self, i: int) -> float:
        braked, most = self.braked(i), self.most(self.smooth, i, 0, 2)
        holds = self.rolls(i, self.parameters.gps_braking_from_kmh) and self.straight(i)
        if holds and braked is not None and most is not None and braked >= self.parameters.gps_braking_at_least_ms2:
            return (most + braked) / self.parameters.gps_braking_swing_ms2
        return 0.0

    def acceleration(self, i: int) -> float:
        firm, raw, most = self.firm(i), self.raw(i), self.most(self.smooth, i, 0, 3)
        terms = [0.0] if firm is None else [0.0, firm / self.parameters.gps_acceleration_ms2]
        earlier = self.raw(i - 3) if self.close(i, -4, 1) else None
        holds = self.rolls(i, self.parameters.gps_acceleration_from_kmh) and self.straight(i)
        holds = holds and most is not None and most >= self.parameters.gps_acceleration_at_least_ms2
        if holds and raw is not None and earlier is not None:
            rise = (raw - earlier) / ((self.value("at_us", i, 0) - self.value("at_us", i, -3)) / 3_000_000)
            terms.append(rise / self.parameters.gps_acceleration_swing_ms2)
        stumble = self.most(self.fall, i, -4, 0)
        if stumble is not None and raw is not None and raw >= self.parameters.gps_start_ms2:
            terms.append(stumble / mms(self.parameters.gps_start_stumble_kmh))
        return max(terms)

    def cornering(self, i: int) -> float:
        firm, across, along = self.firm_across(i), self.across(i), self.most(self.along, i, -2, 2)
        if not self.rolls(i, self.parameters.cornering_speed_at_least_kmh):
            return 0.0
        terms = [0.0] if firm is None else [0.0, firm / self.parameters.gps_cornering_ms2]
        if across is not None and along is not None and along >= self.parameters.gps_cornering_along_ms2:
            terms.append(across / self.parameters.gps_cornering_across_ms2)
        return max(terms)


@st.composite
def wild_drives(draw: st.DrawFn) -> list[tuple[float, float, float]]:
    """Any speeds and courses that change by no more than a wild driver's, with pauses, stops and unknown courses."""
    count = draw(st.integers(1, 40))
    moment, speed, course = 0.0, draw(st.sampled_from([0.0, 20.0, 60.0])), draw(st.floats(0, 360))
    # Some drives know every course, some have no bend: else hardly any would hold a straight of seven rows.
    unknown, turns = draw(st.booleans()), draw(st.sampled_from([(0.0,), (0.0, 0.0, 0.0, 5.0, 15.0, -15.0)]))
    samples = []
    for _ in range(count):
        samples.append((moment, speed, draw(st.sampled_from([course] * 4 + [math.nan])) if unknown else course))
        moment += draw(st.sampled_from([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 1.2, 2.0, 4.0]))
        speed = max(0.0, speed + draw(st.sampled_from([0.0, 0.0, 3.0, 7.0, 11.0, -3.0, -7.0, -11.0])))
        course = (course + draw(st.sampled_from(turns))) % 360
    return samples


@pytest.mark.parametrize("parameters", [DEFAULT, SHAPES], ids=["default", "shapes"])
@given(samples=wild_drives())
@settings(max_examples=80, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_strengths_are_those_of_the_page(parameters: Parameters, samples: list[tuple[float, float, float]]) -> None:
    rows = seconds(Track(parameters, array(driven(samples))))
    page, forces = Page(rows, parameters), Forces(parameters, rows)
    for kind, by_the_page in (
        (EventType.HARSH_BRAKING, page.braking),
        (EventType.RAPID_ACCELERATION, page.acceleration),
        (EventType.HARSH_CORNERING, page.cornering),
    ):
        assert forces.strength(kind).tolist() == [by_the_page(row) for row in range(len(rows.index))], kind
