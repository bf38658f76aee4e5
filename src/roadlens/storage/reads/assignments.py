"""Assignments: who drove what with which device, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roadlens.storage.cursor import Batches, batches
from roadlens.storage.database import ReadSession

_COLUMNS = (
    "assignment_id, unique_id, driver_id, vehicle_id, valid_from, valid_to, assigned.created_at, assigned.version"
)
_TABLES = "device_assignments AS assigned JOIN devices USING (device_id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentFilter:
    """Each that is not None must be met."""

    unique_id: str | None = None
    driver_id: str | None = None
    vehicle_id: str | None = None

    def params(self) -> dict[str, str]:
        wanted = {"unique_id": self.unique_id, "driver_id": self.driver_id, "vehicle_id": self.vehicle_id}
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRow:
    """From `valid_from` (None: ever) until before `valid_to` (None: until further notice)."""

    assignment_id: int
    unique_id: str
    driver_id: str
    vehicle_id: str
    valid_from: datetime | None
    valid_to: datetime | None
    created_at: datetime
    version: int


async def page(
    session: ReadSession, *, wanted: AssignmentFilter, before: int | None, limit: int
) -> list[AssignmentRow]:
    """Assignments, the one made last first, from the one made before `before`."""
    conditions = [f"{name} = :{name}" for name in wanted.params()]
    if before is not None:
        conditions.append("assignment_id < :before")
    params = {"before": before, "limit": limit, **wanted.params()}
    return await session.rows(f"{_newest_first(conditions)} LIMIT :limit", AssignmentRow, params)


def every(session: ReadSession, *, wanted: AssignmentFilter) -> Batches[AssignmentRow]:
    """As `page`, all of them."""
    conditions = [f"{name} = :{name}" for name in wanted.params()]
    return batches(session, _newest_first(conditions), AssignmentRow, wanted.params())


async def of_device(session: ReadSession, unique_id: str) -> list[AssignmentRow] | None:
    """All of a device's, in the order of time; None if there is no such device."""
    found = await session.rows(
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE unique_id = :unique_id ORDER BY valid_from NULLS FIRST",
        AssignmentRow,
        {"unique_id": unique_id},
    )
    known = found or await session.value("SELECT true FROM devices WHERE unique_id = :id", {"id": unique_id})
    return found if known else None


async def one(session: ReadSession, assignment_id: int) -> AssignmentRow | None:
    """The assignment; None if there is none."""
    return await session.row(
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE assignment_id = :id", AssignmentRow, {"id": assignment_id}
    )


def _newest_first(conditions: list[str]) -> str:
    where = " AND ".join(conditions) or "true"
    return f"SELECT {_COLUMNS} FROM {_TABLES} WHERE {where} ORDER BY assignment_id DESC"
