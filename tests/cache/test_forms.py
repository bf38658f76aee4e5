"""How an entry is sent: codings as the client likes them, each a representation with an ETag of its own."""

from __future__ import annotations

import gzip
import time

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from roadlens.cache import forms
from roadlens.cache.engine import How
from roadlens.cache.entry import Entry

LONG = b'{"drivers": ' + b"7" * 5000 + b"}"


def entry(body: bytes = LONG, *headers: tuple[bytes, bytes], status: int = 200) -> Entry:
    return Entry.of_answer("/a", status, ((b"content-type", b"application/json"), *headers), body, time.time())


def named(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    assert len(dict(headers)) == len(headers)
    return dict(headers)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (b"", "identity"),
        (b"gzip", "gzip"),
        (b"gzip, deflate, br, zstd", "zstd"),
        (b"GZIP", "gzip"),
        (b"zstd;q=0.5, gzip;q=0.8", "gzip"),
        (b"zstd;q=0, gzip", "gzip"),
        (b"gzip;q=0", "identity"),
        (b"gzip;q=0.5, identity", "identity"),
        (b"gzip;q=0.5, identity;q=0.5", "gzip"),
        (b"*", "zstd"),
        (b"*;q=0", "identity"),
        (b"zstd;q=0, *", "gzip"),
        (b"br, deflate", "identity"),
        (b"gzip;q=nonsense", "identity"),
        (b"gzip ; q = 0.5", "gzip"),
    ],
)
def test_the_client_chooses(accepted: bytes, coding: str) -> None:
    assert forms.preferred(accepted) == coding


@given(st.binary())
def test_no_header_is_too_wrong(accepted: bytes) -> None:
    assert forms.preferred(accepted) in ("identity", "gzip", "zstd")
    forms.matches(entry(), accepted)


def test_each_coding_carries_the_body() -> None:
    kept = entry()
    plain, zipped, packed = (forms.form(kept, coding) for coding in ("identity", "gzip", "zstd"))
    assert plain.body == gzip.decompress(zipped.body) == zstandard.ZstdDecompressor().decompress(packed.body) == LONG
    assert len({plain.etag, zipped.etag, packed.etag}) == 3
    for form, coding in ((zipped, b"gzip"), (packed, b"zstd")):
        headers = named(form.head)
        assert headers[b"content-encoding"] == coding
        assert headers[b"content-length"] == b"%d" % len(form.body)
        assert headers[b"etag"] == form.etag
        assert headers[b"vary"] == b"accept-encoding"
    assert b"content-encoding" not in named(plain.head)


def test_a_form_is_made_once() -> None:
    kept = entry()
    assert forms.form(kept, "gzip") is forms.form(kept, "gzip") is kept.forms["gzip"]


def test_all_workers_make_the_same_bytes() -> None:
    assert forms.form(entry(), "gzip").body == forms.form(entry(), "gzip").body
    assert forms.form(entry(), "gzip").etag == forms.form(entry(), "gzip").etag


def test_short_bodies_go_as_they_are_and_are_found_at_once() -> None:
    kept = entry(b"x" * (forms.SHORTEST - 1))
    assert forms.form(kept, "zstd") is forms.form(kept, "identity") is kept.forms["zstd"]
    assert b"content-encoding" not in named(forms.form(kept, "zstd").head)


def test_what_the_endpoint_has_coded_is_not_coded_again() -> None:
    kept = entry(gzip.compress(LONG) * 10, (b"Content-Encoding", b"gzip"))
    assert forms.form(kept, "zstd").body == kept.body


def test_nobody_may_keep_an_answer_without_asking() -> None:
    assert named(forms.form(entry(), "identity").head)[b"cache-control"] == b"private, no-cache"
    assert (
        named(forms.form(entry(LONG, (b"set-cookie", b"a")), "identity").head)[b"cache-control"] == b"private, no-cache"
    )


def test_what_the_endpoint_forbids_stays_forbidden() -> None:
    made = forms.form(entry(LONG, (b"cache-control", b"no-store")), "identity")
    assert named(made.head)[b"cache-control"] == b"no-store"


@pytest.mark.parametrize("prefix", [b"", b"W/"])
@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
def test_a_client_has_the_answer_in_whatever_coding(prefix: bytes, coding: str) -> None:
    kept = entry()
    etag = prefix + forms.form(entry(), coding).etag
    assert forms.matches(kept, etag)
    assert forms.matches(kept, b'"other" , ' + etag)
    assert not forms.matches(entry(b"other"), etag)


def test_a_star_is_any_answer() -> None:
    assert forms.matches(entry(), b"*")


def test_headers_say_what_the_cache_did() -> None:
    kept = entry()
    form = forms.form(kept, "identity")

    def told(how: How, age: float = 0.0) -> tuple[bytes | None, bytes | None]:
        headers = named(forms.headers(form, how, age, 60))
        return headers.get(b"cache-status"), headers.get(b"age")

    assert told(How.MISS) == (b"roadlens; fwd=miss; stored", None)
    assert told(How.COLLAPSED) == (b"roadlens; fwd=miss; collapsed", None)
    assert told(How.BYPASS) == (b"roadlens; fwd=bypass; detail=distrust", None)
    assert told(How.MEMORY, 7.9) == (b"roadlens; hit; ttl=53; detail=memory", b"7")
    assert told(How.SHARED, 7.9) == (b"roadlens; hit; ttl=53; detail=shared", b"7")
    assert told(How.MEMORY, 7.2) == (b"roadlens; hit; ttl=53; detail=memory", b"7")
    assert told(How.MEMORY, 8.0) == (b"roadlens; hit; ttl=52; detail=memory", b"8")


def test_the_headers_are_the_callers_own() -> None:
    form = forms.form(entry(), "identity")
    forms.headers(form, How.MEMORY, 7, 60).append((b"x-request-id", b"1"))
    assert b"x-request-id" not in named(forms.headers(form, How.MEMORY, 7, 60))
    assert b"x-request-id" not in named(form.head)


def test_an_unmodified_answer_tells_nothing_of_a_body() -> None:
    headers = named(forms.unmodified(forms.headers(forms.form(entry(), "gzip"), How.MEMORY, 7, 60)))
    assert set(headers) == {b"etag", b"cache-control", b"vary", b"age", b"cache-status"}
