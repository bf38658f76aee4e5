"""Hits that a server sends at once: which ones, and that they say what the others say."""

from __future__ import annotations

import asyncio

from roadlens.cache.entry import Headers
from roadlens.cache.http import FINISHED
from roadlens.cache.watch import Asked, Scope, Unwatched
from tests.support.asgi import Site
from tests.support.valkey import Valkey, opened_store


class Finishing:
    """A server that can send a finished answer, if it `can` just now."""

    def __init__(self, *, can: bool = True) -> None:
        self.can = can
        self.sent: list[tuple[int, bytes, bytes]] = []

    def __call__(self, _scope: Scope, status: int, lines: bytes, body: bytes) -> bool:
        if self.can:
            self.sent.append((status, lines, body))
        return self.can


async def test_a_hit_is_sent_finished_where_the_server_can() -> None:
    site, finishing = Site(), Finishing()
    extensions = {FINISHED: finishing}
    first = await site.ask("/stats", extensions=extensions)
    assert (first.status, finishing.sent) == (200, [])
    plain = await site.ask("/stats")
    assert (await site.ask("/stats", extensions=extensions)).status == 0
    ((status, lines, body),) = finishing.sent
    assert (status, body) == (plain.status, plain.body)
    assert sorted(lines.split(b"\r\n")) == sorted([b"", *(b"%b: %b" % header for header in plain.headers.items())])


async def test_what_is_not_all_of_a_hit_or_cannot_be_sent_at_once_is_sent_as_ever() -> None:
    site, finishing = Site(), Finishing()
    etag = (await site.ask("/stats")).headers[b"etag"]
    extensions = {FINISHED: finishing}
    assert (await site.ask("/stats", (b"if-none-match", etag), extensions=extensions)).status == 304
    assert (await site.ask("/stats", method="HEAD", extensions=extensions)).body == b""
    assert (await site.ask("/stats", token=b"nobody", extensions=extensions)).status == 401
    finishing.can = False
    assert (await site.ask("/stats", extensions=extensions)).body == b"old"
    assert finishing.sent == []


async def test_a_header_that_would_not_stay_in_its_line_is_left_to_the_server() -> None:
    class Told(Unwatched):
        def begin(self, scope: Scope, asked: Asked) -> Headers:  # noqa: ARG002 - the contract's
            return ((b"x-told", b"1\r\nset-cookie: a=b"),)

    site, finishing = Site(watch=Told), Finishing()
    for _ in range(2):
        assert (await site.ask("/open", extensions={FINISHED: finishing})).status == 200
    assert finishing.sent == []


async def test_a_hit_in_the_shared_store_is_sent_finished_too(valkey: Valkey) -> None:
    async with opened_store(valkey.config(patience=5.0)) as store:
        site, finishing = Site(shared=store, memory=0), Finishing()
        await site.ask("/stats")
        await asyncio.gather(*site.worker.cache._behind)
        plain = await site.ask("/stats")
        await site.ask("/stats", extensions={FINISHED: finishing})
    assert plain.cache_status == b"roadlens; hit; ttl=60; detail=shared"
    ((_, lines, body),) = finishing.sent
    assert body == plain.body
    assert sorted(lines.split(b"\r\n")) == sorted([b"", *(b"%b: %b" % header for header in plain.headers.items())])
