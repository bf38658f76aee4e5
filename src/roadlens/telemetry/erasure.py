"""Erases a driver (GDPR, article 17), who does not come back with what devices send late.

In one transaction: nobody sees a part of it. What it takes depends on how much that one person has driven.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from roadlens.errors import NotFound
from roadlens.storage.database import WriteSession
from roadlens.storage.writes import assignments, audit, drivers, edits, erasure, positions, read_models
from roadlens.storage.writes.audit import Who
from roadlens.storage.writes.erasure import Span
from roadlens.telemetry.assignments import cut_all_again, take_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What is gone.

    Attributes:
        erased_as: the name under which the log keeps entries; None if nothing was held.
        audit_entries: how many have lost their values.
        vehicles: those that nobody else has driven; they stay, and may be the person's own.
    """

    erased_as: str | None
    trips: int = 0
    positions: int = 0
    assignments: int = 0
    audit_entries: int = 0
    vehicles: list[str] = field(default_factory=list)


async def erase_driver(session: WriteSession, who: Who, driver_id: str) -> Erased:
    """Erase a driver, also one who was deleted before. Again: nothing is left, and nothing happens.

    Args:
        session: the transaction.
        who: erases, for the log.
        driver_id: whom.
    """

    async def run() -> Erased:
        await assignments.serialise(session)
        whereabouts = await erasure.spans(session, driver_id)
        device_ids = sorted({span.device_id for span in whereabouts})
        await assignments.hold_driver(session, driver_id)
        await assignments.hold_devices(session, device_ids)
        await read_models.lock_drivers(session, [driver_id, *await erasure.others(session, device_ids)])
        await positions.hold(session)
        return await _erase(session, who, driver_id, whereabouts)

    return await session.retrying(run)


async def _erase(session: WriteSession, who: Who, driver_id: str, whereabouts: list[Span]) -> Erased:
    """All that is held is locked, and the person's devices send nothing meanwhile."""
    device_ids = sorted({span.device_id for span in whereabouts})
    driven = await erasure.vehicles(session, driver_id)
    there = await _there(session, driver_id)
    trips, assigned = await take_out(session, driver_id) if there else (0, [])
    gone = await erasure.forget_positions(session, whereabouts) if whereabouts else 0
    if device_ids:
        await erasure.forget_names(session, device_ids)
        await cut_all_again(session, device_ids)
    await erasure.remove_driver(session, driver_id)
    entries = await erasure.entries_of_driver(
        session, driver_id, [assignment["assignment_id"] for assignment in assigned], device_ids
    )
    if not there and not entries.number:
        return Erased(erased_as=None)
    name = erasure.pseudonym()
    done = Erased(
        erased_as=name,
        trips=trips,
        positions=gone,
        assignments=len(assigned),
        audit_entries=entries.number,
        vehicles=await erasure.unused(session, driven),
    )
    counts = {"trips": trips, "positions": gone, "assignments": len(assigned), "audit_entries": entries.number}
    entry = await audit.record(session, who, "erase", "driver", name, None, counts)
    await erasure.empty(session, entry, entries, name)
    return done


async def _there(session: WriteSession, driver_id: str) -> bool:
    try:
        await edits.hold(session, drivers.KIND, driver_id, None, lock="UPDATE")
    except NotFound:
        return False
    return True
