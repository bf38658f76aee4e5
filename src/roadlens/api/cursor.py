"""Cursors: where a page ended, as text that a client hands back and cannot change or use for another list."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from roadlens.errors import InvalidInput

# Half of SHA-256 is more than anybody can guess by asking, and keeps cursors short.
_SEAL_BYTES = 16
_LONGEST = 2000

T = TypeVar("T")


class Cursors:
    """Seals and opens cursors. A scope is the list's name, order and filters: a cursor holds for these alone."""

    def __init__(self, secret: bytes, previous: bytes | None = None) -> None:
        """`previous`: another secret whose cursors are opened as well."""
        self._keys = [_key(each) for each in (secret, previous) if each is not None]

    def seal(self, scope: Sequence[object], position: Sequence[str]) -> str:
        payload = msgspec.json.encode(list(position))
        return base64.urlsafe_b64encode(_seal(self._keys[0], scope, payload) + payload).rstrip(b"=").decode()

    def open(self, scope: Sequence[object], cursor: str) -> list[str]:
        """The position that was sealed.

        Raises:
            InvalidInput: it is not a cursor of this list, order and filters.
        """
        raw = _decoded(cursor)
        seal, payload = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
        if not any(hmac.compare_digest(seal, _seal(key, scope, payload)) for key in self._keys):
            raise InvalidInput(
                "The cursor does not belong to this list with this order and these filters. Leave `after` out to "
                "start at the first page, then use each page's `next`.",
                field="after",
            )
        return msgspec.json.decode(payload, type=list[str])

    def cut(
        self, scope: Sequence[object], rows: Sequence[T], limit: int, position: Callable[[T], Sequence[str]]
    ) -> tuple[Sequence[T], str | None]:
        """A page of `limit` rows, of which one more was read, and the cursor of the next page if there is one."""
        if len(rows) <= limit:
            return rows, None
        return rows[:limit], self.seal(scope, position(rows[limit - 1]))


def _key(secret: bytes) -> bytes:
    return hmac.digest(secret, b"roadlens page cursor", hashlib.sha256)


def _seal(key: bytes, scope: Sequence[object], payload: bytes) -> bytes:
    sealed = msgspec.json.encode([scope, payload.decode(errors="replace")])
    return hmac.digest(key, sealed, hashlib.sha256)[:_SEAL_BYTES]


def _decoded(cursor: str) -> bytes:
    """The bytes of a cursor; of anything else, bytes that no seal fits."""
    try:
        return base64.b64decode(cursor[:_LONGEST] + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
