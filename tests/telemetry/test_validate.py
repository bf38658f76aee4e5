"""What a vehicle cannot report, at the boundary of each rule and beyond it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roadlens.domain import unix_microseconds
from roadlens.telemetry.batch import Reason
from roadlens.telemetry.validate import judge, plausible
from tests.support.fleet import NOON, array, fix

NAN, INFINITE = float("nan"), float("inf")
HOUR_S = 3600


def at(year: int, **other: int) -> int:
    return unix_microseconds(datetime(year, 1, 1, tzinfo=UTC) + timedelta(**other))


def reasons(**fields: Any) -> list[Reason]:
    _, complaints = judge(array([fix(0)._replace(**fields)]), [7], NOON)
    assert all(complaint.line == 7 for complaint in complaints)
    return [complaint.reason for complaint in complaints]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"latitude": 90.0}, None),
        ({"latitude": 90.0001}, Reason.COORDINATES),
        ({"latitude": -90.0, "longitude": -180.0}, None),
        ({"longitude": 180.0}, None),
        ({"longitude": -180.0001}, Reason.COORDINATES),
        ({"latitude": NAN}, Reason.COORDINATES),
        ({"longitude": INFINITE}, Reason.COORDINATES),
        ({"latitude": 0.0, "longitude": 0.0}, Reason.COORDINATES),
        ({"latitude": 0.0}, None),
        ({"longitude": 0.0}, None),
        ({"speed_kmh": 400.0}, None),
        ({"speed_kmh": 400.1}, Reason.SPEED),
        ({"speed_kmh": -0.1}, Reason.SPEED),
        ({"speed_kmh": NAN}, Reason.SPEED),
        ({"speed_kmh": INFINITE}, Reason.SPEED),
        ({"fix_time": unix_microseconds(NOON) + HOUR_S * 1_000_000}, None),
        ({"fix_time": unix_microseconds(NOON) + HOUR_S * 1_000_000 + 1}, Reason.FUTURE),
        ({"fix_time": at(9999)}, Reason.FUTURE),
        ({"fix_time": 2**62}, Reason.FUTURE),
        ({"fix_time": at(2000)}, None),
        ({"fix_time": at(2000, microseconds=-1)}, Reason.ANCIENT),
        ({"fix_time": at(1)}, Reason.ANCIENT),
        ({"fix_time": -(2**62)}, Reason.ANCIENT),
        ({"course": NAN, "hdop": INFINITE, "speed_limit_kmh": -5.0}, None),
    ],
)
def test_each_rule_at_its_boundary(fields: dict[str, Any], reason: Reason | None) -> None:
    assert reasons(**fields) == ([] if reason is None else [reason])


def test_a_record_is_told_one_reason_the_first() -> None:
    assert reasons(latitude=91.0, speed_kmh=-1.0, fix_time=0) == [Reason.COORDINATES]


def test_complaints_come_in_the_order_of_lines_and_name_the_value() -> None:
    fixes = [fix(0, -1.0), fix(1), fix(2, latitude=95.0), fix(3, fix_time=0)]
    good, complaints = judge(array(fixes), [3, 5, 8, 9], NOON)
    assert good.tolist() == [False, True, False, False]
    assert [complaint.line for complaint in complaints] == [3, 8, 9]
    for complaint, said in zip(complaints, ("-1.0 km/h", "latitude 95", "1970-01-01T00:00:00"), strict=True):
        assert said in complaint.detail


def test_nothing_to_judge_is_nothing_to_complain_of() -> None:
    assert judge(array([]), [], NOON)[1] == []


def test_what_is_from_before_positions_are_kept_is_told_from_when_on_they_are() -> None:
    kept_from = NOON - timedelta(seconds=60)
    fixes = array([fix(-60), fix(-60.000001), fix(-61, -1.0), fix(-61)._replace(fix_time=0)])
    good, complaints = judge(fixes, [1, 2, 3, 4], NOON, kept_from)
    assert good.tolist() == [True, False, False, False]
    assert [complaint.reason for complaint in complaints] == [Reason.NOT_KEPT, Reason.SPEED, Reason.ANCIENT]
    assert (
        "2024-03-06T11:58:59.999999+00:00 is too old: positions from before 2024-03-06T11:59:00" in complaints[0].detail
    )


def test_of_stored_positions_those_count_that_could_have_been_delivered() -> None:
    good = [fix(0), fix(2, 400.0), fix(5)._replace(fix_time=0)]
    bad = [fix(1, NAN), fix(3, -1.0), fix(4, 400.1), fix(6, latitude=NAN), fix(7, longitude=INFINITE)]
    assert plausible(array([*good, *bad])).tolist()[2][1] == 0, "its time was judged when it came"
    assert len(plausible(array([*good, *bad]))) == len(good)
    assert len(plausible(array([]))) == 0
