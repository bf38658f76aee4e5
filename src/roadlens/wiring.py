"""Opens what a server or a command stands on, in order, and closes it in the reverse."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from roadlens import __version__
from roadlens.api.new_passwords import objection
from roadlens.api.passwords import hash_password, matches
from roadlens.cache.audit import Audit
from roadlens.cache.changes import Changes
from roadlens.cache.connections import RedisConfig
from roadlens.cache.engine import Cache
from roadlens.cache.entry import FORMAT
from roadlens.cache.history import History
from roadlens.cache.keys import namespace
from roadlens.cache.memory import Memory
from roadlens.cache.observer import Observer
from roadlens.cache.redis import RedisStore
from roadlens.cache.report import report
from roadlens.cache.store import SharedStore
from roadlens.cache.unshared import Unshared
from roadlens.domain import Role
from roadlens.errors import SetupError
from roadlens.logbook import begin_log, open_journal
from roadlens.observability.cache_observer import CacheMetrics, hits_and_misses
from roadlens.observability.feed import FeedMetrics
from roadlens.observability.journal import Journal
from roadlens.observability.metrics import Metrics
from roadlens.scoring import parameters
from roadlens.settings import Settings
from roadlens.storage import migrate
from roadlens.storage.change_feed.ear import Ear
from roadlens.storage.change_feed.feed import ChangeFeed, Entering
from roadlens.storage.change_feed.keeping import Detached
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.embedded.provider import open_database
from roadlens.storage.kept_file import kept
from roadlens.storage.reads import users as read_users
from roadlens.storage.writes import users as write_users

# Who the audit log names for what happens at a start.
AT_START = "roadlens serve"

# From one server, all workers together.
MOST_REDIS_CONNECTIONS = 50

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What is open.

    Attributes:
        database_url: the server's own, for those who open a connection of theirs.
        entering: is told the name of each lease of this process before it is entered.
    """

    settings: Settings
    database: Database
    database_url: str
    metrics: Metrics = field(default_factory=Metrics)
    journal: Journal = field(default_factory=Journal)
    entering: Entering = lambda _worker: None


@asynccontextmanager
async def open_command(settings: Settings, purpose: str) -> AsyncIterator[Wiring]:
    """Open the database for one command: the running server's, if there is one. `purpose` is the command's name.

    Raises:
        SetupError: the database cannot be opened, or cannot be upgraded.
        DatabaseUnavailable: nothing answers at DATABASE_URL.
    """
    begin_log(settings, purpose)
    async with _opened(settings, purpose, exclusive=False) as wiring:
        wiring.database.observe(wiring.journal.statement)
        ear = Ear(wiring.database_url)
        with wiring.database.hearing(ear.acknowledgements):
            async with ear.running():
                with wiring.journal.doing(f"roadlens {purpose}"):
                    yield wiring


@asynccontextmanager
async def open_examined(settings: Settings) -> AsyncIterator[Wiring]:
    """Open the database as it is, for somebody who only looks at it: its schema may be any, or none.

    Raises:
        SetupError: the embedded database cannot be opened, or the address is not one of a database.
    """
    chosen = settings.direct_database_url or settings.database_url
    address = chosen.get_secret_value() if chosen else None
    with open_database(settings.data_dir, "doctor", exclusive=False, database_url=address) as url:
        async with _connected(settings, url, "doctor", Metrics()) as wiring:
            yield wiring


@asynccontextmanager
async def open_server(settings: Settings) -> AsyncIterator[Wiring]:
    """Open the database for a server, which owns an embedded one alone, and see to it that somebody can sign in.

    Raises:
        SetupError: the database cannot be opened or upgraded, or another process has it.
        DatabaseUnavailable: nothing answers at DATABASE_URL.
    """
    async with _opened(settings, "serve", exclusive=True) as wiring:
        await _ensure_admin(wiring)
        yield wiring


@asynccontextmanager
async def open_worker(
    settings: Settings, database_url: str, metrics: Metrics, entering: Entering
) -> AsyncIterator[Wiring]:
    """Connect one of several processes of a server to the database that the server opened and upgraded."""
    async with _connected(settings, database_url, "worker", metrics, workers=settings.workers) as wiring:
        yield replace(wiring, entering=entering)


@dataclass(frozen=True, slots=True)
class Caching:
    """The cache of one process that answers, and what it hears changes from."""

    feed: ChangeFeed
    cache: Cache
    audit: Audit | None
    changes: Changes
    history: History

    @asynccontextmanager
    async def running(self, database: Database) -> AsyncIterator[None]:
        """Attached to the database and to Redis while the block runs, as far as these are there."""
        with database.hearing(self.feed.acknowledgements):
            try:
                async with self.feed.running(), self.history.running():
                    await self.cache.open()
                    yield
            finally:
                await self.cache.close()


