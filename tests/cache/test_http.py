"""What goes over the wire: hits that run nothing, and only for whom the application would answer too."""

from __future__ import annotations

import asyncio
import gzip
import random

import pytest
import zstandard

from roadlens.cache.engine import How
from roadlens.cache.entry import Headers
from roadlens.cache.http import PRINCIPAL
from roadlens.cache.keys import Key
from roadlens.cache.principals import Principal
from roadlens.cache.watch import App, Asked, Scope, Unwatched
from tests.support.asgi import Answer, Site

LONG = "7" * 200_000


class Watching(Unwatched):
    """Gives every answer a header, and remembers what it was told."""

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self.ended: list[tuple[str, str, int, How | None, int]] = []

    def begin(self, scope: Scope, asked: Asked) -> Headers:
        scope["begun"] = True
        return ((b"x-told", b"%d" % len(asked)),)

    def end(
        self, scope: Scope, key: Key, principal: Principal | None, status: int, how: How | None, length: int
    ) -> None:
        assert scope["begun"]
        assert principal is None or principal.role == "admin"
        self.ended.append((scope["method"], key.endpoint, status, how, length))


async def _body() -> dict[str, object]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _ignored(_: object) -> None: ...


async def test_a_hit_runs_nothing_below() -> None:
    site = Site()
    first, second = await site.ask("/stats"), await site.ask("/stats")
    assert (first.status, first.body, second.status, second.body) == (200, b"old", 200, b"old")
    assert first.cache_status == b"roadlens; fwd=miss; stored"
    assert second.cache_status == b"roadlens; hit; ttl=60; detail=memory"
    assert second.headers[b"age"] == b"0"
    assert second.headers[b"content-type"] == b"text/plain"
    assert second.headers[b"cache-control"] == b"private, no-cache"
    assert first.headers[b"etag"] == second.headers[b"etag"]
    assert (site.bare.ran, site.tokens.asked) == (1, 1)


async def test_what_is_answered_here_is_watched_here() -> None:
    watching: list[Watching] = []

    def watch(app: App) -> Watching:
        watching.append(Watching(app))
        return watching[0]

    site = Site(watch=watch)
    first, second = [await site.ask("/open") for _ in range(2)]
    assert first.headers[b"x-told"] == second.headers[b"x-told"]
    again = await site.ask("/open", (b"if-none-match", first.headers[b"etag"]), method="HEAD")
    assert b"x-told" in again.headers
    await site.ask("/elsewhere")
    assert watching[0].ended == [
        ("GET", "get_open", 200, How.MISS, 3),
        ("GET", "get_open", 200, How.MEMORY, 3),
        ("HEAD", "get_open", 304, How.MEMORY, 0),
    ]


async def test_the_application_is_asked_nothing_but_what_the_key_says() -> None:
    site = Site()
    await site.ask("/stats?utm=1&q=a%20b&days=30", (b"range", b"bytes=0-1"), (b"cookie", b"a=b"), method="HEAD")
    (scope,) = site.bare.scopes
    assert (scope["method"], scope["query_string"], scope["headers"]) == ("GET", b"days=30&q=a%20b", [])
    assert scope["extensions"] == {}
    assert scope[PRINCIPAL].role == "admin"


async def test_unknown_parameters_make_one_entry() -> None:
    site = Site()
    for number in range(1000):
        await site.ask(f"/stats?x{number}={number}&days=7")
    assert site.bare.ran == 1
    assert site.worker.cache.memory.contents()["stats"][0] == 1


async def test_other_parameters_are_other_answers() -> None:
    site = Site()
    etags = {(await site.ask(f"/stats?days={days}")).headers[b"etag"] for days in (7, 8, 9)}
    assert len(etags) == 3
    assert site.bare.ran == 3


async def test_wrong_parameters_and_other_routes_are_the_applications() -> None:
    site = Site()
    for url in ("/stats?days=x", "/stats?q=" + "x" * 2000, "/other"):
        for _ in range(2):
            assert (await site.ask(url)).cache_status == b""
    assert site.bare.ran == 6
    assert all(PRINCIPAL not in scope for scope in site.bare.scopes)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_only_reads_are_answered(method: str) -> None:
    site = Site()
    await site.ask("/stats")
    assert (await site.ask("/stats", method=method)).cache_status == b""
    assert site.bare.ran == 2


