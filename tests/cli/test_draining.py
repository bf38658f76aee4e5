"""The end of connections that are told to end, over real ones: which answer is the last, and that none is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import uvicorn

from roadlens.cache.watch import Receive, Scope, Send
from roadlens.cli.draining import DrainingState
from roadlens.cli.protocol import Protocol
from tests.support.raw_http import RawConnection, connected

BODY = b"x" * 1000


@dataclass
class Application:
    """Answers when it may; each request by its own path."""

    asked: list[str] = field(default_factory=list)
    go_on: dict[str, asyncio.Event] = field(default_factory=dict)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def hold(self, path: str) -> asyncio.Event:
        return self.go_on.setdefault(path, asyncio.Event())

    async def until_asked(self, path: str) -> None:
        while path not in self.asked:
            self.came.clear()
            await self.came.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.asked.append(path)
        self.came.set()
        while (await receive()).get("more_body"):
            pass
        if path in self.go_on:
            await self.go_on[path].wait()
        body = path.encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if f"{path} begun" in self.go_on:
            await self.go_on[f"{path} begun"].wait()
        await send({"type": "http.response.body", "body": body})


@dataclass
class Served:
    """A server of the application."""

    app: Application
    state: DrainingState
    connection: RawConnection

    def end(self) -> None:
        """As the server does it when it is told to stop."""
        self.state.told = self.state.quiet = True
        for each in list(self.state.connections):
            each.shutdown()

    async def answered(self) -> tuple[str, bool]:
        answer = await self.connection.answer()
        return answer.body.decode(), answer.last


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    app, state = Application(), DrainingState()
    config = uvicorn.Config(app, interface="asgi3", http=Protocol, ws="none", lifespan="off", log_config=None)
    config.load()
    server = await asyncio.get_running_loop().create_server(lambda: Protocol(config, state, {}), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with asyncio.timeout(120), connected(host, port) as connection:
        yield Served(app, state, connection)
    server.close()
    await server.wait_closed()


async def test_a_request_under_way_is_the_last() -> None:
    async with served() as it:
        it.app.hold("/one")
        it.connection.send("GET", "/one")
        await it.app.until_asked("/one")
        it.end()
        it.app.go_on["/one"].set()
        assert await it.answered() == ("/one", True)
        assert await it.connection.ended()


async def test_what_comes_behind_it_is_answered_and_is_the_last_instead() -> None:
    async with served() as it:
        it.app.hold("/one")
        it.connection.send("GET", "/one")
        await it.app.until_asked("/one")
        it.end()
        it.connection.send("GET", "/two")
        it.connection.send("GET", "/three")
        await until_parsed(it, 2)
        it.app.go_on["/one"].set()
        assert [await it.answered() for _ in range(3)] == [("/one", False), ("/two", False), ("/three", True)]
        assert await it.connection.ended()


async def until(happened: Callable[[], bool]) -> None:
    """Let the server have its turns; both are in this event loop."""
    while not happened():  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0)


async def until_parsed(it: Served, requests: int) -> None:
    """So many wait behind the first."""
    (connection,) = it.state.connections
    assert isinstance(connection, Protocol)
    await until(lambda: len(connection.pipeline) >= requests)


async def test_what_waits_in_the_socket_is_answered() -> None:
    """The server reads no further while it has a request behind the one under way; what is sent then it looks for."""
    async with served() as it:
        it.app.hold("/1")
        it.app.hold("/2")
        it.connection.send("GET", "/1")
        await it.app.until_asked("/1")
        it.connection.send("GET", "/2")
        await until_parsed(it, 1)
        it.end()
        for number in range(3, 40):
            it.connection.send("POST", f"/{number}", BODY)
        await asyncio.sleep(0.05)  # for all of it to be in the server's socket
        it.app.go_on["/1"].set()
        it.app.go_on["/2"].set()
        answers = [await it.answered() for _ in range(39)]
        assert [path for path, _ in answers] == [f"/{number}" for number in range(1, 40)]
        assert [last for _, last in answers] == [False] * 38 + [True]
        assert await it.connection.ended()


async def test_an_answer_that_had_begun_is_followed_by_the_end() -> None:
    async with served() as it:
        it.app.hold("/one begun")
        it.connection.send("GET", "/one")
        await it.app.until_asked("/one")
        (connection,) = it.state.connections
        assert isinstance(connection, Protocol)
        await until(lambda: connection.cycle.response_started)
        it.end()
        it.app.go_on["/one begun"].set()
        assert await it.answered() == ("/one", False)
        assert await it.connection.ended()


async def test_an_idle_connection_is_kept_for_what_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roadlens.cli.draining.QUIET_S", 3600)
    async with served() as it:
        it.connection.send("GET", "/one")
        assert await it.answered() == ("/one", False)
        it.end()
        await asyncio.sleep(0.05)
        it.connection.send("GET", "/two")
        assert await it.answered() == ("/two", True)
        assert await it.connection.ended()


async def test_one_that_says_nothing_is_ended_without_a_reset() -> None:
    async with served() as it:
        await until(lambda: bool(it.state.connections))
        it.end()
        assert await it.connection.ended()
        it.connection.send("GET", "/late", b"")
        it.connection.send("GET", "/later", b"")
        assert await it.connection.ended()
        assert it.app.asked == []


async def test_a_body_under_way_is_taken_to_its_end() -> None:
    async with served() as it:
        it.connection.send_head("POST", "/slow", len(BODY))
        await it.app.until_asked("/slow")
        it.end()
        for place in range(0, len(BODY), 100):
            it.connection.send_bytes(BODY[place : place + 100])
            await asyncio.sleep(0)
        assert await it.answered() == ("/slow", True)
        assert await it.connection.ended()


async def test_what_is_sent_behind_the_last_answer_takes_nothing_away() -> None:
    """The client has not read that answer yet; a reset would take it out of its hands."""
    async with served() as it:
        it.app.hold("/one")
        it.connection.send("GET", "/one")
        await it.app.until_asked("/one")
        it.end()
        it.app.go_on["/one"].set()
        (connection,) = it.state.connections
        assert isinstance(connection, Protocol)
        await until(lambda: connection.cycle.response_complete)
        for _ in range(5):
            it.connection.send("POST", "/late", BODY)
            await asyncio.sleep(0.01)
        assert await it.answered() == ("/one", True)
        assert await it.connection.ended()
        assert it.app.asked == ["/one"]


async def test_new_connections_are_answered_once() -> None:
    async with served() as it:
        it.end()
        it.connection.send("GET", "/one")
        assert await it.answered() == ("/one", True)
        assert await it.connection.ended()


async def test_a_request_that_has_come_is_answered_though_the_idle_time_is_over() -> None:
    """The server was busy when it came, and its timer runs before it reads."""
    async with served() as it:
        it.connection.send("GET", "/one")
        assert await it.answered() == ("/one", False)
        (connection,) = it.state.connections
        assert isinstance(connection, Protocol)
        it.connection.send("GET", "/two")
        it.connection.send("GET", "/three")
        connection.timeout_keep_alive_handler()
        assert [await it.answered() for _ in range(2)] == [("/two", False), ("/three", False)]
        connection.timeout_keep_alive_handler()
        assert await it.connection.ended()
