"""Gives each request its id, and counts and times it by endpoint. It stands outside of all else, so every µs counts.

The labels are few whatever is asked: the endpoint is the name of a function, never a path.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from itertools import count
from time import perf_counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadlens.observability.log import current_request
from roadlens.observability.metrics import Metrics

UNROUTED: Final = "unknown"
HEADER: Final = b"x-request-id"

# What another program may have made, and what is safe in a log and in a header.
_ACCEPTABLE: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAILED: Final = 500
# Nobody waits for the answer any more; the number is nginx's.
_LEFT: Final = 499


class Requests:
    """Middleware. A request counts when its answer has been sent, or will not be."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._counted = metrics.counters("http_requests_total")
        self._durations = metrics.durations("http_request_duration_seconds")
        self._prefix = secrets.token_hex(6).encode()
        self._numbers = count(1)

    def begin(self, asked: Mapping[bytes, bytes]) -> tuple[tuple[bytes, bytes]]:
        """A request begins that is answered in front of this; the header with its id."""
        request = self._id(asked.get(HEADER))
        current_request.set(request)
        return ((HEADER, request),)

    def end(self, method: str, endpoint: str, status: int, began: float) -> None:
        """It has ended; `status` is 0 if nothing was answered."""
        if method not in _METHODS:
            method = "other"
        self._counted.add((method, endpoint, status or _LEFT))
        self._durations.add((method, endpoint), perf_counter() - began)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        request = self._id(dict(reversed(scope["headers"])).get(HEADER))
        current_request.set(request)
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # The list may be one that a cache sends again and again: it stays as it is.
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, request)]}
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            status = status or _FAILED
            raise
        finally:
            self.end(scope["method"], _endpoint(scope), status, began)

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
