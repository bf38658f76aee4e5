"""Answers HEAD wherever GET is answered: plain ASGI, no route needs to know."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Tells those within that nobody will see the body: what is long need not be made.
HEADERS_ALONE: Final = "roadlens.headers_alone"


class HeadAsGet:
    """Middleware. The answer is that of GET, its headers and length included, without its body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
            elif not message.get("more_body", False):
                await send({"type": "http.response.body", "body": b""})

        # A copy, for the server goes by the method in its own. What routing finds is also for those around.
        asked = {**scope, "method": "GET", HEADERS_ALONE: True}
        try:
            await self._app(asked, receive, send_without_body)
        finally:
            if "endpoint" in asked:
                scope["endpoint"] = asked["endpoint"]
