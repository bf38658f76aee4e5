"""What a cut needs to see: the window around new positions, the positions and trips in it, who drove when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from roadlens.domain import from_unix_microseconds
from roadlens.storage.binary import PACKED, Positions, from_packed
from roadlens.storage.database import ReadSession
from roadlens.storage.reads.reviews import Review
from roadlens.storage.trip_rows import EventRow, TripRow

# New positions in [first, last] can change only the trips that this span touches, the one before and the one after:
# what separates two earlier trips lies before them all, and a new position makes a stop longer, never shorter. So the
# window begins where the last trip that starts before `first` begins, and ends with the first trip that ends after
# `last`; without such a trip it is open. Before and after, not at: a second report of the moment that a trip begins or
# ends with can stand in for the first one, so that the stop beyond is no longer one.
# A vehicle that has already stood long enough for a stop needs nothing from before `settled_at`.
# Where positions have been dropped, trips that begin before `positions_from` cannot be cut again: they stand, and a
# window begins after the last of them at the earliest.
#
# With each window come the reviews of its device that can hold for an event in it: as a column, for nearly always there
# are none. How near is near enough is for `telemetry.reviewed` to say; an hour is more than any version allows.
_WINDOWS = """
SELECT seen.*, (
    SELECT json_agg(json_build_array(event_type, (extract(epoch FROM began_at) * 1000000)::bigint,
        (extract(epoch FROM ended_at) * 1000000)::bigint, state) ORDER BY reviewed_at, review_id)
    FROM event_reviews AS review WHERE review.device_id = seen.device_id
        AND ended_at >= coalesce(seen.first - interval '1 hour', '-infinity')
        AND began_at <= coalesce(seen.last + interval '1 hour', 'infinity')
) AS reviews
FROM (
SELECT touched.device_id, unique_id,
    greatest(CASE WHEN settled_at < touched.first THEN settled_at END, previous.started_at,
        positions_from, standing.ended_at + interval '1 microsecond') AS first,
    coalesce(CASE WHEN covering.ended_at > touched.last THEN covering.ended_at END, following.ended_at) AS last
FROM unnest(cast(:devices AS int[]), cast(:firsts AS timestamptz[]), cast(:lasts AS timestamptz[]))
    AS touched(device_id, first, last)
JOIN devices USING (device_id)
LEFT JOIN device_progress USING (device_id)
CROSS JOIN installation
LEFT JOIN LATERAL (
    SELECT ended_at FROM trips WHERE device_id = touched.device_id AND started_at < positions_from
    ORDER BY started_at DESC LIMIT 1
) AS standing ON true
LEFT JOIN LATERAL (
    SELECT started_at FROM trips WHERE device_id = touched.device_id AND started_at < touched.first
    ORDER BY started_at DESC LIMIT 1
) AS previous ON true
LEFT JOIN LATERAL (
    SELECT ended_at FROM trips WHERE device_id = touched.device_id AND started_at <= touched.last
    ORDER BY started_at DESC LIMIT 1
) AS covering ON true
LEFT JOIN LATERAL (
    SELECT ended_at FROM trips WHERE device_id = touched.device_id AND started_at > touched.last
    ORDER BY started_at LIMIT 1
) AS following ON true
) AS seen
ORDER BY device_id
"""

_POSITIONS = f"""
SELECT (
    SELECT string_agg({PACKED}, NULL ORDER BY fix_time, digest) FROM positions WHERE device_id = visible.device_id
        AND fix_time >= coalesce(visible.first, '-infinity') AND fix_time <= coalesce(visible.last, 'infinity')
)
FROM unnest(cast(:devices AS int[]), cast(:firsts AS timestamptz[]), cast(:lasts AS timestamptz[]))
    WITH ORDINALITY AS visible(device_id, first, last, place)
ORDER BY place
"""

_IN_WINDOWS = """
FROM unnest(cast(:devices AS int[]), cast(:firsts AS timestamptz[]), cast(:lasts AS timestamptz[]))
    AS visible(device_id, first, last)
