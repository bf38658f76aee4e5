"""A driver's score and statistics for whoever needs them beside an answer of their own: thin over the cache.

What is kept here is as fresh as the endpoints' answers are, has their TTL and tags, and makes an answer that is
computed from it no younger than it is itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from roadlens.api.schemas.answer import Answer
from roadlens.api.schemas.risk import DriverRisk
from roadlens.api.schemas.statistics import DriverStatistics
from roadlens.cache.engine import Cache
from roadlens.cache.keys import Key, value_key
from roadlens.cache.policy import Declaration
from roadlens.freshness import driver_statistics, risk_score

A = TypeVar("A", bound=Answer)

DEFAULT_PERIOD_DAYS: Final = 30


async def cache_risk_score(cache: Cache, driver_id: str, load: Callable[[], Awaitable[DriverRisk]]) -> DriverRisk:
    """The driver's risk: kept, or loaded now and kept.

    The load reads in a transaction that begins in it: the versions it is kept under are those of before.

    Raises:
        Exception: whatever the load raises.
    """
    return await _kept_or_loaded(cache, _key(risk_score, driver_id), DriverRisk, load)


async def get_cached_risk_score(cache: Cache, driver_id: str) -> DriverRisk | None:
    """The driver's risk if it is kept here or in Redis; nothing is loaded."""
    return await _kept(cache, _key(risk_score, driver_id), DriverRisk)


async def cache_driver_statistics(
    cache: Cache,
    driver_id: str,
    load: Callable[[], Awaitable[DriverStatistics]],
    period_days: int = DEFAULT_PERIOD_DAYS,
) -> DriverStatistics:
    """The driver's statistics over that period: kept, or loaded now and kept; see `cache_risk_score`."""
    return await _kept_or_loaded(cache, _key(driver_statistics, driver_id, period_days), DriverStatistics, load)


async def get_cached_driver_statistics(
    cache: Cache, driver_id: str, period_days: int = DEFAULT_PERIOD_DAYS
) -> DriverStatistics | None:
    """The driver's statistics over that period if they are kept here or in Redis; nothing is loaded."""
    return await _kept(cache, _key(driver_statistics, driver_id, period_days), DriverStatistics)


def _key(kept: Declaration, driver_id: str, period_days: int | None = None) -> Key:
    more = {} if period_days is None else {"period_days": str(period_days)}
    return value_key(kept.policy, {"driver_id": driver_id}, more)


async def _kept_or_loaded(cache: Cache, key: Key, kind: type[A], load: Callable[[], Awaitable[A]]) -> A:
    return kind.model_validate_json(await cache.value(key, lambda: _encoded(load)))


async def _kept(cache: Cache, key: Key, kind: type[A]) -> A | None:
    found = await cache.get_value(key)
    return None if found is None else kind.model_validate_json(found)


async def _encoded(load: Callable[[], Awaitable[Answer]]) -> bytes:
    return (await load()).model_dump_json().encode()
