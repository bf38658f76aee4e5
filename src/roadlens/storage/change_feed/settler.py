"""What a writer asks of the database around its commit: who must hear of it, and who does not live any more."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from roadlens.storage.change_feed.acknowledgements import Acknowledgements
from roadlens.storage.change_feed.lease import LEASE_S
from roadlens.storage.change_feed.settling import Settlement, Standing, Worker
from roadlens.storage.connection_options import with_options

# Before the commit: the transaction's id if it will raise tags, or has raised them early because somebody made it.
_NOTED = text("""
SELECT pg_current_xact_id_if_assigned()::text
WHERE EXISTS (SELECT FROM cache_note WHERE xid = pg_current_xact_id_if_assigned())
    OR current_setting('roadlens.bumped', true) = pg_current_xact_id_if_assigned()::text
""")

# After it: who must know. A worker that has loaded all tags in a snapshot that sees the transaction does.
_WORKERS = text("""
SELECT worker_id, renewals, coalesce(pg_visible_in_snapshot(cast(:xid AS xid8), loaded), false),
    pg_postmaster_start_time() > clock_timestamp() - make_interval(secs => :lease)
FROM (SELECT) AS once LEFT JOIN cache_worker ON true
""")

_FORGET = text("""
DELETE FROM cache_worker USING unnest(cast(:workers AS uuid[]), cast(:renewals AS bigint[])) AS silent (id, seen)
WHERE worker_id = id AND renewals = seen
RETURNING host || ', process ' || pid
""")

# Is told, after each commit that makes answers stale, how many seconds passed until every worker knew of it.
SettlingObserver = Callable[[float], None]

_AWAY = (SQLAlchemyError, psycopg.Error, OSError)

logger = logging.getLogger(__name__)


class Settler:
    """Settles the commits of one pool.

    Attributes:
        observers: are told of each that has been settled.
    """

    def __init__(self, engine: AsyncEngine, *, durable: bool) -> None:
        """`durable`: after a start this PostgreSQL has all that it ever committed."""
        self._engine = engine
        self._durable = durable
        self._acknowledgements: Acknowledgements | None = None
        self.observers: list[SettlingObserver] = []

    @contextmanager
    def hearing(self, acknowledgements: Acknowledgements) -> Iterator[None]:
        """In the block, workers' words are heard there."""
        self._acknowledgements = acknowledgements
        try:
            yield
        finally:
            self._acknowledgements = None

    async def noted(self, connection: AsyncConnection) -> int | None:
        """The id of the connection's transaction if its commit makes answers stale."""
        xid = (await connection.execute(_NOTED)).scalar()
        return None if xid is None else int(xid)

    async def settle(self, noted: int | None) -> None:
        """Wait until what has been committed is known. Who is cancelled in here has made the change all the same."""
        if noted is None:
            return
        began = time.perf_counter()
        look = partial(self._look, noted)
        await Settlement(noted, look, self._forget, self._acknowledgements, self._durable).settled()
        for observer in self.observers:
            observer(time.perf_counter() - began)

    async def _look(self, xid: int) -> Standing | None:
        try:
            async with self._engine.connect() as fresh:
                connection = await with_options(fresh, isolation_level="AUTOCOMMIT")
                found = await connection.execute(_WORKERS, {"xid": str(xid), "lease": LEASE_S})
                return Standing.of([tuple(row) for row in found.all()])
        except _AWAY as error:
            logger.warning("Workers cannot be read after a commit, which stands: %s", error)
            return None

    async def _forget(self, silent: Sequence[Worker]) -> None:
        columns = {
            "workers": [worker.worker_id for worker in silent],
            "renewals": [worker.renewals for worker in silent],
        }
        with suppress(*_AWAY):  # the next writer tries again
            async with self._engine.begin() as connection:
                gone = (await connection.execute(_FORGET, columns)).scalars().all()
            if gone:
                logger.warning("A worker has not renewed its lease and is taken for dead: %s", "; ".join(gone))
