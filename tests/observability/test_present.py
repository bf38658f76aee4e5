"""Looks at what is so now: again and again, and whatever one of them says."""

from __future__ import annotations

import asyncio
import time

import pytest

from roadlens.observability import present
from roadlens.observability.metrics import Metrics
from roadlens.observability.present import Present
from tests.support.scrape import Scrape


async def test_it_looks_again_and_again_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(present, "EVERY_S", 0.001)
    looks, twice = 0, asyncio.Event()

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            twice.set()

    async with Present(Metrics(), [look]).running():
        assert looks == 1
        async with asyncio.timeout(120):
            await twice.wait()
    seen = looks
    await asyncio.sleep(0.01)
    assert looks == seen


async def test_one_that_fails_is_said_once_and_keeps_nobody_from_looking(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[int] = []

    def broken() -> None:
        raise OSError("no such file")

    looks = Present(Metrics(), [broken, lambda: seen.append(1)])
    looks.look()
    looks.look()
    assert seen == [1, 1]
    assert caplog.text.count("cannot be read") == 1


async def test_an_event_loop_that_was_held_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(present, "EVERY_S", 0.001)
    metrics, held_up = Metrics(), False

    def look() -> None:
        nonlocal held_up
        if not held_up:
            held_up = True
            asyncio.get_running_loop().call_soon(time.sleep, 0.3)

    async with Present(metrics, [look]).running(), asyncio.timeout(120):
        while Scrape.of(metrics).value("event_loop_delay_seconds_sum") < 0.2:  # noqa: ASYNC110 - a counter has no event
            await asyncio.sleep(0.01)
