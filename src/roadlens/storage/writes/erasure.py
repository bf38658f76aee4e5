"""Erases people: what is held of a driver's whereabouts, rows of drivers and users, and their values in the log.

Entries of the log stay, without the values, under a name that means nobody. The database lets values go only beside an
entry that says so (`roadlens_audit_forget`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from roadlens.storage.database import WriteSession

# Who was deleted before is known to the log alone. What of those times is somebody else's by now, stays theirs.
_SPANS = """
WITH had AS (
    SELECT device_id, tstzrange(valid_from, valid_to) AS during FROM device_assignments WHERE driver_id = :driver
    UNION ALL
    SELECT device_id, tstzrange(noted.valid_from, noted.valid_to)
    FROM audit_log
    CROSS JOIN jsonb_to_recordset(before -> 'assignments')
        AS noted(unique_id text, valid_from timestamptz, valid_to timestamptz)
    JOIN devices USING (unique_id)
    WHERE entity = 'driver' AND entity_id = :driver AND action = 'delete'
), owed AS (
    SELECT device_id, range_agg(during) - coalesce((
        SELECT range_agg(tstzrange(valid_from, valid_to)) FROM device_assignments AS others
        WHERE others.device_id = had.device_id AND others.driver_id <> :driver), '{}') AS during
    FROM had GROUP BY device_id
)
SELECT device_id, lower(span) AS begin, upper(span) AS end
FROM owed CROSS JOIN LATERAL unnest(during) AS span ORDER BY device_id, span
"""

_UNNESTED = """unnest(cast(:devices AS int[]), cast(:begins AS timestamptz[]), cast(:ends AS timestamptz[]))
    AS span(device_id, begin, until)"""

_POSITIONS = f"""
DELETE FROM positions USING {_UNNESTED}
WHERE positions.device_id = span.device_id AND fix_time >= coalesce(span.begin, '-infinity')
    AND fix_time < coalesce(span.until, 'infinity')
"""

_FORGET = f"""
UPDATE device_progress AS progress SET forgotten = coalesce(progress.forgotten, '{{}}') + added.during,
    forgotten_at = now(), settled_at = NULL
FROM (SELECT span.device_id, range_agg(tstzrange(begin, until)) AS during FROM {_UNNESTED} GROUP BY 1) AS added
WHERE progress.device_id = added.device_id
"""

# A device that somebody has now says whose it is now.
_NAMELESS = """
UPDATE devices SET name = NULL, phone = NULL, contact = NULL, version = version + 1
WHERE device_id = ANY(:devices) AND NOT EXISTS (
    SELECT FROM device_assignments AS held
    WHERE held.device_id = devices.device_id AND (held.valid_to IS NULL OR held.valid_to > now()))
"""

_OTHERS = "SELECT DISTINCT driver_id FROM device_assignments WHERE device_id = ANY(:devices)"

_VEHICLES = """
SELECT vehicle_id FROM device_assignments WHERE driver_id = :driver
UNION SELECT vehicle_id FROM trips WHERE driver_id = :driver
"""

_LEFT = """
SELECT vehicle_id FROM vehicles WHERE vehicle_id = ANY(:vehicles)
    AND NOT EXISTS (SELECT FROM device_assignments AS held WHERE held.vehicle_id = vehicles.vehicle_id)
    AND NOT EXISTS (SELECT FROM trips WHERE trips.vehicle_id = vehicles.vehicle_id)
ORDER BY vehicle_id
"""

_OF_DRIVER = """
WITH of_driver AS (
    SELECT audit_id, entity, entity_id FROM audit_log WHERE entity = 'driver' AND entity_id = :driver
    UNION SELECT audit_id, entity, entity_id FROM audit_log WHERE before ->> 'driver_id' = :driver
    UNION SELECT audit_id, entity, entity_id FROM audit_log WHERE after ->> 'driver_id' = :driver
)
SELECT audit_id, entity = 'driver' FROM of_driver
UNION SELECT audit_id, false FROM audit_log
WHERE entity = 'assignment' AND entity_id = ANY(cast(:assignments AS text[]))
UNION SELECT audit_id, false FROM audit_log
WHERE entity = 'assignment' AND entity_id IN (SELECT entity_id FROM of_driver WHERE entity = 'assignment')
UNION SELECT audit_id, false FROM audit_log
WHERE entity = 'device' AND entity_id IN (SELECT unique_id FROM devices WHERE device_id = ANY(cast(:devices AS int[])))
    AND (jsonb_exists_any(before, :personal) OR jsonb_exists_any(after, :personal))
