"""Score versions beside the active one, and history scored by them, put in by SQL as commands leave it."""

from __future__ import annotations

import json
from typing import Any

from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.database import Database


async def add_version(database: Database, version: int, **changed: Any) -> None:
    """A draft with the default values but for some."""
    async with database.write() as session:
        await session.execute(
            "INSERT INTO score_versions (version, parameters, active) "
            "VALUES (:version, cast(:parameters AS jsonb), false)",
            {"version": version, "parameters": json.dumps(DEFAULT.as_dict() | changed)},
        )


async def pending(database: Database, version: int) -> None:
    """A draft by which history is being scored."""
    await add_version(database, version)
    async with database.write() as session:
        await session.execute(
            "INSERT INTO score_rebuilds (score_version, state) VALUES (:version, 'scoring')", {"version": version}
        )
