"""The algorithm: memory, then the shared store, then one load for all who ask. It never deletes: edits change keys."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from enum import Enum

from roadlens.cache.clock import running
from roadlens.cache.entry import Entry, Unreadable
from roadlens.cache.flight import Flights
from roadlens.cache.keys import Key, without_parameters
from roadlens.cache.loading import Load, anew, given, loaded
from roadlens.cache.memory import Memory
from roadlens.cache.observer import Behind, Level, Observer, Why
from roadlens.cache.store import Budget, SharedStore
from roadlens.cache.versions import Versions

# Seconds that one request waits for the shared store in all.
PATIENCE_S = 0.05

# Seconds after which a loader in another worker is believed dead.
LOAD_LEASE_S = 3.0

# Seconds between looks for what another worker is loading: the first, and the longest.
_LOOK_S, _LOOK_AT_MOST_S = 0.002, 0.05

_WARN_EVERY_S = 300

logger = logging.getLogger(__name__)


class How(Enum):
    """How an answer came about."""

    MEMORY = "hit; detail=memory"
    SHARED = "hit; detail=shared"
    MISS = "fwd=miss; stored"
    UNSTORED = "fwd=miss"
    COLLAPSED = "fwd=miss; collapsed"
    BYPASS = "fwd=bypass; detail=distrust"


@dataclass(frozen=True, slots=True)
class Found:
    entry: Entry
    how: How


@dataclass(slots=True)
class Tally:
    """What became of the requests for one prefix in this worker."""

    hits: int = 0
    misses: int = 0
    bypasses: int = 0


class Cache:
    """The cache of one worker.

    Args:
        patience: seconds that one request waits for the shared store in all.
    """

    def __init__(
        self,
        versions: Versions,
        memory: Memory,
        shared: SharedStore,
        observer: Observer,
        patience: float = PATIENCE_S,
    ) -> None:
        self.versions = versions
        self.memory = memory
        self.shared = shared
        self.tallies: dict[str, Tally] = {}
        self._observer = observer
        self._patience = patience
        self._flights: Flights[tuple[Entry, How]] = Flights()
        self._behind: set[asyncio.Task[None]] = set()
        self._warned_at = -float(_WARN_EVERY_S)

    async def get_or_load(self, key: Key, load: Load) -> Found:
        """The answer of this key: kept, or loaded now by one of all who ask for it.

        Raises:
            Exception: whatever the load raises.
        """
        if anew() or not self.versions.trusted():
            return await self.bypass(key, load)
        entry = self.kept(key, load)
        if entry is not None:
            given(entry)
            return Found(entry, How.MEMORY)
        text, asked_at = key.at(self.versions), running()
        (entry, how), began = await self._flights.join(text, lambda: self._fill(key, text, load))
        if how is How.SHARED:
            self._hit(key, Level.SHARED)
        elif not began:
            too_old = entry.age() - (running() - asked_at) >= key.policy.ttl
            if entry.shareable and not too_old:
                how = How.COLLAPSED
            else:
                entry, how = await self._load(key, load), How.UNSTORED
        if how is not How.SHARED:
            self._computed(key, entry)
        given(entry)
        return Found(entry, how)

    def fresh(self, key: Key) -> Entry | None:
        """What memory keeps of a key, if its time does not end soon; only for who has just found them trusted."""
        entry = self.memory.get(key.at(self.versions))
        if entry is None or entry.age() >= key.refresh_at:
            return None
        self._hit(key, Level.MEMORY)
        return entry

    def kept(self, key: Key, load: Load) -> Entry | None:
        """What memory keeps of a key at the present versions; only for who has just found them trusted.

        Shortly before its time ends, one caller has it loaded again behind the answer.
        """
        entry = self.memory.get(key.at(self.versions))
        if entry is None:
            return None
        age = entry.age()
        if age >= key.policy.ttl:
            return None
        if age >= key.refresh_at:
            self._refresh(key, entry, load)
        self._hit(key, Level.MEMORY)
        return entry

    async def value(self, key: Key, load: Callable[[], Awaitable[bytes]]) -> bytes:
        """As `get_or_load`, for bytes that are no answer of their own."""

        async def entry() -> Entry:
            began_at = time.time()
            return Entry.of_value(await load(), began_at)

        return (await self.get_or_load(key, entry)).entry.body

    async def get_value(self, key: Key) -> bytes | None:
        """What is kept under the key; nothing is loaded, counted or waited for but the shared store."""
        if anew() or not self.versions.trusted():
            return None
        text = key.at(self.versions)
        entry = self.memory.get(text)
        if entry is None and self.shared.usable:
            entry = await self._look(key, text, Budget(self._patience), newer_than=0.0)
        if entry is None or entry.age() >= key.policy.ttl:
            return None
        given(entry)
        return entry.body

    async def bypass(self, key: Key, load: Load) -> Found:
        """Load, joining nobody and keeping nothing."""
        self._bypassed(key, Why.DISTRUST)
        return Found(await load(), How.BYPASS)

    def behind(self, work: Coroutine[object, object, None]) -> None:
        """Do something behind the answers, until the cache closes."""
        task = asyncio.ensure_future(work)
        self._behind.add(task)
        task.add_done_callback(self._done_behind)

    async def open(self) -> None:
        """Look for the shared store."""
        await self.shared.start()

    async def close(self) -> None:
        """End what is under way; the shared store is closed with it."""
        await self._flights.close()
        for task in tuple(self._behind):
            task.cancel()
        await asyncio.gather(*self._behind, return_exceptions=True)
        await self.shared.close()

    async def _fill(self, key: Key, text: str, load: Load, newer_than: float = 0.0) -> tuple[Entry, How]:
        """The one flight of a key: the shared store, else who may load, loads; the others look for what that gives."""
        lease = None
        if self.shared.usable:
            found, lease = await self._found_or_leased(key, text, newer_than)
            if found is not None:
                return found, How.SHARED
        try:
            entry = await self._load(key, load)
        except BaseException:
            if lease is not None:
                self.behind(self.shared.release(text, lease, Budget(self._patience)))
            raise
        if entry.keepable:
            self.memory.put(text, key.policy.key_prefix, entry)
        if self.shared.usable:
            self.behind(self._share(key, text, entry, lease))
        return entry, How.MISS if entry.keepable else How.UNSTORED

    async def _found_or_leased(self, key: Key, text: str, newer_than: float) -> tuple[Entry | None, str | None]:
        """What another worker has loaded, or the right to load; neither where the store takes too long.

        Who gets the right looks once more: 1. this worker finds nothing, 2. the other one puts its answer there and
        gives the right back, 3. this one is given it.
        """
        budget, pause, lease = Budget(self._patience), _LOOK_S, None
        while (found := await self._look(key, text, budget, newer_than)) is None:
            if lease is not None:
                return None, lease
            lease = await self.shared.lease(text, LOAD_LEASE_S, budget)
            if lease is not None:
                continue
            if budget.left <= 0 or not self.shared.usable:
                return None, None
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LOOK_AT_MOST_S)
        if lease is not None:
            self.behind(self.shared.release(text, lease, Budget(self._patience)))
        return found, None

    async def _load(self, key: Key, load: Load) -> Entry:
        started = time.perf_counter()
        entry = await loaded(load, key.policy.ttl)
        self._observer.loaded(key.endpoint, key.policy.key_prefix, time.perf_counter() - started)
        return entry

    async def _look(self, key: Key, text: str, budget: Budget, newer_than: float) -> Entry | None:
        """What the shared store keeps, if it is in time; memory keeps it too from now on."""
        data = await self.shared.get(text, budget)
        if data is None:
            return None
        try:
            entry = Entry.from_bytes(data)
        except Unreadable:
            self._warn_of_garbage(text)
            return None
        if entry.began_at <= newer_than or entry.age() >= key.policy.ttl:
            return None
        self.memory.put(text, key.policy.key_prefix, entry)
        return entry

    async def _share(self, key: Key, text: str, entry: Entry, lease: str | None) -> None:
        budget = Budget(self._patience)
        left = key.policy.ttl - entry.age()
        if entry.keepable and left > 0:
            await self.shared.put(text, entry.to_bytes(), left, budget)
        if lease is not None:
            await self.shared.release(text, lease, budget)

    def _refresh(self, key: Key, entry: Entry, load: Load) -> None:
        text = key.at(self.versions)
        if text not in self._flights:
            _ = self._flights.begin(text, lambda: self._refreshed(key, text, load, entry))

    async def _refreshed(self, key: Key, text: str, load: Load, entry: Entry) -> tuple[Entry, How]:
        with self._observer.behind(key.endpoint, key.policy.key_prefix, Behind.REFRESH):
            return await self._fill(key, text, load, newer_than=entry.began_at)

    def _hit(self, key: Key, level: Level) -> None:
        self._tally(key).hits += 1
        self._observer.hit(key.endpoint, key.policy.key_prefix, level)

    def _computed(self, key: Key, entry: Entry) -> None:
        if not entry.keepable:
            self._bypassed(key, Why.UNKEPT)
            return
        self._tally(key).misses += 1
        self._observer.miss(key.endpoint, key.policy.key_prefix)

    def _bypassed(self, key: Key, why: Why) -> None:
        self._tally(key).bypasses += 1
        self._observer.bypass(key.endpoint, key.policy.key_prefix, why)

    def _done_behind(self, task: asyncio.Task[None]) -> None:
        self._behind.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("Something that is done behind the answers failed", exc_info=error)

    def _tally(self, key: Key) -> Tally:
        prefix = key.policy.key_prefix
        found = self.tallies.get(prefix)
        if found is None:
            found = self.tallies[prefix] = Tally()
        return found

    def _warn_of_garbage(self, text: str) -> None:
        self._observer.operation("get", "garbage", 0.0)
        now = time.monotonic()
        if now - self._warned_at >= _WARN_EVERY_S:
            self._warned_at = now
            logger.warning(
                "What the shared store keeps under %s is no answer of ours: it is computed and written anew. If "
                "another program writes to the same database, give Roadlens one of its own (REDIS_DB).",
                without_parameters(text),
            )
