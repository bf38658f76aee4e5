"""What a pattern clears: whatever it matches, on all workers, and at most more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from roadlens.cache.clearing import Clearing, prefixes_of
from tests.support.asking import Load, Worker, key

PREFIXES = frozenset({"drivers_list", "driver_detail", "trips_list", "stats"})


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("drivers_list", {"drivers_list"}),
        ("*drivers_list*", {"drivers_list"}),
        ("*:stats:*", {"stats"}),
        ("response_cache:stats:*", {"stats"}),
        ("response_cache:d*", {"drivers_list", "driver_detail"}),
        ("*", PREFIXES),
        ("*driver*", PREFIXES),  # also /api/v1/admin/drivers/DRV-1/trips
        ("?*driver*", PREFIXES),
        ("[a-z]*driver*", PREFIXES),
        ("*DRV-0001*", PREFIXES),
        ("response_cache:stats:*days=7*", PREFIXES),
    ],
)
def test_whatever_a_pattern_may_match_is_raised(pattern: str, meant: set[str]) -> None:
    assert prefixes_of(pattern, PREFIXES) == meant


async def test_a_load_under_way_does_not_bring_back_what_was_cleared() -> None:
    """1. A load has read. 2. Somebody clears. 3. The load is kept. 4. Whoever asks now has it loaded anew."""
    worker, slow = Worker(), Load(lambda: "old", held=True)
    clearing = Clearing(PREFIXES, worker.cache.shared, worker.cache.memory)

    async def raise_tags(tags: Sequence[str]) -> None:
        for tag in tags:
            worker.versions.raise_(tag)

    asking = asyncio.create_task(worker.cache.get_or_load(key(), slow))  # 1
    slow.may_read.set()
    await slow.has_read.wait()
    assert await clearing.invalidate_cache_pattern("*stats*", raise_tags) == 0  # 2
    slow.may_answer.set()  # 3
    assert (await asking).entry.body == b"old"
    assert (await worker.cache.get_or_load(key(), Load(lambda: "new"))).entry.body == b"new"  # 4
    assert await clearing.invalidate_cache_pattern("stats", raise_tags) == 2
    assert worker.cache.memory.contents() == {}
