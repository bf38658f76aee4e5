"""The words of the field: levels at their borders, bits, and ids that sort by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadlens.domain import (
    EVENT_TYPES,
    EventType,
    first_id_at,
    from_unix_microseconds,
    risk_level,
    time_ordered_id,
    unix_microseconds,
)

MOMENTS = st.integers(0, 7_258_118_400_000_000).map(from_unix_microseconds)  # 1970 to 2200


@pytest.mark.parametrize(
    ("score", "level"),
    [(0, "low"), (40, "low"), (40.01, "medium"), (70, "medium"), (70.01, "high"), (100, "high")],
)
def test_risk_levels_at_their_borders(score: float, level: str) -> None:
    assert risk_level(score) == level


def test_each_event_type_has_a_bit_of_its_own() -> None:
    assert [kind.bit for kind in EVENT_TYPES] == [1, 2, 4, 8, 16]
    assert list(EVENT_TYPES) == list(EventType)


@given(MOMENTS, st.binary(max_size=20))
def test_an_id_is_of_rfc_9562_version_8_and_begins_with_its_milliseconds(moment: datetime, seed: bytes) -> None:
    made = time_ordered_id(moment, seed)
    assert (made.version, made.variant) == (8, "specified in RFC 4122")
    assert made.int >> 80 == unix_microseconds(moment) // 1000
    assert made == time_ordered_id(moment, seed)


def test_ids_of_one_moment_differ_by_their_seed() -> None:
    moment = datetime(2024, 3, 6, tzinfo=UTC)
    assert len({time_ordered_id(moment, str(seed).encode()) for seed in range(10_000)}) == 10_000


@given(MOMENTS, MOMENTS, st.binary(max_size=8))
def test_ids_sort_by_the_millisecond_and_search_bounds_lie_between(one: datetime, other: datetime, seed: bytes) -> None:
    early, late = sorted((one, other))
    assert first_id_at(early) <= time_ordered_id(early, seed)
    if unix_microseconds(late) // 1000 > unix_microseconds(early) // 1000:
        assert time_ordered_id(early, seed) < first_id_at(late)


@given(st.datetimes(timezones=st.just(UTC)))
def test_microseconds_there_and_back(moment: datetime) -> None:
    assert from_unix_microseconds(unix_microseconds(moment)) == moment


def test_microseconds_are_those_of_utc() -> None:
    berlin = datetime(1970, 1, 1, 1, 0, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    assert unix_microseconds(berlin) == 5
