"""Generated portfolios of several sizes, all open at once: each with its database, its server and a client of that.

They are made once, which takes minutes for a large one, and kept below one directory by their number of drivers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Self

from benchmarks.client import Client
from benchmarks.installation import PASSWORD, SECRET
from benchmarks.naive.asked import Asked
from benchmarks.processes import run, server
from roadlens.storage.database import Database
from roadlens.storage.embedded.provider import open_database

TRIPS_PER_DRIVER = 100
# Drivers are asked about in an order in which neighbours do not follow each other.
_STRIDE = 617


@dataclass(frozen=True, slots=True)
class Portfolio:
    """One that is open.

    Attributes:
        drivers: how many; also its directory's name.
        last_day: the day of the newest trips.
        database: read directly, as (a) and (b) do.
        client: of a server that runs on the same database.
        ids: all drivers'.
    """

    drivers: int
    last_day: date
    database: Database
    client: Client
    ids: list[str]

    @classmethod
    @asynccontextmanager
    async def opened(cls, directory: Path, drivers: int) -> AsyncIterator[Self]:
        """Open it; it is generated if it is not there.

        The database is opened as commands do, so that other commands may have it open too.
        """
        data_dir = directory / str(drivers)
        print(f"Opening {drivers:,} drivers; a portfolio that is not there is made first", flush=True)
        run(data_dir, "bench", "generate", "--drivers", f"{drivers}", "--trips-per-driver", f"{TRIPS_PER_DRIVER}")
        settings = {"ROADLENS_SECRET_KEY": SECRET, "ROADLENS_ADMIN_PASSWORD": PASSWORD, "ROADLENS_CACHE_AUDIT": "0"}
        with (
            open_database(data_dir, "benchmark") as url,
            server(data_dir, DATABASE_URL=url, **settings) as (_, address),
        ):
            database = Database.open(url, name="roadlens benchmark")
            try:
                async with database.read() as session:
                    ids = [found for (found,) in await session.tuples("SELECT driver_id FROM drivers ORDER BY 1")]
                    last_day = await session.value("SELECT max(day) FROM trip_day WHERE trips > 0")
                yield cls(drivers, last_day, database, Client(address), ids)
            finally:
                await database.close()

    @property
    def ends_early(self) -> bool:
        """Whether it was made days ago: what the last days had is then less than it was."""
        return self.last_day < datetime.now(UTC).date() - timedelta(days=1)

    def asked(self, number: int) -> Asked:
        """What the question of that number is about: today, and another driver each time."""
        return Asked(self.ids[number * _STRIDE % len(self.ids)], datetime.now(UTC).date())
