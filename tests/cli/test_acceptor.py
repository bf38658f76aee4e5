"""Processes that share a socket share its connections, whoever wakes first."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Iterator

import pytest

from roadlens.cli.acceptor import REST_S, Acceptor

WITHIN_S = 120.0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


class Process:
    """What one process does with the shared socket; here both are in one event loop."""

    def __init__(self, listener: socket.socket, rest_s: float = REST_S) -> None:
        self.open: set[asyncio.BaseTransport] = set()
        self.came = asyncio.Event()
        self.acceptor = Acceptor(listener, lambda: Connection(self), self.open, rest_s)


class Connection(asyncio.Protocol):
    def __init__(self, process: Process) -> None:
        self._process = process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._process.open.add(transport)
        self._process.came.set()


async def until_open(processes: list[Process], number: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        while sum(len(process.open) for process in processes) < number:
            for process in processes:
                process.came.clear()
            waiting = [asyncio.create_task(process.came.wait()) for process in processes]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()


async def test_those_that_wait_are_shared(listener: socket.socket) -> None:
    with listener.dup() as shared:
        processes = [Process(listener), Process(shared)]
        clients = [socket.create_connection(listener.getsockname()) for _ in range(10)]
        for process in processes:
            process.acceptor.begin()
        await until_open(processes, 10)
        assert [len(process.open) for process in processes] == [5, 5]
        end(processes, clients)


async def test_who_has_connections_leaves_the_next_ones_to_others_for_a_while(listener: socket.socket) -> None:
    with listener.dup() as shared:
        processes = [Process(listener, rest_s=3600), Process(shared)]
        clients = [socket.create_connection(listener.getsockname()) for _ in range(10)]
        processes[0].acceptor.begin()
        await until_open(processes, 1)
        processes[1].acceptor.begin()
        await until_open(processes, 10)
        # The first when it had none, the second before that one was open.
        assert len(processes[0].open) <= 2
        end(processes, clients)


async def test_what_one_leaves_the_other_takes(listener: socket.socket) -> None:
    with listener.dup() as shared:
        processes = [Process(listener), Process(shared)]
        for process in processes:
            process.acceptor.begin()
        processes[0].acceptor.end()
        clients = [socket.create_connection(listener.getsockname()) for _ in range(4)]
        await until_open(processes, 4)
        assert [len(process.open) for process in processes] == [0, 4]
        end(processes, clients)


async def test_connections_wait_while_no_more_files_may_be_opened(
    listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    process = Process(listener)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    client = socket.create_connection(listener.getsockname())
    resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 1, hard))
    try:
        process.acceptor.begin()
        async with asyncio.timeout(WITHIN_S):
            while "No connection can be taken" not in caplog.text:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    await until_open([process], 1)
    assert len(caplog.records) == 1
    end([process], [client])


def end(processes: list[Process], clients: list[socket.socket]) -> None:
    for process in processes:
        process.acceptor.end()
        for transport in process.open:
            transport.close()
    for client in clients:
        client.close()
