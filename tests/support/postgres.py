"""The tests' PostgreSQL: one server for the session, one migrated template, and a copy of it for each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.embedded.server import EmbeddedPostgres
from roadlens.storage.migrate import upgrade

EMPTY = "template0"
TEMPLATE = "roadlens_template"


@dataclass
class Server:
    """A running PostgreSQL, on which databases are made by copying."""

    address: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _left: list[str] = field(default_factory=list)

    def url(self, database: str) -> str:
        return make_url(self.address).set(database=database).render_as_string(hide_password=False)

    def execute(self, *statements: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                _executed(connection, statement)

    @contextmanager
    def copy_of(self, template: str) -> Iterator[str]:
        """The address of a database for one test; a copy of `EMPTY` has no tables.

        It is dropped when the next one is made: at once it takes a tenth of a second, in which PostgreSQL waits for the
        end of connections that have just been closed.
        """
        name = f"test_{next(self._numbers)}"
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self.execute(*self._drops(), make.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield self.url(name)
        finally:
            self._left.append(name)

    def drop_left(self) -> None:
        """Drop at once what is left of tests that have ended, for somebody in whose way it is."""
        self.execute(*self._drops())

    def _drops(self) -> list[sql.Composed]:
        left, self._left = self._left, []
        return [sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)) for name in left]


def _executed(connection: psycopg.Connection, statement: sql.SQL | sql.Composed) -> None:
    """PostgreSQL waits five seconds for those who leave a database; on a busy machine that may not be enough."""
    for _ in range(10):
        with suppress(psycopg.errors.ObjectInUse):
            connection.execute(statement)
            return
    connection.execute(statement)


@contextmanager
def running_server(directory: Path) -> Iterator[Server]:
    """A server with the template; what it holds need not outlive it, so it does not wait for the disk."""
    postgres = EmbeddedPostgres(directory)
    server = Server(postgres.start())
    try:
        server.execute(
            sql.SQL("ALTER SYSTEM SET fsync = off"),
            sql.SQL("SELECT pg_reload_conf()"),
            sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)),
        )
        upgrade(server.url(TEMPLATE), "UTC", DEFAULT.as_dict())
        yield server
    finally:
        postgres.stop()
