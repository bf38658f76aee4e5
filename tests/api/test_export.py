"""Sending a file while it is read: what happens when it breaks, when its reader goes, and when many ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.types import Message

from roadlens.api.export import MOST_AT_ONCE, CsvExport, Exports
from roadlens.api.head import HeadAsGet
from roadlens.domain import Role
from roadlens.errors import Overloaded
from roadlens.storage.cursor import BATCH
from tests.support.api import Api

PATH = "/api/v1/admin/exports/vehicles.csv"

# Those of other programs, such as autovacuum, are none of ours.
_OPEN = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    AND (state = 'active' OR xact_start IS NOT NULL)
"""
_END = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE 'FETCH%' AND pid <> pg_backend_pid()
"""


@dataclass
class Reader:
    """A client of the application that takes what comes when the test says so.

    Attributes:
        taken: what has been sent by now.
    """

    api: Api
    taken: list[Message] = field(default_factory=list)
    takes: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self) -> None:
        authorization = f"Bearer {self.api.tokens[Role.ADMIN]}".encode()
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
            "path": PATH, "raw_path": PATH.encode(), "query_string": b"", "root_path": "", "scheme": "http",
            "headers": [(b"authorization", authorization)], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        await self.api.app(scope, self._receive, self._send)

    @property
    def whole(self) -> bool:
        return bool(self.taken) and not self.taken[-1].get("more_body", True)

    @property
    def status(self) -> int:
        return int(self.taken[0]["status"])

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.taken).decode()

    async def _receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.taken.append(message)
        if message.get("body"):
            self.began.set()
            await self.takes.wait()


@asynccontextmanager
async def reading(api: Api) -> AsyncIterator[tuple[Reader, asyncio.Task[None]]]:
    """A reader that has the first part and takes no more yet."""
    reader = Reader(api)
    asking = asyncio.create_task(reader.ask())
    try:
        async with asyncio.timeout(120):
            await reader.began.wait()
        yield reader, asking
    finally:
        reader.takes.set()
        reader.gone.set()
        with suppress(Exception):
            await asking


@pytest.fixture
async def many(api: Api) -> Api:
    async with api.database.write() as session:
        await session.execute(
            "INSERT INTO vehicles (vehicle_id, name) SELECT n, 'Van' FROM generate_series(1, :count) AS n",
            {"count": 4 * BATCH},
        )
    return api


async def until_none_is_open(api: Api) -> None:
    """Each look is a transaction of its own: within one, PostgreSQL shows all sessions as they were at the first."""
    async with asyncio.timeout(120):
        while await open_ones(api):  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.005)


async def open_ones(api: Api) -> int:
    async with api.database.read() as session:
        return int(await session.value(_OPEN))


async def test_parts_leave_as_they_are_read(many: Api) -> None:
    async with reading(many) as (reader, asking):
        assert reader.text.count("\r\n") == 1 + BATCH
        reader.takes.set()
        await asking
        assert reader.whole
        assert reader.text.count("\r\n") == 1 + 4 * BATCH


async def test_a_file_is_of_one_moment(many: Api) -> None:
    async with reading(many) as (reader, asking):
        async with many.database.write() as session:
            await session.execute("UPDATE vehicles SET name = 'Bus'")
        reader.takes.set()
        await asking
    assert (reader.text.count("Van"), reader.text.count("Bus")) == (4 * BATCH, 0)


async def test_what_breaks_off_does_not_look_whole(many: Api) -> None:
    async with reading(many) as (reader, asking):
        async with many.database.write() as session:
            assert await session.value(_END)
        reader.takes.set()
        with pytest.raises(RuntimeError, match="already started"):
            await asking
        assert (reader.status, reader.whole) == (200, False)
    await until_none_is_open(many)


async def test_what_fails_before_the_first_part_is_a_problem(many: Api) -> None:
    async with many.database.write() as session:
        await session.execute("ALTER TABLE vehicles RENAME COLUMN vin TO other")
    broken = await many.get("/admin/exports/vehicles.csv")
    assert (broken.status_code, broken.headers["Content-Type"]) == (500, "application/problem+json")


async def test_who_leaves_while_it_is_sent_ends_it(many: Api) -> None:
    async with reading(many) as (reader, asking):
        reader.gone.set()
        async with asyncio.timeout(120):
            await asking
        assert not reader.whole
        assert reader.text.count("\r\n") == 1 + BATCH
        await until_none_is_open(many)


async def test_who_leaves_while_it_is_looked_for_ends_the_statement(many: Api) -> None:
    """1. Somebody holds the table. 2. The export waits for it. 3. Its reader goes, and nothing waits any more."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with many.database.write() as holder, asyncio.timeout(120):
        await holder.execute("LOCK TABLE vehicles IN ACCESS EXCLUSIVE MODE")  # 1
        reader = Reader(many)
        asking = asyncio.create_task(reader.ask())
        async with many.database.read() as looking:
            while not await looking.value(waiting):  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.005)  # 2
        reader.gone.set()  # 3
        await asking
        async with many.database.read() as looking:
            while await looking.value(waiting):  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.005)
        assert reader.taken == []


async def test_more_than_may_run_at_once_are_told_when_to_come_back(many: Api) -> None:
    readers = [Reader(many) for _ in range(MOST_AT_ONCE)]
    asking = [asyncio.create_task(reader.ask()) for reader in readers]
    async with asyncio.timeout(120):
        for reader in readers:
            await reader.began.wait()
        refused = await many.get("/admin/exports/vehicles.csv")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "15")
        assert refused.json()["type"] == "urn:roadlens:problem:overloaded"
        assert (await many.get("/admin/vehicles")).status_code == 200
        readers[0].gone.set()
        await asking[0]
        assert (await many.get("/admin/exports/vehicles.csv")).status_code == 200
        for reader in readers[1:]:
            reader.takes.set()
        await asyncio.gather(*asking)
    assert [reader.whole for reader in readers] == [False, True, True, True]


async def test_head_reads_the_first_part_and_no_more() -> None:
    made: list[str] = []

    async def parts() -> AsyncGenerator[str, None]:
        for part in ("a\r\n", "b\r\n", "c\r\n"):
            made.append(part)
            yield part

    served = HeadAsGet(CsvExport("letters", Exports(4, "UTC"), parts, mark=False))
    async with AsyncClient(transport=ASGITransport(served), base_url="http://roadlens.test") as client:
        head = await client.head("/")
        assert (head.status_code, head.content, made) == (200, b"", ["a\r\n"])
        assert (await client.get("/")).text == "a\r\nb\r\nc\r\n"


@pytest.mark.parametrize(("connections", "places"), [(50, 4), (16, 4), (12, 3), (8, 2), (7, 1), (1, 1)])
def test_places_are_a_part_of_the_connections(connections: int, places: int) -> None:
    exports = Exports(connections, "UTC")
    with ExitStack() as taken:
        for _ in range(places):
            taken.enter_context(exports.one())
        with pytest.raises(Overloaded), exports.one():
            raise AssertionError("there was a place")
    with exports.one():
        pass
