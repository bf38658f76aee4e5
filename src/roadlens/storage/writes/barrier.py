"""Stands between those who write trips and those who exchange the version that scores them.

Whoever writes trips passes the barrier before anything else is held, sees which version scores trips, and goes on
seeing the same until the transaction ends. Whoever closes it waits for those who have passed, and keeps later ones
waiting; these see what was changed. The table is small, and who only reads trips never touches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.exc import DBAPIError

from roadlens.errors import Overloaded
from roadlens.storage.arrays import arrays
from roadlens.storage.database import ReadSession, WriteSession
from roadlens.storage.failures import sqlstate
from roadlens.storage.reads.scores import ACTIVE, ActiveVersion, the_active

# A statement that names the table holds it from when it is planned, before it looks at anything. Its index is asked for
# what is never there, so that it is named for certain and costs nothing.
PASSED: Final = """
(SELECT version FROM score_versions WHERE active) AS version,
ARRAY(SELECT score_version FROM score_rebuilds WHERE state <> 'switched' ORDER BY score_version) AS pending,
EXISTS (SELECT FROM rescored_devices WHERE score_version = 0) AS passed
"""

_ENTER: Final = f"{ACTIVE} AND NOT EXISTS (SELECT FROM rescored_devices WHERE score_version = 0)"

# A note of one device is never made by two at once: whoever makes one holds the device.
_NOTE = """
INSERT INTO rescored_devices AS noted (score_version, device_id, first, last)
SELECT score_version, device_id, first, last
FROM unnest(cast(:pending AS int[])) AS score_version,
    unnest(cast(:devices AS int[]), cast(:firsts AS timestamptz[]), cast(:lasts AS timestamptz[]))
        AS touched(device_id, first, last)
ORDER BY score_version, device_id
ON CONFLICT (score_version, device_id) DO UPDATE SET
    first = CASE WHEN num_nulls(noted.first, excluded.first) = 0 THEN least(noted.first, excluded.first) END,
    last = CASE WHEN num_nulls(noted.last, excluded.last) = 0 THEN greatest(noted.last, excluded.last) END
"""

# Everybody who comes later waits behind who closes it: it gives up, and may be asked again.
_PATIENCE = "SELECT set_config('lock_timeout', :milliseconds || 'ms', true)"
_USUAL = "SELECT set_config('lock_timeout', :usual, true)"
_LOCK_NOT_AVAILABLE: Final = "55P03"

_IN_THE_WAY = """
SELECT format('%s (process %s, for %s s)', application_name, activity.pid, extract(epoch FROM now() - xact_start)::int)
FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid)
WHERE relation = 'rescored_devices'::regclass AND granted AND activity.pid <> pg_backend_pid()
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY xact_start LIMIT 1
"""


class Standing(NamedTuple):
    """By which version trips are scored, and those by which history is being scored beside them."""

    version: int
    pending: Sequence[int]


class Touched(NamedTuple):
    """What is new of a device lies from `first` to `last`; None: no bound."""

    device_id: int
    first: datetime | None
    last: datetime | None


class InTheWay(Exception):
    """Others were at it for all of the time that was given. The transaction is lost."""


async def enter(session: WriteSession) -> ActiveVersion:
    """Pass, as the first that a transaction does which writes trips, and see the version that scores them.

    Raises:
        SetupError: there is none.
    """
    return the_active(await session.row(_ENTER, ActiveVersion))


async def note(session: WriteSession, pending: Sequence[int], touched: Sequence[Touched]) -> None:
    """Remember that trips of these devices, which are held, are not what they were when history was exported.

    Where no history is being scored, this is no statement.
    """
    if pending and touched:
        columns = arrays(("devices", "firsts", "lasts"), touched)
        await session.execute(_NOTE, {"pending": list(pending), **columns})


async def close(session: WriteSession, patience_s: float) -> None:
    """Wait for those who have passed, and let nobody pass until the transaction ends. It comes before other locks.

    Raises:
        InTheWay: somebody who had passed did not end in all that time.
    """
    usual = await session.value("SELECT current_setting('lock_timeout')")
    await session.value(_PATIENCE, {"milliseconds": str(round(patience_s * 1000))})
    try:
        await session.execute("LOCK TABLE rescored_devices IN ACCESS EXCLUSIVE MODE")
    except DBAPIError as error:
        if sqlstate(error) == _LOCK_NOT_AVAILABLE:
            raise InTheWay from error
        raise
    await session.value(_USUAL, {"usual": usual})


async def in_the_way(session: ReadSession) -> Overloaded:
    """The error for who has given up: it names who has passed and not ended for longest."""
    who = await session.value(_IN_THE_WAY)
    return Overloaded(
        f"Trips are being written ({who or 'by one after the other'}) and it did not end in time: nothing was changed. "
        "Try again when that has ended."
    )
