"""The cache as ASGI middleware: a hit leaves before routing. The one module here that knows ASGI."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import Any, Final, cast

from roadlens.cache import forms
from roadlens.cache.audit import Audit
from roadlens.cache.engine import Cache, How
from roadlens.cache.entry import Entry, Form, Headers
from roadlens.cache.flight import Flights
from roadlens.cache.keys import Key
from roadlens.cache.principals import Principal, Principals
from roadlens.cache.watch import App, Asked, Message, Receive, Scope, Send, Unwatched, Watch

# The key of a path and query string; None where nothing is kept: another route, or parameters that it refuses.
FindKey = Callable[[str, bytes], Key | None]

# What the middleware tells those within it.
PRINCIPAL: Final = "roadlens.principal"
KEPT: Final = "roadlens.kept"  # that it computes what may be kept and sent to others

# An ASGI extension of a server that has it: `(scope, status, lines, body) -> bool` sends a whole answer with finished
# header lines. False: nothing is sent, and the messages of ASGI are the way.
FINISHED: Final = "roadlens.finished"

_READS: Final = ("GET", "HEAD")

# Addresses whose key is remembered; when there are more all are forgotten, for somebody makes them up.
_MOST_ADDRESSES: Final = 20_000
_MOST_CODINGS: Final = 1_000

# Bytes. Longer ones are read anew each time.
_LONGEST_ADDRESS: Final = 400
_LONGEST_CODINGS: Final = 200

# Bytes. Compressing longer bodies than this takes long enough for others to notice: a thread does it.
_LONG_BODY: Final = 128 * 1024

_HITS: Final = (How.MEMORY, How.SHARED)
_NO_EXTENSIONS: Final[Mapping[str, Any]] = {}
_UNASKED: Final = cast(Key, object())

logger = logging.getLogger(__name__)


# Whether something may be computed for somebody now; and headers that depend on the request, not on the answer.
Admit = Callable[[Principal], bool]
Around = Callable[[Scope, Asked], Headers]


class Incomplete(Exception):
    """An application returned in the middle of its answer: what there is of it is nobody's."""


