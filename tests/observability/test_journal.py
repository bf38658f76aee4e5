"""What a statement is charged to: what asked for it, with all this is a part of; never what was answered before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextvars import copy_context

import pytest

from roadlens.observability.journal import DELIVERY, Journal
from roadlens.observability.under_way import current_work


@pytest.fixture(autouse=True)
def _nothing_under_way() -> Iterator[None]:
    token = current_work.set(None)
    yield
    current_work.reset(token)


def test_a_part_is_charged_with_the_whole() -> None:
    journal = Journal(sql=True)
    request = journal.begin(b"abc", "POST", {})
    journal.statement("SELECT 1", 0.25)
    with journal.doing("part") as part:
        journal.statement("SELECT 2", 0.5)
        assert (part.id, part.statements, part.seconds) == (b"abc", 1, 0.5)
    assert current_work.get() is request
    assert (request.statements, request.seconds) == (2, 0.75)
    assert request.sql == {"SELECT 1": (1, 0.25)}, "the part reports its own"


def test_what_is_computed_behind_an_answer_is_not_charged_to_it() -> None:
    journal = Journal()
    hit = journal.begin(b"abc", "GET", {})
    with journal.behind("refresh", "summary") as refresh:
        journal.statement("SELECT 1", 0.5)
    assert (refresh.id, refresh.statements) == (b"abc", 1)
    assert hit.statements == 0


async def test_a_task_is_charged_to_who_began_it() -> None:
    journal = Journal()
    flights: list[asyncio.Task[None]] = []

    async def load() -> None:
        await asyncio.sleep(0)
        journal.statement("SELECT 1", 0.1)

    async def first() -> int:
        work = journal.begin(b"1", "GET", {})
        flights.append(asyncio.create_task(load()))
        await flights[0]
        return work.statements

    async def second() -> int:
        work = journal.begin(b"2", "GET", {})
        await flights[0]
        return work.statements

    charged = await asyncio.gather(asyncio.create_task(first()), asyncio.create_task(second()))
    assert list(charged) == [1, 0]


def test_what_nobody_asked_for_is_charged_to_nobody() -> None:
    copy_context().run(Journal().statement, "SELECT 1", 0.1)


def test_a_delivery_that_nobody_watches_is_no_work() -> None:
    with Journal().around(DELIVERY):
        assert current_work.get() is None
    with Journal(sql=True).around(DELIVERY):
        work = current_work.get()
        assert work is not None
        assert work.id == b"", "it is no request: what many share belongs to none of them"
