"""A worker's change feed: attaches to the database, keeps its lease, and knows the version of every tag.

What a change is called is the database's business (the triggers), and what is done with versions is the cache's.
"""

from __future__ import annotations

import itertools
import math
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import msgspec

from roadlens.storage.change_feed import messages
from roadlens.storage.change_feed.acknowledgements import Acknowledgements
from roadlens.storage.change_feed.connection import Connection
from roadlens.storage.change_feed.keeping import Detached, Keeper, Lost
from roadlens.storage.change_feed.lease import LEASE_S, RENEWAL_S, Lease, now
from roadlens.storage.change_feed.messages import Raised
from roadlens.storage.change_feed.versions import Map

Counts = Callable[[], Mapping[str, object]]
Heard = Callable[[Sequence[str]], None]
Entering = Callable[[UUID], None]

_FORGET = b"DELETE FROM cache_worker WHERE worker_id = %s"
_ENTER = b"INSERT INTO cache_worker (worker_id, host, pid) VALUES (%s, %s, %s)"

# A restore makes tables, fills them, and makes triggers, in transactions of their own. The functions come first of all.
# A watched table has four of them: for rows that are inserted, updated, deleted, and for TRUNCATE.
_SILENT = b"""
SELECT proname FROM pg_proc LEFT JOIN pg_trigger ON tgfoid = pg_proc.oid AND tgenabled = 'A'
WHERE (starts_with(proname, 'roadlens_note_') OR proname = 'roadlens_bump') AND pg_function_is_visible(pg_proc.oid)
GROUP BY proname HAVING count(tgfoid) < CASE proname WHEN 'roadlens_bump' THEN 1 ELSE 4 END ORDER BY proname
"""

# One statement, so that the snapshot is the one the tags were read in. It comes as a row without a tag.
_LOAD = b"SELECT NULL, 0, pg_current_snapshot()::text UNION ALL SELECT tag, counter, nonce FROM cache_tag"

# The nonce is sent if there is a row to renew, and both are one transaction.
_RENEW = b"""
WITH renewed AS (
    UPDATE cache_worker
    SET renewals = renewals + 1, renewed_at = now(), loaded = coalesce(%s::pg_snapshot, loaded), counts = %s::jsonb
    WHERE worker_id = %s RETURNING renewals
)
SELECT pg_notify(%s, %s) FROM renewed
"""

# An acknowledgement that a crash swallows is one that nobody waits for any more: it need not reach the disk.
_ACKNOWLEDGE = (
    f"SELECT set_config('synchronous_commit', 'off', true), pg_notify('{messages.ACKNOWLEDGEMENTS}', %s)"
).encode()


