"""How an entry is sent: in which content coding, with which headers, and when `304` is enough."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from typing import Final

import zstandard

from roadlens.cache.engine import How
from roadlens.cache.entry import Entry, Form, Headers

IDENTITY: Final = "identity"

# In the order in which they are chosen among those that a client likes equally.
_CODINGS: Final = ("zstd", "gzip")

# Bytes. Below this a coding saves less than its header costs (a network packet carries some 1,400).
SHORTEST: Final = 500

_GZIP_LEVEL: Final = 6
_ZSTD_LEVEL: Final = 6

# The answer belongs to one person's eyes, and whoever keeps it asks before using it again.
_CONTROL: Final = (b"cache-control", b"private, no-cache")
_VARY: Final = (b"vary", b"accept-encoding")


def preferred(accept_encoding: bytes) -> str:
    """The coding to answer with (RFC 9110, section 12.5.3): the one that the client likes best of those we have."""
    likes: dict[str, float] = {}
    for part in accept_encoding.decode("latin-1").lower().split(","):
        name, _, parameters = part.partition(";")
        likes[name.strip()] = _quality(parameters)
    unnamed = likes.get("*", 0.0)
    best = max(_CODINGS, key=lambda coding: likes.get(coding, unnamed))
    liked = likes.get(best, unnamed)
    return best if liked > 0 and liked >= likes.get(IDENTITY, 0.0) else IDENTITY


def form(entry: Entry, coding: str) -> Form:
    """The entry in that coding, made once; short bodies are sent as they are."""
    short = len(entry.body) < SHORTEST
    used = IDENTITY if short or any(name.lower() == b"content-encoding" for name, _ in entry.headers) else coding
    made = entry.forms.get(used)
    if made is None:
        made = entry.forms[used] = _make(entry, used)
    entry.forms[coding] = made
    return made


def matches(entry: Entry, if_none_match: bytes) -> bool:
    """Whether the client has this answer already, in whatever coding (weak comparison, RFC 9110, section 8.8.3.2)."""
    wanted = {tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",")}
    return b"*" in wanted or not wanted.isdisjoint(_etag(entry, coding) for coding in (IDENTITY, *_CODINGS))


def headers(form: Form, how: How, age: float, ttl: float, more: Headers = ()) -> list[tuple[bytes, bytes]]:
    """All headers of an answer at this moment, and `more`. The list is the caller's own."""
    if how in (How.MEMORY, How.SHARED):
        return [*_aged(form, how, int(age), ttl), *more]
    return [*form.head, (b"cache-status", b"roadlens; " + how.value.encode()), *more]


def lines(form: Form, how: How, age: float, ttl: float, more: Headers) -> bytes | None:
    """The same of a hit, as HTTP/1.1 sends them; None where a value would not stay in its line."""
    second = int(age)
    if how is not How.MEMORY:
        own = _lines(_aged(form, how, second, ttl))
    else:
        if form.told != second:  # they stay the same for a second
            form.lines, form.told = _lines(_aged(form, how, second, ttl)), second
        own = form.lines
    added = _lines(more)
    return None if own is None or added is None else own + added


def _lines(headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    joined = b"".join([b"%b: %b\r\n" % header for header in headers])
    return joined if joined.count(b"\n") == joined.count(b"\r") == len(headers) else None


def _aged(form: Form, how: How, second: int, ttl: float) -> list[tuple[bytes, bytes]]:
    status, _, detail = how.value.partition(";")
    told = b"roadlens; %b; ttl=%d;%b" % (status.encode(), int(ttl) - second, detail.encode())
    return [*form.head, (b"age", b"%d" % second), (b"cache-status", told)]


def unmodified(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of the `304` that takes the answer's place."""
    return [header for header in headers if header[0] not in (b"content-length", b"content-type", b"content-encoding")]


def _make(entry: Entry, coding: str) -> Form:
    body = entry.body
    if coding == "gzip":
        # Without a time, so that all workers make the same bytes.
        body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
    elif coding == "zstd":
        # Copied, for the library's own bytes keep the room of the longest that they could have been.
        body = bytes(memoryview(zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)))
    head = [*entry.headers, (b"content-length", b"%d" % len(body))]
    if coding != IDENTITY:
        head.append((b"content-encoding", coding.encode()))
    etag = _etag(entry, coding)
    if entry.etag:
        head.append((b"etag", etag))
    if not any(name.lower() == _CONTROL[0] for name, _ in entry.headers):
        head.append(_CONTROL)
    head.append(_VARY)
    return Form(head, body, etag)


def _etag(entry: Entry, coding: str) -> bytes:
    """Each coding is a representation of its own (RFC 9110, section 8.8.3.3)."""
    return entry.etag if coding == IDENTITY else b'%b-%b"' % (entry.etag[:-1], coding.encode())


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
