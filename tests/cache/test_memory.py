"""The level in memory: what goes first, what is counted, and that its bound is one of real bytes."""

from __future__ import annotations

import gc
import random
import time
import tracemalloc

import pytest

from roadlens.cache import forms
from roadlens.cache.engine import How
from roadlens.cache.entry import Entry, Headers
from roadlens.cache.memory import Memory
from roadlens.cache.observer import Silent
from tests.support.counting import Counting

MIB = 1024 * 1024


def entry(size: int = 0) -> Entry:
    return Entry.of_value(b"x" * size, time.time())


def room_for(entries: int, size: int) -> int:
    """Bytes that this many entries under keys of one letter take."""
    return entries * (1 + entry(size).size())


def test_what_was_put_is_found() -> None:
    memory, kept = Memory(MIB, Silent()), entry()
    memory.put("a", "p", kept)
    assert memory.get("a") is kept
    assert memory.get("b") is None


def test_what_was_used_longest_ago_goes_first() -> None:
    counting = Counting()
    memory = Memory(room_for(4, 100), counting)
    for key in "abcd":
        memory.put(key, "p", entry(100))
    memory.get("a")
    memory.put("e", "p", entry(100))
    assert [key for key in "abcde" if memory.get(key)] == ["a", "c", "d", "e"]
    assert counting.evictions == 1
    assert memory.used <= memory.limit


def test_another_entry_under_the_key_takes_its_place() -> None:
    memory, second = Memory(MIB, Silent()), entry(2)
    memory.put("a", "p", entry(100))
    memory.put("a", "p", second)
    assert memory.get("a") is second
    assert memory.used == room_for(1, 2)
    assert memory.contents() == {"p": (1, memory.used)}


def test_what_would_push_most_others_out_is_not_kept() -> None:
    memory = Memory(room_for(4, 100), Silent())
    memory.put("a", "p", entry(101))
    assert memory.get("a") is None
    assert memory.used == 0
    memory.put("a", "p", entry(100))
    assert memory.get("a") is not None


def test_a_limit_of_nothing_keeps_nothing() -> None:
    memory = Memory(0, Silent())
    memory.put("a", "p", entry())
    assert memory.get("a") is None


def test_what_is_removed_is_not_counted() -> None:
    memory = Memory(MIB, Silent())
    memory.put("a", "p", entry(9))
    memory.remove("a")
    memory.remove("a")
    assert (memory.used, memory.contents()) == (0, {})


def test_what_an_entry_grows_by_makes_room_too() -> None:
    memory, kept = Memory(room_for(4, 1000), Silent()), entry(1000)
    for key in "abc":
        memory.put(key, "p", entry(1000))
    memory.put("d", "p", kept)
    before = kept.size()
    form = forms.form(kept, "gzip")
    assert kept.size() >= before + len(form.body)
    memory.grown(kept)
    assert [key for key in "abcd" if memory.get(key)] == ["b", "c", "d"]
    assert memory.used == room_for(3, 1000) + kept.size() - before
    memory.grown(kept)
    assert memory.used == room_for(3, 1000) + kept.size() - before
    memory.remove("d")
    assert memory.used == room_for(2, 1000)


def test_what_grows_after_it_has_gone_is_not_counted() -> None:
    memory, kept = Memory(MIB, Silent()), entry(1000)
    memory.grown(kept)
    memory.put("a", "p", kept)
    memory.put("a", "p", entry())
    used = memory.used
    forms.form(kept, "gzip")
    memory.grown(kept)
    assert memory.used == used


def test_bytes_of_the_library_are_not_kept_in_the_room_they_might_have_needed() -> None:
    body = b"x" * 100_000
    tracemalloc.start()
    try:
        made = [forms.form(Entry.of_value(body, time.time()), coding) for coding in ("gzip", "zstd")]
        assert tracemalloc.get_traced_memory()[0] < 20_000
    finally:
        tracemalloc.stop()
    assert all(len(form.body) < 500 for form in made)


def test_a_pattern_clears_what_it_matches() -> None:
    memory = Memory(MIB, Silent())
    for key in ("response_cache:drivers_list:/a@1", "response_cache:drivers_list:/b@1", "response_cache:stats:/a@1"):
        memory.put(key, key.split(":")[1], entry())
    assert memory.clear("*drivers_list*") == 2
    assert memory.clear("*DRIVERS_LIST*") == 0
    assert list(memory.contents()) == ["stats"]


HEADERS: Headers = (
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


def fill(memory: Memory, entries: int, size: int, codings: tuple[str, ...]) -> int:
    """Keep that many answers, each of its own bytes, sent in those codings; bytes then in use."""
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(entries):
            add(memory, number, size, codings)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def add(memory: Memory, number: int, size: int, codings: tuple[str, ...]) -> None:
    """Keep one answer as real ones are made."""
    # Of digits, a half is lost in compression: about what is lost of lists of names.
    body = random.Random(number).randbytes(size // 2).hex().encode()
    url = f"/api/v1/admin/drivers?limit=100&order=asc&skip={number}&sort=name"
    headers = tuple((bytes(bytearray(name)), bytes(bytearray(value))) for name, value in HEADERS)
    kept = Entry.of_answer(url, 200, headers, body, time.time())
    memory.put(f"response_cache:drivers_list:{url}@drivers.41-9f3c2a10,vehicles.7-02aa61ff", "p", kept)
    for coding in codings:
        form = forms.form(kept, coding)
        memory.grown(kept)
        forms.lines(form, How.MEMORY, number % 60, 60, ())


@pytest.mark.parametrize(
    ("entries", "size", "codings", "limit_mib"),
    [
        pytest.param(10_000, 25_000, ("identity",), 64, id="10,000 lists"),
        pytest.param(800, 25_000, ("identity", "gzip", "zstd"), 32, id="lists in every coding"),
        pytest.param(40_000, 40, ("identity",), 64, id="40,000 tiny answers"),
    ],
)
def test_the_bound_is_one_of_real_bytes(entries: int, size: int, codings: tuple[str, ...], limit_mib: int) -> None:
    memory = Memory(limit_mib * MIB, Silent())
    used = fill(memory, entries, size, codings)
    kept = sum(count for count, _ in memory.contents().values())
    assert kept < entries
    assert used <= 1.1 * memory.limit, f"{used / memory.limit:.3f} of the bound, {used // kept} bytes each"
    # And no room is left unused by counting too much.
    assert used >= 0.9 * memory.limit, f"{used / memory.limit:.3f} of the bound, {used // kept} bytes each"
