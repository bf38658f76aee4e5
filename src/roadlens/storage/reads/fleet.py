"""What is known of fleets that nobody drives: the demonstration's, and a portfolio generated for measuring."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from roadlens.storage.database import ReadSession

# The audit log's entries of the fleet are of this entity. The last one says how far it came.
ENTITY, ENTITY_ID, BEGUN, COMPLETED = "fleet", "demo", "begin", "complete"
GENERATED_ID = "generated"

_LAST = """
SELECT action = :completed AS complete, (after->>'seed')::bigint AS seed, (after->>'drivers')::int AS drivers,
    (after->>'days')::int AS days
FROM audit_log WHERE entity = :entity AND entity_id = :entity_id ORDER BY audit_id DESC LIMIT 1
"""

_GENERATED = """
SELECT (after->>'drivers')::int AS drivers, (after->>'trips_per_driver')::int AS trips_per_driver,
    (after->>'seed')::bigint AS seed, (after->>'events')::bigint AS events, (after->>'last_day')::date AS last_day
FROM audit_log WHERE entity = :entity AND entity_id = :entity_id ORDER BY audit_id DESC LIMIT 1
"""


class DemonstrationFleet(NamedTuple):
    complete: bool
    seed: int
    drivers: int
    days: int


class GeneratedPortfolio(NamedTuple):
    """Its plan, and what came of it."""

    drivers: int
    trips_per_driver: int
    seed: int
    events: int
    last_day: date


async def generated_portfolio(session: ReadSession) -> GeneratedPortfolio | None:
    """The portfolio that was generated here; None if there is none."""
    return await session.row(_GENERATED, GeneratedPortfolio, {"entity": ENTITY, "entity_id": GENERATED_ID})


async def has_trips(session: ReadSession) -> bool:
    """Whether there is any trip at all."""
    return bool(await session.value("SELECT EXISTS (SELECT FROM trips)"))


async def demonstration_fleet(session: ReadSession) -> DemonstrationFleet | None:
    """The fleet as it was last begun or completed; None if there is none."""
    return await session.row(
        _LAST, DemonstrationFleet, {"completed": COMPLETED, "entity": ENTITY, "entity_id": ENTITY_ID}
    )


async def has_drivers(session: ReadSession) -> bool:
    """Whether there is any driver at all."""
    return bool(await session.value("SELECT EXISTS (SELECT FROM drivers)"))


async def known_devices(session: ReadSession, unique_ids: list[str]) -> set[str]:
    """Which of the devices are there."""
    found = await session.tuples(
        "SELECT unique_id FROM devices WHERE unique_id = ANY(:unique_ids)", {"unique_ids": unique_ids}
    )
    return {unique_id for (unique_id,) in found}