class CacheHits:
    """Middleware. Outside it stands only what every answer needs; within it, what only computed answers need."""

    def __init__(
        self,
        app: App,
        cache: Cache,
        find_key: FindKey,
        principals: Principals[Any],
        audit: Audit | None = None,
        watch: Watch | None = None,
        admit: Admit | None = None,
        around: Around | None = None,
    ) -> None:
        """Args: `app` computes what is not kept; what is not ours to answer goes to `watch`, which stands before it."""
        self._admit = admit
        self._around = around
        self._app = app
        self._cache = cache
        self._find_key = find_key
        self._principals = principals
        self._audit = audit
        self._watch = Unwatched(app) if watch is None else watch
        self._addresses: dict[tuple[str, bytes], Key | None] = {}
        self._codings: dict[bytes, str] = {b"": forms.IDENTITY}
        self._forming: Flights[Form] = Flights()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        """Not a coroutine itself: on the way of a hit each one counts."""
        if scope["type"] == "http" and scope["method"] in _READS:
            address = (scope["path"], scope["query_string"])
            key = self._addresses.get(address, _UNASKED)
            if key is _UNASKED:
                key = self._remember(address)
            if key is not None:
                return self._answer(key, scope, receive, send)
        return self._watch(scope, receive, send)

    async def _answer(self, key: Key, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is kept under this key, or have it computed; a refusal is left to who knows how to."""
        asked: Asked = dict(reversed(scope["headers"]))
        more = self._watch.begin(scope, asked)
        versions, audience, principal = self._cache.versions, key.policy.audience, None
        trusted = versions.trusted()
        if audience is not None and trusted:
            authorization = asked.get(b"authorization", b"")
            principal = self._principals.known(authorization)
            if principal is None:
                principal = await self._principals.identify(authorization)
                trusted = versions.trusted()  # asked again, for this may have taken a while
            if principal is None or not audience.admits(principal.role):
                await self._watch(scope, receive, send)
                return
        entry = self._cache.fresh(key) if trusted else None
        if entry is None and principal is not None and self._admit is not None and not self._admit(principal):
            await self._watch(scope, receive, send)
            return
        if self._around is not None:
            more = (*more, *self._around(scope, asked))
        status = length = 0
        how: How | None = None
        try:
            if entry is None:
                entry, how = await self._found(key, scope, principal, trusted=trusted)
            else:
                how = How.MEMORY
                if self._audit is not None and self._audit.due():
                    self._audit.begin(key, entry, partial(self._computed, key, scope, principal))
            accepted = asked.get(b"accept-encoding", b"")
            coding = self._codings.get(accepted) or self._coding(accepted)
            form = entry.forms.get(coding) or await self._form(entry, coding)
            status, length = entry.status, len(form.body)
            if how not in _HITS or not _finished(scope, asked, key, entry, form, how, more):
                headers = forms.headers(form, how, entry.age(), key.policy.ttl, more)
                status, length = await _send(scope, asked, entry, form, headers, send)
        except Exception:
            status = 500
            raise
        finally:
            self._watch.end(scope, key, principal, status, how, length)

    async def _found(self, key: Key, scope: Scope, principal: Principal | None, *, trusted: bool) -> tuple[Entry, How]:
        """What is not at hand: from the shared store, or computed."""
        if trusted:
            found = await self._cache.get_or_load(key, partial(self._computed, key, scope, principal))
        else:
            found = await self._cache.bypass(key, partial(self._computed, key, scope, None))
        return found.entry, found.how

    async def _computed(self, key: Key, scope: Scope, principal: Principal | None, **told: object) -> Entry:
        """What the application answers.

        Where it is told who asks, it is asked nothing but what the key says, so that the answer can depend on nothing
        else. Where it is not, everything is asked anew, who asks included.
        """
        began_at = time.time()
        if principal is None and key.policy.audience is not None:
            asked = {**scope, "method": "GET", **told}
        else:
            query = key.url.partition("?")[2].encode()
            asked = {**scope, "method": "GET", "query_string": query, "headers": [], PRINCIPAL: principal, **told}
        asked[KEPT] = True
        asked["extensions"] = {}  # what a server can do beyond messages of bytes, `_Answer` cannot
        answer = _Answer()
        try:
            await self._app(asked, _no_body(), answer.send)
        except Exception:
            if not answer.complete:
                raise
            # The application has said to the client what there is to say, and leaves the rest to whoever logs.
            logger.exception("%s failed", key.endpoint)
        if not answer.complete:
            raise Incomplete(f"The application ended before its answer of {key.endpoint} did.")
        return Entry.of_answer(key.url, answer.status, tuple(answer.headers), b"".join(answer.body), began_at)

    async def _form(self, entry: Entry, coding: str) -> Form:
        if coding == forms.IDENTITY or len(entry.body) < _LONG_BODY:
            return self._formed(entry, forms.form(entry, coding))
        form, _ = await self._forming.join(f"{coding} {id(entry)}", lambda: self._formed_beside(entry, coding))
        return form

    async def _formed_beside(self, entry: Entry, coding: str) -> Form:
        return self._formed(entry, await asyncio.to_thread(forms.form, entry, coding))

    def _formed(self, entry: Entry, form: Form) -> Form:
        self._cache.memory.grown(entry)
        return form

    def _remember(self, address: tuple[str, bytes]) -> Key | None:
        key = self._find_key(*address)
        # Nobody has been asked yet who asks, so whoever makes up addresses may not fill the memory with them.
        if len(address[0]) + len(address[1]) <= _LONGEST_ADDRESS:
            if len(self._addresses) >= _MOST_ADDRESSES:
                self._addresses.clear()
            self._addresses[address] = key
        return key

    def _coding(self, accepted: bytes) -> str:
        coding = forms.preferred(accepted)
        if len(self._codings) < _MOST_CODINGS and len(accepted) <= _LONGEST_CODINGS:
            self._codings[accepted] = coding
        return coding


def _finished(scope: Scope, asked: Asked, key: Key, entry: Entry, form: Form, how: How, more: Headers) -> bool:
    """Send the whole answer of a hit at once, if the server has a way to and it is what is asked for."""
    finish = scope.get("extensions", _NO_EXTENSIONS).get(FINISHED)
    if finish is None or scope["method"] != "GET" or b"if-none-match" in asked:
        return False
    lines = forms.lines(form, how, entry.age(), key.policy.ttl, more)
    return lines is not None and finish(scope, entry.status, lines, form.body)


async def _send(
    scope: Scope, asked: Asked, entry: Entry, form: Form, headers: list[tuple[bytes, bytes]], send: Send
) -> tuple[int, int]:
    """Send the answer, or as much of it as is asked for; the status sent, and how many bytes of body."""
    status, body, wanted = entry.status, form.body, asked.get(b"if-none-match")
    if wanted and status == 200 and (wanted == form.etag or forms.matches(entry, wanted)):
        status, headers, body = 304, forms.unmodified(headers), b""
    elif scope["method"] == "HEAD":
        body = b""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return status, len(body)


class _Answer:
    """Collects what an application sends."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []
        self.complete = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
        elif message["type"] == "http.response.body":
            self.body.append(message.get("body", b""))
            self.complete = not message.get("more_body", False)


def _no_body() -> Receive:
    """A request without a body, from a client that stays."""
    messages: Iterable[Message] = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        for message in messages:
            return message
        await asyncio.Event().wait()
        raise AssertionError("unreachable: nobody sets the event")

    return receive
