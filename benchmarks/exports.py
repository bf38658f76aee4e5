"""What an export of ten million trips costs: memory, the time to the first row, and what others notice of it.

Run as `python -m benchmarks.exports bench-data [SECONDS]`, on a data directory that `roadlens bench generate`
filled. An export that takes longer than so many seconds (240 if none are named) is left then: its rate is that of
what came.
"""

from __future__ import annotations

import json
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from time import perf_counter, sleep
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.client import Client
from benchmarks.installation import PASSWORD, SECRET
from benchmarks.processes import memory_bytes, server

RESULT: Final = Path(__file__).parent / "results" / "exports.json"
EXPORTS: Final = (
    "drivers.csv",
    "drivers.csv?sort=risk",
    "drivers.csv?risk_level=high&search=an",
    "vehicles.csv",
    "devices.csv",
    "assignments.csv",
    "events.csv?state=coached",
    "events.csv?event_type=phone_use",
)
LONGEST: Final = "trips.csv"
HIT: Final = "/api/v1/admin/dashboard/summary"
MIB: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024


def main() -> None:
    directory, seconds = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 240.0
    with server(directory, ROADLENS_SECRET_KEY=SECRET, ROADLENS_ADMIN_PASSWORD=PASSWORD) as (pid, url):
        client = Client(url)
        shorter = [_export(client, path, seconds) for path in EXPORTS]
        for told in shorter:
            print(told)
        alone = _hits(client, 2000)
        longest = _watched(client, pid, seconds)
    result = {"command": f"python -m benchmarks.exports {directory.name}", "hits alone": alone, "longest": longest}
    RESULT.write_text(json.dumps(result | {"shorter": shorter}, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _export(client: Client, path: str, seconds: float) -> dict[str, Any]:
    """Read a file as it comes."""
    connection = HTTPConnection(urlsplit(client.url).netloc)
    began = perf_counter()
    headers = {"Authorization": f"Bearer {client.token}"}
    connection.request("GET", f"/api/v1/admin/exports/{path}", headers=headers)
    answer = connection.getresponse()
    part, first = answer.read1(_CHUNK), perf_counter() - began
    lines = size = 0
    while part and perf_counter() - began < seconds:
        lines, size = lines + part.count(b"\n"), size + len(part)
        part = answer.read1(_CHUNK)
    took = perf_counter() - began
    connection.close()
    return {
        "file": path,
        "whole": not part,
        "rows": lines - 1,
        "megabytes": round(size / 1e6, 1),
        "first row ms": round(first * 1000, 1),
        "seconds": round(took, 1),
        "rows a second": round(lines / took),
    }


def _watched(client: Client, pid: int, seconds: float) -> dict[str, Any]:
    """The longest export, its server's memory meanwhile, and hits that others ask for at the same time."""
    told: dict[str, Any] = {}
    exporting = threading.Thread(target=lambda: told.update(_export(client, LONGEST, seconds)))
    before, memory = memory_bytes(pid), []
    exporting.start()
    while exporting.is_alive():
        memory.append(memory_bytes(pid))
        beside = _hits(client, 100) if len(memory) == 5 else told.get("hits beside it")
        told["hits beside it"] = beside
        sleep(1)
    part = max(1, len(memory) // 4)
    told["memory MiB"] = {
        "before": round(before / MIB, 1),
        "first quarter": round(max(memory[:part]) / MIB, 1),
        "last quarter": round(max(memory[-part:]) / MIB, 1),
    }
    return told


def _hits(client: Client, times: int) -> dict[str, float]:
    """Milliseconds of hits that are asked for one after the other."""
    client.ask(HIT)
    took = []
    for _ in range(times):
        began = perf_counter()
        client.ask(HIT)
        took.append((perf_counter() - began) * 1000)
    cuts = quantiles(took, n=100)
    return {"median ms": round(cuts[49], 2), "p99 ms": round(cuts[98], 2)}


if __name__ == "__main__":
    main()
