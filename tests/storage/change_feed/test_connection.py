"""What is heard over one connection, whenever it comes."""

from __future__ import annotations

import asyncio
import os
import socket
import time

import psycopg

from roadlens.storage.change_feed.connection import Connection, connected

# The end of a command's answer: the server waits for the next one (PostgreSQL manual, message formats).
READY = b"Z\x00\x00\x00\x05I"
PATIENCE_S = 120.0
CHANNEL = "roadlens_test"


def until_sent(descriptor: int, words: bytes) -> None:
    """Wait, the event loop too, until the server has sent this; it is left for whoever reads the connection."""
    end = time.monotonic() + PATIENCE_S
    with socket.socket(fileno=os.dup(descriptor)) as looking:
        while time.monotonic() < end:
            try:
                if words in looking.recv(65536, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                    return
            except BlockingIOError:
                pass
            time.sleep(0.001)
    raise AssertionError(f"the server has not sent {words!r}")


async def asked(connection: Connection) -> asyncio.Task[object]:
    """A statement that the server works at for a moment."""
    task: asyncio.Task[object] = asyncio.create_task(connection.ask(b"SELECT pg_sleep(0.5)", within=PATIENCE_S))
    for _ in range(20):
        await asyncio.sleep(0)
    return task


async def test_what_came_right_behind_an_answer_is_not_waited_for(database_url: str) -> None:
    """1. A statement is answered; 2. somebody notifies, before this process has read that; 3. it reads both at once,
    and nothing more comes that would wake it.
    """
    async with connected(database_url, "roadlens test") as connection:
        await connection.ask(f"LISTEN {CHANNEL}".encode(), within=PATIENCE_S)
        task = await asked(connection)
        until_sent(connection._connection.fileno(), READY)  # 1
        assert not task.done()
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute(f"NOTIFY {CHANNEL}, 'behind it'".encode())  # 2
        until_sent(connection._connection.fileno(), b"behind it")
        await task  # 3
        began = time.monotonic()
        await connection.hear(asyncio.Event(), PATIENCE_S)
        assert time.monotonic() - began < PATIENCE_S / 2
        assert list(connection.received) == [(CHANNEL, "behind it")]
