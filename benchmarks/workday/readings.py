"""What a running server and its Redis say and cost: counters, and memory as the kernel counts it.

A server may have no Redis.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import NamedTuple
from urllib.request import urlopen

from benchmarks.processes import descendants, memory_bytes
from benchmarks.workday.expected import Rate
from roadlens.cache.keys import VALUES
from roadlens.observability.table import BOUNDS
from tests.support.scrape import Scrape
from tests.support.valkey import Valkey

# Redis's own account is read over a connection too.
_OWN_COMMANDS = ("info", "hello", "client|setinfo", "client|setname")
MB = 1_000_000


class Reading(NamedTuple):
    """All counters at one moment. `commands` are Redis's, by name."""

    moment: float
    scrape: Scrape
    commands: Mapping[str, int]


class Period(NamedTuple):
    """What was counted between two readings."""

    before: Reading
    after: Reading

    @property
    def seconds(self) -> float:
        return self.after.moment - self.before.moment

    def total(self, name: str, **labels: str) -> float:
        """By how much all series of that name with these labels have grown together."""
        return sum(
            self.after.scrape.value(name, **found) - self.before.scrape.value(name, **found)
            for found in self.after.scrape.labels(name)
            if labels.items() <= found.items()
        )

    def rates(self) -> dict[str, Rate]:
        """Hits and misses of answers by key prefix; what answers are made of is kept too, and left out here."""
        prefixes = sorted({found["key_prefix"] for found in self.after.scrape.labels("cache_misses_total")})
        told = {prefix: Rate(*(self._answers(name, prefix) for name in ("hits", "misses"))) for prefix in prefixes}
        return {prefix: rate for prefix, rate in told.items() if sum(rate)}

    def loads(self) -> dict[str, dict[str, float]]:
        """How long the server computed answers, by key prefix."""
        name = "cache_load_duration_seconds"
        prefixes = sorted({found["key_prefix"] for found in self.after.scrape.labels(f"{name}_count")})
        told = {prefix: self.durations(name, key_prefix=prefix) for prefix in prefixes}
        return {prefix: found for prefix, found in told.items() if found["count"]}

    def durations(self, name: str, **labels: str) -> dict[str, float]:
        """Of a histogram: how many, their mean, and the bound below which 99 of 100 are."""
        count = self.total(f"{name}_count", **labels)
        within = {str(bound): self.total(f"{name}_bucket", **labels, le=str(bound)) for bound in (*BOUNDS, "+Inf")}
        return {
            "count": round(count),
            "mean_ms": round(1e3 * self.total(f"{name}_sum", **labels) / max(1, count), 2),
            "p99_below_ms": next(1e3 * float(bound) for bound, found in within.items() if found >= 0.99 * count),
        }

    def commands(self) -> dict[str, int]:
        """How often Redis was sent each command."""
        grown = {name: calls - self.before.commands.get(name, 0) for name, calls in self.after.commands.items()}
        return {name: calls for name, calls in sorted(grown.items()) if calls and name not in _OWN_COMMANDS}

    def _answers(self, what: str, prefix: str) -> int:
        name = f"cache_{what}_total"
        return round(self.total(name, key_prefix=prefix) - self.total(name, key_prefix=prefix, endpoint=VALUES))


def read(url: str, redis: Valkey | None) -> Reading:
    with urlopen(f"{url}/metrics") as page:  # noqa: S310 - a server that was started here
        scrape = Scrape.read(page.read().decode())
    commands = {}
    if redis is not None:
        with redis.client() as client:
            stats = client.info("commandstats")
        commands = {name.removeprefix("cmdstat_"): told["calls"] for name, told in stats.items()}
    return Reading(perf_counter(), scrape, commands)


def memory(server: int, data: Path, redis: Valkey | None) -> dict[str, float]:
    """Megabytes (10^6, Pss) of the server's processes, of Redis, and of the PostgreSQL that the server runs beside."""
    postmaster = int((data / "postgres" / "postmaster.pid").read_text().split()[0])
    database = {postmaster, *descendants(postmaster)}
    groups = {
        "server": {server, *descendants(server)} - database,
        "redis": {redis.process.pid} if redis is not None and redis.process is not None else set(),
        "postgresql": database,
    }
    return {name: round(sum(map(memory_bytes, pids)) / MB, 1) for name, pids in groups.items()}
