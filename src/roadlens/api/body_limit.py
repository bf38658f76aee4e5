"""Refuses bodies that are too long before they fill the memory: plain ASGI, by the announced length and by counting."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadlens.api.problems import http_error


class BodyLimit:
    """Middleware."""

    def __init__(self, app: ASGIApp, longest: int, longer: Mapping[str, int] = MappingProxyType({})) -> None:
        """`longest` in bytes; `longer` for the paths that may have more."""
        self._app = app
        self._longest = longest
        self._longer = longer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        longest = self._longer.get(scope["path"], self._longest)
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > longest:
            response = await http_error(Request(scope), _too_long(longest))
            await response(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > longest:
                raise _too_long(longest)
            return message

        await self._app(scope, receive_counted, send)


def _too_long(longest: int) -> HTTPException:
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body may have at most {longest} bytes")
