"""Passwords are argon2id hashes; a check of nobody is a check all the same; and checks do not pile up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from roadlens.api.passwords import AT_ONCE, NOBODY, PARAMETERS, PasswordCheck, hash_password, is_current, matches
from roadlens.errors import Overloaded

WAITING = 3


class Gate:
    """Checks that last until they are let go, and how many ever ran side by side."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.full = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.lock = threading.Lock()
        self.running = self.most = self.done = 0

    def __call__(self, _password: str, _password_hash: str) -> bool:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
            if self.running == AT_ONCE:
                self.loop.call_soon_threadsafe(self.full.set)
        assert self.open.wait(30)
        with self.lock:
            self.running -= 1
            self.done += 1
        return True


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


async def test_only_the_password_matches() -> None:
    check = PasswordCheck()
    password_hash = await check.hash("correct horse")
    assert password_hash.startswith("$argon2id$")
    assert await check.matches("correct horse", password_hash)
    assert not await check.matches("correct hors", password_hash)
    assert not await check.matches("", None)
    assert not await check.matches("correct horse", None)


def test_a_broken_hash_matches_nothing_and_is_to_be_made_anew() -> None:
    assert not matches("anything", "plain text")
    assert not is_current("plain text")


def test_parameters_are_at_least_owasps() -> None:
    assert PARAMETERS.memory_cost >= 19 * 1024
    assert PARAMETERS.time_cost >= 2
    assert is_current(hash_password("x"))


def test_nobodys_hash_costs_as_much_as_anybodys() -> None:
    assert is_current(NOBODY)
    assert not is_current(NOBODY.replace("t=3", "t=2"))


async def test_few_at_once_some_wait_and_the_rest_is_sent_away(gate: Gate) -> None:
    check = PasswordCheck(WAITING, gate)
    inside = [asyncio.create_task(check.matches("x", NOBODY)) for _ in range(AT_ONCE + WAITING)]
    await gate.full.wait()
    with pytest.raises(Overloaded):
        await check.matches("x", NOBODY)
    with pytest.raises(Overloaded):
        await check.hash("x")
    gate.open.set()
    assert await asyncio.gather(*inside) == [True] * (AT_ONCE + WAITING)
    assert gate.most == AT_ONCE
    assert await check.matches("x", NOBODY), "the places are free again"


async def test_who_goes_away_leaves_the_queue_but_never_a_check_behind(gate: Gate) -> None:
    """A check under way holds its memory to the end, cancelled or not: its place must not be given away before."""
    check = PasswordCheck(WAITING, gate)
    running = [asyncio.create_task(check.matches("x", NOBODY)) for _ in range(AT_ONCE)]
    await gate.full.wait()
    waiting = [asyncio.create_task(check.matches("x", NOBODY)) for _ in range(WAITING)]
    await asyncio.sleep(0)
    for task in waiting + running:
        task.cancel()
    await asyncio.wait(waiting + running)
    others = [asyncio.create_task(check.matches("x", NOBODY)) for _ in range(WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await check.matches("x", NOBODY)
    gate.open.set()
    assert await asyncio.gather(*others) == [True] * WAITING
    assert gate.most == AT_ONCE
    assert WAITING <= gate.done <= AT_ONCE + WAITING, "those that left the queue were never run"
