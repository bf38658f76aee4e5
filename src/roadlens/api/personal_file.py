"""All that is held about a driver as one document of JSON, written while it is read: memory holds one batch of rows."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

import msgspec

from roadlens.errors import NotFound
from roadlens.storage.database import Database
from roadlens.storage.reads import personal
from roadlens.storage.writes import audit
from roadlens.storage.writes.audit import Who

# Whoever reads such files can tell what is in them; raised when a part changes its form.
FORMAT: Final = "roadlens driver 1"

_encoder = msgspec.json.Encoder(decimal_format="number")


async def parts(database: Database, who: Who, driver_id: str) -> AsyncGenerator[str, None]:
    """The document, piece by piece, of one moment. That it was asked for is noted before anything of it leaves.

    Raises:
        NotFound: there is no such driver.
    """
    async with database.write() as writing:
        if await personal.driver(writing, driver_id) is None:
            raise NotFound(f"There is no driver {driver_id}. /api/v1/admin/drivers lists them.")
        await audit.record(writing, who, "export", "driver", driver_id, None, None)
    async with database.read() as session:
        head = {
            "format": FORMAT,
            "made_at": datetime.now(UTC),
            "driver": await personal.driver(session, driver_id),
            "summary": await personal.summary(session, driver_id),
        }
        yield _text(head)[:-1]
        for name in personal.PARTS:
            yield f',"{name}":['
            separator = ""
            async with aclosing(personal.part(session, name, driver_id)) as batches:
                async for batch in batches:
                    yield separator + ",\n".join(map(_text, batch))
                    separator = ",\n"
            yield "]"
        yield "}\n"


def _text(value: object) -> str:
    return _encoder.encode(value).decode()
