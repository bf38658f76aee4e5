"""A new schema makes stale what was kept under the one before; the same schema once more does not."""

from __future__ import annotations

from typing import Any

import psycopg

from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.migrate import upgrade
from tests.support.postgres import EMPTY, Server


def everything(url: str) -> Any:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT counter, nonce FROM cache_tag WHERE tag = 'everything'").fetchone()


def test_a_moved_schema_raises_everything(postgres: Server) -> None:
    with postgres.copy_of(EMPTY) as url, postgres.copy_of(EMPTY) as other:
        for address in (url, other):
            upgrade(address, "UTC", DEFAULT.as_dict())
        counter, nonce = everything(url)
        # 1 is what the table was made with.
        assert counter == 2
        assert everything(other) != (counter, nonce)
        upgrade(url, "UTC", DEFAULT.as_dict())
        assert everything(url) == (counter, nonce)
