"""What is too dear to look at each second: the size of the database, and the room on an embedded one's disk."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from roadlens.errors import RoadlensError
from roadlens.observability.metrics import Metrics
from roadlens.storage.database import Database
from roadlens.storage.reads import size

# A disk that fills up within minutes is beyond an alert's help.
EVERY_S: Final = 60.0

logger = logging.getLogger(__name__)


class Sizes:
    """`data_dir` is where an embedded database lies; the disk of another one is its own server's affair."""

    def __init__(self, metrics: Metrics, database: Database, data_dir: Path | None) -> None:
        self._database = database
        self._data_dir = data_dir
        self._size = metrics.gauges("db_size_bytes")
        self._free = metrics.gauges("data_disk_free_bytes")
        self._whole = metrics.gauges("data_disk_size_bytes")

    async def look(self) -> None:
        """Now. What cannot be read stays as it was. The disk first: one that is full stops the database."""
        for look in (self._look_at_disk, self._look_at_database):
            try:
                await look()
            except (RoadlensError, OSError) as error:
                logger.debug("The size of the database or of its disk cannot be read: %s", error)
            except Exception:  # whatever it is, the next look may succeed
                logger.exception("The size of the database or of its disk cannot be read")

    async def _look_at_disk(self) -> None:
        if self._data_dir is not None:
            disk = await asyncio.to_thread(shutil.disk_usage, self._data_dir)
            self._free.show({(): disk.free})
            self._whole.show({(): disk.total})

    async def _look_at_database(self) -> None:
        async with self._database.read() as session:
            self._size.show({(): await size.in_bytes(session)})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks now, and each minute while the block runs."""
        await self.look()
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self.look()
