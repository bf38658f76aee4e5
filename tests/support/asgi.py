"""A bare ASGI application below the cache, asked as a server asks, for tests of what goes over the wire."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from roadlens.cache.audit import Audit
from roadlens.cache.http import PRINCIPAL, CacheHits
from roadlens.cache.keys import Key, canonical
from roadlens.cache.policy import Policy
from roadlens.cache.principals import Claim, Principal, Principals
from roadlens.cache.store import SharedStore
from roadlens.cache.watch import App, Message, Receive, Scope, Send, Watch
from tests.support.asking import MIB, Worker

Header = tuple[bytes, bytes]


@dataclass
class Answer:
    status: int
    headers: dict[bytes, bytes]
    body: bytes

    @property
    def cache_status(self) -> bytes:
        return self.headers.get(b"cache-status", b"")


@dataclass(frozen=True)
class Roles:
    """An audience."""

    roles: frozenset[str]

    def admits(self, role: str) -> bool:
        return role in self.roles


ADMINS, VIEWERS = Roles(frozenset({"admin"})), Roles(frozenset({"admin", "viewer"}))

POLICIES = {
    "/stats": Policy(60, "stats", ("drivers",), VIEWERS),
    "/users": Policy(60, "users_list", ("users",), ADMINS),
    "/open": Policy(60, "open"),
}


class Tokens:
    """A guard: a token is the name of a user, with spaces around it as one likes."""

    def __init__(self) -> None:
        self.roles = {b"ann": "admin", b"vic": "viewer"}
        self.asked = 0
        self.meanwhile: Callable[[], object] = bool  # what happens while one is asked about

    def read(self, authorization: bytes) -> Claim[bytes] | None:
        name = authorization.strip()
        return Claim(name, (f"user:{name.decode()}", "users:bulk"), time.time() + 3600) if name else None

    async def admit(self, claim: Claim[bytes]) -> Principal | None:
        self.asked += 1
        self.meanwhile()
        role = self.roles.get(claim.content)
        return None if role is None else Principal(role, claim.content)


@dataclass
class Bare:
    """The application: it answers what it reads, held where the test says so, after it has asked who asks itself.

    Attributes:
        scopes: what it was asked, in order.
    """

    tokens: Tokens
    read: str = "old"
    status: int = 200
    headers: Sequence[Header] = ((b"content-type", b"text/plain"),)
    messages: Sequence[Message] | None = None
    fails: BaseException | None = None
    scopes: list[Scope] = field(default_factory=list)
    at_work: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_answer.set()

    @property
    def ran(self) -> int:
        return len(self.scopes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive()).get("body") == b""
        self.scopes.append(scope)
        refused = self._refused(scope)
        if refused:
            await send({"type": "http.response.start", "status": refused, "headers": []})
            await send({"type": "http.response.body", "body": b"refused"})
            return
        body = self.read.encode()
        self.at_work.set()
        await self.may_answer.wait()
        for message in self.messages or self._messages(body):
            await send(message)
        if self.fails is not None:
            raise self.fails

    def _messages(self, body: bytes) -> list[Message]:
        start = {"type": "http.response.start", "status": self.status, "headers": list(self.headers)}
        return [start, {"type": "http.response.body", "body": body}]

    def _refused(self, scope: Scope) -> int:
        policy = POLICIES.get(scope["path"])
        if policy is None or policy.audience is None:
            return 0
        known: Principal | None = scope.get(PRINCIPAL)
        token = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        role = known.role if known else self.tokens.roles.get(token.strip())
        if role is None:
            return 401
        return 0 if policy.audience.admits(role) else 403


def find_key(path: str, query: bytes) -> Key | None:
    """Of the parameters `days` and `q` alone; `days` must be a number."""
    if path not in POLICIES:
        return None
    asked = {name: value for name, value in parse_qsl(query.decode()) if name in ("days", "q")}
    if not asked.setdefault("days", "7").isdigit():
        return None
    url = canonical(path, asked)
    return None if url is None else Key(POLICIES[path], f"get_{path[1:]}", url, {})


class Site:
    """The application behind the cache of one worker."""

    def __init__(
        self,
        *,
        shared: SharedStore | None = None,
        memory: int = MIB,
        audit: int = 0,
        app: App | None = None,
        watch: Callable[[App], Watch] | None = None,
    ) -> None:
        self.worker = Worker(shared, memory)
        self.versions = self.worker.versions
        self.tokens = Tokens()
        self.bare = Bare(self.tokens)
        self.audit = Audit(self.worker.cache, self.worker.counting, audit) if audit else None
        known = Principals(self.versions, self.tokens)
        watching = watch(self.bare) if watch else None
        self.hits = CacheHits(app or self.bare, self.worker.cache, find_key, known, self.audit, watching)

    async def ask(
        self,
        url: str,
        *headers: Header,
        method: str = "GET",
        token: bytes = b"ann",
        extensions: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Ask as a server does that has these ASGI extensions."""
        path, _, query = url.partition("?")
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [*([(b"authorization", token)] if token else []), *headers],
            "extensions": {"beyond": {}, **(extensions or {})},
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.hits(scope, receive, send)
        if not sent:
            return Answer(0, {}, b"")
        start, *bodies = sent
        assert [message["type"] for message in sent] == ["http.response.start"] + ["http.response.body"] * len(bodies)
        assert len(dict(start["headers"])) == len(start["headers"])
        return Answer(start["status"], dict(start["headers"]), b"".join(message["body"] for message in bodies))
