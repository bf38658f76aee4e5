"""A change of the doctor's own is heard, and its absence is noticed."""

from __future__ import annotations

import psycopg
import pytest

from roadlens.storage import round_trip
from roadlens.storage.database import Database


async def test_it_is_heard_and_leaves_a_version(database: Database, database_url: str) -> None:
    for count in (1, 2):
        trip = await round_trip.round_trip(database, database_url)
        assert trip.seconds is not None
        assert not trip.moved
        with psycopg.connect(database_url) as connection:
            assert connection.execute("SELECT counter FROM cache_tag WHERE tag = 'doctor'").fetchone() == (count,)
            assert connection.execute("SELECT count(*) FROM cache_note").fetchone() == (0,)


async def test_it_is_not_heard(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_trip, "_PATIENCE_S", 0.1)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE cache_note DISABLE TRIGGER bump")
    assert (await round_trip.round_trip(database, database_url)).seconds is None
