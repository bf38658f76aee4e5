"""A file that is longer than what fits between two programs, over a real connection: whole, or an error."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.support.pair import Pair
from tests.support.workers import until

ROWS = 60_000
PATH = "/admin/exports/audit.csv?entity=padding"

# Some 30 MB, which no buffers between server and client can hold.
_FILL = """
INSERT INTO audit_log (actor, action, entity, entity_id, after)
SELECT 'test', 'pad', 'padding', n::text, jsonb_build_object('padding', repeat('x', 500))
FROM generate_series(1, %s) AS n
"""
_EXPORTING = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'FETCH%'"


@pytest.fixture
def outside(pair: Pair) -> Iterator[psycopg.Connection]:
    """Another program's connection to the database, which holds much to export."""
    url = pair.installation.settings["DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_FILL, (ROWS,))
        yield connection
        # Who owns the table can do what nobody may.
        connection.execute("ALTER TABLE audit_log DISABLE TRIGGER stands")
        connection.execute("DELETE FROM audit_log WHERE entity = 'padding'")
        connection.execute("ALTER TABLE audit_log ENABLE ALWAYS TRIGGER stands")


def test_all_of_it_comes(pair: Pair, outside: psycopg.Connection) -> None:
    assert outside.info.dbname
    with pair.server.client.stream("GET", PATH.lstrip("/")) as answer:
        assert answer.status_code == 200
        lines = sum(part.count(b"\r\n") for part in answer.iter_raw())
    assert lines == 1 + ROWS


def test_what_breaks_off_is_an_error_for_whoever_reads_it(pair: Pair, outside: psycopg.Connection) -> None:
    with pair.server.client.stream("GET", PATH.lstrip("/")) as answer:
        parts = answer.iter_raw()
        assert next(parts).startswith(b"audit_id,at,")
        ended = outside.execute(f"SELECT pg_terminate_backend(pid) {_EXPORTING}").fetchall()
        assert ended == [(True,)]
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            deque(parts, maxlen=0)


def test_who_leaves_frees_the_connection(pair: Pair, outside: psycopg.Connection) -> None:
    with pair.server.client.stream("GET", PATH.lstrip("/")) as answer:
        next(answer.iter_raw())
    open_ones = f"SELECT count(*) {_EXPORTING} AND xact_start IS NOT NULL"
    until(lambda: outside.execute(open_ones).fetchall() == [(0,)])
    assert pair.server.client.get("admin/exports/users.csv").status_code == 200
