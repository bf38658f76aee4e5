"""Headers on every answer, so that browsers neither guess nor load nor keep: plain ASGI, nothing is buffered."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadlens.cache.http import KEPT

SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Of what nobody says how long it may be kept, nobody keeps it. The cache says so itself of what it answers.
UNSAID: Final = {"Cache-Control": "no-store"}

_ALWAYS: Final = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_UNKEPT: Final = [*_ALWAYS, *((name.lower().encode(), value.encode()) for name, value in UNSAID.items())]


class SecurityHeaders:
    """Middleware. What an answer says itself stays: a page names what it must load."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = _ALWAYS if KEPT in scope else _UNKEPT

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = message.get("headers", ())
                names = {name.lower() for name, _ in said}
                added = [header for header in wanted if header[0] not in names]
                message = {**message, "headers": [*said, *added]}
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