async def test_what_is_no_request_passes() -> None:
    seen = []

    async def app(scope: object, _receive: object, _send: object) -> None:
        seen.append(scope)

    await Site(app=app).hits({"type": "lifespan"}, _body, _ignored)
    await Site(app=app).hits({"type": "websocket", "path": "/stats"}, _body, _ignored)
    assert len(seen) == 2


class TestWhoMaySee:
    @pytest.mark.parametrize("token", [b"", b"nobody"])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    async def test_nobody_is_answered_who_would_not_be_without_a_cache(self, token: bytes, method: str) -> None:
        site = Site()
        etag = (await site.ask("/stats")).headers[b"etag"]
        for headers in ([], [(b"if-none-match", etag)], [(b"if-none-match", b"*")]):
            refused = await site.ask("/stats", *headers, token=token, method=method)
            assert (refused.status, refused.body) == (401, b"refused")
            assert b"etag" not in refused.headers

    async def test_two_audiences_never_share_an_answer(self) -> None:
        site = Site()
        assert (await site.ask("/users", token=b"ann")).status == 200
        assert (await site.ask("/users", token=b"vic")).status == 403
        assert (await site.ask("/users", token=b"vic", method="HEAD")).status == 403
        assert (await site.ask("/stats", token=b"ann")).status == 200
        assert (await site.ask("/stats", token=b"vic")).cache_status.startswith(b"roadlens; hit")

    async def test_who_is_disabled_is_refused_on_the_next_request(self) -> None:
        site = Site()
        await site.ask("/stats")
        del site.tokens.roles[b"ann"]
        site.versions.raise_("user:ann")
        assert (await site.ask("/stats")).status == 401

    async def test_without_trust_nobody_is_remembered(self) -> None:
        site = Site()
        await site.ask("/stats")
        del site.tokens.roles[b"ann"]
        site.versions.distrust()  # and so nothing is heard of it
        assert (await site.ask("/stats")).status == 401

    async def test_trust_that_is_lost_while_asking_who_asks_is_lost(self) -> None:
        site = Site()
        await site.ask("/stats", token=b"vic")
        site.bare.read = "new"
        site.tokens.meanwhile = site.versions.distrust
        assert (await site.ask("/stats", token=b"ann")).body == b"new"

    async def test_the_first_of_two_tokens_counts_as_for_the_application(self) -> None:
        site = Site()
        await site.ask("/stats")
        assert (await site.ask("/stats", (b"authorization", b"ann"), token=b"nobody")).status == 401
        assert (await site.ask("/stats", (b"authorization", b""), (b"authorization", b"ann"), token=b"")).status == 401

    async def test_who_needs_no_token_needs_none_for_a_hit(self) -> None:
        site = Site()
        assert [(await site.ask("/open", token=b"")).status for _ in range(2)] == [200, 200]
        assert (site.bare.ran, site.tokens.asked) == (1, 0)


class TestUnmodified:
    async def test_who_has_it_is_told_so(self) -> None:
        site = Site()
        etag = (await site.ask("/stats")).headers[b"etag"]
        for wanted in (etag, b'"other", W/' + etag, b"*"):
            told = await site.ask("/stats", (b"if-none-match", wanted))
            assert (told.status, told.body, told.headers[b"etag"]) == (304, b"", etag)
            assert (told.headers[b"age"], told.cache_status) == (b"0", b"roadlens; hit; ttl=60; detail=memory")
            assert b"content-length" not in told.headers
        assert site.bare.ran == 1

    async def test_an_etag_of_one_url_never_validates_another(self) -> None:
        site = Site()
        etag = (await site.ask("/stats?days=1")).headers[b"etag"]
        for _ in range(2):
            assert (await site.ask("/stats?days=2", (b"if-none-match", etag))).status == 200

    async def test_an_edit_ends_it(self) -> None:
        site = Site()
        etag = (await site.ask("/stats")).headers[b"etag"]
        site.bare.read = "new"
        site.versions.raise_("drivers")
        assert (await site.ask("/stats", (b"if-none-match", etag))).body == b"new"

    async def test_without_trust_too(self) -> None:
        site = Site()
        etag = (await site.ask("/stats")).headers[b"etag"]
        site.versions.distrust()
        told = await site.ask("/stats", (b"if-none-match", etag))
        assert (told.status, told.cache_status) == (304, b"roadlens; fwd=bypass; detail=distrust")
        assert site.bare.ran == 2

    async def test_what_is_no_answer_is_never_unmodified(self) -> None:
        site = Site()
        site.bare.status = 404
        assert (await site.ask("/stats", (b"if-none-match", b"*"))).status == 404


