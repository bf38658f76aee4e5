"""A working day of 50 administrators on a large portfolio: what does the cache save, and what does it cost?

They have the dashboard open, which asks for its five parts every 30 seconds, look up lists and details, and edit: one
request of a hundred. Vehicles on the road send their positions beside them. Three parts, each on a server of its own:

    cached      a window of the day at life's own pace, for answers are kept for seconds of life
    uncached    the same window on a server that keeps nothing
    compressed  from there on, many times as fast; `workday/expected.py` tells how much that flatters

Run by `make bench-day`. The portfolio is made if it is not there; it is edited, so take one that nobody else needs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, time
from typing import Any
from uuid import UUID

import uvloop

from benchmarks import ab
from benchmarks.client import Client
from benchmarks.installation import PASSWORD, SECRET
from benchmarks.processes import ROADLENS, environment, run, server
from benchmarks.workday.client import Browser
from benchmarks.workday.expected import expected, together
from benchmarks.workday.fleet import Fleet
from benchmarks.workday.readings import Period, memory, read
from benchmarks.workday.replay import Replayed, milliseconds, percentile, replay
from benchmarks.workday.schedule import ADMIN, ADMINISTRATORS, DASHBOARD, EDITS, Ask, Known, window, working_day
from tests.support.valkey import Valkey, running_valkey

RESULT = Path(__file__).parent / "results" / "day.json"
CACHED, UNCACHED, COMPRESSED = PARTS = ("cached", "uncached", "compressed")
TRIPS_PER_DRIVER = 100
SEED = 1
WORKERS = 2
# The window: everybody is there. It begins with nothing kept; what comes before it is counted shows that off.
WINDOW_FROM_S, WARM_S = 2 * 3600.0, 60.0
# Days that are not replayed, but computed: how often somebody looks things up, and the share of edits.
_OTHER_DAYS = {
    "at life's pace": (1.0, EDITS),
    "a tenth of the edits": (1.0, EDITS / 10),
    "three times the edits": (1.0, EDITS * 3),
    "four times the lists and details": (4.0, EDITS),
}
# What is timed without anybody beside it: the function that answers, and how to ask that.
_ASKED_ALONE = {
    "summary": "dashboard/summary",
    "list_drivers": "drivers?limit=100",
    "trip_activity": "dashboard/trip-activity?days=7",
    "get_driver": "drivers/DRV-0617",
}
_TIMES_ALONE = 300
# Of the window, once more when the vehicles have stopped.
_QUIET_S = 20.0
# As docs/redis.md says to set it up.
_REDIS = ("--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured.

    Attributes:
        data: directory of the portfolio.
        seconds: how long the window is counted.
        factor: how many times as fast as in life the compressed part is. To a server that does not keep up, edits come
            faster than it computes answers, and there are no hits.
    """

    data: Path
    drivers: int
    seconds: float
    factor: float
    parts: Sequence[str]
    result: Path


@dataclass(frozen=True, slots=True)
class Part:
    """One replay: what is asked, how fast, and from which second of the schedule on it counts."""

    asked: Sequence[Ask]
    factor: float
    since: float


def main() -> None:
    ab.require()
    plan = _plan()
    generate = ("--drivers", f"{plan.drivers}", "--trips-per-driver", f"{TRIPS_PER_DRIVER}")
    run(plan.data, "bench", "generate", *generate)
    kept = json.loads(plan.result.read_text()) if plan.result.exists() else {}
    parts: dict[str, dict[str, Any]] = kept["parts"] if kept.get("drivers") == plan.drivers else {}
    for name in plan.parts:
        parts[name] = _measured(plan, name)
        print(json.dumps({name: parts[name]}, indent=2), flush=True)
    _write(plan, {name: parts[name] for name in PARTS if name in parts})


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.day", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path("bench-data"), help="directory of the portfolio, made if need be"
    )
    parser.add_argument("--drivers", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=210, help="for which the window is counted")
    parser.add_argument("--factor", type=float, default=20, help="how many times as fast the compressed part is")
    parser.add_argument(
        "--part", choices=PARTS, action="append", help="all, if none is named; the others stay as they are"
    )
    parser.add_argument("--result", type=Path, default=RESULT)
    asked = parser.parse_args()
    return Plan(asked.data.absolute(), asked.drivers, asked.seconds, asked.factor, asked.part or PARTS, asked.result)


