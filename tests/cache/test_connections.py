"""Connections to one Redis: none is poisoned, none is lost, and a short deadline does not keep one from being made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from redis.exceptions import RedisError, ResponseError

from roadlens.cache.connections import Connections, RedisConfig, Unreachable
from tests.support.proxy import Proxy, Way, proxy_to
from tests.support.valkey import HOST, PATIENCE_S, Valkey, running_valkey


@pytest.fixture
async def proxy(valkey: Valkey) -> AsyncIterator[Proxy]:
    async with proxy_to(HOST, valkey.port) as between:
        yield between


def patient(valkey: Valkey, **changes: object) -> RedisConfig:
    """A connection may take as long as a busy machine needs for it."""
    return valkey.config(connect_timeout=PATIENCE_S, **changes)


@pytest.fixture
async def connections(valkey: Valkey, proxy: Proxy) -> AsyncIterator[Connections]:
    opened = Connections(patient(valkey, port=proxy.port, most_connections=3))
    yield opened
    await opened.close()


def clients(valkey: Valkey) -> int:
    """How many connections of the store's there are, as the server knows."""
    with valkey.client() as client:
        return sum(other["name"] == "roadlens" for other in client.client_list())


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what others do in their own time sets no event
            await asyncio.sleep(0.001)


async def test_an_answer_that_came_too_late_is_nobody_elses(connections: Connections, proxy: Proxy) -> None:
    """1. A asks for `first`. 2. A is cancelled. 3. B asks for `second`. 4. The answer to A arrives."""
    await connections.ask(("SET", "first", "A's"))
    await connections.ask(("SET", "second", "B's"))
    asked = asyncio.create_task(connections.ask(("GET", "first")))
    proxy.delay_s = 0.05
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await asked
    assert await connections.ask(("GET", "second")) == b"B's"


