"""Budgets of failed sign-ins in the database: exact under concurrency, and bounded under a flood."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from roadlens.domain import Role
from roadlens.errors import TooManyAttempts
from roadlens.storage.database import Database
from roadlens.storage.writes import sign_ins, users
from roadlens.storage.writes.audit import Actor
from roadlens.storage.writes.sign_ins import ADDRESSES_A_USER, ROWS_A_SLOT, SLOTS, Bucket

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def bucket(name: str, attempts: int = 5, leak_s: float = 60) -> Bucket:
    return Bucket(name.encode().ljust(16, b"."), attempts, leak_s)


async def charge(database: Database, buckets: Sequence[Bucket], at_s: float = 0) -> int:
    """The seconds to wait; 0 when it was charged."""
    try:
        async with database.write() as session:
            await sign_ins.charge(session, buckets, NOW + timedelta(seconds=at_s))
    except TooManyAttempts as refused:
        return refused.retry_after or -1
    return 0


async def keys(database: Database) -> set[bytes]:
    async with database.read() as session:
        return {bytes(key) for (key,) in await session.tuples("SELECT key FROM login_attempts")}


async def test_all_buckets_are_charged_or_none(database: Database) -> None:
    small, large = bucket("small", attempts=2), bucket("large", attempts=3)
    assert [await charge(database, [small, large]) for _ in range(3)] == [0, 0, 60]
    assert [await charge(database, [large]) for _ in range(2)] == [0, 60], "the refused one was not charged to it"
    assert [await charge(database, [small], at_s) for at_s in (45, 60, 60)] == [15, 0, 60]


async def test_a_refund_is_as_if_it_had_not_been(database: Database) -> None:
    both = [bucket("a", attempts=1), bucket("b", attempts=1)]
    for _ in range(3):
        assert await charge(database, both) == 0
        async with database.write() as session:
            await sign_ins.refund(session, both)
    assert [await charge(database, both), await charge(database, both)] == [0, 60]


async def test_concurrent_charges_are_exact_and_do_not_deadlock(database: Database) -> None:
    """In whatever order each names its buckets."""
    dice = Random(7)
    shared = [bucket(f"{number}", attempts=12) for number in range(4)]

    async def one() -> int:
        return await charge(database, dice.sample(shared, 4))

    waits = await asyncio.gather(*(one() for _ in range(40)))
    assert sorted(waits) == [0] * 12 + [60] * 28


async def test_a_flood_pushes_out_others_like_it_and_never_a_full_bucket(database: Database) -> None:
    """All of one slot, the worst that can happen to it."""
    attacked = Bucket(b"\0\0 under attack ", 100, 60)
    while await charge(database, [attacked]) == 0:
        pass
    dice = Random(1)
    flood = [Bucket(b"\0\0" + dice.randbytes(14), 5, 60) for _ in range(ROWS_A_SLOT * 3)]
    for one in flood:
        assert one.slot == attacked.slot == 0
        assert await charge(database, [one]) == 0
    held = await keys(database)
    assert len(held) == ROWS_A_SLOT
    assert attacked.key in held
    assert await charge(database, [attacked]) > 0


def test_random_names_spread_over_the_slots() -> None:
    dice = Random(2)
    used = {Bucket(dice.randbytes(16), 1, 1).slot for _ in range(SLOTS * 10)}
    assert used <= set(range(SLOTS))
    assert len(used) > SLOTS * 0.99


async def test_budgets_do_not_wait_for_the_disk(database: Database) -> None:
    async with database.read() as session:
        kind = await session.value("SELECT relpersistence FROM pg_class WHERE relname = 'login_attempts'")
    assert kind == "u"


async def test_of_each_user_the_latest_addresses_are_known(database: Database) -> None:
    async with database.write() as session:
        ada = await users.create(session, "test", username="ada", role=Role.VIEWER, password_hash="x")
        bo = await users.create(session, "test", username="bo", role=Role.VIEWER, password_hash="x")
        for number in range(ADDRESSES_A_USER + 5):
            await sign_ins.remember(session, ada, bytes([number]), NOW + timedelta(days=number))
        now = NOW + timedelta(days=ADDRESSES_A_USER + 5)
        known = [
            number
            for number in range(ADDRESSES_A_USER + 5)
            if await sign_ins.is_known(session, ada, bytes([number]), now)
        ]
        assert known == list(range(5, ADDRESSES_A_USER + 5))
        assert not await sign_ins.is_known(session, bo, bytes([9]), now)
        assert not await sign_ins.is_known(session, ada, bytes([9]), now + timedelta(days=90))


@pytest.mark.parametrize("changed_meanwhile", [False, True])
async def test_a_renewed_hash_never_replaces_a_new_password(database: Database, changed_meanwhile: bool) -> None:
    async with database.write() as session:
        ada = await users.create(session, "test", username="ada", role=Role.VIEWER, password_hash="old")
        if changed_meanwhile:
            await session.execute("UPDATE users SET password_hash = 'new'")
        await sign_ins.renew_hash(session, Actor("ada", ada), ada, "old", "renewed")
        assert await session.value("SELECT password_hash FROM users") == ("new" if changed_meanwhile else "renewed")
