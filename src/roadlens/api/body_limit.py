"""Refuses bodies that are too long before they fill the memory: plain ASGI, by the announced length and by counting."""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadlens.api.problems import http_error


class BodyLimit:
    """Middleware."""

    def __init__(self, app: ASGIApp, longest: int) -> None:
        """`longest` in bytes."""
        self._app = app
        self._longest = longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > self._longest:
            response = await http_error(Request(scope), self._too_long())
            await response(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._longest:
                raise self._too_long()
            return message

        await self._app(scope, receive_counted, send)

    def _too_long(self) -> HTTPException:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return HTTPException(status, f"The body may have at most {self._longest} bytes")
