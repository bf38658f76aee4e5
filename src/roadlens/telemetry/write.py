"""Writes what changed of trips and events, with all that is made of them: drivers' days, risk scores, read models.

What changed is the same whether positions came, assignments changed, or an administrator reviewed an event.
"""

from __future__ import annotations

from roadlens.storage.database import WriteSession
from roadlens.storage.writes import read_models, trips
from roadlens.storage.writes.trips import Changes
from roadlens.telemetry import rescore
from roadlens.telemetry.work import Rules


async def write(session: WriteSession, rules: Rules, changes: Changes) -> None:
    """Write the changes, and bring what follows from them up to date. The devices they are of are held."""
    gone, put = changes.gone, changes.put
    await read_models.lock_drivers(session, (trip.driver_id for trip in [*gone, *put]))
    await trips.apply(session, changes)
    if gone or put:
        scored = await rescore.days(session, rules, gone, put)
        await read_models.sum_up(session, gone, put, scored)
