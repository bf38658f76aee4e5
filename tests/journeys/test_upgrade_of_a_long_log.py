"""The step that seals the log fills in a long one while the release before goes on writing it (docs/migrations.md)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
from psycopg.types.json import Json

from roadlens.scoring.parameters import DEFAULT
from roadlens.storage import migrate
from roadlens.storage.database import Database
from roadlens.storage.sealing import Key, seal, verify
from tests.support.first_schema import move_to
from tests.support.postgres import EMPTY, Server
from tests.support.workers import until

BEFORE = "0009"
ENTRIES = 200_000
MIDDLE = ENTRIES // 2
WRITERS = 4
PAUSE_S = 0.005

LONG = f"""
INSERT INTO audit_log (at, actor, actor_id, action, entity, entity_id, before, after)
SELECT now() - interval '1 year' + number * interval '1 minute', 'ada', 7, 'update', 'driver', 'DRV-' || number % 500,
    jsonb_build_object('city', 'Omaha ' || number), jsonb_build_object('city', 'Lincoln ' || number)
FROM generate_series(1, {ENTRIES}) AS number
"""
# As the release before makes one.
NOTE = """
INSERT INTO audit_log (actor, actor_id, action, entity, entity_id, before, after)
VALUES ('bo', 8, 'update', 'driver', 'DRV-1', '{"city": "Omaha"}', %s)
"""
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'roadlens migrate' AND wait_event_type = 'Lock'"
FILLED = "SELECT count(*), count(who_digest) FROM audit_log WHERE audit_id "


@pytest.fixture
def old(postgres: Server) -> Iterator[str]:
    """A database of the release before, with a log of a year."""
    with postgres.copy_of(EMPTY) as url:
        move_to(url, BEFORE)
        with psycopg.connect(url) as connection:
            connection.execute(LONG)
        yield url


@dataclass
class Writers:
    """The release before: each notes one thing after the other until it is told to stop."""

    url: str
    stopped: threading.Event = field(default_factory=threading.Event)
    noted: list[str] = field(default_factory=list)
    troubles: list[psycopg.Error] = field(default_factory=list)

    def write(self, writer: int) -> None:
        number = 0
        with psycopg.connect(self.url, autocommit=True) as connection:
            while not self.stopped.wait(PAUSE_S):
                what = f"{writer}-{number}"
                try:
                    connection.execute(NOTE, (Json({"city": what}),))
                except psycopg.Error as error:
                    self.troubles.append(error)
                    return
                self.noted.append(what)
                number += 1


@pytest.mark.system
async def test_a_long_log_is_filled_in_beside_those_who_write_it(old: str) -> None:
    """1. Somebody holds an entry in the middle; the upgrade comes as far as that, and what it has filled in others see.
    2. Meanwhile entries are made, with digests, and the log is read. 3. The one lets go; the upgrade goes on and ends.
    """
    writers = Writers(old)
    upgrading = threading.Thread(target=lambda: migrate.upgrade(old, "UTC", DEFAULT.as_dict()))
    writing = [threading.Thread(target=writers.write, args=(number,)) for number in range(WRITERS)]
    with psycopg.connect(old) as holder, psycopg.connect(old, autocommit=True) as other:
        for each in (upgrading, *writing):
            each.start()
        until(lambda: digests(other), within_s=120)
        holder.execute("SELECT FROM audit_log WHERE audit_id = %s FOR UPDATE", (MIDDLE,))
        until(lambda: other.execute(WAITS).fetchone() == (1,), within_s=120)
        before, (_, filled) = len(writers.noted), of(other, f"<= {MIDDLE}")
        assert 0 < filled < MIDDLE
        assert of(other, f"BETWEEN {MIDDLE} AND {ENTRIES}") == (MIDDLE + 1, 0)
        until(lambda: len(writers.noted) > before + 100)
        other.execute(NOTE, (None,))
        made, has_digest = of(
            other, f"= (SELECT max(audit_id) FROM audit_log WHERE after IS NULL AND audit_id > {ENTRIES})"
        )
        assert (made, has_digest) == (1, 1)
        holder.rollback()
        upgrading.join()
        writers.stopped.set()
        for each in writing:
            each.join()
        assert writers.troubles == []
        found = other.execute(
            "SELECT after ->> 'city' FROM audit_log WHERE actor = 'bo' AND after IS NOT NULL"
        ).fetchall()
    assert sorted(city for (city,) in found) == sorted(writers.noted)
    upgraded, key = Database.open(old), Key(b"a secret of the tests, long enough to be one")
    try:
        assert await seal(upgraded, key) > ENTRIES + len(found)
        verdict = await verify(upgraded, [key])
    finally:
        await upgraded.close()
    assert (verdict.troubles, verdict.open) == ([], 0)


def digests(connection: psycopg.Connection) -> bool:
    """Whether the upgrade has begun to fill in, for others to see."""
    known = connection.execute(
        "SELECT FROM pg_attribute WHERE attrelid = 'audit_log'::regclass AND attname = 'who_digest'"
    )
    return known.fetchone() is not None and of(connection, "= 1") == (1, 1)


def of(connection: psycopg.Connection, ids: str) -> tuple[int, int]:
    """How many entries there are of these ids, and how many of them have digests."""
    counted = connection.execute((FILLED + ids).encode()).fetchone()
    assert counted is not None
    return counted[0], counted[1]
