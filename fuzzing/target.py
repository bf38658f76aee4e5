"""The server that is asked: a real one on PostgreSQL and Valkey, a small fleet, and people who can always ask again.

Whatever is asked, the people of this page keep their roles, passwords and tokens: what an answer has taken from them
is given back before the next request.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg

from fuzzing.stock import Stock
from roadlens.api.passwords import hash_password
from roadlens.domain import Role
from tests.support.installation import ADMIN_PASSWORD, Installation
from tests.support.postgres import TEMPLATE, running_server
from tests.support.valkey import running_valkey

DRIVES: Final = 24

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
        differing: says what is not as it is to be in the database, once it is quiet.
        stock: the fleet.
    """

    client: httpx.Client
    said: list[str]
    ingest_token: str
    _database: psycopg.Connection[tuple[Any, ...]]
    _password_hash: str
    _tokens: dict[Role, str] = field(default_factory=dict)
    _given_at: dict[Role, float] = field(default_factory=dict)
    _epochs: dict[str, int] = field(default_factory=dict)
    _addresses: Iterator[int] = field(default_factory=itertools.count)
    differing: Callable[[], list[str]] = list

    def __post_init__(self) -> None:
        self.stock = Stock(self._database, self.send, self._password_hash)

    @property
    def address(self) -> str:
        return str(self.client.base_url).rstrip("/")

    def description(self) -> dict[str, Any]:
        """The OpenAPI document, as it serves it."""
        document: dict[str, Any] = self.client.get("/openapi.json").raise_for_status().json()
        return document

    def send(self, path: str, body: Any) -> httpx.Response:
        """What an administrator makes, as JSON, or what a tracker sends, as bytes."""
        token = self.ingest_token if isinstance(body, bytes) else self.token(Role.ADMIN)
        content, kind = (
            (body, "application/x-ndjson") if isinstance(body, bytes) else (json.dumps(body), "application/json")
        )
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        return self.client.post(f"/api/v1/{path}", content=content, headers=headers)

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
    ingest_token = installation.run("tokens", "create", "fuzz").strip().splitlines()[-1]
    with installation.server() as server, psycopg.connect(url, autocommit=True) as database:
        password_hash = hash_password(ADMIN_PASSWORD)
        for role in Role:
            database.execute(
                "INSERT INTO users (username, role, password_hash) VALUES (%s, %s, %s)",
                (f"fuzz-{role.value}", role.value, password_hash),
            )
        base_url = str(server.client.base_url).removesuffix("/").removesuffix("/api/v1")
        with httpx.Client(base_url=base_url, timeout=60) as client:
            target = Target(client, server.said, ingest_token, database, password_hash)
            target.differing = partial(_differing, installation)
            target.stock.fill(DRIVES)
            yield target


def _differing(installation: Installation) -> list[str]:
    """What `roadlens doctor` finds; nothing if all is well."""
    try:
        installation.run("doctor")
    except AssertionError as error:
        return str(error).splitlines()
    return []