def caching(wiring: Wiring) -> Caching:
    """The cache of this process; nothing of it is opened.

    Raises:
        SetupError: the signing secret cannot be read or made.
    """
    settings, observer, changes = wiring.settings, CacheMetrics(wiring.metrics, wiring.journal), Changes()
    metrics = FeedMetrics(wiring.metrics)

    def lost(why: Exception) -> None:
        metrics.lost(why)
        if not isinstance(why, Detached):  # what ended this connection has ended those of the pool as well, mostly
            wiring.database.renew()

    feed = ChangeFeed(
        wiring.database_url,
        counts=lambda: report(cache, audit),
        heard=changes.heard,
        lost=lost,
        entering=wiring.entering,
    )
    memory = Memory(settings.cache_memory_mb * 1024 * 1024, observer)
    cache = Cache(feed, memory, _shared_store(settings, observer), observer)
    audit = Audit(cache, observer, settings.cache_audit) if settings.cache_audit else None
    return Caching(feed, cache, audit, changes, History(partial(hits_and_misses, wiring.metrics)))


@asynccontextmanager
async def open_shared_store(wiring: Wiring) -> AsyncIterator[SharedStore]:
    """What workers share, for a command: the same keys as the server's."""
    store = _shared_store(wiring.settings, CacheMetrics(wiring.metrics))
    try:
        await store.start()
        yield store
    finally:
        await store.close()


def _shared_store(settings: Settings, observer: Observer) -> SharedStore:
    if settings.redis_host is None:
        return Unshared()
    password = settings.redis_password
    config = RedisConfig(
        host=settings.redis_host,
        port=settings.redis_port,
        db=settings.redis_db,
        username=settings.redis_username,
        password=None if password is None else password.get_secret_value(),
        cluster=settings.redis_cluster,
        tls=settings.redis_tls,
        ca_file=None if settings.redis_ca_file is None else str(settings.redis_ca_file),
        most_connections=max(1, MOST_REDIS_CONNECTIONS // settings.workers),
    )
    # The secret signs the cursors that answers carry.
    secret = hashlib.sha256(signing_secret(settings)).hexdigest()
    return RedisStore(config, namespace(str(FORMAT), __version__, migrate.head(), secret), observer)


def signing_secret(settings: Settings) -> bytes:
    """The secret of the environment, or the one in the data directory, which is made at the first call.

    Raises:
        SetupError: the file cannot be read or made.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    return kept(settings.data_dir / "secret.key", secrets.token_urlsafe(48)).encode()


def previous_secret(settings: Settings) -> bytes | None:
    """Another secret, whose tokens and cursors hold as well while secrets are exchanged."""
    return None if settings.secret_key_previous is None else settings.secret_key_previous.get_secret_value().encode()


def admin_password_file(settings: Settings) -> Path:
    """Where a generated first password lies, for as long as it is the admin's password."""
    return settings.data_dir / "admin-password"


@asynccontextmanager
async def _opened(settings: Settings, purpose: str, *, exclusive: bool) -> AsyncIterator[Wiring]:
    # A pooler is no place to migrate from, or to hear changes over.
    chosen = settings.direct_database_url or settings.database_url
    address = chosen.get_secret_value() if chosen else None
    with open_database(settings.data_dir, purpose, exclusive=exclusive, database_url=address) as url:
        await migrate.brought_up_to_date(url, settings.timezone, parameters.DEFAULT.as_dict())
        async with _connected(settings, url, purpose, Metrics()) as wiring:
            await wiring.database.check_pooler()
            yield wiring


@asynccontextmanager
async def _connected(
    settings: Settings, url: str, purpose: str, metrics: Metrics, *, workers: int = 1
) -> AsyncIterator[Wiring]:
    """The connections of one process; several workers share out what the settings allow the server."""
    pooler = settings.database_url if settings.direct_database_url is not None else None
    database = Database.open(
        pooler.get_secret_value() if pooler else url,
        pool_size=max(1, settings.db_pool_size // workers),
        max_connections=max(1, settings.db_max_connections // workers),
        name=f"roadlens {purpose}",
        durable=settings.database_url is None,
        pooled=pooler is not None,
    )
    journal = open_journal(settings, purpose)
    try:
        yield Wiring(settings, database, url, metrics, journal)
    finally:
        await database.close()
        await asyncio.to_thread(journal.close)


async def _ensure_admin(wiring: Wiring) -> None:
    """Without a password in the environment one is generated, once: for a database that has no admin yet."""
    settings = wiring.settings
    if settings.admin_password is not None:
        await _set_admin(wiring.database, settings.admin_username, settings.admin_password.get_secret_value())
        admin_password_file(settings).unlink(missing_ok=True)
        return
    async with wiring.database.read() as session:
        if await read_users.has_admin(session):
            return
    # The file comes first: a crash in between then leaves a password for the next start to use, not an unknown one.
    password = kept(admin_password_file(settings), secrets.token_urlsafe(18))
    await _set_admin(wiring.database, settings.admin_username, password)


async def _set_admin(database: Database, username: str, password: str) -> None:
    """Make the admin, or give it this password if it has another one."""

    async def set_password(session: WriteSession) -> None:
        known = await read_users.credentials(session, username)
        if known is not None and matches(password, known.password_hash):
            return
        if (found := objection(password, username, None if known is None else known.email)) is not None:
            raise SetupError(f"ROADLENS_ADMIN_PASSWORD is not acceptable as a new password. {found}")
        password_hash = hash_password(password)
        if known is None:
            await write_users.create(session, AT_START, username=username, role=Role.ADMIN, password_hash=password_hash)
        else:
            await write_users.change_password(session, AT_START, username=username, password_hash=password_hash)
            logger.info("The password of %s is now the one in ROADLENS_ADMIN_PASSWORD", username)

    await database.retrying(set_password)
