"""Gives each request its id, counts and times it by endpoint, and has it written down. It stands outside of all else,
so every µs counts.

The labels are few whatever is asked: the endpoint is the name of a function, never a path.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from itertools import count
from time import perf_counter
from types import MappingProxyType
from typing import Final, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadlens.cache.engine import How
from roadlens.cache.keys import Key
from roadlens.cache.principals import Principal
from roadlens.cache.watch import NOTED
from roadlens.observability.access import HITS, AccessLog
from roadlens.observability.journal import Journal
from roadlens.observability.metrics import Metrics
from roadlens.observability.under_way import Work, current_work
from roadlens.storage.reads.users import TokenHolder

UNROUTED: Final = "unknown"
HEADER: Final = b"x-request-id"

# Under this name the application finds the id in a request's scope.
REQUEST_ID: Final = "roadlens.request_id"

# What another program may have made, and what is safe in a log and in a header.
_ACCEPTABLE: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAILED: Final = 500
# Nobody waits for the answer any more; the number is nginx's.
_LEFT: Final = 499


class Requests:
    """Middleware. A request counts when its answer has been sent, or will not be."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        journal: Journal | None = None,
        routes: Mapping[str, str] = MappingProxyType({}),
        trusted_proxies: Sequence[str] = (),
    ) -> None:
        """`routes`: the template of each endpoint's path, by the endpoint's name."""
        self._app = app
        self._journal = journal or Journal()
        self._access = AccessLog(self._journal, routes, trusted_proxies)
        self._reports = self._journal.reports
        # What is neither written down nor traced takes no part in this; by default these are the hits of the cache.
        self._told = self._journal.lines is not None or self._reports
        self._hits_told = self._reports or (self._told and self._journal.hits)
        self._counted = metrics.counters("http_requests_total")
        self._durations = metrics.durations("http_request_duration_seconds")
        self._prefix = secrets.token_hex(6).encode()
        self._numbers = count(1)

    def begin(self, scope: Scope, asked: Mapping[bytes, bytes]) -> tuple[tuple[bytes, bytes]]:
        """A request begins that is answered in front of this, or goes on within it; the header with its id."""
        request = self._id(asked.get(HEADER))
        if self._reports:
            work = self._journal.begin(request, scope["method"], asked)
        else:
            work = Work(request)
            current_work.set(work)
        scope[NOTED] = work
        return ((HEADER, work.id),)

    def end(
        self, scope: Scope, key: Key, principal: Principal | None, status: int, how: How | None, length: int
    ) -> None:
        """What was answered in front of this has ended; `status` is 0 if nothing was answered."""
        self._ended(scope, key.endpoint, status, how, length, principal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if NOTED not in scope:
            self.begin(scope, dict(reversed(scope["headers"])))
        work: Work = scope[NOTED]
        scope[REQUEST_ID] = work.id.decode()
        status = length = 0

        async def watched(message: Message) -> None:
            nonlocal status, length
            if message["type"] == "http.response.start":
                status = message["status"]
                # The list may be one that a cache sends again and again: it stays as it is.
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, work.id)]}
            else:
                length += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            status = status or _FAILED
            raise
        finally:
            self._ended(scope, _endpoint(scope), status, None, length)

    def _ended(
        self,
        scope: Scope,
        endpoint: str,
        status: int,
        how: How | None,
        length: int,
        principal: Principal | None = None,
    ) -> None:
        work: Work = scope[NOTED]
        method, status = scope["method"], status or _LEFT
        if method not in _METHODS:
            method = "other"
        seconds = perf_counter() - work.began
        self._counted.add((method, endpoint, status))
        self._durations.add((method, endpoint), seconds)
        if self._hits_told if how in HITS else self._told:
            if principal is not None:
                work.user = cast(TokenHolder, principal.holder).user_id
            self._access.ended(scope, work, method, endpoint, status, how, length, seconds)

    def _id(self, came: bytes | None) -> bytes:
        """The one that came along, if it looks like one."""
        if came is not None and _ACCEPTABLE.fullmatch(came):
            return came
        return b"%s-%x" % (self._prefix, next(self._numbers))


def _endpoint(scope: Scope) -> str:
    """The name of the function that routing found."""
    found = scope.get("endpoint")
    if found is None:
        return UNROUTED
    name: str = getattr(found, "__name__", None) or type(found).__name__
    return name
