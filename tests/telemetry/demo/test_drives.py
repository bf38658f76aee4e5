"""Simulated drives obey physics and the calendar, and a day's drives are the same however many days are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from roadlens.domain import unix_microseconds
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.binary import IGNITION_KNOWN, IGNITION_ON, Positions
from roadlens.telemetry.demo.drives import Days
from roadlens.telemetry.demo.people import enlist
from roadlens.telemetry.track import Track

UNTIL = datetime(2026, 3, 20, 18, 30, tzinfo=UTC)
FLEET = list(enlist(1, 40, UNTIL - timedelta(days=10), UNTIL))


def driven(days: int, until: datetime = UNTIL) -> list[Positions]:
    """The positions of each device of the fleet."""
    calendar = Days.until(until, days, UTC)
    return [fixes for member in FLEET for fixes in member.motorist.drive(calendar, until)]


DRIVEN = driven(10)


def drives(fixes: Positions) -> list[Positions]:
    """Cut after each fix that says that the ignition is off."""
    return np.split(fixes, np.flatnonzero(fixes["flags"] == IGNITION_KNOWN) + 1)[:-1]


def test_times_increase_and_none_is_in_the_future() -> None:
    assert sum(map(len, DRIVEN)) > 10_000
    for fixes in DRIVEN:
        assert (np.diff(fixes["fix_time"]) > 0).all()
        assert (fixes["fix_time"] <= unix_microseconds(UNTIL)).all()


def test_a_drive_begins_and_ends_standing_and_ends_with_the_ignition_off() -> None:
    for drive in (drive for fixes in DRIVEN for drive in drives(fixes)):
        assert drive["speed_kmh"][0] == drive["speed_kmh"][-1] == 0
        assert drive["flags"][:-1].tolist() == [IGNITION_KNOWN | IGNITION_ON] * (len(drive) - 1)


def test_each_drive_begins_where_the_one_before_ended() -> None:
    for fixes in DRIVEN:
        for before, after in pairwise(drives(fixes)):
            assert abs(before["latitude"][-1] - after["latitude"][0]) < 1e-4
            assert abs(before["longitude"][-1] - after["longitude"][0]) < 1e-4
            assert after["fix_time"][0] - before["fix_time"][-1] >= 200e6


def test_a_fix_every_10_to_30_seconds_and_nearer_ones_around_a_manoeuvre() -> None:
    for drive in (drive for fixes in DRIVEN for drive in drives(fixes)):
        gaps = np.diff(drive["fix_time"]) / 1e6
        assert gaps.max() <= 30
        assert np.median(gaps) >= 5
        assert not Track(DEFAULT, drive).holes.any()


def test_positions_move_as_fast_as_the_speeds_say() -> None:
    """The great circle between fixes never exceeds what the greatest speed allows; on the whole both agree."""
    by_place, by_speed = 0.0, 0.0
    for fixes in (fixes for fixes in DRIVEN if len(fixes) > 100):
        tracks = [Track(DEFAULT, drive) for drive in drives(fixes)]
        steps = np.concatenate([track.steps_m for track in tracks])
        trapezoid = np.concatenate([(t.speed_ms[1:] + t.speed_ms[:-1]) / 2 * t.intervals for t in tracks])
        seconds = np.concatenate([track.intervals for track in tracks])
        assert (steps <= 55 * seconds + 15).all()
        assert fixes["speed_kmh"].max() < 180
        by_place += steps.sum()
        by_speed += trapezoid.sum()
    assert abs(by_place / by_speed - 1) < 0.02


def test_the_course_is_where_it_goes() -> None:
    for fixes in (fixes for fixes in DRIVEN if len(fixes) > 100):
        north = np.diff(fixes["latitude"])
        east = np.diff(fixes["longitude"]) * np.cos(np.radians(fixes["latitude"][:-1]))
        straight = np.abs((np.diff(fixes["course"]) + 180) % 360 - 180) < 10
        fast = (
            straight
            & (fixes["speed_kmh"][1:] > 40)
            & (fixes["speed_kmh"][:-1] > 40)
            & (np.diff(fixes["fix_time"]) > 9e6)
        )
        apart = np.abs((np.degrees(np.arctan2(east, north))[fast] - fixes["course"][1:][fast] + 180) % 360 - 180)
        assert np.quantile(apart, 0.9) < 15


def test_the_same_drives_whatever_else_is_asked_for() -> None:
    """A shorter history, or a later end, gives the very same fixes where they overlap."""
    shorter = driven(4)
    begin = int(Days.until(UNTIL, 4, UTC).midnights[0]) * 1_000_000
    day = int(timedelta(days=1) / timedelta(microseconds=1))
    later = driven(12, UNTIL + timedelta(days=2))
    for ten, four, twelve in zip(DRIVEN, shorter, later, strict=True):
        # The first night of a history lacks the end of the evening before.
        assert ten[ten["fix_time"] >= begin + day // 2].tolist() == four[four["fix_time"] >= begin + day // 2].tolist()
        assert set(ten["digest"].tolist()) <= set(twelve["digest"].tolist())


def test_days_begin_at_the_midnight_of_their_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    days = Days.until(datetime(2026, 3, 29, 22, 30, tzinfo=UTC), 3, berlin)
    midnights = [datetime.fromtimestamp(second, berlin) for second in days.midnights.tolist()]
    assert [str(moment.date()) for moment in midnights] == ["2026-03-28", "2026-03-29", "2026-03-30"]
    assert {moment.hour for moment in midnights} == {0}
    assert np.diff(days.midnights).tolist() == [86_400, 82_800]
    assert days.weekend.tolist() == [True, True, False]
