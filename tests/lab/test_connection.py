"""A client's connection over a real server's socket: whole answers, answers in pieces, none at all."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from lab.connection import Connection, Unanswered
from lab.orders import HOST

ANSWER = (
    b"HTTP/1.1 200 OK\r\nX-Request-ID: a1b2c3-4f\r\nCache-Status: roadlens; hit; ttl=5; detail=memory\r\n"
    b'ETag: "e1"\r\n'
    b"Content-Length: 5\r\n\r\nhello"
)


@asynccontextmanager
async def answering(pieces: Sequence[bytes]) -> AsyncIterator[Connection]:
    """A connection to somebody who says this to each request, and then closes if the last piece is empty."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if not pieces[-1]:
                break
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    connection = Connection(HOST, server.sockets[0].getsockname()[1])
    try:
        yield connection
    finally:
        connection.close()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("pieces", [[ANSWER], [ANSWER[:30], ANSWER[30:-2], ANSWER[-2:]]])
async def test_an_answer_says_who_gave_it_and_how_it_came(pieces: list[bytes]) -> None:
    async with answering(pieces) as connection:
        for _ in range(3):
            answer = await connection.ask("GET", "/", "token")
            assert answer[:5] == (200, "a1b2c3", "hit", '"e1"', b"hello")
            assert answer.began < answer.ended


async def test_an_answer_without_a_body() -> None:
    async with answering([b"HTTP/1.1 204 No Content\r\nX-Request-ID: a1-2\r\n\r\n"]) as connection:
        answer = await connection.ask("DELETE", "/", "token")
        assert answer[:5] == (204, "a1", "", "", b"")


HEAD = b"HTTP/1.1 200 OK\r\nX-Request-ID: a1-2\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = b"5\r\n0\r\n\r\n\r\n" + b"a\r\n" + b"0123456789\r\n" + b"0\r\n\r\n"


@pytest.mark.parametrize("cut", [1, 8, 13, 20])
async def test_an_answer_of_pieces_whose_length_nobody_knew_beforehand(cut: int) -> None:
    async with answering([HEAD + WHOLE[:cut], WHOLE[cut:]]) as connection:
        for _ in range(2):
            answer = await connection.ask("GET", "/", "token")
            assert answer.body == b"0\r\n\r\n0123456789"


async def test_an_answer_of_fewer_bytes() -> None:
    body = gzip.compress(b"hello")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with answering([head + body]) as connection:
        assert (await connection.ask("GET", "/", "token")).body == b"hello"


async def test_headers_alone_have_no_body_whatever_length_they_tell() -> None:
    async with answering([ANSWER.removesuffix(b"hello")]) as connection:
        for _ in range(2):
            answer = await connection.ask("HEAD", "/", "token")
            assert answer[:5] == (200, "a1b2c3", "hit", '"e1"', b"")


async def test_a_body_of_which_nobody_asked_is_an_error() -> None:
    async with answering([ANSWER]) as connection:
        with pytest.raises(Unanswered, match="ConnectionError"):
            await connection.ask("HEAD", "/", "token")


async def test_half_an_answer_is_none() -> None:
    async with answering([ANSWER[:-1], b""]) as connection:
        with pytest.raises(Unanswered):
            await connection.ask("GET", "/", "token")


async def test_who_is_not_there_does_not_answer() -> None:
    async with answering([ANSWER]) as connection:
        pass
    with pytest.raises(Unanswered, match="ConnectionRefusedError"):
        await connection.ask("GET", "/", "token")