@pytest.mark.parametrize("turns", range(12))
async def test_cancelled_at_any_moment_nothing_is_lost(connections: Connections, valkey: Valkey, turns: int) -> None:
    """Twice over: once when it makes its connection, once when it has one; and a second cancellation on top."""
    for _ in range(2):
        tasks = [asyncio.create_task(connections.ask(("ECHO", str(number)))) for number in range(8)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        answers = await asyncio.gather(*(connections.ask(("ECHO", str(number))) for number in range(20)))
        assert answers == [str(number).encode() for number in range(20)]
    await eventually(lambda: clients(valkey) <= 3)  # it hears a little later of those that were given up


async def test_a_connection_is_made_though_nobody_could_wait_for_it(connections: Connections, proxy: Proxy) -> None:
    proxy.delay_s = 0.03  # two exchanges in two ways: no request of 20 ms sees the end of it
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await connections.ask(("PING",))
    await eventually(lambda: connections.idle == 1)
    proxy.delay_s = 0
    assert await connections.ask(("PING",)) == b"PONG"
    assert proxy.accepted == 1


async def test_there_are_never_more_than_agreed(connections: Connections, proxy: Proxy) -> None:
    answers = await asyncio.gather(*(connections.ask(("ECHO", str(number))) for number in range(50)))
    assert answers == [str(number).encode() for number in range(50)]
    assert proxy.accepted == 3


async def test_who_waits_for_a_place_and_leaves_takes_none(connections: Connections, proxy: Proxy) -> None:
    proxy.swallowed = Way.TO_CLIENT
    stuck = [asyncio.create_task(connections.ask(("PING",))) for _ in range(3)]
    waiting = [asyncio.create_task(connections.ask(("PING",))) for _ in range(5)]
    await eventually(lambda: proxy.accepted == 3)
    for task in (*waiting, *stuck):
        task.cancel()
    await asyncio.wait((*waiting, *stuck))
    proxy.swallowed = Way.NEITHER
    proxy.cut()
    await asyncio.gather(*(connections.ask(("PING",)) for _ in range(3)))


async def test_an_error_is_an_answer(connections: Connections, proxy: Proxy) -> None:
    with pytest.raises(ResponseError):
        await connections.ask(("NONSENSE",))
    with pytest.raises(ResponseError):
        await connections.ask_all((("ECHO", "1"), ("NONSENSE",), ("ECHO", "3")))
    assert await connections.ask(("ECHO", "4")) == b"4"
    assert proxy.accepted == 1


async def test_an_answer_torn_in_two_is_none(connections: Connections, proxy: Proxy) -> None:
    await connections.ask(("SET", "long", b"x" * 1000))
    proxy.cut_answer_after(100)
    with pytest.raises(RedisError):
        await connections.ask(("GET", "long"))
    assert await connections.ask(("GET", "long")) == b"x" * 1000


async def test_after_a_restart_one_command_fails_at_most(tmp_path: Path) -> None:
    with running_valkey(tmp_path) as valkey:
        connections = Connections(patient(valkey))
        await asyncio.gather(*(connections.ask(("PING",)) for _ in range(5)))
        assert connections.idle == 5
        valkey.stop()
        valkey.start()
        with pytest.raises(RedisError):
            await connections.ask(("PING",))
        assert await connections.ask(("PING",)) == b"PONG"
        await connections.close()


async def test_what_is_forgotten_is_not_used_again(connections: Connections, proxy: Proxy) -> None:
    proxy.delay_s = 0.02
    under_way = asyncio.create_task(connections.ask(("PING",)))
    await eventually(lambda: proxy.accepted == 1)
    await connections.forget()
    with pytest.raises(Unreachable):
        await under_way
    assert connections.idle == 0
    await connections.ask(("PING",))
    assert proxy.accepted == 2


async def just_made(connections: Connections) -> asyncio.Task[object]:
    """Ask for something, and be there when its connection has just been made. Who asks has not woken: a callback of
    the task that makes it wakes them, and the callback's turn of the event loop is still to come.
    """
    others = asyncio.all_tasks()
    asked = asyncio.create_task(connections.ask(("PING",)))
    await asyncio.sleep(0)
    (making,) = asyncio.all_tasks() - others - {asked}
    while not making.done():  # noqa: ASYNC110 - each turn of the event loop is looked at
        await asyncio.sleep(0)
    return asked


async def test_given_up_before_it_was_used_once_it_is_not_used(connections: Connections, proxy: Proxy) -> None:
    """1. A's connection is made. 2. All are given up. 3. A wakes."""
    asked = await just_made(connections)
    await connections.forget()
    with pytest.raises(Unreachable):
        await asked
    assert await connections.ask(("PING",)) == b"PONG"
    assert proxy.accepted == 2


async def test_given_up_before_it_was_put_by_it_is_not_kept(connections: Connections, proxy: Proxy) -> None:
    """1. A's connection is made, and A leaves. 2. All are given up. 3. The connection would be put by."""
    asked = await just_made(connections)
    asked.cancel()
    await connections.forget()
    await asyncio.wait([asked])
    await connections.ask_all([("PING",)] * 3)
    assert (connections.idle, proxy.accepted) == (1, 2)


async def test_who_waited_for_a_place_keeps_the_connection(connections: Connections, proxy: Proxy) -> None:
    """1. A waits for a place. 2. All are given up. 3. A gets a place, and makes a connection that is not given up."""
    proxy.hold(Way.TO_CLIENT)
    stuck = [asyncio.create_task(connections.ask(("PING",))) for _ in range(3)]
    waiting = asyncio.create_task(connections.ask(("PING",)))
    await eventually(lambda: proxy.accepted == 3)
    await connections.forget()
    proxy.let_go()
    assert await waiting == b"PONG"
    await asyncio.gather(*stuck, return_exceptions=True)
    assert connections.idle == 1


async def test_nobody_there_is_told_at_once(valkey: Valkey, proxy: Proxy) -> None:
    await proxy.refuse()
    connections = Connections(patient(valkey, port=proxy.port))
    with pytest.raises(Unreachable):
        await connections.ask(("PING",))
    await proxy.accept()
    assert await connections.ask(("PING",)) == b"PONG"
    await connections.close()


async def test_whoever_never_answers_is_given_up(valkey: Valkey, proxy: Proxy) -> None:
    proxy.swallowed = Way.TO_SERVER
    connections = Connections(replace(valkey.config(), port=proxy.port, connect_timeout=0.05))
    with pytest.raises(Unreachable):
        await connections.ask(("PING",))
    await connections.close()


async def test_a_slow_look_up_is_begun_once(valkey: Valkey) -> None:
    """Each one keeps a thread of the process for as long as the name servers are away."""
    answer = asyncio.Event()
    asked = []

    async def look_up(host: str, port: int) -> None:
        asked.append((host, port))
        await answer.wait()

    connections = Connections(valkey.config(connect_timeout=0.1), look_up)
    for _ in range(3):
        with pytest.raises(Unreachable):
            await connections.ask(("PING",))
    assert asked == [(HOST, valkey.port)]
    answer.set()
    connections.config = patient(valkey)
    assert await connections.ask(("PING",)) == b"PONG"
    await connections.close()


async def test_each_one_waits_for_its_own_look_up(valkey: Valkey) -> None:
    """1. A waits for a look-up. 2. It ends. 3. B comes, before A has woken, and begins another one."""

    async def look_up(_host: str, _port: int) -> None:
        await asyncio.sleep(0)

    connections = Connections(patient(valkey), look_up)
    asking = []
    for _ in range(20):
        asking.append(asyncio.create_task(connections.ask(("PING",))))
        await asyncio.sleep(0)
    assert await asyncio.gather(*asking) == [b"PONG"] * 20
    await connections.close()


async def test_closed_it_leaves_nothing_behind(connections: Connections, proxy: Proxy, valkey: Valkey) -> None:
    await asyncio.gather(*(connections.ask(("PING",)) for _ in range(3)))
    proxy.delay_s = 0.05
    under_way = asyncio.create_task(connections.ask(("PING",)))
    await asyncio.sleep(0)
    await connections.close()
    await under_way
    await eventually(lambda: clients(valkey) == 0)
