"""A trip's sums by hand: kinds of hour in the installation's zone, speeding, holes, and what is too short for one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from roadlens.domain import EventType
from roadlens.scoring.parameters import DEFAULT, FORMULA_1
from roadlens.storage.reads.tracks import Assignment
from roadlens.storage.trip_rows import EventRow, TripRow
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.formulas import find
from roadlens.telemetry.track import Track
from roadlens.telemetry.trip import summarise
from tests.support.fleet import NOON, array, drive, northwards
from tests.support.wheel import straight

SOMEBODY = Assignment(7, "DRV-1", "VEH-1", None, None)


def rows(fixes: list[Fix], zone: tzinfo = UTC, unique_id: str = "A") -> tuple[TripRow, list[EventRow]] | None:
    track = Track(DEFAULT, array(fixes))
    return summarise(track, find(track, zone), unique_id, SOMEBODY, zone, 3)


def trip(fixes: list[Fix], zone: tzinfo = UTC) -> TripRow:
    made = rows(fixes, zone)
    assert made is not None
    return made[0]


def at(year: int, month: int, day: int, hour: int, minute: int = 0) -> float:
    return (datetime(year, month, day, hour, minute, tzinfo=UTC) - NOON).total_seconds()


def test_a_trip_sums_up_its_leg() -> None:
    made = trip(drive(0, 100))
    assert (made.device_id, made.driver_id, made.vehicle_id, made.score_version) == (7, "DRV-1", "VEH-1", 3)
    assert (made.started_at, made.day, made.duration_s, made.position_count) == (NOON, date(2024, 3, 6), 110, 12)
    # Half an interval of speeding up, nine of driving, half of slowing down; standing at its end is not moving.
    assert (made.distance_m, made.moving_s, made.top_speed_kmh) == (1000, 100, 36.0)
    assert made.trip_score == Decimal("100.00")
    assert made.events == 0


def test_less_than_fifty_metres_are_no_trip() -> None:
    assert rows(northwards([(0, 36.0), (4.94, 36.0)])[:1]) is None
    short, enough = ([(0, 0.0), (2, speed), (4, speed), (6, 0.0)] for speed in (44.9, 45.1))
    assert rows(northwards(short)) is None
    assert rows(northwards(enough)) is not None


def test_ids_come_of_device_and_start_alone() -> None:
    fixes = drive(0, 100)
    assert trip(fixes).trip_id == trip(fixes[:8]).trip_id
    other = rows(fixes, unique_id="B")
    assert other is not None
    assert other[0].trip_id != trip(fixes).trip_id
    assert trip(fixes[1:]).trip_id != trip(fixes).trip_id


NEW_YORK, KATHMANDU = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")


@pytest.mark.parametrize(
    ("start", "zone", "kind"),
    [
        (at(2024, 3, 6, 22), UTC, "night"),
        (at(2024, 3, 6, 21, 30), UTC, None),
        (at(2024, 3, 7, 4, 30), UTC, "night"),
        (at(2024, 3, 7, 5), UTC, None),
        (at(2024, 3, 6, 7), UTC, "rush"),
        (at(2024, 3, 6, 9), UTC, None),
        (at(2024, 3, 6, 16), UTC, "rush"),
        (at(2024, 3, 6, 19), UTC, None),
        (at(2024, 3, 9, 8), UTC, "weekend"),
        (at(2024, 3, 10, 12), UTC, "weekend"),
        (at(2024, 3, 7, 3), NEW_YORK, "night"),
        (at(2024, 3, 6, 14), NEW_YORK, None),
        (at(2024, 3, 6, 12), NEW_YORK, "rush"),
        (at(2024, 3, 9, 4, 30), NEW_YORK, "night"),
        (at(2024, 3, 6, 16, 15), KATHMANDU, "night"),
        (at(2024, 3, 6, 15, 45), KATHMANDU, None),
    ],
)
def test_the_kind_of_hour_is_that_of_the_zone(start: float, zone: tzinfo, kind: str | None) -> None:
    made = trip(drive(start, 600), zone)
    shares = {"night": made.night_m, "rush": made.rush_hour_m, "weekend": made.weekend_m}
    assert shares == dict.fromkeys(shares, 0) | ({} if kind is None else {kind: made.distance_m})


def test_each_part_of_a_trip_has_its_own_hour() -> None:
    made = trip(drive(at(2024, 3, 6, 21, 50), 1200))
    assert made.night_m == pytest.approx(made.distance_m / 2, abs=60)


def test_a_trip_belongs_to_the_local_day_on_which_it_begins() -> None:
    start = at(2024, 3, 6, 23, 55)
    assert trip(drive(start, 600)).day == date(2024, 3, 6)
    assert trip(drive(start, 600), KATHMANDU).day == date(2024, 3, 7)
    assert trip(drive(at(2024, 3, 6, 3), 600), NEW_YORK).day == date(2024, 3, 5)


def test_distance_above_the_limit_is_counted_beyond_the_tolerance() -> None:
    assert trip(drive(0, 100, 57.9, speed_limit_kmh=50.0)).speeding_m == 0
    fast = trip(drive(0, 100, 58.1, speed_limit_kmh=50.0))
    assert 0.9 < fast.speeding_m / fast.distance_m < 1
    assert fast.speeding == 1
    assert fast.trip_score == 100 - 8 - round(Decimal(40 * fast.speeding_m) / fast.distance_m, 2)


def test_a_hole_counts_neither_as_distance_nor_as_time() -> None:
    seconds = [*range(60), *range(90, 120)]
    made = trip(northwards([(second, 36.0) for second in seconds]))
    assert (made.moving_s, made.duration_s) == (88, 119)
    assert made.distance_m == 885  # 88 s at 10 m/s, and half a second before the first fix


def test_a_trip_says_for_how_long_it_was_above_the_limit_and_what_it_leaves_out() -> None:
    fast = trip(straight([50.0] * 20 + [60.0] * 31 + [50.0] * 20, speed_limit_kmh=50.0))
    assert (fast.speeding_s, fast.speeding_m, fast.speeding) == (31, 515, 1)
    assert fast[-5:] == (0, 0, 0, 0, 0)
    parted = trip(straight([36.0] * 60) + straight([36.0] * 60, start=90, latitude=41.01))
    assert (parted.gap_s, parted.jump_s, parted.duration_s) == (31, 0, 149)


def test_versions_of_the_first_formula_have_not_looked() -> None:
    track = Track(replace(DEFAULT, formula=FORMULA_1), array(drive(0, 100)))
    made = summarise(track, find(track, UTC), "A", SOMEBODY, UTC, 3)
    assert made is not None
    assert made[0][-6:] == (None,) * 6
    assert made[0].distance_m == trip(drive(0, 100)).distance_m == 1000


def test_events_are_rows_of_the_trip() -> None:
    fixes = drive(0, 100)
    fixes[3] = fixes[3]._replace(alarms=EventType.HARSH_BRAKING.bit)
    made = rows(fixes)
    assert made is not None
    the_trip, (event,) = made
    assert (the_trip.harsh_braking, the_trip.events, event.trip_id) == (1, 1, the_trip.trip_id)
    assert (event.event_type, event.source, event.driver_id) == ("harsh_braking", "device", "DRV-1")
    assert (event.occurred_at - NOON).total_seconds() == 30
    assert (event.latitude, event.speed_kmh) == (fixes[3].latitude, 36.0)
