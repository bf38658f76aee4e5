"""Where a run takes place: a PostgreSQL, a Redis, and servers over both. All real, all ended with the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
from sqlalchemy.engine import make_url

from lab.fleet import Fleet, made
from lab.links import Link, Links, open_links
from lab.orders import HOST, Address
from lab.server import Server, quiet_port
from roadlens.storage.embedded.server import EmbeddedPostgres
from tests.support.installation import Api, Installation
from tests.support.valkey import Valkey, running_valkey

# Drivers whom nobody edits; so many that a statement over all of them raises the bulk tag (docs/change-feed.md: 100).
OTHERS: Final = 110
_OTHERS: Final = b"""
INSERT INTO drivers (driver_id, first_name, last_name, zip_code)
SELECT 'OTHER-' || number, 'Other', 'Somebody', 'Z0' FROM generate_series(1, %s) AS number
"""
# One admin reads for hours, as fast as answers come.
_WITHOUT_END: Final = {
    "ROADLENS_RATE_LIMIT": "0",
    "ROADLENS_TOKEN_LIFETIME": "2592000",
    "ROADLENS_SESSION_LIFETIME": "2592000",
}
# The same for all servers of a site.
_SECRET: Final = "of the laboratory alone, and of nobody else"
# Small, so that a worker is full soon, and drops.
CACHE_MEMORY_MB: Final = 8
# Small, so that it is full now and then, and evicts.
REDIS_OPTIONS: Final = ("--maxmemory", "16mb", "--maxmemory-policy", "allkeys-lru")


@dataclass
class Place:
    """A server with the ways to and from it; they are None where nothing stands between."""

    server: Server
    to_clients: Link | None = None
    to_database: Link | None = None
    to_redis: Link | None = None

    @property
    def address(self) -> Address:
        """Where clients reach it."""
        return Address(self.server.name, self.to_clients.port if self.to_clients else self.server.port)


@dataclass
class Site:
    """All that runs; `source` is where its code is, if it is not the one that is installed."""

    directory: Path
    postgres: EmbeddedPostgres
    database_url: str
    redis: Valkey
    places: Sequence[Place]
    source: Path | None = None

    @property
    def servers(self) -> list[Server]:
        return [place.server for place in self.places]

    @property
    def server(self) -> Server:
        """One of them, for what any can do."""
        return self.servers[0]

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection[Any]]:
        """As `psql` is, each statement by itself.

        Raises:
            psycopg.OperationalError: the database does not answer.
        """
        url = make_url(self.database_url).render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="psql") as connection:
            yield connection

    def database_answers(self) -> bool:
        try:
            with self.connected():
                return True
        except psycopg.OperationalError:
            return False

    def run(self, *arguments: str) -> str:
        """A command of the Roadlens that is installed, straight at the database; what it printed.

        Raises:
            AssertionError: it failed; so it has printed.
        """
        return Installation(self.directory / "commands", settings(self.database_url)).run(*arguments)

    def tried(self, *arguments: str, typed: str = "") -> tuple[bool, str]:
        """A command of the code that is attacked: whether it ended well, and what it printed."""
        attacked = {} if self.source is None else {"PYTHONPATH": str(self.source)}
        commands = Installation(self.directory / "commands", settings(self.database_url) | attacked)
        try:
            return True, commands.run(*arguments, typed=typed)
        except AssertionError as failed:
            return False, str(failed)

    def fleet(self) -> Fleet:
        """Make one."""
        token = self.run("tokens", "create", "laboratory").strip()
        with self.connected() as connection:
            connection.execute(_OTHERS, [OTHERS])
        with httpx.Client(base_url=f"http://{HOST}:{self.server.port}/api/v1", timeout=30) as client:
            return made(Api.signed_in(client, self.server.pid, []), token, OTHERS)


def settings(database_url: str, redis_port: int | None = None, workers: int = 1) -> dict[str, str]:
    redis = {} if redis_port is None else {"REDIS_HOST": HOST, "REDIS_PORT": str(redis_port)}
    ours = {"DATABASE_URL": database_url, "ROADLENS_WORKERS": str(workers), "ROADLENS_SECRET_KEY": _SECRET}
    return ours | redis | {"ROADLENS_CACHE_MEMORY_MB": str(CACHE_MEMORY_MB)} | _WITHOUT_END


@contextmanager
def opened(
    directory: Path, workers: Sequence[int], source: Path | None = None, *, links: bool = False
) -> Iterator[Site]:
    """A site with a server for each of these numbers of workers, which all answer.

    Args:
        directory: of its data and logs.
        workers: how many each server has.
        source: where the servers' code is, if it is not the one that is installed.
        links: whether there are ways between all of them that can be disturbed.
    """
    with ExitStack() as stack:
        postgres = EmbeddedPostgres(directory / "postgres")
        stack.callback(postgres.stop)
        url = postgres.start()
        redis = stack.enter_context(running_valkey(directory / "redis", *REDIS_OPTIONS))
        ways = stack.enter_context(open_links()) if links else None
        places = []
        for number, count in enumerate(workers, 1):
            place = _place(directory, number, count, url, redis, ways)
            place.server.source = source
            stack.callback(place.server.stop)
            place.server.start()  # one after the other: the first makes the schema
            places.append(place)
        yield Site(directory, postgres, url, redis, places, source)


def _place(directory: Path, number: int, workers: int, url: str, redis: Valkey, ways: Links | None) -> Place:
    name, port = f"server {number}", quiet_port()
    if ways is None:
        return Place(
            Server(name, port, Installation(directory / f"server-{number}", settings(url, redis.port, workers)))
        )
    parsed = make_url(url)
    socket = Path(str(parsed.query["host"])) / f".s.PGSQL.{parsed.query['port']}"
    to_database, to_redis, to_clients = ways.to(socket=str(socket)), ways.to(redis.port), ways.to(port)
    proxied = f"postgresql://{parsed.username}@{HOST}:{to_database.port}/{parsed.database}"
    installation = Installation(directory / f"server-{number}", settings(proxied, to_redis.port, workers))
    return Place(Server(name, port, installation), to_clients, to_database, to_redis)
