"""How many requests of a schedule would be hits: computed from the server's own keys, times and tags. Asks nobody.

One cache that everybody shares, as Redis makes it, with room for all. What depends on chance in a real server, such as
several who ask in the milliseconds of one load, is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from fastapi import FastAPI

from benchmarks.workday.schedule import ADMIN, Ask
from roadlens.api.caching import find_key
from roadlens.app import V1, v1
from roadlens.cache.http import FindKey
from roadlens.cache.keys import Key


class Rate(NamedTuple):
    """What became of the requests of one kind."""

    hits: int
    misses: int

    @property
    def percent(self) -> float:
        return 100 * self.hits / max(1, self.hits + self.misses)


def expected(asked: Iterable[Ask], factor: float = 1.0, since: float = 0.0) -> dict[str, Rate]:
    """By key prefix, of what is asked after `since` seconds; before that answers are kept as well, but not counted.

    Args:
        factor: how many times as fast as in life everything is asked, while answers are kept as long as in life.
    """
    versions: Counter[str] = Counter()
    kept: dict[str, tuple[float, tuple[int, ...]]] = {}
    hits: Counter[str] = Counter()
    misses: Counter[str] = Counter()
    for ask in asked:
        moment = ask.at / factor
        if ask.change is not None:
            versions.update(_raised(ask.path))
            continue
        key = _key(ask.path)
        current = tuple(versions[tag] for tag in key.tags)
        began, at = kept.get(key.name, (-float("inf"), current))
        age = moment - began
        hit = at == current and age < key.policy.ttl
        if not hit or age >= key.refresh_at:  # who asks shortly before the end has it loaded again behind the answer
            kept[key.name] = (moment, current)
        if ask.at >= since:
            (hits if hit else misses)[key.policy.key_prefix] += 1
    return {prefix: Rate(hits[prefix], misses[prefix]) for prefix in sorted(hits.keys() | misses.keys())}


def together(rates: Iterable[Rate]) -> Rate:
    """Of all kinds."""
    told = list(rates)
    return Rate(sum(rate.hits for rate in told), sum(rate.misses for rate in told))


@cache
def _key(path: str) -> Key:
    """The key that a server finds for this address."""
    address, _, query = path.partition("?")
    key = _finder()(address, query.encode())
    assert key is not None, path
    return key


@cache
def _finder() -> FindKey:
    app = FastAPI()
    app.include_router(v1(), prefix=V1)
    return find_key(app)


def _raised(path: str) -> tuple[str, str]:
    """The tags that the edit of this driver or vehicle raises."""
    table, name = path.removeprefix(f"{ADMIN}/").split("/")
    return (table, f"{table.removesuffix('s')}:{name}")
