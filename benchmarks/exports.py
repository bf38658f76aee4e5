"""What an export of ten million trips costs: memory, the time to the first row, and what others notice of it.

Run as `python -m benchmarks.exports bench-data [SECONDS [FILE ...]]`, on a data directory that `roadlens bench
generate` filled. An export that takes longer than so many seconds (240 if none are named) is left then: its rate is
that of what came. Where files are named, such as `risk.csv`, these alone are taken, and their rows replaced in the
result.
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
    "risk.csv",
    "risk.csv?risk_level=high",
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
    named = sys.argv[3:]
    with server(directory, ROADLENS_SECRET_KEY=SECRET, ROADLENS_ADMIN_PASSWORD=PASSWORD) as (pid, url):
        client = Client(url)
        shorter = [_remembered(client, pid, path, seconds) for path in named or EXPORTS]
        if named:
            _replace(shorter, " ".join(["python -m benchmarks.exports", directory.name, *sys.argv[2:]]))
            return
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
    # A cell may have line feeds; what ends a row has a carriage return before it.
    rows = size = 0
    while part and perf_counter() - began < seconds:
        rows, size = rows + part.count(b"\r"), size + len(part)
        part = answer.read1(_CHUNK)
    took = perf_counter() - began
    connection.close()
    return {
        "file": path,
        "whole": not part,
        "rows": rows - 1,
        "megabytes": round(size / 1e6, 1),
        "first row ms": round(first * 1000, 1),
        "seconds": round(took, 1),
        "rows a second": round(rows / took),
    }


def _remembered(client: Client, pid: int, path: str, seconds: float) -> dict[str, Any]:
    """An export, with the server's memory before it and the most in each half of it."""
    before, memory, over = memory_bytes(pid), [], threading.Event()

    def watch() -> None:
        while not over.wait(0.25):
            memory.append(memory_bytes(pid))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        told = _export(client, path, seconds)
    finally:
        over.set()
        watching.join()
    memory.append(memory_bytes(pid))
    half = max(1, len(memory) // 2)
    told["memory MiB"] = {
        "before": round(before / MIB, 1),
        "first half": round(max(memory[:half]) / MIB, 1),
        "second half": round(max(memory[half:] or memory) / MIB, 1),
    }
    print(told, flush=True)
    return told


def _replace(rows: list[dict[str, Any]], command: str) -> None:
    result = json.loads(RESULT.read_text())
    anew = {row["file"]: row | {"command": command} for row in rows}
    kept = [row for row in result["shorter"] if row["file"] not in anew]
    RESULT.write_text(json.dumps(result | {"shorter": [*kept, *anew.values()]}, indent=2) + "\n")


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
