"""How much memory the processes of a run take, over time, and whether it stays flat."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from lab.history import Sizes
from lab.site import Site
from tests.support.workers import children_of

_PSS = re.compile(r"^Pss_(?:Anon|File):\s+(\d+) kB", re.MULTILINE)

# A process grows while it fills its cache; after a third of its life it may grow by so much, and no more.
_WARM: Final = 1 / 3
MOST_GROWTH: Final = 0.05
_ALLOWED_BYTES: Final = 8_000_000
# Seconds of life before which a process is new.
TELLING_S: Final = 100.0
# Samples of a process below which nothing can be said.
_FEWEST: Final = 12


def sizes(site: Site, at: float) -> Sizes:
    """Bytes of each process; what processes share is counted once, in parts (`Pss` of proc(5)).

    PostgreSQL's shared buffers are left out: they fill with time, up to the size that is set.
    """
    found = {}
    for server in site.servers:
        for pid in server.workers:
            found[f"{server.name}, worker {pid}"] = proportional(pid)
    postmaster = site.postgres.pid
    if postmaster is not None:
        found["PostgreSQL"] = sum(map(proportional, [postmaster, *children(postmaster)]))
    if site.redis.process is not None:
        found["Redis"] = proportional(site.redis.process.pid)
    return Sizes(at, {name: size for name, size in found.items() if size})


def proportional(pid: int) -> int:
    """0 of a process that has gone."""
    with suppress(OSError):
        return sum(int(size) * 1024 for size in _PSS.findall(Path(f"/proc/{pid}/smaps_rollup").read_text()))
    return 0


def children(pid: int) -> list[int]:
    """All descendants."""
    return [each for child in children_of(pid) for each in (child, *children(child))]


def series(samples: Iterable[Sizes]) -> Mapping[str, list[tuple[float, int]]]:
    """By the name of the process: when, and bytes."""
    found: dict[str, list[tuple[float, int]]] = {}
    for sample in samples:
        for name, size in sample.resident.items():
            found.setdefault(name, []).append((sample.at, size))
    return found


def growth(values: Sequence[int]) -> tuple[int, int] | None:
    """Bytes in the middle and at the end, once the process is warm; None if it lived too shortly to tell."""
    warm = values[int(len(values) * _WARM) :]
    if len(warm) < _FEWEST:
        return None
    half = len(warm) // 2
    return round(statistics.median(warm[:half])), round(statistics.median(warm[half:]))


def is_flat(values: Sequence[int]) -> bool:
    found = growth(values)
    return found is None or found[1] <= found[0] * (1 + MOST_GROWTH) + _ALLOWED_BYTES
