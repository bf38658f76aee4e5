"""Who waits at a port that is to be closed is taken first, and who comes then is not heard."""

from __future__ import annotations

import asyncio
import socket
import sys

import pytest

from roadlens.cli.listener import attach_filter, bind, take_last_ones

# Load the byte of flags; let nothing through that has no SYN, and else all.
SYN_ALONE = ((0x30, 0, 0, 13), (0x45, 1, 0, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


def be_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine takes its time."""
    for limit in ("LAST_ONES_S", "_LAST_WORD_S"):
        monkeypatch.setattr(f"roadlens.cli.listener.{limit}", 120.0)


async def test_those_that_wait_are_taken_first(monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch)
    with bind("127.0.0.1", 0) as listener:
        listener.listen(100)
        listener.setblocking(False)
        clients = [socket.create_connection(listener.getsockname()) for _ in range(20)]
        taken: list[socket.socket] = []
        taking = asyncio.create_task(take_last_ones(listener))
        for _ in clients:
            await asyncio.sleep(0.001)
            assert not taking.done()
            taken.append(listener.accept()[0])
        await taking
    for each in [*clients, *taken]:
        each.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such filters")
async def test_who_comes_then_is_not_taken() -> None:
    with bind("127.0.0.1", 0) as listener:
        listener.listen(100)
        await take_last_ones(listener)
        listener.setblocking(False)
        with socket.socket() as late:
            late.setblocking(False)
            assert late.connect_ex(listener.getsockname()) != 0
            await asyncio.sleep(0.1)
            with pytest.raises(BlockingIOError):
                listener.accept()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such filters")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_who_is_connected_only_in_its_own_eyes_is_taken_too(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """1. The client's last word of the handshake is lost on its way. 2. The port is to be closed. 3. The client, which
    holds itself connected, sends.
    """
    be_patient(monkeypatch)
    with bind(host, 0) as listener:
        listener.listen(100)
        listener.setblocking(False)
        attach_filter(listener, SYN_ALONE)
        with socket.create_connection(listener.getsockname()[:2]) as client:
            with pytest.raises(BlockingIOError):
                listener.accept()
            taking = asyncio.create_task(take_last_ones(listener))
            await asyncio.sleep(0.1)
            assert not taking.done()
            client.send(b"heard")
            async with asyncio.timeout(120):
                taken, _ = await asyncio.get_running_loop().sock_accept(listener)
                await taking
            with taken:
                assert taken.recv(5) == b"heard"


async def test_nobody_waits_for_those_that_nobody_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roadlens.cli.listener.LAST_ONES_S", 0.05)
    with bind("127.0.0.1", 0) as listener:
        listener.listen(100)
        with socket.create_connection(listener.getsockname()):
            await take_last_ones(listener)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such filters")
async def test_nobody_waits_for_a_last_word_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who opens half a connection and no more holds up no stop."""
    be_patient(monkeypatch)
    monkeypatch.setattr("roadlens.cli.listener._LAST_WORD_S", 0.05)
    with bind("127.0.0.1", 0) as listener:
        listener.listen(100)
        attach_filter(listener, SYN_ALONE)
        with socket.create_connection(listener.getsockname()):
            async with asyncio.timeout(60):
                await take_last_ones(listener)


async def test_those_that_are_taken_slowly_are_all_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a client may need for its last word is no limit for a process that has many to take."""
    be_patient(monkeypatch)
    monkeypatch.setattr("roadlens.cli.listener._LAST_WORD_S", 0.0)
    with bind("127.0.0.1", 0) as listener:
        listener.listen(100)
        listener.setblocking(False)
        with socket.create_connection(listener.getsockname()):
            taking = asyncio.create_task(take_last_ones(listener))
            await asyncio.sleep(0.2)
            assert not taking.done()
            listener.accept()[0].close()
            async with asyncio.timeout(60):
                await taking
