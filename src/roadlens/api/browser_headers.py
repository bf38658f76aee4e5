"""Headers for browsers that depend on who asks: HTTPS for good, and which other sites' pages may read the answer.

They are put on answers as they leave, so that what the cache keeps is the same for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Final

from starlette.types import Message, Receive, Send

Headers = tuple[tuple[bytes, bytes], ...]

# A year, and hosts below this one too, as OWASP ASVS 5.0, requirement 3.4.1, asks. Browsers heed it over HTTPS alone
# (RFC 6797, section 8.1), and it may not be sent otherwise (section 7.2).
_STRICT: Final[Headers] = ((b"strict-transport-security", b"max-age=31536000; includeSubDomains"),)

_VARY: Final[Headers] = ((b"vary", b"origin"),)
_EXPOSED: Final = b"etag, age, cache-status, x-request-id, retry-after, location, content-disposition"
_PREFLIGHT: Final[Headers] = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (b"access-control-allow-headers", b"authorization, content-type, if-match, if-none-match, x-request-id"),
    (b"access-control-max-age", b"600"),
)

# Addresses of which it is remembered whether they are a proxy's.
_MOST: Final = 10_000


class BrowserHeaders:
    """What to add to the answer to a request. No header of CORS without `origins`, and never a wildcard or a cookie."""

    def __init__(self, proxies: Sequence[str], origins: Sequence[str]) -> None:
        """`proxies`: addresses or networks that are believed when they say that the way to them is HTTPS."""
        self._proxies = [ip_network(proxy) for proxy in proxies]
        self._known: dict[str, bool] = {}
        self._allowed = {
            origin.encode(): (
                (b"access-control-allow-origin", origin.encode()),
                (b"access-control-expose-headers", _EXPOSED),
                *_VARY,
            )
            for origin in origins
        }

    @property
    def needed(self) -> bool:
        """Whether there is ever anything to add."""
        return bool(self._proxies or self._allowed)

    def headers(self, scope: Mapping[str, object], asked: Mapping[bytes, bytes]) -> Headers:
        """Args: `asked` are the request's headers, by names in small letters."""
        secure = asked.get(b"x-forwarded-proto") == b"https" and self._is_proxy(scope)
        added = _STRICT if secure else ()
        if self._allowed:
            added += self._allowed.get(asked.get(b"origin", b""), _VARY)
        return added

    def preflight(self, scope: Mapping[str, object], asked: Mapping[bytes, bytes]) -> Headers | None:
        """The answer's headers, if that is a browser's question whether a page of another site may ask."""
        if scope["method"] != "OPTIONS" or b"access-control-request-method" not in asked:
            return None
        return None if asked.get(b"origin") not in self._allowed else (*self.headers(scope, asked), *_PREFLIGHT)

    def _is_proxy(self, scope: Mapping[str, object]) -> bool:
        client = scope.get("client")
        host = str(client[0]) if isinstance(client, (tuple, list)) else ""
        if host not in self._known:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[host] = self._belongs(host)
        return self._known[host]

    def _belongs(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)


async def answer_preflight(headers: Headers, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": [*headers]})
    await send({"type": "http.response.body", "body": b""})


def adding(headers: Headers, send: Send) -> Send:
    """A `send` that puts these headers on the answer."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *headers]}
        await send(message)

    return send_with_headers
