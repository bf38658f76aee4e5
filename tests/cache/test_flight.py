"""One load for all who ask at the same time, whoever of them leaves."""

from __future__ import annotations

import asyncio

import pytest

from roadlens.cache.flight import Flights


class Load:
    """A load that ends when the test says so.

    Attributes:
        begun: how many times it was begun.
    """

    def __init__(self) -> None:
        self.begun = 0
        self.at_work = asyncio.Event()
        self.may_end = asyncio.Event()
        self.fails: BaseException | None = None

    async def __call__(self) -> int:
        self.begun += 1
        self.at_work.set()
        await self.may_end.wait()
        fails, self.fails = self.fails, None
        if fails is not None:
            raise fails
        return self.begun


async def all_waiting() -> None:
    """Let what was started run until it waits for the test."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_all_who_ask_get_one_load() -> None:
    flights, load = Flights[int](), Load()
    asking = [asyncio.create_task(flights.join("a", load)) for _ in range(200)]
    await load.at_work.wait()
    load.may_end.set()
    assert sorted(await asyncio.gather(*asking)) == [(1, False)] * 199 + [(1, True)]


async def test_another_key_is_another_load() -> None:
    flights, load = Flights[int](), Load()
    load.may_end.set()
    assert [began for _, began in await asyncio.gather(flights.join("a", load), flights.join("b", load))] == [True] * 2
    assert load.begun == 2


async def test_a_load_that_ended_is_not_joined() -> None:
    flights, load = Flights[int](), Load()
    load.may_end.set()
    await flights.join("a", load)
    assert "a" not in flights
    assert await flights.join("a", load) == (2, True)


@pytest.mark.parametrize("leaves", [0, 1])
async def test_who_leaves_takes_nobody_along(leaves: int) -> None:
    flights, load = Flights[int](), Load()
    asking = [asyncio.create_task(flights.join("a", load)) for _ in range(3)]
    await load.at_work.wait()
    asking[leaves].cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking.pop(leaves)
    load.may_end.set()
    assert {result for result, _ in await asyncio.gather(*asking)} == {1}
    assert load.begun == 1


async def test_a_load_goes_on_for_nobody() -> None:
    flights, load = Flights[int](), Load()
    asking = asyncio.create_task(flights.join("a", load))
    await load.at_work.wait()
    asking.cancel()
    await asyncio.wait([asking])
    assert "a" in flights
    load.may_end.set()
    assert await flights.join("a", load) == (1, False)


async def test_a_failure_is_everybodys_and_not_remembered() -> None:
    flights, load = Flights[int](), Load()
    asking = [asyncio.create_task(flights.join("a", load)) for _ in range(3)]
    await load.at_work.wait()
    load.fails = ValueError("no")
    load.may_end.set()
    assert [type(result) for result in await asyncio.gather(*asking, return_exceptions=True)] == [ValueError] * 3
    assert await flights.join("a", load) == (2, True)


async def test_a_load_that_is_cancelled_within_is_begun_anew_for_who_waits() -> None:
    """A query's own timeout may cancel the task it runs in: that was not asked by those who wait."""
    flights, load = Flights[int](), Load()
    leader = asyncio.create_task(flights.join("a", load))
    others = [asyncio.create_task(flights.join("a", load)) for _ in range(3)]
    await load.at_work.wait()
    load.fails = asyncio.CancelledError()
    load.may_end.set()
    await asyncio.wait([leader])
    assert sorted(await asyncio.gather(*others)) == [(2, False), (2, False), (2, True)]


async def test_who_leaves_while_the_load_is_cancelled_leaves() -> None:
    flights, load = Flights[int](), Load()
    leader = asyncio.create_task(flights.join("a", load))
    other = asyncio.create_task(flights.join("a", load))
    await load.at_work.wait()
    load.fails = asyncio.CancelledError()
    load.may_end.set()
    other.cancel()
    await asyncio.wait([leader, other])
    assert other.cancelled()
    assert load.begun == 1


async def test_closing_ends_all_loads_and_those_who_wait() -> None:
    flights, load = Flights[int](), Load()
    asking = [asyncio.create_task(flights.join("a", load)) for _ in range(3)]
    await load.at_work.wait()
    await flights.close()
    await asyncio.wait(asking)
    await all_waiting()
    assert [task.cancelled() for task in asking] == [True] * 3
    assert load.begun == 1
    assert "a" not in flights
