"""The leases of the dead go, those of others stay, and a database that is away is no matter."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg

from roadlens.storage.change_feed.dead import forget


def entered(url: str, *workers: UUID) -> None:
    with psycopg.connect(url) as connection:
        for worker in workers:
            connection.execute("INSERT INTO cache_worker (worker_id, host, pid) VALUES (%s, 'host', 7)", (worker,))


async def test_these_and_no_others(database_url: str) -> None:
    dead, alive, never = uuid4(), uuid4(), uuid4()
    entered(database_url, dead, alive)
    assert await forget(database_url, [dead, never]) == 1
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT worker_id FROM cache_worker").fetchall() == [(alive,)]


async def test_nobody_is_asked_for_nothing() -> None:
    assert await forget("postgresql://nobody@127.0.0.1:1/nowhere", []) == 0


async def test_a_database_that_is_away() -> None:
    assert await forget("postgresql://nobody@127.0.0.1:1/nowhere", [uuid4()]) == 0
