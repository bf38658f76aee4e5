"""Connections and transactions: a read session and a write session are different types, so a reader cannot write.

Knows no table; what PostgreSQL's failures are called is in failures.py, and who watches in watching.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import lru_cache
from typing import Any, NamedTuple, Self, TypeVar

import psycopg
from sqlalchemy import CursorResult, Executable, TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from roadlens.storage import session_defaults
from roadlens.storage.address import sqlalchemy_url
from roadlens.storage.change_feed.acknowledgements import Acknowledgements
from roadlens.storage.change_feed.settler import Settler, SettlingObserver
from roadlens.storage.connection_options import with_options
from roadlens.storage.failures import DEADLOCK, sqlstate, translated
from roadlens.storage.renewal import Renewal
from roadlens.storage.watching import FailureObserver, StatementObserver, Watching

T = TypeVar("T")
Params = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

# A key that somebody else took at the same moment is seen as taken at the next attempt, and another one is drawn.
_RETRY = (*DEADLOCK, "23505")
_ATTEMPTS = 5


class ReadSession:
    """One read-only transaction with one snapshot (REPEATABLE READ): several statements see the same moment.

    It begins with its first statement: a session that asks nothing takes no connection.
    """

    def __init__(self, connect: Callable[[], Awaitable[AsyncConnection]]) -> None:
        self._connect = connect
        self._connection: AsyncConnection | None = None

    async def rows(
        self, statement: str | Executable, into: Callable[..., T], params: Params = None, *, anew: bool = False
    ) -> list[T]:
        """Run a statement; each row's columns, by name, are the arguments of `into`.

        `anew`: planned for these values each time, where the best plan depends on them, as with what is searched for.
        A statement that is run often has otherwise one plan for all values.
        """
        result = await (self._run_anew(statement, params) if anew else self._run(statement, params))
        keys = tuple(result.keys())
        return [into(**dict(zip(keys, row, strict=True))) for row in result.all()]

    async def row(self, statement: str | Executable, into: Callable[..., T], params: Params = None) -> T | None:
        """As `rows`, for at most one row."""
        found = await self.rows(statement, into, params)
        return found[0] if found else None

    async def tuples(self, statement: str | Executable, params: Params = None) -> list[tuple[Any, ...]]:
        """The rows as plain tuples."""
        result = await self._run(statement, params)
        return [tuple(row) for row in result.all()]

    async def value(self, statement: str | Executable, params: Params = None) -> Any:
        """The first column of the first row; None without a row."""
        return (await self._run(statement, params)).scalar()

    async def connection(self) -> AsyncConnection:
        """What statements run over; the transaction begins here."""
        if self._connection is None:
            self._connection = await self._connect()
        return self._connection

    async def _run(self, statement: str | Executable, params: Params) -> CursorResult[Any]:
        return await (await self.connection()).execute(_executable(statement), params)

    async def _run_anew(self, statement: str | Executable, params: Params) -> CursorResult[Any]:
        driver = (await (await self.connection()).get_raw_connection()).driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)
        threshold, driver.prepare_threshold = driver.prepare_threshold, None
        try:
            return await self._run(statement, params)
        finally:
            driver.prepare_threshold = threshold


class WriteSession(ReadSession):
    """One READ COMMITTED transaction; it commits when the block ends and rolls back when the block raises."""

    def __init__(self, connection: AsyncConnection, watching: Watching) -> None:
        self._connection: AsyncConnection = connection
        self._watching = watching

    async def execute(self, statement: str | Executable, params: Params = None) -> int:
        """Run a statement and return the number of rows it touched. A list of params runs it once for each."""
        return (await self._connection.execute(_executable(statement), params)).rowcount

    async def retrying(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run `work` in a savepoint, anew when PostgreSQL ended it for a deadlock; what came before it stays.

        A savepoint that is rolled back gives back the locks taken in it, so that the other transaction goes on.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self._connection.begin_nested():
                    return await work()
            except DBAPIError as error:
                if attempt == _ATTEMPTS or sqlstate(error) not in _RETRY:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def copy_in(self, statement: str, data: bytes) -> None:
        """Send one finished buffer through `COPY ... FROM STDIN`."""
        driver = (await self._connection.get_raw_connection()).driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)
        # It passes SQLAlchemy by, and those that watch there.
        with self._watching.copying(statement):
            async with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
                await copy.write(data)


def _executable(statement: str | Executable) -> Executable:
    return _parsed(statement) if isinstance(statement, str) else statement


# Statements are written once, in the code, and run very often; those that name a table or a column are few.
@lru_cache(maxsize=512)
def _parsed(statement: str) -> TextClause:
    return text(statement)


class Connections(NamedTuple):
    """Of a pool: used by somebody, open and free, and how many there may be."""

    in_use: int
    idle: int
    most: int


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(
        self, engine: AsyncEngine, max_connections: int, *, durable: bool = False, pooled: bool = False
    ) -> None:
        self._engine = engine
        self._max_connections = max_connections
        self._pooled = pooled
        self._settler = Settler(engine, durable=durable)
        self._watching = Watching(engine.sync_engine)
        self._renewal = Renewal(engine.sync_engine)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        pool_size: int = 10,
        max_connections: int = 50,
        name: str = "roadlens",
        durable: bool = False,
        pooled: bool = False,
    ) -> Self:
        """Prepare a pool; the first connection is made when it is needed.

        `durable`: after a start this PostgreSQL has all that it ever committed, for it is nobody's former standby.
        `pooled`: at the address is a pooler that lends connections for a transaction, such as PgBouncer.

        Raises:
            SetupError: the address is not one of a PostgreSQL database.
        """
        engine = create_async_engine(
            sqlalchemy_url(url),
            hide_parameters=True,  # they are data of people, and errors are logged
            pool_size=min(pool_size, max_connections),
            max_overflow=max(0, max_connections - pool_size),
            pool_timeout=10,
            pool_recycle=3600,
            connect_args=session_defaults.connect_args(name, pooled=pooled),
        )
        return cls(engine, max_connections, durable=durable, pooled=pooled)

    async def close(self) -> None:
        await self._engine.dispose()

    def renew(self) -> None:
        """Lend nothing more that is open now: PostgreSQL has perhaps ended it, which its next user would learn."""
        self._renewal.renew()

    async def check_pooler(self) -> None:
        """See that sessions are what they must be, where a pooler lends them.

        Raises:
            SetupError: they are not; the message says what to do.
            DatabaseUnavailable: the pooler or its database does not answer.
        """
        if self._pooled:
            async with translated(), self._engine.connect() as connection:
                await session_defaults.check(connection)

    def observe(self, observer: StatementObserver) -> Callable[[], None]:
        """Call `observer(sql, seconds)` after each statement; the returned function ends that."""
        return _added(self._watching.statements, observer)

    def observe_failures(self, observer: FailureObserver) -> Callable[[], None]:
        """Call `observer(kind)` after each statement or connection that failed."""
        return _added(self._watching.failures, observer)

    def observe_settling(self, observer: SettlingObserver) -> Callable[[], None]:
        """Call `observer(seconds)` after each commit that workers had to hear of, when they have."""
        return _added(self._settler.observers, observer)

    @property
    def connections(self) -> Connections:
        """How the pool is used now."""
        pool = self._engine.pool
        assert isinstance(pool, QueuePool)
        return Connections(pool.checkedout(), pool.checkedin(), self._max_connections)

    @contextmanager
    def hearing(self, acknowledgements: Acknowledgements) -> Iterator[None]:
        """In the block, writes settle as soon as all workers have said there that they know."""
        with self._settler.hearing(acknowledgements):
            yield

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """A read session.

        Raises:
            DatabaseUnavailable: the database is away or has no connection left.
        """
        async with translated(), AsyncExitStack() as opened:

            async def connect() -> AsyncConnection:
                fresh = await opened.enter_async_context(self._engine.connect())
                connection = await with_options(fresh, postgresql_readonly=True, isolation_level="REPEATABLE READ")
                _ = await opened.enter_async_context(connection.begin())
                return connection

            yield ReadSession(connect)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        """A write session. The block's end returns when no worker can answer from before it any more.

        Raises:
            DatabaseUnavailable: the database is away or has no connection left. Nothing was changed.
            Overloaded: others were in the way. Nothing was changed.
        """
        async with translated(), self._engine.begin() as connection:
            yield WriteSession(connection, self._watching)
            noted = await self._settler.noted(connection)
        await self._settler.settle(noted)

    async def retrying(self, work: Callable[[WriteSession], Awaitable[T]]) -> T:
        """Run `work` in a write session, anew when PostgreSQL ended it for a deadlock with another one.

        Returns when no worker can answer from before it any more.

        Raises:
            DatabaseUnavailable: the database is away or has no connection left. Nothing was changed.
            Overloaded: others were in the way each time. Nothing was changed.
        """
        result, noted = await self._committed(work)
        await self._settler.settle(noted)
        return result

    async def _committed(self, work: Callable[[WriteSession], Awaitable[T]]) -> tuple[T, int | None]:
        async with translated():
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    async with self._engine.begin() as connection:
                        result = await work(WriteSession(connection, self._watching))
                        return result, await self._settler.noted(connection)
                except DBAPIError as error:
                    if attempt == _ATTEMPTS or sqlstate(error) not in _RETRY:
                        raise
        raise AssertionError("unreachable: the last attempt returns or raises")


def _added(observers: list[T], observer: T) -> Callable[[], None]:
    observers.append(observer)
    return lambda: observers.remove(observer)
