"""The short way for a finished answer, over real connections: the same bytes as uvicorn's own, in the same order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from uvicorn.server import ServerState

from roadlens.cache.http import FINISHED
from roadlens.cache.watch import Receive, Scope, Send
from roadlens.cli.protocol import LONG, Protocol

BODIES = {"/short": b"short", "/long": b"x" * LONG, "/huge": b"x" * 8 * 1024 * 1024}


class Application:
    """Sends bodies, finished where it can; counts how often it could."""

    def __init__(self) -> None:
        self.finished = 0
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.left = asyncio.Event()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.entered.set()
        await self.go_on.wait()
        body = BODIES[scope["path"]]
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        if scope["query_string"] != b"step-by-step" and scope["extensions"][FINISHED](scope, 200, lines, body):
            self.finished += 1
            # Once is enough: it would be another request's answer.
            assert not scope["extensions"][FINISHED](scope, 200, lines, body)
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served(
    app: Application, state: ServerState
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server of the application."""
    config = uvicorn.Config(app, interface="asgi3", http=Protocol, ws="none", lifespan="off", log_config=None)
    config.load()
    state.default_headers = [(b"date", b"Sun, 22 Nov 2026 22:00:00 GMT")]

    class Watched(Protocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            app.left.set()

    server = await asyncio.get_running_loop().create_server(lambda: Watched(config, state, {}), "127.0.0.1", 0)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, server.sockets[0].getsockname())
    reader, writer = await asyncio.open_connection(sock=client)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()


def request(url: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {url} HTTP/1.1", "Host: test", *headers, "", ""]).encode()


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    (length,) = [int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    return head, await reader.readexactly(length)


@pytest.mark.parametrize("path", BODIES)
async def test_a_finished_answer_is_the_same_as_one_sent_step_by_step(path: str) -> None:
    app = Application()
    async with served(app, ServerState()) as (reader, writer):
        told = []
        for url in (path, f"{path}?step-by-step", path):
            writer.write(request(url))
            told.append(await answer(reader))
    assert told[0] == told[1] == told[2]
    assert told[0][1] == BODIES[path]
    assert app.finished == 2


async def test_requests_that_wait_for_each_other_are_answered_in_order() -> None:
    app = Application()
    app.go_on.clear()
    async with served(app, ServerState()) as (reader, writer):
        writer.write(request("/short") + request("/long") + request("/short?step-by-step") + request("/short"))
        await app.entered.wait()
        app.go_on.set()
        bodies = [(await answer(reader))[1] for _ in range(4)]
    assert bodies == [BODIES["/short"], BODIES["/long"], BODIES["/short"], BODIES["/short"]]
    assert app.finished == 3


async def test_the_last_answer_of_a_connection_is_sent_step_by_step() -> None:
    app = Application()
    async with served(app, ServerState()) as (reader, writer):
        writer.write(request("/short", "Connection: close"))
        assert b"connection: close" in (await answer(reader))[0]
        assert await reader.read() == b""
    assert app.finished == 0


async def test_an_answer_waits_until_the_one_before_has_been_taken() -> None:
    app = Application()
    async with served(app, ServerState()) as (reader, writer):
        writer.write(request("/huge") + request("/short"))
        assert (await answer(reader))[1] == BODIES["/huge"]
        assert (await answer(reader))[1] == BODIES["/short"]
    assert app.finished == 1


async def test_nothing_is_sent_to_who_has_left() -> None:
    app = Application()
    app.go_on.clear()
    state = ServerState()
    async with served(app, state) as (_, writer):
        writer.write(request("/short"))
        await app.entered.wait()
        writer.transport.abort()
        await app.left.wait()
        app.go_on.set()
        await asyncio.gather(*state.tasks)
    assert app.finished == 0


async def test_a_date_is_sent_for_as_long_as_it_is_now() -> None:
    state = ServerState()
    async with served(Application(), state) as (reader, writer):
        for date in (b"Sun, 22 Nov 2026 22:00:00 GMT", b"Sun, 22 Nov 2026 22:00:01 GMT"):
            state.default_headers = [(b"date", date)]
            for _ in range(2):
                writer.write(request("/short"))
                assert b"date: %b\r\n" % date in (await answer(reader))[0]
