"""Clients that keep a connection without getting on, over real connections; time passes when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from uvicorn.server import ServerState

from roadlens.cli.patience import BODY_RATE, BODY_S, HEAD_S, READ_S, Patience
from roadlens.cli.protocol import LONGEST_HEAD
from tests.cli.test_protocol import Application, answer, request, served


@dataclass
class Door:
    """A server with its patience, one connection to it, and a clock."""

    app: Application
    state: ServerState
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    now: float = 0.0

    def __post_init__(self) -> None:
        self.patience = Patience(self.state.connections, lambda: self.now)

    async def send(self, data: bytes) -> None:
        """Returns when the server has had a chance to read it."""
        self.writer.write(data)
        await self.writer.drain()
        await self.reads()

    async def reads(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0.001)

    def passes(self, seconds: float) -> None:
        """So many seconds, one look each."""
        for _ in range(int(seconds)):
            self.now += 1.0
            self.patience.look()

    @property
    def is_open(self) -> bool:
        return bool(self.state.connections)


@asynccontextmanager
async def door() -> AsyncIterator[Door]:
    app, state = Application(), ServerState()
    async with served(app, state) as (reader, writer):
        opened = Door(app, state, reader, writer)
        await opened.reads()
        opened.patience.look()
        yield opened
        app.go_on.set()


@pytest.mark.parametrize("begun", [b"", b"GET /short HTT", b"GET /short HTTP/1.1\r\nHost: x\r\nX-"])
async def test_a_head_that_does_not_come(begun: bytes) -> None:
    async with door() as it:
        await it.send(begun)
        it.patience.look()
        it.passes(HEAD_S - 1)
        await it.reads()
        assert it.is_open
        it.passes(2)
        assert (await it.reader.read()).startswith(b"HTTP/1.1 408 ")
        assert not it.is_open


async def test_a_head_that_came_in_time_to_a_server_that_looks_late() -> None:
    async with door() as it:
        await it.send(request("/short")[:10])
        it.patience.look()
        it.writer.write(request("/short")[10:])
        it.passes(HEAD_S)
        assert (await answer(it.reader))[1] == b"short"


async def test_a_part_of_it_that_came_in_time_buys_one_look() -> None:
    async with door() as it:
        await it.send(b"GET /short HTTP/1.1\r\nX-")
        it.patience.look()
        it.writer.write(b"X")
        it.passes(HEAD_S)
        await it.reads()
        assert it.is_open
        it.passes(1)
        assert (await it.reader.read()).startswith(b"HTTP/1.1 408 ")


async def test_bytes_that_drip_buy_no_time() -> None:
    async with door() as it:
        while it.is_open:
            await it.send(b"X" if it.now else b"GET /short HTTP/1.1\r\nX-")
            it.passes(1)
            await it.reads()
        assert HEAD_S <= it.now <= HEAD_S + 2


async def test_an_empty_line_after_an_answer_buys_no_time() -> None:
    async with door() as it:
        await it.send(request("/short"))
        assert (await answer(it.reader))[1] == b"short"
        await it.send(b"\r\n")  # by which the server's own timer is stopped
        it.passes(HEAD_S + 2)
        assert await it.reader.read() == b""
        assert not it.is_open


async def test_a_body_that_does_not_come_and_one_that_does() -> None:
    async with door() as it:
        it.app.go_on.clear()
        await it.send(b"POST /short HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        it.patience.look()
        it.passes(BODY_S - 1)
        await it.send(b"x" * 10 * BODY_RATE)
        it.passes(10)
        await it.reads()
        assert it.is_open, "ten seconds' worth of bytes"
        it.passes(2)
        await it.app.left.wait()
        assert not it.is_open


async def test_who_waits_for_us_may_wait() -> None:
    async with door() as it:
        it.app.go_on.clear()
        await it.send(request("/short"))
        it.passes(10 * READ_S)
        assert it.is_open
        it.app.go_on.set()
        assert (await answer(it.reader))[1] == b"short"


async def test_an_answer_that_nobody_reads() -> None:
    async with door() as it:
        await it.send(request("/huge?step-by-step"))
        await it.reads()
        it.passes(READ_S - 2)
        assert it.is_open
        it.passes(4)
        await it.app.left.wait()
        assert not it.is_open


async def test_a_head_without_end() -> None:
    async with door() as it:
        await it.send(b"GET /short HTTP/1.1\r\nHost: x\r\n")
        sent = 0
        while it.is_open and sent < 4 * LONGEST_HEAD:
            it.writer.write(b"X-Long: " + b"x" * 8000 + b"\r\n")
            sent += 8000
            await it.reads()
        assert b" 431 " in await it.reader.read()
        assert LONGEST_HEAD // 2 < sent <= LONGEST_HEAD + 16_000


async def test_a_long_head_that_ends_and_those_after_it_are_answered() -> None:
    async with door() as it:
        for _ in range(5):
            await it.send(request("/short", f"X-Long: {'x' * (LONGEST_HEAD // 2)}"))
            assert (await answer(it.reader))[1] == b"short"


@pytest.mark.parametrize(
    "both",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ],
)
async def test_a_message_with_two_ends_is_refused(both: bytes) -> None:
    """Where a proxy and we could read different ends, another request could be smuggled in."""
    async with door() as it:
        await it.send(b"POST /short HTTP/1.1\r\nHost: x\r\n" + both)
        assert b" 400 " in await it.reader.read()
