"""What a load under way has taken from the cache: its own answer is as old as that. Knows no keys and no stores."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field

from roadlens.cache.entry import Entry

Load = Callable[[], Awaitable[Entry]]


@dataclass(slots=True)
class _Loading:
    """A load under way: when it began, and how old the oldest is that it was given. Unix seconds."""

    started_at: float = field(default_factory=time.time)
    oldest_part: float = math.inf


_LOADING: ContextVar[_Loading | None] = ContextVar("roadlens_cache_loading", default=None)
_ANEW: ContextVar[bool] = ContextVar("roadlens_cache_anew", default=False)


@contextlib.contextmanager
def computing_anew() -> Iterator[None]:
    """Within the block nothing is answered from the cache, and nothing kept."""
    token = _ANEW.set(True)
    try:
        yield
    finally:
        _ANEW.reset(token)


def anew() -> bool:
    """Whether this runs in a block of `computing_anew`."""
    return _ANEW.get()


def given(entry: Entry) -> None:
    """Tell the load under way, if this runs in one, that it was given an entry."""
    loading = _LOADING.get()
    if loading is not None:
        loading.oldest_part = min(loading.oldest_part, entry.began_at)


async def loaded(load: Load, ttl: float) -> Entry:
    """What the load gives, no younger than the oldest that it was given.

    Parts may be kept for longer than what is made of them. Where that made the answer older than its own time, it is
    computed once more, of nothing that is kept.

    Raises:
        Exception: whatever the load raises.
    """
    loading = _Loading()
    token = _LOADING.set(loading)
    try:
        entry = await load()
    finally:
        _LOADING.reset(token)
    entry.no_younger_than(min(loading.started_at, loading.oldest_part))
    if loading.oldest_part < loading.started_at and entry.age() >= ttl:
        with computing_anew():
            entry = await load()
    return entry
