"""Removes what a version has made of history beside what is live: with the version, or with a driver."""

from __future__ import annotations

from typing import Final

from roadlens.storage.database import WriteSession

_OF_DRIVERS: Final = ("rescored_events", "rescored_trips", "rescored_risk")
_OF_VERSION: Final = (*_OF_DRIVERS, "rescored_chunks", "rescored_devices")

# Where nothing is kept beside what is live, this finds that in three indexes.
_REMOVE_OF_DRIVER = (
    "WITH "
    + ", ".join(f"of_{table} AS (DELETE FROM {table} WHERE driver_id = :driver)" for table in _OF_DRIVERS)
    + " SELECT"
)


async def remove_of_driver(session: WriteSession, driver_id: str) -> None:
    """Delete what other versions have made of a driver's trips."""
    await session.execute(_REMOVE_OF_DRIVER, {"driver": driver_id})


async def remove_of_version(session: WriteSession, version: int) -> int:
    """Delete all that a version has made, and give how many trips it had scored. How far it was stays noted."""
    trips: int = await session.value(
        "SELECT count(*) FROM rescored_trips WHERE score_version = :version", {"version": version}
    )
    for table in _OF_VERSION:
        await session.execute(f"DELETE FROM {table} WHERE score_version = :version", {"version": version})
    return trips


async def forget(session: WriteSession, version: int) -> int:
    """The same, and that history was ever scored by it: it is a draft again. The caller has closed the barrier."""
    trips = await remove_of_version(session, version)
    await session.execute("DELETE FROM score_rebuilds WHERE score_version = :version", {"version": version})
    return trips