JOIN trips ON trips.device_id = visible.device_id
    AND trips.started_at >= coalesce(visible.first, '-infinity')
    AND trips.started_at <= coalesce(visible.last, 'infinity')
"""


class Window(NamedTuple):
    """The span of a device's positions that is cut again. None is open: from the first, or to the last position.

    It is empty, `first` after `last`, where all that was touched belongs to a trip whose beginning has been dropped.
    `reviews` are those that can hold for an event in it, the oldest first.
    """

    device_id: int
    unique_id: str
    first: datetime | None
    last: datetime | None
    reviews: Sequence[Review] = ()


class Assignment(NamedTuple):
    """From `valid_from` (None: ever) until before `valid_to` (None: for ever); `category` is the vehicle's class."""

    device_id: int
    driver_id: str
    vehicle_id: str
    valid_from: datetime | None
    valid_to: datetime | None
    category: str | None = None


async def windows(
    session: ReadSession, devices: Sequence[int], firsts: Sequence[datetime | None], lasts: Sequence[datetime | None]
) -> list[Window]:
    """The window that must be cut again for each touched span; None and None: all that the device has sent.

    The caller holds the positions (`writes.positions.hold`), or has stored some: nobody drops any of them meanwhile.
    """
    params = {"devices": list(devices), "firsts": list(firsts), "lasts": list(lasts)}
    found = await session.tuples(_WINDOWS, params)
    return [Window(device, name, first, last, _reviews(told)) for device, name, first, last, told in found]


async def positions(session: ReadSession, visible: Sequence[Window]) -> list[Positions]:
    """For each window its positions by time and digest; an array without rows where there are none."""
    return [from_packed(packed or b"") for (packed,) in await session.tuples(_POSITIONS, _arrays(visible))]


async def trips(session: ReadSession, visible: Sequence[Window]) -> list[TripRow]:
    """The stored trips that start in the windows."""
    columns = ", ".join(f"trips.{name}" for name in TripRow._fields)
    return [TripRow(*row) for row in await session.tuples(f"SELECT {columns} {_IN_WINDOWS}", _arrays(visible))]


async def trips_of_driver(session: ReadSession, driver_id: str) -> list[TripRow]:
    """All of a driver's trips."""
    statement = f"SELECT {', '.join(TripRow._fields)} FROM trips WHERE driver_id = :driver_id"
    return [TripRow(*row) for row in await session.tuples(statement, {"driver_id": driver_id})]


async def events(session: ReadSession, visible: Sequence[Window]) -> list[EventRow]:
    """The stored events of those trips."""
    columns = ", ".join(f"event.{name}" for name in EventRow._fields)
    statement = f"SELECT {columns} {_IN_WINDOWS} JOIN safety_events AS event USING (trip_id)"
    return [EventRow(*row) for row in await session.tuples(statement, _arrays(visible))]


async def assignments(session: ReadSession, devices: Sequence[int]) -> list[Assignment]:
    """Who and what the devices have been assigned to, by device and time."""
    return await session.rows(
        "SELECT device_id, driver_id, vehicle_id, valid_from, valid_to, category "
        "FROM device_assignments JOIN vehicles USING (vehicle_id) "
        "WHERE device_id = ANY(:devices) ORDER BY device_id, valid_from NULLS FIRST",
        Assignment,
        {"devices": list(devices)},
    )


def _reviews(told: list[tuple[str, int, int, str]] | None) -> tuple[Review, ...]:
    return tuple(
        Review(kind, from_unix_microseconds(began), from_unix_microseconds(ended), state)
        for kind, began, ended, state in told or ()
    )


def _arrays(visible: Sequence[Window]) -> dict[str, list[object]]:
    return {
        "devices": [window.device_id for window in visible],
        "firsts": [window.first for window in visible],
        "lasts": [window.last for window in visible],
    }