async def test_head_has_the_headers_of_get() -> None:
    site = Site()
    head = await site.ask("/stats", method="HEAD")
    got = await site.ask("/stats")
    again = await site.ask("/stats", method="HEAD")
    assert head.body == again.body == b""
    assert again.headers == got.headers
    assert head.headers[b"content-length"] == got.headers[b"content-length"] == b"3"
    assert site.bare.ran == 1


async def test_head_without_trust() -> None:
    site = Site()
    site.versions.distrust()
    head = await site.ask("/stats", method="HEAD")
    assert (head.status, head.body, head.headers[b"content-length"]) == (200, b"", b"3")
    assert head.cache_status == b"roadlens; fwd=bypass; detail=distrust"


class TestCodings:
    @pytest.mark.parametrize("read", ["7" * 1000, LONG])
    async def test_each_client_gets_what_it_accepts(self, read: str) -> None:
        site = Site(memory=16 * 1024 * 1024)
        site.bare.read = read
        for accepted in (b"", b"gzip", b"zstd", b"gzip", b"gzip, zstd"):
            answer = await site.ask("/stats", (b"accept-encoding", accepted))
            assert _decoded(answer) == read.encode()
            assert answer.headers[b"content-length"] == b"%d" % len(answer.body)
            told = await site.ask("/stats", (b"accept-encoding", accepted), (b"if-none-match", answer.headers[b"etag"]))
            assert told.status == 304
        assert site.bare.ran == 1

    async def test_what_is_made_is_counted_also_when_the_key_has_changed_since(self) -> None:
        site = Site(memory=16 * 1024 * 1024)
        site.bare.read = LONG
        await site.ask("/stats")
        used = site.worker.cache.memory.used
        asking = asyncio.create_task(site.ask("/stats", (b"accept-encoding", b"gzip")))
        await asyncio.sleep(0)  # found; a thread is at work
        site.versions.raise_("drivers")
        answer = await asking
        assert site.worker.cache.memory.used >= used + len(answer.body)

    async def test_many_who_ask_at_once_have_it_made_once(self) -> None:
        site = Site(memory=16 * 1024 * 1024)
        # Long enough for several threads to be at it at once, if they were let.
        site.bare.read = random.Random(7).randbytes(1024 * 1024).hex()
        await site.ask("/stats")
        answers = await asyncio.gather(*(site.ask("/stats", (b"accept-encoding", b"gzip")) for _ in range(50)))
        assert len({id(answer.body) for answer in answers}) == 1

    async def test_codings_of_made_up_length_fill_no_memory(self) -> None:
        site = Site()
        await site.ask("/open", (b"accept-encoding", b"gzip," * 1000))
        for number in range(2000):
            await site.ask("/open", (b"accept-encoding", b"gzip;q=0.%d" % number))
        assert len(site.hits._codings) <= 1000
        assert max(map(len, site.hits._codings)) <= 200


async def test_made_up_addresses_fill_no_memory() -> None:
    site = Site()
    for number in range(20_100):
        site.hits._remember(("/stats", b"x=%d" % number))
    assert len(site.hits._addresses) <= 20_000
    await site.ask("/stats?x=" + "x" * 10_000)
    assert max(len(query) for _, query in site.hits._addresses) < 400


def _decoded(answer: Answer) -> bytes:
    coding = answer.headers.get(b"content-encoding")
    if coding == b"gzip":
        return gzip.decompress(answer.body)
    return zstandard.ZstdDecompressor().decompress(answer.body) if coding == b"zstd" else answer.body