class ChangeFeed:
    """The versions of all tags, as far as this process may believe them.

    Attributes:
        acknowledgements: what workers, this one included, have said that they know.
    """

    def __init__(
        self,
        url: str,
        *,
        counts: Counts | None = None,
        heard: Heard | None = None,
        lost: Lost = lambda _why: None,
        entering: Entering = lambda _worker: None,
    ) -> None:
        """Nothing is opened.

        Args:
            url: address of the database, of the server itself and not of a pool before it.
            counts: what the cache has counted, as JSON; goes into the worker's row with each renewal, for people.
            heard: is told the tags of each change that comes while attached; they are applied already.
            lost: is told why an attachment has ended before it should: `Detached`, or an error of the connection.
            entering: is told the name of each lease before it is entered.
        """
        self._counts = counts
        self._heard = heard
        self._entering = entering
        self._map = Map()
        self._lease = Lease()
        self._keeper = Keeper(url, "roadlens feed", self._attend, lost)
        self._worker: UUID | None = None
        self._doubted_at: float | None = -math.inf  # not before the first attachment
        self._nonce = ""
        self._applied: list[int] = []
        self.acknowledgements = Acknowledgements()

    @property
    def epoch(self) -> int:
        """Another number after every change of any version, and after every loss of trust."""
        return self._map.epoch

    def trusted(self) -> bool:
        """Whether no change that was acknowledged to a writer can be missing."""
        return self._lease.holds()

    @property
    def renewed_at(self) -> float | None:
        """When the last lease that held was asked for, on the clock of `lease.now`; None: there was none yet."""
        return self._lease.renewed_at

    def away_s(self) -> float:
        """Seconds for which nothing has been trusted, from when that was noticed; 0 while something is."""
        if self.trusted():
            return 0.0
        if self._doubted_at is None:
            self._doubted_at = now()
        return now() - self._doubted_at

    def of(self, tags: Sequence[str]) -> tuple[str, ...]:
        """The current version of each tag, such as `41-9f3c2a10`; `0` of one that never changed."""
        return self._map.of(tags)

    @property
    def worker_id(self) -> UUID | None:
        """The name of the present attachment, in `cache_worker`."""
        return self._worker

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Attached while the block runs, as far as the database allows. Without it nothing is trusted; that is all."""
        async with self._keeper.running(self._doubt):
            yield

    def _doubt(self) -> None:
        self._lease.end()
        self.away_s()
        self._map.doubt()

    async def _attend(self, connection: Connection) -> None:
        await self._attach(connection)
        self._keeper.attached.set()
        await self._live(connection)
        self._doubt()
        await connection.ask(_FORGET, (self._worker,), within=LEASE_S)

    async def _attach(self, connection: Connection) -> None:
        """In this order. Load before listen, or lease after load, and a change could slip in between:

        1. the triggers stand that tell of changes, so no restore is under way that tells nobody;
        2. this worker listens: every commit from here on will be heard;
        3. its lease is in the table: every writer that commits from here on waits for it;
        4. it loads all tags: every commit of before is in them;
        5. it applies what it has heard meanwhile;
        6. it renews, saying which snapshot it has loaded; when that comes back, it is trusted.
        """
        if silent := await connection.ask(_SILENT, within=LEASE_S):
            names = ", ".join(name for (name,) in silent)
            raise Detached(f"triggers that tell of changes are missing or off ({names}), as while a backup is restored")
        former, worker = self._worker, uuid4()
        self._worker, self._applied = worker, []
        channels = (messages.TAGS, messages.ACKNOWLEDGEMENTS, f"roadlens_{worker.hex}")
        await connection.ask("; ".join(f"LISTEN {channel}" for channel in channels).encode(), within=LEASE_S)
        if former is not None:
            await connection.ask(_FORGET, (former,), within=LEASE_S)
        self._entering(worker)
        await connection.ask(_ENTER, (worker, socket.gethostname(), os.getpid()), within=LEASE_S)
        loaded = await connection.ask(_LOAD, within=10 * LEASE_S)
        (snapshot,) = (text for tag, _, text in loaded if tag is None)
        self._map.replace(Raised(*row) for row in loaded if row[0] is not None)
        self._apply(connection, worker)
        await self._renew(connection, worker, snapshot)
        while not self._lease.holds():
            if not connection.received:
                await connection.hear(self._keeper.wake, LEASE_S)
            if not connection.received:
                raise Detached("no answer to the first renewal")
            self._apply(connection, worker, first=True)
        self._doubted_at = None

    async def _live(self, connection: Connection) -> None:
        assert self._worker is not None
        due = now() + RENEWAL_S
        while not self._keeper.stopping:
            # All that was received is applied, and nothing else runs until the next line that waits has begun.
            self._apply(connection, self._worker)
            if not self._lease.holds():
                raise Detached("the lease ended before it could be renewed")
            if now() >= due and not self._lease.under_way:
                due = now() + RENEWAL_S
                await self._renew(connection, self._worker)
            elif self._applied:
                await self._acknowledge(connection, self._worker)
            else:
                await connection.hear(self._keeper.wake, max(0.01, due - now()))

    def _apply(self, connection: Connection, worker: UUID, *, first: bool = False) -> None:
        """Take in all that was received, in its order."""
        while connection.received:
            channel, payload = connection.received.popleft()
            if channel == messages.TAGS:
                change = messages.read_change(payload)
                self._map.apply(change.raised)
                self._applied.append(change.xid)
                if self._heard is not None:
                    self._heard([raised.tag for raised in change.raised])
                self.acknowledgements.heard(worker, [change.xid])
            elif channel == messages.ACKNOWLEDGEMENTS:
                self.acknowledgements.heard(*messages.read_acknowledgement(payload))
            elif payload == self._nonce and not self._lease.returned(first=first):
                raise Detached("a renewal came back too late")

    async def _acknowledge(self, connection: Connection, worker: UUID) -> None:
        applied, self._applied = self._applied, []
        for message in messages.acknowledgements(worker, applied):
            await connection.ask(_ACKNOWLEDGE, (message,), within=LEASE_S)

    async def _renew(self, connection: Connection, worker: UUID, snapshot: str | None = None) -> None:
        """Called when nothing received is unapplied, and the nonce before has come back."""
        self._nonce = next(_nonces)
        counts = None if self._counts is None else msgspec.json.encode(self._counts()).decode()
        self._lease.sent()
        channel = f"roadlens_{worker.hex}"
        if not await connection.ask(_RENEW, (snapshot, counts, worker, channel, self._nonce), within=LEASE_S):
            raise Detached("a writer has given this worker up")


_nonces = map(str, itertools.count(1))
