"""What is kept costs memory; does it cost edits anything, and does it stay within its bound? Asks a real server.

An edit is one `PATCH` of a driver, timed by the client, among ever more kept answers, with one worker and with two. Its
commit is compared with the same one by another program, which waits for no worker. Run as `python -m benchmarks.kept`.
"""

from __future__ import annotations

import itertools
import json
import platform
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import psycopg
import uvloop

from benchmarks import wrk
from benchmarks.client import Client
from benchmarks.installation import PASSWORD, SECRET, Installation
from benchmarks.processes import memory_bytes, server
from roadlens.settings import Settings
from roadlens.wiring import Wiring, open_command

RESULT = Path(__file__).parent / "results" / "kept.json"
ADMIN = "/api/v1/admin"
MIB = 1024 * 1024
BOUND_MB = 256
LISTS = 10_000
EDITS = 200
FEW, MANY = 10, 100_000

# 300 drivers of the demonstration fleet, 25 kB of them at a time; and small answers, of which there may be many.
_LISTS = [
    f"{ADMIN}/drivers?limit={limit}&skip={skip}&order={order}"
    for skip, limit, order in itertools.product(range(264), range(24, 44), ("asc", "desc"))
][:LISTS]
_SMALL = [
    f"{ADMIN}/drivers/DRV-{driver:04}/statistics?period_days={days}"
    for driver, days in itertools.product(range(1, 301), range(1, 366))
]
_RENAME = "UPDATE drivers SET first_name = %s WHERE driver_id = 'DRV-0002'"


def main() -> None:
    wrk.require()
    with tempfile.TemporaryDirectory(prefix="roadlens-bench-") as name:
        installation = Installation(Path(name), ("127.0.0.1", 0))
        installation.fill()
        result = {
            "command": "python -m benchmarks.kept",
            "python": platform.python_version(),
            "machine": platform.machine(),
            "memory": _memory(installation.filled),
            "edits": [_edits(installation.filled, workers) for workers in (1, 2)],
        }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


def _memory(data: Path) -> dict[str, Any]:
    """By how much the server grows over what it is when little is kept, as the kernel sees it."""
    with server(data, **_settings(1, BOUND_MB)) as (pid, url):
        client = Client(url)
        for path in _LISTS[-100:]:
            client.ask(path)
        before, (_, little) = memory_bytes(pid), client.kept()
        sizes = [len(client.ask(path)) for path in _LISTS]
        entries, counted = client.kept()
        grown = memory_bytes(pid) - before + little
    result = {
        "lists": LISTS,
        "median_bytes": round(median(sizes)),
        "bound_mb": BOUND_MB,
        "kept": entries,
        "counted_mb": round(counted / MIB, 1),
        "grown_mb": round(grown / MIB, 1),
        "of_the_bound": round(grown / (BOUND_MB * MIB), 3),
    }
    print(result)
    return result


def _edits(data: Path, workers: int) -> dict[str, Any]:
    with server(data, **_settings(workers, 1024)) as (_, url):
        client, asked = Client(url), iter(_SMALL)
        told = {}
        for entries in (FEW, MANY):
            _keep(client, entries, asked)
            told[f"with_{entries}_kept"] = _milliseconds(_edit(client, number) for number in range(EDITS))
            print(f"{workers} workers, {client.kept()[0]:,} kept: {told[f'with_{entries}_kept']}")
        settings = Settings.model_validate({"ROADLENS_DATA_DIR": str(data)})
        result = {"workers": workers, **told, **uvloop.run(_commits(settings))}
    print(result)
    return result


def _keep(client: Client, entries: int, asked: Iterator[str]) -> None:
    while client.kept()[0] < entries:
        paths: Sequence[str] = list(itertools.islice(asked, max(1, entries // 50)))
        if len(paths) == 1:
            client.ask(paths[0])
        else:  # for as long as ten clients need for asking about each once
            wrk.measure(client.url, paths, client.token, max(1, len(paths) // 600))


def _edit(client: Client, number: int) -> float:
    began = perf_counter()
    client.ask(f"{ADMIN}/drivers/DRV-0001", "PATCH", {"first_name": f"Number {number}"})
    return perf_counter() - began


async def _commits(settings: Settings) -> dict[str, Any]:
    """A commit that waits until all workers know of it, and one that does not."""
    async with open_command(settings, "bench") as wiring:
        told = {"commit_and_all_workers_know": _milliseconds([await _settled(wiring, n) for n in range(EDITS)])}
        async with await psycopg.AsyncConnection.connect(wiring.database_url) as connection:
            told["commit"] = _milliseconds([await _committed(connection, number) for number in range(EDITS)])
    return told


async def _settled(wiring: Wiring, number: int) -> float:
    async with wiring.database.write() as session:
        await session.execute(_RENAME.replace("%s", ":name"), {"name": f"Number {number}"})
        began = perf_counter()
    return perf_counter() - began


async def _committed(connection: psycopg.AsyncConnection[Any], number: int) -> float:
    await connection.execute(_RENAME, (f"No. {number}",))
    began = perf_counter()
    await connection.commit()
    return perf_counter() - began


def _milliseconds(seconds: Iterator[float] | list[float]) -> dict[str, float]:
    taken = sorted(seconds)
    return {
        "p50_ms": round(median(taken) * 1e3, 2),
        "p99_ms": round(quantiles(taken, n=100, method="inclusive")[98] * 1e3, 2),
        "max_ms": round(taken[-1] * 1e3, 2),
    }


def _settings(workers: int, memory_mb: int) -> dict[str, str]:
    return {
        "ROADLENS_SECRET_KEY": SECRET,
        "ROADLENS_ADMIN_PASSWORD": PASSWORD,
        "ROADLENS_WORKERS": str(workers),
        "ROADLENS_CACHE_MEMORY_MB": str(memory_mb),
        "ROADLENS_CACHE_AUDIT": "0",
    }


if __name__ == "__main__":
    main()
