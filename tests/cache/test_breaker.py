"""A service that fails is not asked, until a probe has succeeded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar

import pytest

from roadlens.cache.breaker import MOST_FAILURES, Breaker

PATIENCE_S = 120.0


class Service:
    """What a probe asks: it succeeds while `there`, and tells who waits that it was asked."""

    def __init__(self) -> None:
        self.there = True
        self.asked: asyncio.Queue[None] = asyncio.Queue()

    async def probe(self) -> bool:
        self.asked.put_nowait(None)
        return self.there

    async def was_asked(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.asked.get()


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def breaker(service: Service) -> AsyncIterator[Breaker]:
    made = Breaker(service.probe, interval=0.001)
    yield made
    await made.stop()


async def until_closed(breaker: Breaker) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await breaker.until_closed()
    assert breaker.closed


async def test_nobody_asks_before_a_probe_has_succeeded(breaker: Breaker, service: Service) -> None:
    assert not breaker.closed
    await breaker.start()
    await until_closed(breaker)
    assert service.asked.qsize() == 1


async def test_what_is_not_there_at_the_start_is_used_when_it_comes(breaker: Breaker, service: Service) -> None:
    service.there = False
    await breaker.start()
    for _ in range(4):
        await service.was_asked()
    assert not breaker.closed
    service.there = True
    await until_closed(breaker)


async def test_only_failures_in_a_row_open_it(breaker: Breaker) -> None:
    await breaker.start()
    for _ in range(5):
        for _ in range(MOST_FAILURES - 1):
            assert not breaker.failed(decisive=False)
        breaker.succeeded()
    assert breaker.closed
    opened = [breaker.failed(decisive=False) for _ in range(MOST_FAILURES)]
    assert opened == [False] * (MOST_FAILURES - 1) + [True]
    assert not breaker.closed


async def test_a_decisive_failure_opens_it_once(breaker: Breaker, service: Service) -> None:
    await breaker.start()
    service.there = False
    assert breaker.failed(decisive=True)
    assert not breaker.failed(decisive=True)  # of a request that was under way
    service.there = True
    await until_closed(breaker)
    assert not breaker.failed(decisive=False), "failures of before count no more"


async def test_it_probes_only_while_open(breaker: Breaker, service: Service) -> None:
    await breaker.start()
    breaker.failed(decisive=True)
    await until_closed(breaker)
    asked = service.asked.qsize()
    await asyncio.sleep(0.02)  # many times the interval
    assert service.asked.qsize() == asked


async def test_stopped_it_stays_open(breaker: Breaker, service: Service) -> None:
    service.there = False
    await breaker.start()
    await breaker.stop()
    service.there = True
    await asyncio.sleep(0.02)  # many times the interval
    assert not breaker.closed


async def test_probes_belong_to_no_request() -> None:
    request = ContextVar("request", default="none")
    seen: asyncio.Queue[str] = asyncio.Queue()

    async def probe() -> bool:
        seen.put_nowait(request.get())
        return True

    breaker = Breaker(probe, interval=0.001)
    await breaker.start()
    request.set("a1b2")
    breaker.failed(decisive=True)
    await until_closed(breaker)
    assert [seen.get_nowait(), seen.get_nowait()] == ["none", "none"]
    await breaker.stop()
