"""A kept answer as finished bytes, and its form in a shared store. Knows no key but the one it is under."""

from __future__ import annotations

import time
import zlib
from hashlib import blake2b
from typing import Final

import msgspec

from roadlens.cache.clock import RUNNING, running

Headers = tuple[tuple[bytes, bytes], ...]

# Raised with every change of the form below: it is part of each key's namespace, so that forms never meet.
FORMAT: Final = 2
_MARK: Final = b"rle%d" % FORMAT

# Bytes that Python needs beside the contents: for an entry and its place in memory, for a header, and for a form with
# the headers of its own. Measured by tests/cache/test_memory.py, which fails when the bound does not hold.
_ENTRY: Final = 700
_HEADER: Final = 136
_FORM: Final = 900

# Headers that say something about one transfer, or that the cache writes itself.
_OWN: Final = frozenset(
    {
        b"content-length", b"transfer-encoding", b"etag", b"age", b"cache-status", b"cache-control", b"vary",
        b"connection", b"date",
    }
)  # fmt: skip
_PRIVATE: Final = (b"no-store", b"private")

_REFUSALS: Final = (401, 403)

# Bytes. An answer of more is computed each time: it would push a thousand others out.
LONGEST: Final = 8 * 1024 * 1024


class Unreadable(Exception):
    """Bytes that are not an entry of this format."""


class _Stored(msgspec.Struct, array_like=True):
    status: int
    headers: list[tuple[bytes, bytes]]
    etag: bytes
    began_at: float
    body: bytes


class Form:
    """An answer in one content coding, as ASGI sends it.

    Attributes:
        head: headers but for those that depend on the moment.
        lines: all headers of a hit, as HTTP/1.1 sends them; None if they cannot be sent so.
        told: the second of age that `lines` was made for.
    """

    __slots__ = ("body", "etag", "head", "lines", "told")

    def __init__(self, head: list[tuple[bytes, bytes]], body: bytes, etag: bytes) -> None:
        self.head = head
        self.body = body
        self.etag = etag
        self.lines: bytes | None = None
        self.told = -1


class Entry:
    """An answer: status, headers, body and ETag, and when the load that made it began.

    Attributes:
        began_at: Unix seconds, the same wherever the entry travels.
        shareable: whether others who asked for the same at the same time may be given it.
        forms: the answer as it is sent, by content coding; made when somebody first asks for it.
        kept_under: the key in memory, if it was ever put there: keys change while somebody holds the entry.
    """

    __slots__ = ("_began", "began_at", "body", "etag", "forms", "headers", "kept_under", "shareable", "status")

    def __init__(
        self, status: int, headers: Headers, body: bytes, etag: bytes, began_at: float, *, shareable: bool = True
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.etag = etag
        self.began_at = began_at
        self.shareable = shareable
        self.forms: dict[str, Form] = {}
        self.kept_under = ""
        # Age is counted on a clock that nobody sets; the shared one tells only how old an entry was when it came here.
        self._began = running() - max(0.0, time.time() - began_at)

    @classmethod
    def of_answer(cls, url: str, status: int, headers: Headers, body: bytes, began_at: float) -> Entry:
        """What an endpoint answered. The ETag names this body at this URL, after what the endpoint put there."""
        named = {name.lower(): value for name, value in headers}
        digest = blake2b(url.encode() + b"\0" + body, digest_size=12).hexdigest().encode()
        own = named.get(b"etag", b"").removeprefix(b"W/").strip(b'"')
        control = b",".join(value for name, value in headers if name.lower() == b"cache-control").lower()
        private = b"set-cookie" in named or any(word in control for word in _PRIVATE)
        # A refusal says something about one who asks.
        shareable = not private and status not in _REFUSALS
        dropped = _OWN if shareable else _OWN - {b"cache-control"}
        kept = tuple((name, value) for name, value in headers if name.lower() not in dropped)
        return cls(status, kept, body, b'"%b"' % b"-".join(filter(None, (own, digest))), began_at, shareable=shareable)

    @classmethod
    def of_value(cls, body: bytes, began_at: float) -> Entry:
        """A value that is no answer of its own."""
        return cls(200, (), body, b"", began_at)

    @classmethod
    def from_bytes(cls, data: bytes) -> Entry:
        """The entry that `to_bytes` wrote.

        Raises:
            Unreadable: it is something else, or was cut or changed.
        """
        mark, checksum, packed = data[:4], data[4:8], memoryview(data)[8:]
        if mark != _MARK or _checksum(packed) != checksum:
            raise Unreadable
        try:
            stored = _DECODER.decode(packed)
        except msgspec.MsgspecError as error:
            raise Unreadable from error
        return cls(stored.status, tuple(stored.headers), stored.body, stored.etag, stored.began_at)

    def to_bytes(self) -> bytes:
        """The entry for a shared store: a mark of the format, a checksum, and MessagePack."""
        packed = _ENCODER.encode(_Stored(self.status, list(self.headers), self.etag, self.began_at, self.body))
        return _MARK + _checksum(packed) + packed

    @property
    def keepable(self) -> bool:
        """Whether others may be given it later."""
        return self.shareable and self.status == 200 and len(self.body) <= LONGEST

    def age(self) -> float:
        """Seconds since the load began."""
        return time.clock_gettime(RUNNING) - self._began  # not by way of `running`: each hit asks twice

    def no_younger_than(self, began_at: float) -> None:
        """Say that something in the entry was loaded at that time already."""
        if began_at < self.began_at:
            self._began -= self.began_at - began_at
            self.began_at = began_at

    def size(self) -> int:
        """Bytes of what the entry holds, all that was made of it with them."""
        own = _ENTRY + len(self.body) + len(self.etag)
        own += sum(_HEADER + len(name) + len(value) for name, value in self.headers)
        made = {id(form): form for form in self.forms.values()}.values()
        return own + sum(_FORM + (0 if form.body is self.body else len(form.body)) for form in made)


def _checksum(packed: bytes | memoryview) -> bytes:
    return zlib.crc32(packed).to_bytes(4, "big")


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Stored)
