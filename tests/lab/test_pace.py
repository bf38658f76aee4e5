"""Clients rest while it is quiet, and hurry from then on."""

from __future__ import annotations

import asyncio

import pytest

from lab.pace import QUIET_REST_S, Pace


async def rests(pace: Pace, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    rested: list[float] = []
    really = asyncio.sleep

    async def sleep(seconds: float) -> None:
        rested.append(seconds)
        await really(0)

    with monkeypatch.context() as patched:
        patched.setattr("lab.pace.asyncio.sleep", sleep)
        await pace.rest()
        await pace.rest(5)
    return rested


async def test_quiet_at_first_and_hurried_later(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await rests(Pace(0.002, 3600), monkeypatch) == [QUIET_REST_S, 5 * QUIET_REST_S]
    assert await rests(Pace(0.002, 0), monkeypatch) == [0.002, 0.01]
