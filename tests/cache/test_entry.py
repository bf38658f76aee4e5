"""Entries: what of an answer is kept, how old it is, and its form in a shared store."""

from __future__ import annotations

import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadlens.cache.entry import LONGEST, Entry, Headers, Unreadable

JSON: Headers = ((b"content-type", b"application/json"),)


def answer(*headers: tuple[bytes, bytes], status: int = 200, body: bytes = b"{}", url: str = "/a") -> Entry:
    return Entry.of_answer(url, status, (*JSON, *headers), body, time.time())


def test_what_tells_of_one_transfer_is_not_kept() -> None:
    told = [b"Content-Length", b"date", b"connection", b"transfer-encoding", b"age", b"vary", b"cache-control"]
    assert answer(*((name, b"1") for name in told)).headers == JSON


@pytest.mark.parametrize(
    "header",
    [
        (b"set-cookie", b"a=b"),
        (b"Set-Cookie", b"a=b"),
        (b"cache-control", b"no-store"),
        (b"Cache-Control", b"max-age=1, Private"),
    ],
)
def test_what_is_one_persons_is_not_shared_and_keeps_its_headers(header: tuple[bytes, bytes]) -> None:
    made = answer(header)
    assert not made.shareable
    assert not made.keepable
    assert header in made.headers


def test_of_several_headers_each_counts() -> None:
    assert not answer((b"cache-control", b"no-store"), (b"cache-control", b"max-age=1")).shareable


@pytest.mark.parametrize(("status", "shared"), [(404, True), (503, True), (401, False), (403, False), (206, True)])
def test_only_200_is_kept_and_refusals_are_not_even_shared(status: int, shared: bool) -> None:
    assert answer(status=status).shareable is shared
    assert not answer(status=status).keepable
    assert answer().keepable


def test_what_would_push_all_others_out_is_not_kept() -> None:
    assert answer(body=b"x" * LONGEST).keepable
    assert not answer(body=b"x" * (LONGEST + 1)).keepable


def test_an_etag_names_the_body_at_one_url() -> None:
    assert answer().etag == answer().etag
    assert len({answer().etag, answer(url="/b").etag, answer(body=b"{} ").etag}) == 3
    # No cut between both that another pair has too.
    assert answer(url="/a", body=b"b").etag != answer(url="/ab", body=b"").etag


def test_what_the_endpoint_put_into_its_etag_stays_in_front() -> None:
    assert answer((b"etag", b'W/"7"')).etag == b'"7-%b' % answer().etag[1:]


def test_age_counts_from_the_beginning_of_the_load() -> None:
    assert 30 <= Entry.of_value(b"", time.time() - 30).age() < 1000


def test_an_entry_from_a_clock_that_is_ahead_is_new() -> None:
    assert 0 <= Entry.of_value(b"", time.time() + 3600).age() < 1000


def test_an_entry_is_as_old_as_the_oldest_in_it() -> None:
    now = time.time()
    entry = Entry.of_value(b"", now)
    entry.no_younger_than(now - 30)
    assert entry.began_at == now - 30
    assert 30 <= entry.age() < 1000
    entry.no_younger_than(now - 10)
    assert entry.began_at == now - 30


@given(st.binary(), st.lists(st.tuples(st.binary(), st.binary())), st.binary(), st.floats(0, 1e10))
def test_what_was_written_is_read(
    body: bytes, headers: list[tuple[bytes, bytes]], etag: bytes, began_at: float
) -> None:
    found = Entry.from_bytes(Entry(200, tuple(headers), body, etag, began_at).to_bytes())
    assert (found.status, found.headers, found.body, found.etag) == (200, tuple(headers), body, etag)
    assert found.began_at == began_at
    assert found.keepable


@given(st.data())
def test_whatever_was_changed_or_cut_is_not_read(data: st.DataObject) -> None:
    written = Entry(200, JSON, b'{"drivers": 7}', b'"tag"', 1_700_000_000.25).to_bytes()
    at = data.draw(st.integers(0, len(written) - 1))
    changed = data.draw(st.integers(0, 255).filter(lambda byte: byte != written[at]))
    cut = data.draw(st.integers(0, len(written) - 1))
    for garbage in (written[:at] + bytes([changed]) + written[at + 1 :], written[:cut], written + b"x"):
        with pytest.raises(Unreadable):
            Entry.from_bytes(garbage)


@given(st.binary())
def test_other_peoples_bytes_are_not_read(garbage: bytes) -> None:
    with pytest.raises(Unreadable):
        Entry.from_bytes(garbage)
    marked = answer().to_bytes()[:4] + zlib.crc32(garbage).to_bytes(4, "big") + garbage
    with pytest.raises(Unreadable):
        Entry.from_bytes(marked)


def test_an_older_format_is_not_read() -> None:
    with pytest.raises(Unreadable):
        Entry.from_bytes(b"rle0" + answer().to_bytes()[4:])
