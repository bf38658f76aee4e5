"""The server that is asked: a real one on PostgreSQL and Valkey, a small fleet, and people who can always ask again.

Whatever is asked, the people of this page keep their roles, passwords and tokens: what an answer has taken from them
is given back before the next request.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg

from roadlens.api.passwords import hash_password
from roadlens.domain import Role
from roadlens.storage.database import Database
from tests.support.installation import ADMIN_PASSWORD, Installation
from tests.support.known_fleet import add_known_fleet, days_ago
from tests.support.postgres import TEMPLATE, running_server
from tests.support.rows import add_driver, add_trip
from tests.support.valkey import running_valkey

DRIVERS: Final = 24
BYSTANDERS: Final = 6

# What exists, by the name under which a generated value asks for it.
_IDS: Final = {
    "driver": "SELECT driver_id FROM drivers ORDER BY driver_id LIMIT 40",
    "vehicle": "SELECT vehicle_id FROM vehicles ORDER BY vehicle_id LIMIT 40",
    "device": "SELECT unique_id FROM devices ORDER BY device_id LIMIT 40",
    "trip": "SELECT trip_id::text FROM trips ORDER BY trip_id LIMIT 40",
    "event": "SELECT event_id::text FROM safety_events ORDER BY event_id LIMIT 40",
    "user": "SELECT user_id::text FROM users ORDER BY user_id LIMIT 20",
    "assignment": "SELECT assignment_id::text FROM device_assignments ORDER BY assignment_id DESC LIMIT 40",
}
_REMEMBERED: Final = 25  # requests, until it is looked up anew what exists

# Of the hour that a token holds.
_RENEWED_S: Final = 1800

_EPOCHS: Final = "SELECT username, token_epoch FROM users WHERE username LIKE 'fuzz-%'"
_HEAL: Final = """
UPDATE users SET active = true, role = wanted.role, password_hash = %(hash)s
FROM unnest(%(names)s::text[], %(roles)s::text[]) AS wanted (name, role)
WHERE users.username = wanted.name
    AND (NOT active OR users.role <> wanted.role OR users.password_hash <> %(hash)s)
"""


@dataclass
class Target:
    """A running server.

    Attributes:
        said: the lines that it has printed by now.
        ingest_token: of a tracker.
    """

    client: httpx.Client
    said: list[str]
    ingest_token: str
    _database: psycopg.Connection[tuple[Any, ...]]
    _password_hash: str
    _tokens: dict[Role, str] = field(default_factory=dict)
    _given_at: dict[Role, float] = field(default_factory=dict)
    _epochs: dict[str, int] = field(default_factory=dict)
    _known: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    _asked: int = 0
    _addresses: Iterator[int] = field(default_factory=itertools.count)

    @property
    def address(self) -> str:
        return str(self.client.base_url).rstrip("/")

    def description(self) -> dict[str, Any]:
        """The OpenAPI document, as it serves it."""
        document: dict[str, Any] = self.client.get("/openapi.json").raise_for_status().json()
        return document

    def existing(self, kind: str, index: int) -> str:
        """One of the ids that exist, or one that does not if there is none."""
        self._asked += 1
        looked_up, ids = self._known.get(kind, (-_REMEMBERED, []))
        if self._asked - looked_up >= _REMEMBERED:
            ids = [row[0] for row in self._database.execute(_IDS[kind])]
            self._known[kind] = (self._asked, ids)
        return ids[index % len(ids)] if ids else "0"

    def token(self, role: Role) -> str:
        """The token of somebody of that role, which is good for as long as no request takes."""
        if role not in self._tokens or time.monotonic() - self._given_at[role] > _RENEWED_S:
            self.heal()
            self._given_at[role] = time.monotonic()
            self._epochs = dict(self._database.execute(_EPOCHS))
            answer = self.client.post(
                "/api/v1/auth/login",
                json={"username": f"fuzz-{role.value}", "password": ADMIN_PASSWORD},
                headers={"X-Forwarded-For": self.address_of_somebody()},
            )
            self._tokens[role] = answer.raise_for_status().json()["access_token"]
        return self._tokens[role]

    def address_of_somebody(self) -> str:
        """Another one each time, for as long as nobody asks four billion times."""
        number = next(self._addresses)
        return f"fd00:{number >> 16:x}:{number & 0xFFFF:x}::1"

    def forget_ended(self) -> None:
        """Something was changed that may have ended tokens. One that has not ended stays: a sign-in costs much."""
        epochs = dict(self._database.execute(_EPOCHS))
        if self.heal() or epochs != self._epochs:
            self._tokens.clear()

    def heal(self) -> int:
        """Give people back what they have lost. They may ask at once: the change is told to the server's cache.

        Returns how many had lost something.
        """
        names = [f"fuzz-{role.value}" for role in Role]
        values = {"names": names, "roles": [role.value for role in Role], "hash": self._password_hash}
        return self._database.execute(_HEAL, values).rowcount


@contextmanager
def running_target() -> Iterator[Target]:
    """A server of its own, with everything it needs, which is gone at the end."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="roadlens-fuzz-")))
        postgres = stack.enter_context(running_server(directory / "postgres"))
        valkey = stack.enter_context(running_valkey(directory / "valkey"))
        url = stack.enter_context(postgres.copy_of(TEMPLATE))
        settings = {
            "DATABASE_URL": url,
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(valkey.port),
            "ROADLENS_TRUSTED_PROXIES": "127.0.0.1",
            "ROADLENS_LOG_LEVEL": "warning",
            "ROADLENS_RATE_LIMIT": "0",  # one user asks everything
        }
        yield stack.enter_context(_served(Installation(directory / "data", settings), url))


@contextmanager
def _served(installation: Installation, url: str) -> Iterator[Target]:
    asyncio.run(_fill(url))
    ingest_token = installation.run("tokens", "create", "fuzz").strip().splitlines()[-1]
    with installation.server() as server, psycopg.connect(url, autocommit=True) as database:
        password_hash = hash_password(ADMIN_PASSWORD)
        people = [(f"fuzz-{role.value}", role.value) for role in Role]
        people += [(f"bystander-{number}", Role.VIEWER.value) for number in range(BYSTANDERS)]
        for name, role in people:
            database.execute(
                "INSERT INTO users (username, role, password_hash) VALUES (%s, %s, %s)", (name, role, password_hash)
            )
        base_url = str(server.client.base_url).removesuffix("/").removesuffix("/api/v1")
        with httpx.Client(base_url=base_url, timeout=60) as client:
            yield Target(client, server.said, ingest_token, database, password_hash)


async def _fill(url: str) -> None:
    database = Database.open(url)
    await add_known_fleet(database)
    async with database.write() as session:
        for number in range(5, DRIVERS + 1):
            await add_driver(session, number)
            await add_trip(session, number, days_ago(number % 6) + timedelta(minutes=number), score="80")
        # As those have it that were announced or have reported.
        await session.execute(
            "INSERT INTO device_progress (device_id) SELECT device_id FROM devices ON CONFLICT DO NOTHING"
        )
    await database.close()