"""

_OF_USER = """
SELECT audit_id, who_salt IS NOT NULL AND coalesce(actor_id = :user_id, action LIKE 'sign in%') AS who,
    what_salt IS NOT NULL AND entity = 'user' AND entity_id = :key AS what
FROM audit_log WHERE actor_id = :user_id OR (entity = 'user' AND entity_id = :key)
"""

_EMPTIED = """
SELECT roadlens_audit_forget(cast(:erasure AS bigint), cast(:who AS bigint[]), cast(:what AS bigint[]),
    cast(:named AS bigint[]), :pseudonym)
"""


class Span(NamedTuple):
    """A device during a time, from `begin` until before `end` (None: no bound)."""

    device_id: int
    begin: datetime | None
    end: datetime | None


class Entries(NamedTuple):
    """Ids of entries of the log: those that lose who it was, what it was, and whom it was about."""

    who: list[int]
    what: list[int]
    named: list[int]

    @property
    def number(self) -> int:
        """How many entries these are."""
        return len({*self.who, *self.what})


def pseudonym() -> str:
    """What entries are kept under: it was never anybody's name, and is drawn anew for each erasure."""
    return f"erased-{secrets.token_hex(8)}"


async def spans(session: WriteSession, driver_id: str) -> list[Span]:
    """When the driver had which device, as far as nobody else is said to have had it then."""
    return await session.rows(_SPANS, Span, {"driver": driver_id})


async def vehicles(session: WriteSession, driver_id: str) -> list[str]:
    """What the driver has driven, or is to drive."""
    return [vehicle for (vehicle,) in await session.tuples(_VEHICLES, {"driver": driver_id})]


async def others(session: WriteSession, device_ids: Sequence[int]) -> list[str]:
    """All drivers who have or had these devices."""
    return [driver for (driver,) in await session.tuples(_OTHERS, {"devices": list(device_ids)})]


async def forget_positions(session: WriteSession, whereabouts: Sequence[Span]) -> int:
    """Delete what the devices sent then, see to it that none of it is kept again, and say how many there were."""
    columns = {
        "devices": [span.device_id for span in whereabouts],
        "begins": [span.begin for span in whereabouts],
        "ends": [span.end for span in whereabouts],
    }
    await session.execute(_FORGET, columns)
    return await session.execute(_POSITIONS, columns)


async def forget_names(session: WriteSession, device_ids: Sequence[int]) -> None:
    """Clear what devices that nobody has now say of whom they were."""
    await session.execute(_NAMELESS, {"devices": list(device_ids)})


async def remove_driver(session: WriteSession, driver_id: str) -> None:
    """Delete the row of a driver to whom nothing refers any more."""
    await session.execute("DELETE FROM drivers WHERE driver_id = :driver", {"driver": driver_id})


async def remove_user(session: WriteSession, user_id: int) -> None:
    """Delete a user, and the addresses from which the user has signed in."""
    await session.execute("DELETE FROM users WHERE user_id = :user_id", {"user_id": user_id})


async def unused(session: WriteSession, vehicle_ids: Iterable[str]) -> list[str]:
    """Those of the vehicles that nobody has driven or is to drive."""
    return [vehicle for (vehicle,) in await session.tuples(_LEFT, {"vehicles": sorted(vehicle_ids)})]


async def entries_of_driver(
    session: WriteSession, driver_id: str, assignments: Sequence[int], device_ids: Sequence[int]
) -> Entries:
    """Entries about a driver, these assignments and what these devices ever said of whom they were.

    Of a device that others had as well too: nobody can tell whose name it was.
    """
    params = {
        "driver": driver_id,
        "assignments": list(map(str, assignments)),
        "devices": list(device_ids),
        "personal": ["name", "phone", "contact"],
    }
    found = await session.tuples(_OF_DRIVER, params)
    return Entries([], [audit_id for audit_id, _ in found], [audit_id for audit_id, named in found if named])


async def entries_of_user(session: WriteSession, user_id: int) -> Entries:
    """Entries about a user, and of what the user did."""
    found = await session.tuples(_OF_USER, {"user_id": user_id, "key": str(user_id)})
    about = [audit_id for audit_id, _, what in found if what]
    return Entries([audit_id for audit_id, who, _ in found if who], about, about)


async def empty(session: WriteSession, erasure: int, entries: Entries, name: str) -> None:
    """Take the values from the entries, which are of `name` now; the entry `erasure` of this transaction says so."""
    params: dict[str, Any] = {"erasure": erasure, "pseudonym": name, **entries._asdict()}
    await session.value(_EMPTIED, params)
