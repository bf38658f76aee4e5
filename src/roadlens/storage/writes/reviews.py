"""Writes reviews of manoeuvres, any number in the same few statements, each with its entry in the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from roadlens.storage.arrays import arrays
from roadlens.storage.database import WriteSession
from roadlens.storage.reads.reviews import ReviewRow
from roadlens.storage.writes.audit import Who, named

_TYPES: Final = {
    "review_id": "bigint",
    "device_id": "int",
    "began_at": "timestamptz",
    "ended_at": "timestamptz",
    "event_id": "uuid",
}


def _unnested(names: Sequence[str]) -> str:
    return ", ".join(f"cast(:{name} AS {_TYPES.get(name, 'text')}[])" for name in names)


_REVIEW = "review_id, device_id, driver_id, event_type, began_at, ended_at, state, note, version"
_MADE = ("device_id", "driver_id", "event_type", "began_at", "ended_at", "state", "note")
_CHANGED = ("review_id", "driver_id", "began_at", "ended_at", "state", "note")

# The clock and not the transaction's time says which review is the newest: those of one device come one after the
# other, but not in the order in which their transactions began.
_MAKE = f"""
INSERT INTO event_reviews ({", ".join(_MADE)}, reviewed_by)
SELECT *, cast(:user_id AS int) FROM unnest({_unnested(_MADE)})
RETURNING {_REVIEW}
"""
_CHANGE = f"""
UPDATE event_reviews AS stored SET {", ".join(f"{name} = said.{name}" for name in _CHANGED[1:])},
    reviewed_by = cast(:user_id AS int), reviewed_at = clock_timestamp(), version = stored.version + 1
FROM unnest({_unnested(_CHANGED)}) AS said({", ".join(_CHANGED)})
WHERE stored.review_id = said.review_id
RETURNING {", ".join(f"stored.{name}" for name in _REVIEW.split(", "))}
"""

_ENTRIES = ("action", "entity_id", "before", "after")
_RECORD = f"""
INSERT INTO audit_log (actor, actor_id, address, request_id, entity, action, entity_id, before, after)
SELECT :actor, :actor_id, :address, :request_id, 'review', action, entity_id, cast(before AS jsonb),
    cast(after AS jsonb)
FROM unnest({_unnested(_ENTRIES)}) AS noted({", ".join(_ENTRIES)})
"""

# Whose a manoeuvre is follows the assignments; one that is nobody's stays with whom it was, like a note in a drawer.
_FOLLOW = """
UPDATE event_reviews AS stored SET driver_id = held.driver_id FROM device_assignments AS held
WHERE stored.device_id = ANY(:devices) AND held.device_id = stored.device_id AND held.driver_id <> stored.driver_id
    AND (valid_from IS NULL OR valid_from <= began_at) AND (valid_to IS NULL OR valid_to > began_at)
"""


class Made(NamedTuple):
    """A manoeuvre that gets its first review, or one of its own."""

    device_id: int
    driver_id: str
    event_type: str
    began_at: datetime
    ended_at: datetime
    state: str
    note: str | None


class Changed(NamedTuple):
    """A review that is another one now, of the manoeuvre as it looks now."""

    review_id: int
    driver_id: str
    began_at: datetime
    ended_at: datetime
    state: str
    note: str | None


class Entry(NamedTuple):
    """For the log: the event whose review was `before` (None: it had none of its own) and is `after`."""

    event_id: UUID
    before: ReviewRow | None
    after: ReviewRow


async def make(session: WriteSession, who: Who, made: Sequence[Made]) -> list[ReviewRow]:
    """Make reviews; the devices are held."""
    by = {"user_id": named(who).user_id}
    return await session.rows(_MAKE, ReviewRow, by | arrays(_MADE, made)) if made else []


async def change(session: WriteSession, who: Who, changed: Sequence[Changed]) -> list[ReviewRow]:
    """Change reviews; the devices are held."""
    by = {"user_id": named(who).user_id}
    return await session.rows(_CHANGE, ReviewRow, by | arrays(_CHANGED, changed)) if changed else []


async def record(session: WriteSession, who: Who, entries: Sequence[Entry]) -> None:
    """Note in the log what became of each event's review."""
    by = named(who)
    rows = [
        (
            "create" if before is None else "update",
            str(after.review_id),
            None if before is None else _json({"state": before.state, "note": before.note}),
            _json(
                {
                    "state": after.state,
                    "note": after.note,
                    "driver_id": after.driver_id,
                    "event_id": event_id,
                    "event_type": after.event_type,
                    "occurred_at": after.began_at,
                }
            ),
        )
        for event_id, before, after in entries
    ]
    params = {"actor": by.name, "actor_id": by.user_id, "address": by.address, "request_id": by.request_id}
    await session.execute(_RECORD, params | arrays(_ENTRIES, rows))


async def follow(session: WriteSession, device_ids: Sequence[int]) -> None:
    """Let the reviews of these devices, whose assignments have changed, be of who has the manoeuvres now."""
    await session.execute(_FOLLOW, {"devices": list(device_ids)})


async def remove_of_driver(session: WriteSession, driver_id: str) -> int:
    """Delete all that was decided about a driver's events; gives how much that was."""
    return await session.execute("DELETE FROM event_reviews WHERE driver_id = :driver_id", {"driver_id": driver_id})


def _json(values: dict[str, object]) -> str:
    return msgspec.json.encode(values).decode()
