"""The contract of who counts requests and gives them ids, and the words of ASGI that it takes. It knows none of them.

A request that is answered here begins and ends; one that is not is begun, and goes on with `__call__`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final, Protocol

from roadlens.cache.engine import How
from roadlens.cache.entry import Headers
from roadlens.cache.keys import Key
from roadlens.cache.principals import Principal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# A request's headers by their name in small letters; of one that comes twice the first, as for the application.
Asked = Mapping[bytes, bytes]

# Where what is noted of a request is found in its scope, and in those made of it.
NOTED: Final = "roadlens.noted"


class Noted(Protocol):
    """What the application may tell whoever watches.

    Attributes:
        user: the number of whoever asks.
    """

    user: int | None


class Watch(Protocol):
    """An application, before ours, for what the cache does not answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def begin(self, scope: Scope, asked: Asked) -> Headers:
        """A request has begun that may be answered here; the headers that its answer gets besides."""

    def end(
        self, scope: Scope, key: Key, principal: Principal | None, status: int, how: How | None, length: int
    ) -> None:
        """It has been answered with so many bytes of body; status 0: it could not be."""


class Unwatched:
    """Nobody counts."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def begin(self, scope: Scope, asked: Asked) -> Headers:  # noqa: ARG002 - the contract's
        return ()

    def end(
        self, scope: Scope, key: Key, principal: Principal | None, status: int, how: How | None, length: int
    ) -> None: ...
