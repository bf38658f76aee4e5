"""Which tables and columns make answers stale, and whether the triggers that tell of them stand in this database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from roadlens.storage.database import ReadSession
from roadlens.storage.reads.read_models import Difference


@dataclass(frozen=True, slots=True)
class Watched:
    """A table whose changes raise tags.

    Attributes:
        table: its name.
        tag: raised by every change; with `:bulk` after it by changes of many rows.
        rows: tags of one row, prefix and column.
        columns: what is compared by an UPDATE, separated by commas.
        left_out: columns that change no answer, each with the reason.
    """

    table: str
    tag: str
    rows: dict[str, str]
    columns: str
    left_out: dict[str, str]


# What the migrations have made; the newest one that touches a table rules. Whoever gives a table a column decides here.
WATCHED: Final = (
    Watched(
        "drivers",
        "drivers",
        {"driver": "driver_id"},
        "driver_id, first_name, last_name, email, phone, date_of_birth, licence_number, licence_state, years_licensed, "
        "address, city, state, zip_code, created_at, updated_at, version",
        {},
    ),
    Watched(
        "vehicles",
        "vehicles",
        {"vehicle": "vehicle_id"},
        "vehicle_id, name, vin, plate, make, model, model_year, category, created_at, updated_at, version",
        {},
    ),
    Watched(
        "devices",
        "devices",
        {"device": "device_id"},
        "device_id, unique_id, name, model, category, phone, contact, created_at, version",
        {"by_hand": "only registration looks at it"},
    ),
    Watched(
        "device_assignments",
        "assignments",
        {"driver": "driver_id", "vehicle": "vehicle_id", "device": "device_id"},
        "assignment_id, device_id, vehicle_id, driver_id, valid_from, valid_to, created_at, version",
        {},
    ),
    Watched(
        "event_reviews",
        "event_reviews",
        {"driver": "driver_id"},
        "review_id, device_id, driver_id, event_type, began_at, ended_at, state, note, reviewed_by, reviewed_at, "
        "version",
        {},
    ),
    Watched(
        "users",
        "users",
        {"user": "user_id"},
        "user_id, username, email, role, active, token_epoch, created_at, updated_at, version",
        {"password_hash": "a sign-in renews it; another password raises token_epoch"},
    ),
    Watched(
        "score_versions",
        "score_versions",
        {},
        "version, parameters, active, created_at",
        {"note": "it is written with the version, which raises the tag"},
    ),
    Watched(
        "installation",
        "everything",
        {},
        "timezone, positions_from",
        {"singleton": "there is one row", "created_at": "nobody is shown it"},
    ),
)

_OPERATIONS = ("inserted", "updated", "deleted", "truncated")

_TRIGGERS = """
SELECT tgrelid::regclass || ' ' || tgname, tgenabled::text, proname::text,
    substring(prosrc FROM 'SELECT ([a-z_, ]+) FROM new_rows')
FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE NOT tgisinternal AND (proname LIKE 'roadlens\\_note\\_%' OR proname = 'roadlens_bump')
"""


async def differences(session: ReadSession) -> list[Difference]:
    """Each trigger that is missing, is one too many, can be gone round, or compares other columns."""
    expected: dict[str, dict[str, Any]] = {"cache_note bump": _trigger("roadlens_bump", None)}
    for watched in WATCHED:
        for operation in _OPERATIONS:
            name = f"{watched.table} note_{operation}"
            expected[name] = _trigger(f"roadlens_note_{watched.table}", watched.columns)
    stored = {
        name: {"enabled": enabled, "function": function, "columns": columns}
        for name, enabled, function, columns in await session.tuples(_TRIGGERS)
    }
    return [
        Difference("triggers", name, expected.get(name), stored.get(name))
        for name in sorted(expected.keys() | stored.keys())
        if expected.get(name) != stored.get(name)
    ]


def _trigger(function: str, columns: str | None) -> dict[str, Any]:
    # A: fires in whatever role the session is (PostgreSQL manual, pg_trigger).
    return {"enabled": "A", "function": function, "columns": columns}
