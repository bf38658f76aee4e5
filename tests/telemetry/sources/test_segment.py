"""Speeds of points that have none: from their neighbours, exactly, and without them not at all."""

from __future__ import annotations

import math

import pytest

from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import Complaint
from roadlens.telemetry.sources.segment import Point, Segment
from roadlens.telemetry.sources.source import Reading
from tests.support.fleet import DEGREE_M


def point(second: float, metres: float, speed_kmh: float | None = None, **other: float) -> Point:
    """A point so many metres north of the equator."""
    where = {"latitude": metres / DEGREE_M, "longitude": 8.0} | other
    return Point(
        round(second),
        DeviceClaim("car"),
        round(second * 1e6),
        where["latitude"],
        where["longitude"],
        speed_kmh,
        math.nan,
        math.nan,
    )


def speeds(*points: Point) -> list[float | str]:
    segment = Segment()
    ready: list[Reading | Complaint] = []
    for each in points:
        ready += segment.add(each)
    ready += segment.end()
    return [round(one.fix.speed_kmh, 3) if isinstance(one, Reading) else one.detail[:8] for one in ready]


def test_a_speed_is_the_way_between_both_neighbours_by_its_time() -> None:
    assert speeds(point(0, 0), point(1, 10), point(2, 30), point(4, 30)) == pytest.approx([36, 54, 24, 0])


def test_the_way_round_a_bend_counts_not_the_chord() -> None:
    assert speeds(point(0, 0), point(1, 10), point(2, 0)) == pytest.approx([36, 36, 36])


def test_speeds_that_are_there_are_kept_and_points_stay_in_order() -> None:
    assert speeds(point(0, 0), point(1, 10, 7.0), point(2, 20), point(3, 30, 8.0)) == pytest.approx([36, 7, 36, 8])


def test_a_point_with_a_speed_waits_for_nobody() -> None:
    assert len(Segment().add(point(0, 0, 5.0))) == 1
    assert len(Segment().add(point(0, 0))) == 0


def test_neighbours_of_the_same_or_an_earlier_time_tell_nothing() -> None:
    assert speeds(point(0, 0)) == ["no speed"]
    assert speeds(point(1, 0), point(1, 10)) == ["no speed", "no speed"]
    assert speeds(point(0, 0), point(5, 50), point(3, 90), point(4, 100)) == pytest.approx([36, 36, 36, 36])


def test_a_place_that_cannot_be_spoils_nobody_beside_it() -> None:
    nowhere = (point(1, 0, latitude=0.0, longitude=0.0), point(1, 0, latitude=95.0))
    assert speeds(point(0, 10), *nowhere, point(2, 30)) == pytest.approx([0, 0, 36, 36])


def test_segments_know_nothing_of_each_other() -> None:
    segment = Segment()
    for start in (0, 1000):
        assert segment.add(point(start, 0)) == []
        first = segment.add(point(start + 1, 10))
        (last,) = segment.end()
        assert isinstance(last, Reading)
        assert last.fix.speed_kmh == pytest.approx(36)
        assert len(first) == 1