def _measured(plan: Plan, name: str) -> dict[str, Any]:
    with _redis(name) as redis:
        settings = {
            "ROADLENS_SECRET_KEY": SECRET,
            "ROADLENS_ADMIN_PASSWORD": PASSWORD,
            "ROADLENS_WORKERS": f"{WORKERS}",
            **({"ROADLENS_CACHE_MEMORY_MB": "0"} if redis is None else {}),
            **({"REDIS_HOST": "127.0.0.1", "REDIS_PORT": f"{redis.port}"} if redis is not None else {}),
        }
        with server(plan.data, **settings) as (pid, url):
            told = uvloop.run(_replayed(plan, name, url, redis))
            if name != COMPRESSED:
                admin = Client(url)
                told["alone"] = {what: _alone(admin, redis, what, path) for what, path in _ASKED_ALONE.items()}
                told["ab"] = ab.measure(f"{url}{ADMIN}/{DASHBOARD['summary']}", admin.token, 1000, 10)
            return {**told, "memory_mb": memory(pid, plan.data, redis)}


@contextmanager
def _redis(name: str) -> Iterator[Valkey | None]:
    if name == UNCACHED:
        yield None
        return
    with (
        tempfile.TemporaryDirectory(prefix="roadlens-bench-") as directory,
        running_valkey(Path(directory), *_REDIS) as redis,
    ):
        yield redis


async def _replayed(plan: Plan, name: str, url: str, redis: Valkey | None) -> dict[str, Any]:
    admin, stamp = Client(url), int(time()) % 1_000_000
    known = _known(admin, stamp)
    part = _part(plan, name, working_day(known, SEED))
    fleet = Fleet(url, _ingest_token(plan.data, f"day {stamp}"), known.drivers)
    browsers = [Browser(url, admin.token) for _ in range(ADMINISTRATORS)]
    warm, counted = ([ask for ask in part.asked if (ask.at >= part.since) is late] for late in (False, True))
    async with fleet.driving():
        began = perf_counter()
        await replay(warm, browsers, part.factor, began)
        before = await asyncio.to_thread(read, url, redis)
        sent = len(fleet.seconds)
        replayed = await replay(counted, browsers, part.factor, began)
        period = Period(before, await asyncio.to_thread(read, url, redis))
        told = _told(part, replayed, period, fleet.seconds[sent:])
    if name == UNCACHED:
        before = await asyncio.to_thread(read, url, redis)
        await replay(window(counted, part.since, part.since + _QUIET_S), browsers, 1.0, perf_counter())
        told["server_ms_without_positions"] = Period(before, await asyncio.to_thread(read, url, redis)).loads()
    for browser in browsers:
        await browser.close()
    return told


def _alone(admin: Client, redis: Valkey | None, what: str, path: str) -> dict[str, Any]:
    """One request after the other while nothing else goes on, the whole body each time."""
    for _ in range(10):
        admin.ask(f"{ADMIN}/{path}")
    before, taken = read(admin.url, redis), []
    for _ in range(_TIMES_ALONE):
        began = perf_counter()
        admin.ask(f"{ADMIN}/{path}")
        taken.append(perf_counter() - began)
    on_the_server = Period(before, read(admin.url, redis)).durations("http_request_duration_seconds", endpoint=what)
    return {"client": milliseconds(taken), "server": on_the_server}


def _ingest_token(data: Path, name: str) -> str:
    command = [ROADLENS, "tokens", "create", name]
    return subprocess.run(command, env=environment(data), check=True, capture_output=True, text=True).stdout.strip()


