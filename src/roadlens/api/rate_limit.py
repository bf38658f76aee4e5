"""How much one user or address may have computed in a while: so that nobody keeps the server from the others.

What is answered from memory costs next to nothing and is not counted. Positions are not either: whoever may send them
may send many, and one that is refused comes again. Failed sign-ins have budgets of their own (`throttle.py`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from math import ceil
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from roadlens.api.problems import roadlens_error
from roadlens.api.throttle import network
from roadlens.api.tokens import Tokens
from roadlens.cache.http import PRINCIPAL
from roadlens.errors import NotAuthenticated, TooManyRequests

LIMITED: Final = "/api/v1/"
_FREE: Final = "/api/v1/ingest/"

# Seconds of the rate that may be used up at once.
BURST_S: Final = 10.0

# Of an ordinary answer whatever checks or hashes a password costs twenty, some 100 ms of two cores; a list as a file
# costs fifty, a connection and a statement for as long as it is read.
_PASSWORD: Final = 20
_PASSWORDS: Final = re.compile(r"/auth/(login|token|password)$|/admin/users(/[^/]+/password)?$")
_EXPORT: Final = 50
_EXPORTS: Final = re.compile(r"/admin/exports/|/admin/drivers/[^/]+/export$")

# Users and addresses that are remembered; more are invented ones.
MOST: Final = 10_000

_BEARER: Final = b"bearer "


class RateLimits:
    """A leaky bucket for each who asks, kept as one moment: when it will have leaked empty."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`a_minute` requests each; 0 is any number."""
        self._each_s = 60.0 / a_minute if a_minute else 0.0
        self._clock = clock
        self._empty_at: dict[str, float] = {}

    def wait_s(self, who: str, cost: int = 1) -> float:
        """Charge `who` and say 0; or charge nothing, and say in how many seconds there is room."""
        if not self._each_s:
            return 0.0
        now = self._clock()
        # What costs more than the whole bucket holds waits for an empty one.
        after = max(self._empty_at.get(who, now), now) + min(cost * self._each_s, BURST_S)
        if after - now > BURST_S:
            return after - now - BURST_S
        if who not in self._empty_at and len(self._empty_at) >= MOST:
            self._forget(now)
        self._empty_at[who] = after
        return 0.0

    def admits(self, user_id: int, token_epoch: int) -> bool:
        """Whether an answer may be computed for the user now; charged if so."""
        return not self.wait_s(of_user(user_id, token_epoch))

    def _forget(self, now: float) -> None:
        """Those that have leaked empty are as good as new. If none has, the first half goes: made up, most of it."""
        held = {who: empty_at for who, empty_at in self._empty_at.items() if empty_at > now}
        self._empty_at = held if len(held) < MOST else dict([*held.items()][MOST // 2 :])


def of_user(user_id: int, token_epoch: int) -> str:
    """Tokens that were ended are somebody else's: whoever goes on with a stolen one uses up nothing of the user's."""
    return f"user {user_id} {token_epoch}"


class RateLimit:
    """Middleware. What the cache computes was counted when it was asked for."""

    def __init__(
        self, app: ASGIApp, limits: RateLimits, tokens: Tokens, refused: Callable[[str], None] = lambda _: None
    ) -> None:
        """`refused` is told of each refusal, whom it was counted for: `user` or `address`."""
        self._app = app
        self._limits = limits
        self._tokens = tokens
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or PRINCIPAL in scope or not _counts(scope["path"]):
            await self._app(scope, receive, send)
            return
        who = self._asks(scope)
        wait = self._limits.wait_s(who, _cost(scope["method"], scope["path"]))
        if not wait:
            await self._app(scope, receive, send)
            return
        self._refused(who.partition(" ")[0])
        error = TooManyRequests(
            "More is asked than one user or address may ask for in a while. Wait as long as Retry-After says.",
            retry_after=ceil(wait),
        )
        response = await roadlens_error(Request(scope), error)
        await response(scope, receive, send)

    def _asks(self, scope: Scope) -> str:
        """The user whose token it is, whether it still holds or not; the address where there is none."""
        sent = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if sent[: len(_BEARER)].lower() == _BEARER:
            try:
                claims = self._tokens.read(sent[len(_BEARER) :].decode("latin-1"))
                return of_user(claims.user_id, claims.token_epoch)
            except NotAuthenticated:
                pass
        client = scope.get("client")
        return f"address {network(client[0] if client else '')}"


def _counts(path: str) -> bool:
    return path.startswith(LIMITED) and not path.startswith(_FREE)


def _cost(method: str, path: str) -> int:
    if method == "POST":
        return _PASSWORD if _PASSWORDS.search(path) else 1
    return _EXPORT if _EXPORTS.search(path) else 1
