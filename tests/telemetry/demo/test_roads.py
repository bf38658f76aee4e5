"""Ways through invented cities: they start and end where asked, without gaps, on roads that make sense."""

from __future__ import annotations

import numpy as np
import pytest

from roadlens.telemetry.demo.roads import ARTERIAL, CITIES, MOTORWAY, STREET, Point, find_route

CITY = CITIES[0]
ADDRESSES: tuple[Point, ...] = (
    (130.0, 250.0),
    (4_400.0, -3_250.0),
    (-27_150.0, 5_500.0),
    (300.0, 250.0),
    (200.0, 4_750.0),
)


@pytest.mark.parametrize("end", ADDRESSES[1:])
def test_a_way_back_is_as_long_as_the_way_there(end: Point) -> None:
    there, back = find_route(CITY, ADDRESSES[0], end), find_route(CITY, end, ADDRESSES[0])
    assert there.distance_m == pytest.approx(back.distance_m, rel=0.01)
    assert (there.latitude[0], there.longitude[0]) == pytest.approx((back.latitude[-1], back.longitude[-1]), abs=1e-9)
    assert (there.latitude[-1], there.longitude[-1]) == pytest.approx((back.latitude[0], back.longitude[0]), abs=1e-9)


def test_it_is_about_as_long_as_the_grid_makes_it() -> None:
    (x, y), (to_x, to_y) = ADDRESSES[:2]
    along_the_grid = abs(to_x - x) + abs(to_y - y)
    assert along_the_grid * 0.9 < find_route(CITY, *ADDRESSES[:2]).distance_m < along_the_grid * 1.6


def test_far_ways_take_the_motorway_and_near_ones_do_not() -> None:
    assert set(find_route(CITY, ADDRESSES[0], ADDRESSES[2]).road) == {STREET, ARTERIAL, MOTORWAY}
    assert set(find_route(CITY, ADDRESSES[0], ADDRESSES[1]).road) == {STREET, ARTERIAL}
    assert set(find_route(CITY, ADDRESSES[0], ADDRESSES[3]).road) == {STREET}


@pytest.mark.parametrize("end", ADDRESSES[1:])
def test_the_course_changes_sharply_at_turns_only(end: Point) -> None:
    route = find_route(CITY, ADDRESSES[0], end)
    change = np.abs((np.diff(route.course) + 180) % 360 - 180)
    turns = route.turns[:-1]
    assert (change[turns] > 60).all()
    assert (change[turns] < 120).all()
    assert (change[~turns] < 15).all()
    assert set(route.limit_kmh) <= {50, 60, 80, CITY.motorway_limit_kmh}
