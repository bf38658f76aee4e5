"""A change of the doctor's own is heard, and its absence is noticed."""

from __future__ import annotations

import asyncio
import time

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from roadlens.storage import round_trip
from roadlens.storage.change_feed.lease import LEASE_S
from roadlens.storage.database import Database


async def test_it_is_heard_and_leaves_a_version(database: Database, database_url: str) -> None:
    for count in (1, 2):
        trip = await round_trip.round_trip(database, database_url)
        assert trip.seconds is not None
        assert not trip.moved
        with psycopg.connect(database_url) as connection:
            assert connection.execute("SELECT counter FROM cache_tag WHERE tag = 'doctor'").fetchone() == (count,)
            assert connection.execute("SELECT count(*) FROM cache_note").fetchone() == (0,)
            assert connection.execute("SELECT count(*) FROM audit_log WHERE entity = 'doctor'").fetchone() == (0,)


async def test_a_worker_that_says_nothing_is_not_in_the_way(database: Database, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO cache_worker (worker_id, host, pid) VALUES (gen_random_uuid(), 'gone', 1)")
    began = time.monotonic()
    trip = await round_trip.round_trip(database, database_url)
    assert time.monotonic() - began >= LEASE_S  # for which whoever changes something waits
    assert trip.seconds is not None
    assert trip.seconds < LEASE_S


async def test_it_is_not_heard(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_trip, "_PATIENCE_S", 0.1)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE cache_note DISABLE TRIGGER bump")
    assert (await round_trip.round_trip(database, database_url)).seconds is None


async def test_a_change_that_fails_leaves_nobody_listening(database: Database, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE SQLSTATE ''57014''; END'"
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER fails AFTER INSERT OR UPDATE ON cache_tag DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION fails()"
        )
    before = asyncio.all_tasks()
    with pytest.raises(OperationalError):
        await round_trip.round_trip(database, database_url)
    assert asyncio.all_tasks() <= before