def _known(admin: Client, stamp: int) -> Known:
    totals = json.loads(admin.ask(f"{ADMIN}/dashboard/stats"))["totals"]
    trips = json.loads(admin.ask(f"{ADMIN}/trips?limit=1000"))["items"]
    return Known(totals["drivers"], totals["vehicles"], [trip["trip_id"] for trip in trips], stamp)


def _part(plan: Plan, name: str, day: Sequence[Ask]) -> Part:
    factor = plan.factor if name == COMPRESSED else 1.0
    return Part(window(day, WINDOW_FROM_S, WINDOW_FROM_S + WARM_S + plan.seconds * factor), factor, WARM_S)


def _told(part: Part, replayed: Replayed, period: Period, positions: Sequence[float]) -> dict[str, Any]:
    rates, promised = period.rates(), expected(part.asked, part.factor, part.since)
    minutes = period.seconds / 60
    statements = {"all": period.total("db_queries_total"), "requests": period.total("db_request_queries_total")}
    commands = period.commands()
    return {
        "factor": part.factor,
        "seconds": round(period.seconds, 1),
        "requests": len(replayed.answers),
        "late_p99_ms": round(1e3 * percentile(replayed.late, 99), 2),
        "hit_rate_percent": {
            "measured": round(together(rates.values()).percent, 1),
            "expected": round(together(promised.values()).percent, 1),
            "prefixes": {
                prefix: {
                    **rate._asdict(),
                    "percent": round(rate.percent, 1),
                    "expected": round(promised[prefix].percent, 1),
                }
                for prefix, rate in rates.items()
            },
        },
        "shared_hits": round(period.total("cache_shared_hits_total")),
        "bypasses": round(period.total("cache_bypasses_total")),
        "audited": round(period.total("cache_audits_total")),
        "stale": round(period.total("cache_stale_answers_total")),
        "statements": {name: round(count) for name, count in statements.items()},
        "statements_per_minute": {name: round(count / minutes) for name, count in statements.items()},
        "redis_commands": commands,
        "redis_per_second": round(sum(commands.values()) / period.seconds, 2),
        "server_ms": period.loads(),
        "client_ms": replayed.told(),
        "positions": {"per_second": round(len(positions) / period.seconds, 1), **milliseconds(positions)},
    }


def _foreseen(drivers: int) -> dict[str, float]:
    """The hit rate of whole days, in per cent. Which trips and vehicles there are makes no difference to it."""
    known = Known(drivers, drivers, [str(UUID(int=number)) for number in range(1000)])
    rates = {
        name: expected(working_day(known, SEED, busy, edits)).values() for name, (busy, edits) in _OTHER_DAYS.items()
    }
    return {name: round(together(found).percent, 1) for name, found in rates.items()}


def _verdict(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """What is promised: hits, statements saved, and megabytes of the server and Redis together."""
    told = {}
    for name in (each for each in (CACHED, COMPRESSED) if each in parts):
        memory_mb = parts[name]["memory_mb"]
        told[f"hit_rate_percent, {name}"] = parts[name]["hit_rate_percent"]["measured"]
        told[f"server_and_redis_mb, {name}"] = round(memory_mb["server"] + memory_mb["redis"], 1)
    if CACHED in parts and UNCACHED in parts:
        with_cache, without = (parts[name]["statements_per_minute"]["requests"] for name in (CACHED, UNCACHED))
        told["statements_saved_percent"] = round(100 * (1 - with_cache / without), 1)
    return told


def _write(plan: Plan, parts: Mapping[str, Mapping[str, Any]]) -> None:
    result = {
        "command": "python -m benchmarks.day",
        "python": platform.python_version(),
        "machine": platform.machine(),
        "drivers": plan.drivers,
        "trips": plan.drivers * TRIPS_PER_DRIVER,
        "administrators": ADMINISTRATORS,
        "workers": WORKERS,
        "verdict": _verdict(parts),
        "foreseen_hit_rate_percent": _foreseen(plan.drivers),
        "parts": parts,
    }
    plan.result.parent.mkdir(exist_ok=True)
    plan.result.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
